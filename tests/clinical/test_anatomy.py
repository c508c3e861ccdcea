"""The anatomy table, exhaustively: levels, zones, sides and migration to roots, roots to foramina.

The tables below are written out by hand and share nothing with the code they are held against.
"""

from itertools import product

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
    places_of,
    roots_at,
    roots_of_slip,
    traversing_root,
)
from service.clinical.lesions import seen_roots
from service.clinical.localise import localise
from tests.clinical.patients import found, lesion, person

ROOTS_AT = """
L1-L2  central         none  L2
L1-L2  central         up    L1 L2
L1-L2  central         down  L2 L3
L1-L2  subarticular    none  L2
L1-L2  subarticular    up    L1 L2
L1-L2  subarticular    down  L2 L3
L1-L2  foraminal       none  L1
L1-L2  foraminal       up    L1
L1-L2  foraminal       down  L1
L1-L2  extraforaminal  none  L1
L1-L2  extraforaminal  up    L1
L1-L2  extraforaminal  down  L1
L2-L3  central         none  L3
L2-L3  central         up    L2 L3
L2-L3  central         down  L3 L4
L2-L3  subarticular    none  L3
L2-L3  subarticular    up    L2 L3
L2-L3  subarticular    down  L3 L4
L2-L3  foraminal       none  L2
L2-L3  foraminal       up    L2
L2-L3  foraminal       down  L2
L2-L3  extraforaminal  none  L2
L2-L3  extraforaminal  up    L2
L2-L3  extraforaminal  down  L2
L3-L4  central         none  L4
L3-L4  central         up    L3 L4
L3-L4  central         down  L4 L5
L3-L4  subarticular    none  L4
L3-L4  subarticular    up    L3 L4
L3-L4  subarticular    down  L4 L5
L3-L4  foraminal       none  L3
L3-L4  foraminal       up    L3
L3-L4  foraminal       down  L3
L3-L4  extraforaminal  none  L3
L3-L4  extraforaminal  up    L3
L3-L4  extraforaminal  down  L3
L4-L5  central         none  L5
L4-L5  central         up    L4 L5
L4-L5  central         down  L5 S1
L4-L5  subarticular    none  L5
L4-L5  subarticular    up    L4 L5
L4-L5  subarticular    down  L5 S1
L4-L5  foraminal       none  L4
L4-L5  foraminal       up    L4
L4-L5  foraminal       down  L4
L4-L5  extraforaminal  none  L4
L4-L5  extraforaminal  up    L4
L4-L5  extraforaminal  down  L4
L5-S1  central         none  S1
L5-S1  central         up    L5 S1
L5-S1  central         down  S1 S2
L5-S1  subarticular    none  S1
L5-S1  subarticular    up    L5 S1
L5-S1  subarticular    down  S1 S2
L5-S1  foraminal       none  L5
L5-S1  foraminal       up    L5
L5-S1  foraminal       down  L5
L5-S1  extraforaminal  none  L5
L5-S1  extraforaminal  up    L5
L5-S1  extraforaminal  down  L5
"""
"""Level, zone, where the fragment went, and the roots it can press on: the likeliest first."""

MODELLED = {"L1": "l3", "L2": "l3", "L3": "l3", "L4": "l4", "L5": "l5", "S1": "s1", "S2": ""}
"""The root of the answer that stands for each root; the second sacral has none."""

WAYS = """
L1  -      L1-L2  L1-L2
L2  L1-L2  L2-L3  L2-L3
L3  L2-L3  L3-L4  L3-L4
L4  L3-L4  L4-L5  L4-L5
L5  L4-L5  L5-S1  L5-S1
S1  L5-S1  -      S1 dorsal sacral
S2  -      -      S2 dorsal sacral
"""
"""Root, the disc it crosses, the disc at whose height it leaves, the foramen an injection takes."""

SLIPS = """
L1-L2  isthmic       L1
L2-L3  isthmic       L2
L3-L4  isthmic       L3
L4-L5  isthmic       L4
L5-S1  isthmic       L5
L1-L2  degenerative  L2 L1
L2-L3  degenerative  L3 L2
L3-L4  degenerative  L4 L3
L4-L5  degenerative  L5 L4
L5-S1  degenerative  S1 L5
"""


def rows(table, columns):
    return [tuple(line.split(None, columns - 1)) for line in table.strip().splitlines()]


def test_the_table_holds_every_level_zone_and_way_of_a_fragment_once():
    written = [row[:3] for row in rows(ROOTS_AT, 4)]
    assert sorted(written) == sorted(product(DiscLevel, Zone, Migration))


