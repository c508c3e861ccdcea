"""From imaging facts to roots."""

import pytest

from service.clinical.anatomy import (
    DiscLevel,
    Migration,
    Root,
    Side,
    Zone,
    exiting_root,
    traversing_root,
)
from service.clinical.image_ratios import ratio
from service.clinical.lesions import as_lesions, seen_roots
from service.clinical.root_sets import modelled
from tests.clinical.patients import lesion, root_fact


def roots_seen(model, *facts):
    return {s.root.code: s.grade for s in seen_roots(facts, model.imaging)}


@pytest.mark.parametrize("level", DiscLevel)
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize(
    ("zone", "root_of"),
    [
        (Zone.SUBARTICULAR, traversing_root),
        (Zone.FORAMINAL, exiting_root),
        (Zone.EXTRAFORAMINAL, exiting_root),
    ],
)
def test_an_extrusion_is_mapped_to_the_root_of_its_level_zone_and_side(
    model, level, side, zone, root_of
):
    seen = roots_seen(model, lesion("extrusion", level, side, zones=(zone,)))
    assert set(seen) == {f"{modelled(root_of(level)).lower()}-{side}"}


def test_foraminal_narrowing_meets_the_exiting_root_and_recess_narrowing_the_traversing_one(model):
    foramen = lesion("foraminal_stenosis", "L4-L5", "left", severity="severe")
    recess = lesion("lateral_recess_stenosis", "L4-L5", "left", severity="severe")
    assert roots_seen(model, foramen) == {"l4-left": 2.5}
    assert roots_seen(model, recess) == {"l5-left": 2.5}


def test_severe_canal_narrowing_touches_the_traversing_roots_of_both_sides(model):
    seen = roots_seen(model, lesion("canal_stenosis", "L4-L5", severity="severe"))
    assert set(seen) == {"l5-left", "l5-right"}


def test_a_midline_protrusion_counts_as_contact_at_most(model):
    seen = roots_seen(model, lesion("protrusion", "L5-S1", zones=(Zone.CENTRAL,)))
    assert set(seen.values()) == {1.0}


def test_a_fragment_that_went_up_speaks_for_the_exiting_root_first(model):
    fact = lesion("extrusion", "L4-L5", "left", zones=(Zone.SUBARTICULAR,), migration=Migration.UP)
    seen = roots_seen(model, fact)
    assert seen["l4-left"] > seen["l5-left"]


def test_contact_is_not_compression(model):
    assert roots_seen(model, root_fact("L5", "contact"))["l5-left"] < model.imaging.lesion_grade
    assert roots_seen(model, root_fact("L5", "compress"))["l5-left"] >= model.imaging.lesion_grade


def test_what_is_said_of_a_root_goes_before_what_its_level_suggests(model):
    extrusion = lesion("extrusion", "L4-L5", "left", zones=(Zone.SUBARTICULAR,))
    exiting = root_fact("L4", "compress")
    assert set(roots_seen(model, extrusion, exiting)) == {"l4-left"}


def test_a_finding_that_has_resolved_says_nothing_about_today(model):
    fact = lesion(
        "extrusion", "L5-S1", "left", zones=(Zone.SUBARTICULAR,), time="resolved_or_prior"
    )
    assert roots_seen(model, fact) == {}


def test_a_root_counts_as_free_only_where_both_its_places_are_said_to_be_clear(model):
    recess = lesion("lateral_recess_stenosis", "L4-L5", "left", present=False)
    foramen = lesion("foraminal_stenosis", "L5-S1", "left", present=False)
    assert roots_seen(model, recess) == {}
    assert roots_seen(model, recess, foramen) == {"l5-left": 0.0}


def test_a_root_said_not_to_be_compressed_speaks_against_it(model):
    (seen,) = seen_roots([root_fact("S1", present=False, level="L5-S1")], model.imaging)
    assert ratio(seen, 50, model.imaging) < 0


def test_a_hedge_halves_the_weight(model):
    sure, hedged = (
        ratio(seen_roots([root_fact("S1", possible=p)], model.imaging)[0], 30, model.imaging)
        for p in (False, True)
    )
    assert hedged == pytest.approx(sure * model.imaging.possible_discount)


def test_the_cause_of_a_root_statement_is_the_lesion_at_the_same_level_and_side(model):
    facts = [
        root_fact("L5"),
        lesion("bulge", "L4-L5"),
        lesion("extrusion", "L4-L5", "left", zones=(Zone.SUBARTICULAR,)),
        lesion("foraminal_stenosis", "L4-L5", "right", severity="mild"),
    ]
    (first, *_) = as_lesions(seen_roots(facts, model.imaging), facts, model.imaging)
    assert (first.root.root, first.cause, first.level) == (Root.L5, "disc", DiscLevel.L4_L5)
    assert first.zone is Zone.SUBARTICULAR
