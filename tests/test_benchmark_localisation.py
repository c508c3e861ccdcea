"""The benchmark of the localisation: its worlds, its optimal reader, its scores and one quick run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.localisation import baselines, optimal, ours, scores
from benchmarks.localisation.__main__ import main
from benchmarks.localisation.anatomy_table import right_places
from benchmarks.localisation.patients import Patients, draw
from benchmarks.localisation.published import read_cases
from benchmarks.localisation.run import Task, run
from benchmarks.localisation.states import COLUMN, NONE, Items, answers, items_of
from benchmarks.localisation.translation import grade
from benchmarks.localisation.world import Truth, World, believed_of, truth_of, worlds_of
from service.clinical.model import Model
from service.knowledge.files import load_model
from service.knowledge.wording import load_phrases

NUMBER = 400


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


@pytest.fixture(scope="module")
def items(model: Model) -> Items:
    return items_of(model)


def world_named(name: str, model: Model) -> World:
    return next(w for w in worlds_of(model, drawn=2) if w.name == name)


def truth_named(name: str, model: Model, items: Items) -> Truth:
    return truth_of(world_named(name, model), model, items)


def same(one: Patients, other: Patients) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("name", ["known, independent", "known, shared causes 0.6"])
def test_findings_are_as_frequent_as_the_world_says(name: str, model: Model, items: Items) -> None:
    truth = truth_named(name, model, items)
    patients = draw(truth, 6000)
    none = patients.state == NONE
    expected = truth.chances[:, NONE]
    spread = np.sqrt(expected * (1 - expected) / none.sum())
    assert np.all(np.abs(patients.present[none].mean(axis=0) - expected) < 4.5 * spread)


def test_states_are_as_frequent_as_the_world_says(model: Model, items: Items) -> None:
    truth = truth_named("known, independent", model, items)
    patients = draw(truth, 6000)
    expected = truth.priors[patients.band].mean(axis=0)
    found = np.bincount(patients.state, minlength=len(expected)) / len(patients.state)
    assert np.all(np.abs(found - expected) < 4.5 * np.sqrt(expected / len(patients.state)) + 1e-3)


def test_shared_causes_make_findings_of_a_group_rise_together(model: Model, items: Items) -> None:
    truth = truth_named("known, shared causes 0.6", model, items)
    patients = draw(truth, 6000)
    pair = np.flatnonzero(items.cause == items.cause[0])[:2]
    none = patients.state == NONE
    related = np.corrcoef(patients.present[none][:, pair].T)[0, 1]
    assert related > 0.1


def test_grades_of_imaging_add_up_and_a_higher_one_tells_more(model: Model, items: Items) -> None:
    truth = truth_named("known, independent", model, items)
    assert np.allclose(truth.silent.sum(axis=2), 1)
    assert np.allclose(truth.compressed.sum(axis=2), 1)
    ratio = truth.compressed / truth.silent
    assert np.all(np.diff(ratio, axis=2) > 0)


def test_twenty_findings_are_recorded_on_the_painful_leg_only(model: Model, items: Items) -> None:
    patients = draw(truth_named("known, independent", model, items), NUMBER)
    assert np.all(patients.recorded.sum(axis=1) == 20)
    other = items.side[None, :] == 1 - patients.painful[:, None]
    assert not (patients.recorded & other).any()


def test_half_of_the_findings_go_missing(model: Model, items: Items) -> None:
    patients = draw(truth_named("half missing, independent", model, items), NUMBER)
    assert patients.recorded.sum(axis=1).mean() == pytest.approx(10, abs=0.5)


def test_the_same_seed_gives_the_same_patients(model: Model, items: Items) -> None:
    truth = truth_named("unknown 1", model, items)
    again = truth_named("unknown 1", model, items)
    other = truth_of(replace(truth.world, seed=999), model, items)
    assert same(draw(truth, 50), draw(again, 50))
    assert not same(draw(truth, 50), draw(other, 50))


def test_the_optimal_reader_of_independent_findings_is_plain_bayes(
    model: Model, items: Items
) -> None:
    truth = truth_named("known, independent", model, items)
    patients = draw(truth, NUMBER)
    plain = baselines.read_all(patients, truth, imaging=True)["naive Bayes, with imaging"]
    assert np.allclose(optimal.read(patients, truth, imaging=True), plain)


def test_a_shared_cause_without_strength_changes_nothing(model: Model, items: Items) -> None:
    truth = truth_named("known, independent", model, items)
    patients = draw(truth, 50)
    weak = replace(truth, world=replace(truth.world, correlation=1e-9))
    one = optimal.read(patients, truth, imaging=False)
    other = optimal.read(patients, weak, imaging=False)
    assert np.allclose(one, other, atol=1e-4)


@pytest.mark.parametrize(
    "name", ["known, shared causes 0.3", "count in doubt", "one label in twenty wrong"]
)
def test_the_optimal_reader_is_calibrated_to_drawn_labels(
    name: str, model: Model, items: Items
) -> None:
    truth = truth_named(name, model, items)
    patients = draw(truth, 6000)
    posterior = optimal.read(patients, truth, imaging=True)
    shown = answers(posterior)
    top = shown.argmax(axis=1)
    rows = np.arange(len(top))
    hit = answers(np.eye(posterior.shape[1])[patients.label])[rows, top]
    assert abs(hit.mean() - shown[rows, top].mean()) < 4 * scores.standard_error(hit)
    assert scores.calibration_error(shown[rows, top], hit) < 0.03


@pytest.mark.parametrize(
    "name", ["known, shared causes 0.3", "mimics with their signs", "unknown 1"]
)
def test_no_reader_beats_the_optimal_one_and_ours_beats_the_simple_ones(
    name: str, model: Model
) -> None:
    result = run(Task(world_named(name, model), NUMBER, 0))
    for reading in (result.examination, result.imaging):
        assert reading.ours.regret >= 0
        noise = 4 * np.sqrt(0.25 / NUMBER)
        assert abs(reading.ours.drawn - reading.ours.accuracy) < noise
        simple = {k: v for k, v in reading.margins.items() if not k.startswith("naive Bayes")}
        for baseline, margin in simple.items():
            assert margin.points > -2 * margin.noise, baseline


def test_sets_of_the_benchmark_are_those_the_core_shows(model: Model, items: Items) -> None:
    world = world_named("known, independent", model)
    patients = draw(truth_of(world, model, items), 100)
    said, _ = ours.read(patients, items, world, model)
    unnamed = said.named == 0
    again = scores.root_sets(said.posterior, model.combination.credible)
    assert unnamed.any()
    assert np.array_equal(again[unnamed], said.shown[unnamed])


def test_what_is_believed_of_an_unknown_world_is_not_what_it_drew(
    model: Model, items: Items
) -> None:
    world = world_named("unknown 1", model)
    believed, truth = believed_of(world, model, items), truth_of(world, model, items)
    assert not np.allclose(believed.chances, truth.chances)
    assert believed.world.correlation == world.correlation


def test_a_leg_is_judged_by_its_own_side(items: Items) -> None:
    left = items.side == 0
    assert left.sum() == (items.side == 1).sum()
    assert not np.array_equal(COLUMN[0], COLUMN[1])


@pytest.mark.parametrize(
    ("said", "expected"),
    [("4/5", 4.0), ("2-3/5", 2.5), ("4-/5", 11 / 3), ("4+/5", 13 / 3), (None, None)],
)
def test_grades_of_strength_are_read_as_they_are_written(
    said: str | None, expected: float | None
) -> None:
    assert grade(said) == (pytest.approx(expected) if expected else None)


def test_the_anatomy_by_hand_is_the_anatomy_of_the_core(model: Model) -> None:
    right, total = right_places(model.imaging)
    assert right == total


def test_published_cases_that_are_not_there_are_told_so(model: Model, tmp_path: Path) -> None:
    assert read_cases(tmp_path / "none.jsonl", model, load_phrases()) is None


def test_a_quick_run_writes_the_same_report_twice_but_for_the_time(tmp_path: Path) -> None:
    pages = []
    for name in ("one", "two"):
        folder, lines = tmp_path / name, []
        arguments = ["--quick", "--patients", "400", "--processes", "1", "--docs", str(folder)]
        missing = ["--cases", str(tmp_path / "none.jsonl")]
        assert main(arguments + missing, say=lines.append) == 0
        assert any("NO PUBLISHED CASES" in line for line in lines)
        plots = [p.read_bytes() for p in sorted((folder / "plots").glob("*.svg"))]
        text = (folder / "localisation.md").read_text(encoding="utf-8").splitlines()
        pages.append((plots, [line for line in text if not line.startswith("| time per case")]))
    assert pages[0] == pages[1]
    assert len(pages[0][0]) == 3