@pytest.mark.parametrize(("level", "zone", "migration", "roots"), rows(ROOTS_AT, 4))
def test_a_lesion_presses_on_the_roots_of_the_table(level, zone, migration, roots):
    pressed = roots_at(DiscLevel(level), Zone(zone), Migration(migration))
    assert pressed == tuple(roots.split())


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("row", rows(ROOTS_AT, 4), ids=" ".join)
def test_an_extrusion_at_a_place_of_the_table_speaks_for_its_roots_on_its_side(model, row, side):
    level, zone, migration, roots = row
    central = zone == "central"
    fact = lesion(
        "extrusion",
        level,
        None if central else side,
        zones=(Zone(zone),),
        migration=Migration(migration),
    )
    seen = {s.root.code for s in seen_roots([fact], model.imaging)}
    sides = ("left", "right") if central else (side,)
    assert seen == {f"{MODELLED[r]}-{s}" for r in roots.split() for s in sides if MODELLED[r]}


@pytest.mark.parametrize(("root", "crossing", "leaving", "foramen"), rows(WAYS, 4))
def test_each_root_crosses_one_disc_and_leaves_at_the_next(root, crossing, leaving, foramen):
    assert (crossing_level(Root(root)) or "-") == crossing
    assert foramen_of(Root(root)) == foramen
    places = [f"{level} {zone}" for level, zone in places_of(Root(root))]
    recess = [] if crossing == "-" else [f"{crossing} subarticular"]
    exits = [] if leaving == "-" else [f"{leaving} foraminal"]
    assert places == recess + exits
    if crossing != "-":
        assert traversing_root(DiscLevel(crossing)) == root
    if leaving != "-":
        assert exiting_root(DiscLevel(leaving)) == root


@pytest.mark.parametrize(("level", "kind", "roots"), rows(SLIPS, 3))
def test_a_slip_presses_on_the_roots_of_the_table(level, kind, roots):
    pressed = roots_of_slip(DiscLevel(level), isthmic=kind == "isthmic")
    assert pressed == tuple(roots.split())


def test_an_isthmic_slip_at_l5_s1_hits_the_exiting_l5():
    assert roots_of_slip(DiscLevel.L5_S1, isthmic=True) == (Root.L5,)


def test_a_degenerative_slip_at_l4_l5_hits_the_traversing_l5_first():
    assert roots_of_slip(DiscLevel.L4_L5, isthmic=False)[0] is Root.L5


def test_l4_crosses_l3_l4_and_leaves_at_l4_l5():
    assert crossing_level(Root.L4) is DiscLevel.L3_L4
    assert foramen_of(Root.L4) == "L4-L5"


def test_a_far_lateral_l5_s1_disc_hits_l5_and_not_s1(model):
    assert roots_at(DiscLevel.L5_S1, Zone.EXTRAFORAMINAL) == (Root.L5,)
    fact = lesion("extrusion", "L5-S1", "left", zones=(Zone.EXTRAFORAMINAL,))
    assert [s.root.code for s in seen_roots([fact], model.imaging)] == ["l5-left"]


def test_an_absent_achilles_reflex_with_a_weak_calf_is_s1_and_not_l5(model):
    signs = found("reduced-achilles-reflex", value=0), found("weakness-plantar-flexion", value=3)
    answer = localise(person(*signs), model)
    (first, chance), *_ = answer.probabilities
    assert first == RootSide(Root.S1, Side.LEFT)
    assert chance > 3 * answer.probability(RootSide(Root.L5, Side.LEFT))


def test_the_recess_at_l4_l5_and_the_foramen_at_l5_s1_meet_the_same_l5_root_twice(model):
    recess = lesion("lateral_recess_stenosis", "L4-L5", "left", severity="moderate")
    foramen = lesion("foraminal_stenosis", "L5-S1", "left", severity="severe")
    assert [s.root.code for s in seen_roots([recess, foramen], model.imaging)] == ["l5-left"]


def test_disease_of_recess_and_foramen_at_one_level_meets_two_roots(model):
    recess = lesion("lateral_recess_stenosis", "L4-L5", "left", severity="severe")
    foramen = lesion("foraminal_stenosis", "L4-L5", "left", severity="severe")
    seen = {s.root.code for s in seen_roots([recess, foramen], model.imaging)}
    assert seen == {"l4-left", "l5-left"}


def test_a_root_and_side_have_a_code_and_words():
    at = RootSide(Root.L5, Side.RIGHT)
    assert at.code == "l5-right"
    assert str(at) == "right L5"
    assert at.side.other is Side.LEFT
