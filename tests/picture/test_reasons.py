"""Which reasons a person is shown."""

from math import log

import pytest

from service.clinical.anatomy import Root, RootSide, Side
from service.clinical.assess import assess
from service.clinical.root_sets import ROOT_SIDES
from service.picture.figures import chance, factor
from service.picture.reasons import rows
from tests.builders import LEFT_L5, a_localisation, a_model, a_weight, an_assessment
from tests.clinical.patients import found, person, root_fact, textbook

MODEL = a_model()


def shown(*findings, imaging=(), most=5, age=50):
    return rows(assess(person(*findings, imaging=imaging, age=age), MODEL), MODEL, most=most)


def the_row(listed, at=LEFT_L5):
    return next(row for row in listed if row.at == at)


def test_every_root_and_side_and_none_has_one_row():
    listed = shown(*textbook("L5"))
    assert sorted(row.name for row in listed if row.at) == sorted(map(str, ROOT_SIDES))
    assert [row.name for row in listed if row.at is None] == ["no compressed root"]


def test_the_likeliest_comes_first_and_what_has_no_reasons_last():
    for listed in (shown(), shown(*textbook("S1"))):
        assert [row.told for row in listed] == sorted((row.told for row in listed), reverse=True)
        for told in (True, False):
            chances = [round(row.probability, 9) for row in listed if row.told is told]
            assert chances == sorted(chances, reverse=True)


def test_a_root_that_is_named_is_told_with_its_reasons():
    row = the_row(shown(*textbook("L5")))
    assert row.named
    assert row.towards
    assert row.against


def test_a_root_that_is_out_of_the_question_is_shown_without_reasons():
    row = the_row(shown(*textbook("S1")), RootSide(Root.L3, Side.RIGHT))
    assert (row.told, row.towards, row.against) == (False, (), ())


def test_the_strongest_reasons_come_first_and_the_rest_is_added_up():
    every = the_row(shown(*textbook("L5"), imaging=[root_fact("L5")], most=50)).towards
    few = the_row(shown(*textbook("L5"), imaging=[root_fact("L5")], most=2)).towards
    assert [r.ratio for r in every] == sorted((r.ratio for r in every), reverse=True)
    assert few[:2] == every[:2]
    assert few[2].words == f"{len(every) - 2} weaker ones together"
    assert sum(r.ratio for r in few) == pytest.approx(sum(r.ratio for r in every))


def test_all_reasons_of_a_root_add_up_to_its_odds_against_none():
    answer = assess(person(*textbook("L5"), found("reduced-achilles-reflex")), MODEL)
    row = the_row(rows(answer, MODEL, most=3))
    odds = dict(answer.localisation.hypotheses)
    told = sum(r.ratio for r in (*row.towards, *row.against))
    assert told == pytest.approx(log(odds[frozenset({LEFT_L5})] / odds[frozenset()]), abs=1e-5)


def test_a_sign_that_is_missing_is_said_to_be_not_found():
    listed = shown(*textbook("L5"), found("reduced-achilles-reflex", present=False))
    words = {r.words for row in listed for r in (*row.towards, *row.against)}
    assert "Ankle jerk reduced or absent, left: not found" in words


def test_a_graded_weakness_keeps_its_grade():
    listed = shown(found("weakness-great-toe-extension", value=3.0))
    assert the_row(listed).towards[0].words.endswith("left: found (MRC 3)")


def test_a_rival_is_called_by_its_label():
    line = a_weight(by=-1.5, kind="rival", id="hip", sentence="Hip rotation is painful.")
    answer = an_assessment(
        localisation=a_localisation(ledger=(line,)), rivals=(("hip", "Hip disease", "..."),)
    )
    (reason,) = the_row(rows(answer, MODEL, most=3)).against
    assert reason.words == "Signs of another cause: Hip disease"
    assert reason.recorded


def test_what_findings_share_is_arithmetic_and_no_finding():
    line = a_weight(by=-0.2, kind="overlap", id="overlap-motor_l5", group="motor_l5")
    answer = an_assessment(localisation=a_localisation(ledger=(line,)))
    (reason,) = the_row(rows(answer, MODEL, most=3)).against
    assert reason.words == "What findings of motor L5 on the left share counts once"
    assert not reason.recorded


@pytest.mark.parametrize(
    ("ratio", "told"),
    [
        (log(7.25), "x7.2"),
        (0.0, "x1.0"),
        (log(0.5), "x0.50"),
        (log(0.003), "x0.003"),
        (log(2918.7), "x2900"),
    ],
)
def test_a_factor_keeps_two_figures(ratio, told):
    assert factor(ratio) == told


def test_a_factor_of_next_to_nothing_is_not_written_as_nothing():
    assert factor(-20.0) == "<x0.0001"


def test_a_chance_is_told_in_per_cent_with_its_interval():
    assert chance(0.876, (0.742, 0.946)) == "88 % (74 to 95 %)"
    assert chance(0.004, (0.0004, 0.02)) == "0.4 % (0.0 to 2 %)"
