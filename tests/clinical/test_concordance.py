"""Examination against imaging against order."""

from dataclasses import replace
from itertools import product

import pytest

from service.clinical.anatomy import DiscLevel, Root, Side, foramen_of
from service.clinical.concordance import compare
from service.clinical.findings import IssueKind, Order, ReadingIssue, Source
from service.clinical.imaging import ImagingFact, Kind, Relation
from service.clinical.localise import localise
from tests.clinical.patients import found, lesion, person, root_fact, textbook

LEVELS = {"L4": "L3-L4", "L5": "L4-L5", "S1": "L5-S1"}
UPPER = (
    "pain-distribution-anterior-thigh",
    "sensory-loss-anterior-thigh",
    "weakness-hip-flexion",
    "femoral-nerve-stretch-positive",
)


def judged(model, case):
    return compare(case, localise(case, model), model)


def kinds(concordance):
    return {d.kind for d in concordance.disagreements}


@pytest.mark.parametrize("root", LEVELS)
def test_a_textbook_root_with_its_lesion_agrees(model, root):
    case = person(*textbook(root), imaging=[root_fact(root, level=LEVELS[root])])
    result = judged(model, case)
    assert (result.status, kinds(result)) == ("concordant", set())


@pytest.mark.parametrize(
    ("root", "side", "shown"), list(product(("L3", *LEVELS), Side, ("L3", *LEVELS)))
)
def test_every_swapped_side_is_found(model, root, side, shown):
    signs = [found(id_, side) for id_ in UPPER] if root == "L3" else textbook(root, side)
    fact = root_fact(shown, side=side.other, level={"L3": "L2-L3", **LEVELS}[shown])
    result = judged(model, person(*signs, imaging=[fact]))
    assert result.status == "discordant"
    assert kinds(result) == {"side"}


def test_a_lesion_of_another_root_on_the_same_side_is_a_disagreement_of_root(model):
    result = judged(model, person(*textbook("S1"), imaging=[root_fact("L4", level="L3-L4")]))
    assert kinds(result) == {"root"}


def test_a_lesion_with_no_matching_sign_is_a_kind_of_its_own(model):
    normal = [found(f.id, "left", present=False) for f in textbook("S1")]
    result = judged(model, person(*normal, imaging=[root_fact("S1", level="L5-S1")]))
    assert kinds(result) == {"lesion-without-sign"}


def test_a_deficit_with_no_lesion_is_a_kind_of_its_own(model):
    result = judged(model, person(*textbook("L5"), imaging=[lesion("bulge", "L3-L4")]))
    assert kinds(result) == {"deficit-without-lesion"}


def test_a_lesion_on_a_side_that_was_not_said_is_not_a_missing_lesion(model):
    result = judged(model, person(*textbook("S1"), imaging=[lesion("protrusion", "L5-S1")]))
    assert (result.status, kinds(result)) == ("undecided", set())
    elsewhere = judged(model, person(*textbook("S1"), imaging=[lesion("protrusion", "L2-L3")]))
    assert kinds(elsewhere) == {"deficit-without-lesion"}


def test_a_root_that_was_not_named_may_be_the_one_with_the_deficit(model):
    fact = ImagingFact(Kind.NERVE_ROOT, "L4-L5", relation=Relation.DISPLACE)
    assert kinds(judged(model, person(*textbook("L5"), imaging=[fact]))) == set()
    assert kinds(judged(model, person(*textbook("S1"), imaging=[fact]))) == {
        "deficit-without-lesion"
    }


def test_a_report_that_was_read_in_part_is_not_said_to_describe_no_lesion(model):
    case = person(*textbook("L5"), imaging=[lesion("bulge", "L2-L3")])
    issue = ReadingIssue(IssueKind.NOT_UNDERSTOOD, "DiagnosticReport/r", "Not all was read.")
    assert kinds(judged(model, replace(case, issues=(issue,)))) == set()
    assert kinds(judged(model, replace(case, imaging=()))) == set()


def test_a_history_alone_is_no_examination_that_found_no_sign(model):
    history = [found("pain-below-knee", "left", present=False), found("symptom-duration", None)]
    case = person(*history, imaging=[root_fact("S1", level="L5-S1")])
    assert "lesion-without-sign" not in kinds(judged(model, case))


def test_roots_still_in_contention_are_joined_by_or(model):
    case = person(found("weakness-lower-limb"), imaging=[lesion("bulge", "L1-L2")])
    result = judged(model, case)
    (one,) = result.disagreements
    assert len(result.examination) > 1
    assert " or " in one.sentence
    assert " and left " not in one.sentence


def test_a_doubtful_count_is_said_even_where_all_else_agrees(model):
    case = person(*textbook("L5"), imaging=[root_fact("L5")], numbering="doubtful")
    result = judged(model, case)
    assert "numbering-uncertain" in kinds(result)
    assert result.status == "discordant"


def test_without_imaging_nothing_is_decided(model):
    assert judged(model, person(*textbook("L5"))).status == "undecided"


@pytest.mark.parametrize(
    ("root", "side", "level"), list(product([Root.L4, Root.L5, Root.S1], Side, DiscLevel))
)
def test_an_injection_order_is_accepted_only_for_the_right_root_side_and_foramen(
    model, root, side, level
):
    order = Order("injection", Source("ServiceRequest/o"), (root,), (side,), (level,))
    case = person(*textbook("L5"), imaging=[root_fact("L5")], orders=[order])
    expected = set()
    if root is not Root.L5:
        expected.add("order-root")
    if side is not Side.LEFT:
        expected.add("order-side")
    if level != foramen_of(Root.L5):
        expected.add("order-level")
    assert kinds(judged(model, case)) == expected


def test_an_order_that_names_a_foramen_is_held_against_the_foramen_of_the_root(model):
    order = Order("injection", Source("ServiceRequest/o"), foramina=("L4-L5",))
    case = person(*textbook("L5"), imaging=[root_fact("L5")], orders=[order])
    (found_one,) = judged(model, case).disagreements
    assert found_one.kind == "order-foramen"
    assert "L5-S1" in found_one.sentence
