"""Running every world: readers, scores and margins, on two processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from benchmarks.localisation import baselines, disagreements, optimal, ours, scores
from benchmarks.localisation.disagreements import Swapped, WrongLevel
from benchmarks.localisation.patients import Patients, draw
from benchmarks.localisation.scores import Named, Scores
from benchmarks.localisation.states import Floats, Ints, Items, answers, items_of
from benchmarks.localisation.world import Truth, World, believed_of, truth_of
from service.clinical.model import Model
from service.knowledge.files import load_model
from service.memory import settle_memory


class Margin(NamedTuple):
    """How many points of accuracy we are above a baseline, with the standard error."""

    points: float
    noise: float


class Reading(NamedTuple):
    """One world read in one way: with imaging or without.

    ``unavoidable`` is what a reader loses who knows how worlds are drawn and how strongly findings
    hang together, but not this world's own numbers. ``curve`` is said, right and share by tenths.
    """

    ours: Scores
    optimal: Scores
    named: Named
    unavoidable: float
    margins: Mapping[str, Margin]
    curve: tuple[tuple[float, float, float], ...]


class Result(NamedTuple):
    """Everything measured in one world."""

    world: World
    patients: int
    examination: Reading
    imaging: Reading
    wrong_level: WrongLevel
    swapped: Swapped | None


class Task(NamedTuple):
    """What one process is asked for."""

    world: World
    patients: int
    swaps: int


def run_all(tasks: list[Task], processes: int) -> Iterator[Result]:
    """Run the worlds, in order, on so many processes."""
    if processes == 1:
        yield from map(run, tasks)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(run, tasks)


@lru_cache(maxsize=1)
def _loaded() -> tuple[Model, Items]:
    model = load_model()
    items = items_of(model)
    settle_memory()
    return model, items


def run(task: Task) -> Result:
    """Draw the patients of one world and read them in every way."""
    model, items = _loaded()
    world = task.world
    truth, believed = truth_of(world, model, items), believed_of(world, model, items)
    patients = draw(truth, task.patients)
    readings, posteriors = [], []
    for imaging, said in enumerate(ours.read(patients, items, world, model)):
        best = optimal.read(patients, truth, imaging=bool(imaging))
        readings.append(_reading(said, best, patients, believed, model, imaging=bool(imaging)))
        posteriors.append((said.posterior, best))
    swapped = None
    if task.swaps and not world.correlation and world.kind == "known":
        swapped = disagreements.swapped_sides(patients, items, model, most=task.swaps)
    level = disagreements.wrong_level(*posteriors[0], patients.state)
    return Result(world, task.patients, readings[0], readings[1], level, swapped)


def _reading(
    said: ours.Answers,
    best: Floats,
    patients: Patients,
    believed: Truth,
    model: Model,
    *,
    imaging: bool,
) -> Reading:
    share = model.combination.credible
    related = replace(believed, world=replace(believed.world, correlation=0.0))
    others = baselines.read_all(patients, related, imaging=imaging)
    unavoidable = scores.score(
        optimal.read(patients, believed, imaging=imaging), best, patients.label, share
    )
    true, shown = answers(best), answers(said.posterior)
    top = shown.argmax(axis=1)
    rows = np.arange(len(top))
    return Reading(
        ours=scores.score(said.posterior, best, patients.label, share),
        optimal=scores.score(best, best, patients.label, share),
        named=scores.naming(said.named, said.shown, best),
        unavoidable=unavoidable.regret,
        margins={name: _margin(true, top, other) for name, other in others.items()},
        curve=tuple(scores.bins(shown[rows, top], true[rows, top])),
    )


def _margin(true: Floats, top: Ints, other: Floats) -> Margin:
    """Points above another reader; the noise is that of labels drawn for the same patients."""
    rows, second = np.arange(len(top)), answers(other).argmax(axis=1)
    ours, theirs = true[rows, top], true[rows, second]
    gain = float((ours - theirs).mean())
    spread = np.where(top == second, 0.0, ours + theirs).mean() - gain**2
    return Margin(100 * gain, 100 * float(np.sqrt(max(spread, 0.0) / len(top))))
