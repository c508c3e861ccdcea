"""The anatomy table, exhaustively: levels, zones, sides and migration to roots, roots to foramina."""

import pytest

from service.clinical.anatomy import (
    DiscLevel,
    Migration,
    Root,
    RootSide,
    Side,
    Zone,
    crossing_level,
    exiting_root,
    foramen_of,
    roots_at,
    traversing_root,
)

EXITING = {"L1-L2": "L1", "L2-L3": "L2", "L3-L4": "L3", "L4-L5": "L4", "L5-S1": "L5"}
TRAVERSING = {"L1-L2": "L2", "L2-L3": "L3", "L3-L4": "L4", "L4-L5": "L5", "L5-S1": "S1"}
BELOW = {"L1-L2": "L3", "L2-L3": "L4", "L3-L4": "L5", "L4-L5": "S1", "L5-S1": "S2"}


@pytest.mark.parametrize("level", DiscLevel)
def test_each_disc_has_the_exiting_root_of_the_vertebra_above_and_the_traversing_root_below(level):
    assert exiting_root(level) == EXITING[level]
    assert traversing_root(level) == TRAVERSING[level]


@pytest.mark.parametrize("level", DiscLevel)
@pytest.mark.parametrize("migration", Migration)
@pytest.mark.parametrize("zone", [Zone.FORAMINAL, Zone.EXTRAFORAMINAL])
def test_a_foraminal_or_far_lateral_lesion_meets_the_exiting_root_alone(level, zone, migration):
    assert roots_at(level, zone, migration) == (EXITING[level],)


@pytest.mark.parametrize("level", DiscLevel)
@pytest.mark.parametrize("zone", [Zone.CENTRAL, Zone.SUBARTICULAR])
def test_a_lesion_within_the_canal_meets_the_traversing_root_first(level, zone):
    assert roots_at(level, zone) == (TRAVERSING[level],)
    assert roots_at(level, zone, Migration.DOWN) == (TRAVERSING[level], BELOW[level])
    assert roots_at(level, zone, Migration.UP) == (EXITING[level], TRAVERSING[level])


def test_l4_crosses_l3_l4_and_leaves_at_l4_l5():
    assert crossing_level(Root.L4) is DiscLevel.L3_L4
    assert foramen_of(Root.L4) == "L4-L5"


def test_a_far_lateral_l5_s1_disc_hits_l5_and_not_s1():
    assert roots_at(DiscLevel.L5_S1, Zone.EXTRAFORAMINAL) == (Root.L5,)


@pytest.mark.parametrize(
    ("root", "foramen"),
    [
        (Root.L1, "L1-L2"),
        (Root.L2, "L2-L3"),
        (Root.L3, "L3-L4"),
        (Root.L4, "L4-L5"),
        (Root.L5, "L5-S1"),
        (Root.S1, "S1 dorsal sacral"),
        (Root.S2, "S2 dorsal sacral"),
    ],
)
def test_each_root_leaves_through_the_foramen_below_its_own_pedicle(root, foramen):
    assert foramen_of(root) == foramen


@pytest.mark.parametrize("level", DiscLevel)
def test_the_root_that_crosses_a_disc_is_found_again_from_the_root(level):
    assert crossing_level(traversing_root(level)) is level
    assert foramen_of(exiting_root(level)) == level


def test_the_first_lumbar_root_crosses_no_lumbar_disc():
    assert crossing_level(Root.L1) is None
    assert crossing_level(Root.S2) is None


def test_a_root_and_side_have_a_code_and_words():
    at = RootSide(Root.L5, Side.RIGHT)
    assert at.code == "l5-right"
    assert str(at) == "right L5"
    assert at.side.other is Side.LEFT
