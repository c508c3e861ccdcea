"""How far imaging speaks: place, age, scales, devices, disagreement, variants of anatomy."""

from dataclasses import replace
from itertools import pairwise
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.clinical.anatomy import DiscLevel, Migration, Root, RootSide, Side, Zone
from service.clinical.findings import Source, Study
from service.clinical.image_grades import grade_of
from service.clinical.image_ratios import doubted, ratio
from service.clinical.imaging import ImagingFact, Kind, Relation
from service.clinical.lesions import as_lesions, seen_roots
from service.clinical.localise import localise
from service.knowledge.files import load_model
from service.knowledge.wording import load_phrases
from service.reports import read_report
from tests.clinical.patients import found, lesion, person, root_fact

IMAGING = load_model().imaging
LEFT = {root: RootSide(root, Side.LEFT) for root in Root}

FACTS = st.builds(
    ImagingFact,
    kind=st.sampled_from(Kind),
    level=st.sampled_from(DiscLevel),
    present=st.booleans(),
    possible=st.booleans(),
    zones=st.lists(st.sampled_from(Zone), max_size=2, unique=True).map(tuple),
    side=st.sampled_from([None, *Side]),
    severity=st.sampled_from([None, *IMAGING.severity_grade]),
    root=st.sampled_from([None, *Root]),
    relation=st.sampled_from([None, *Relation]),
    migration=st.sampled_from(Migration),
    detail=st.sampled_from(["", "isthmic anterolisthesis", "degenerative anterolisthesis"]),
    reference=st.sampled_from(["DiagnosticReport/a", "DiagnosticReport/b"]),
    probability=st.sampled_from([None, None, None, 0.0, 0.1, 0.6, 1.0]),
)
AGES = st.sampled_from([None, 18, 30, 45, 62, 85, 101])


def ratios(facts, age=None, model=IMAGING):
    return {s.root: ratio(s, age, model) for s in seen_roots(facts, model)}


def times(fact, age=None):
    """The ratio, not its logarithm, of the only root that a fact speaks of."""
    (weight,) = ratios([fact], age).values()
    return exp(weight)


def study(*variants, numbering="stated"):
    return Study(Source("ImagingStudy/s"), "MR", numbering=numbering, variants=variants)


def first(case, model):
    return localise(case, model).probabilities[0][0]


# ---------------------------------------------------------------- laws


@given(st.lists(FACTS, max_size=5), AGES)
def test_the_ratio_of_one_root_is_never_above_the_bound(facts, age):
    for weight in ratios(facts, age).values():
        assert log(IMAGING.grade_lr[0]) - 1e-9 <= weight <= log(IMAGING.most) + 1e-9


@given(st.lists(FACTS, max_size=5), AGES)
def test_mirrored_facts_give_mirrored_ratios(facts, age):
    mirrored = [replace(f, side=f.side.other if f.side else None) for f in facts]
    expected = {RootSide(at.root, at.side.other): w for at, w in ratios(facts, age).items()}
    assert ratios(mirrored, age) == pytest.approx(expected)


@given(st.permutations(range(4)), st.lists(FACTS, min_size=4, max_size=4), AGES)
def test_the_grade_of_a_root_does_not_depend_on_the_order_of_the_facts(order, facts, age):
    grades = {s.root: s.grade for s in seen_roots(facts, IMAGING)}
    assert {s.root: s.grade for s in seen_roots([facts[i] for i in order], IMAGING)} == grades


@given(
    st.sampled_from(["L3", "L4", "L5", "S1"]),
    st.booleans(),
    AGES,
    st.lists(st.floats(0, 3), min_size=2, max_size=8),
)
def test_a_higher_grade_never_speaks_less_for_a_root(root, lateral, age, grades):
    (seen,) = seen_roots([root_fact(root)], IMAGING)
    weights = [
        ratio(seen._replace(grade=grade, lateral=lateral), age, IMAGING) for grade in sorted(grades)
    ]
    assert all(low <= high + 1e-12 for low, high in pairwise(weights))


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_a_higher_probability_of_a_device_never_speaks_less(chances):
    weights = [times(root_fact("L5", probability=p)) for p in sorted(chances)]
    assert all(low <= high + 1e-12 for low, high in pairwise(weights))


@given(st.lists(FACTS, max_size=4), st.sampled_from(list(IMAGING.variants)), st.booleans())
def test_a_variant_never_makes_more_of_an_image_than_its_strongest_root(facts, variant, doubtful):
    before = ratios(facts)
    numbering = "doubtful" if doubtful else "stated"
    after = doubted(before, [study(variant, numbering=numbering)], IMAGING)
    top = max([0.0, *before.values()])
    low = min([0.0, *before.values()])
    assert all(low - 1e-9 <= weight <= top + 1e-9 for weight in after.values())


# ---------------------------------------------------------------- place


def test_a_lesion_says_more_at_the_places_of_l3_and_l4_than_at_those_of_l5_and_s1():
    by_root = {r: times(root_fact(r, level=None)) for r in ("L3", "L4", "L5", "S1")}
    assert by_root["L3"] > by_root["L4"] > by_root["L5"] == by_root["S1"]


def test_a_lesion_in_or_beyond_the_foramen_says_more_than_one_in_the_recess():
    by_zone = {
        zone: times(lesion("extrusion", level, "left", zones=(zone,)))
        for level, zone in (
            ("L4-L5", Zone.SUBARTICULAR),
            ("L5-S1", Zone.FORAMINAL),
            ("L5-S1", Zone.EXTRAFORAMINAL),
        )
    }
    assert by_zone[Zone.FORAMINAL] == by_zone[Zone.EXTRAFORAMINAL]
    assert by_zone[Zone.FORAMINAL] == pytest.approx(2 * by_zone[Zone.SUBARTICULAR])


def test_rarity_adds_nothing_to_contact_and_to_what_is_free():
    for grade in (0.0, 0.5, 1.0):
        (upper,) = seen_roots([root_fact("L3")], IMAGING)
        (lower,) = seen_roots([root_fact("L5")], IMAGING)
        assert ratio(upper._replace(grade=grade), None, IMAGING) == pytest.approx(
            ratio(lower._replace(grade=grade), None, IMAGING)
        )


def reported(text, age, model, *findings):
    facts = read_report(text, load_phrases()).facts
    return person(*findings, imaging=facts, age=age), model


def test_a_far_lateral_disc_at_l3_l4_alone_puts_l3_of_its_side_first(model):
    text = "left extraforaminal disc herniation at L3-L4"
    assert first(*reported(text, 62, model)) == LEFT[Root.L3]


def test_a_cyst_in_the_foramen_of_l4_l5_with_a_weak_leg_puts_l4_of_its_side_first(model):
    text = "right intraforaminal cystic lesion at L4-L5"
    weak = found("weakness-lower-limb", "right")
    assert first(*reported(text, 64, model, weak)) == RootSide(Root.L4, Side.RIGHT)


# ---------------------------------------------------------------- age and scales


def test_a_protrusion_loses_weight_with_age_as_painless_people_have_more_of_them():
    fact = lesion("protrusion", "L4-L5", "left", zones=(Zone.SUBARTICULAR,))
    by_age = [times(fact, age) for age in (20, 40, 60, 80, 100)]
    assert by_age == sorted(by_age, reverse=True)
    assert by_age[1] == times(fact)
    assert by_age[2] == pytest.approx(by_age[1] * 33 / 38)
    assert by_age[-1] == by_age[-2] > 1


def test_between_the_ages_of_the_table_the_share_is_interpolated():
    fact = lesion("protrusion", "L4-L5", "left", zones=(Zone.SUBARTICULAR,))
    assert times(fact, 45) == pytest.approx(times(fact) * 33 / 34.5)


def test_a_kind_without_a_table_is_discounted_in_steps():
    fact = root_fact("L5")
    assert log(times(fact, 75)) == pytest.approx(0.6 * log(times(fact, 30)))


@pytest.mark.parametrize(
    ("scale", "score", "grade"),
    [
        ("pfirrmann", "3", 3.0),
        ("lee", "1", 1.0),
        ("lee", "3", 3.0),
        ("bartynski", "2", 2.0),
        ("schizas", "A2", 0.0),
        ("schizas", "D", 2.5),
        ("msu", "2-AB", 2.5),
        ("msu", "1-A", 0.5),
        ("rsna", "normal-mild", 0.5),
        ("rsna", "moderate", 1.5),
        ("rsna", "severe", 2.5),
    ],
)
def test_the_grade_of_a_published_scale_becomes_a_root_grade(scale, score, grade):
    fact = root_fact("L5", "contact", scale=scale, score=score)
    (seen,) = seen_roots([fact], IMAGING)
    assert seen.grade == grade


def test_a_scale_goes_before_the_word_and_one_that_is_not_known_leaves_the_word():
    narrow = lesion("foraminal_stenosis", "L5-S1", "left", severity="severe")
    (worded,) = seen_roots([narrow], IMAGING)
    (scaled,) = seen_roots([replace(narrow, scale="lee", score="1")], IMAGING)
    (odd,) = seen_roots([replace(narrow, scale="hasegawa", score="1")], IMAGING)
    assert (worded.grade, scaled.grade, odd.grade) == (2.5, 1.0, 2.5)


# ---------------------------------------------------------------- devices


def test_a_device_at_its_base_rate_says_nothing():
    assert times(root_fact("L5", probability=IMAGING.device_base)) == pytest.approx(1.0)


@pytest.mark.parametrize("probability", [0.1, 0.2, 0.3])
def test_a_device_counts_by_its_odds_over_those_of_its_base_rate(probability):
    base = IMAGING.device_base
    expected = probability / (1 - probability) / (base / (1 - base))
    assert times(root_fact("L5", probability=probability)) == pytest.approx(expected)


def test_a_device_is_bounded_like_a_grade():
    assert (grade_of(1.0, IMAGING), grade_of(0.0, IMAGING)) == (3.0, 0.0)
    assert times(root_fact("L5", probability=1.0)) == pytest.approx(times(root_fact("L5")))
    assert times(root_fact("L5", probability=0.999)) == pytest.approx(times(root_fact("L5")))


def test_the_ledger_says_that_a_device_said_it(model):
    case = person(imaging=[root_fact("L5", probability=0.83)])
    (line,) = [w for w in localise(case, model).ledger if w.kind == "imaging"]
    assert "left L5 root compressed with probability 0.83 by a device" in line.sentence


def test_the_ledger_names_the_published_scale_with_its_grade(model):
    case = person(imaging=[root_fact("L5", scale="lee", score="2")])
    (line,) = [w for w in localise(case, model).ledger if w.kind == "imaging"]
    assert "grade 2 of 3 (lee 2)" in line.sentence


# ---------------------------------------------------------------- disagreement


def other(fact):
    return replace(fact, reference="DiagnosticReport/other")


def denied(facts):
    """The roots that one statement calls compressed and another one does not."""
    return tuple(s.root for s in seen_roots(facts, IMAGING) if s.denial is not None)


def test_of_two_reports_that_disagree_on_a_root_the_mean_counts(model):
    pressed, free = root_fact("L5"), other(root_fact("L5", present=False))
    (both,), (yes,), (no,) = (
        ratios(facts).values() for facts in ([pressed, free], [pressed], [free])
    )
    assert both == pytest.approx((yes + no) / 2)
    assert denied([pressed, free]) == (LEFT[Root.L5],)
    (line,) = [
        w for w in localise(person(imaging=[pressed, free]), model).ledger if w.kind == "imaging"
    ]
    assert "another report denies it" in line.sentence


@pytest.mark.parametrize(
    "denial",
    [
        root_fact("L5", "contact", present=False),
        root_fact("L5", "impinge", present=False),
        replace(root_fact("L5", present=False), root=None),
        replace(root_fact("L5", present=False), root=None, level="all", side=None),
        root_fact("L5", probability=0.02),
    ],
)
def test_another_report_may_deny_the_root_by_name_by_level_or_all_roots(denial):
    assert denied([root_fact("L5"), other(denial)]) == (LEFT[Root.L5],)


@pytest.mark.parametrize(
    "beside",
    [
        root_fact("S1", present=False),
        root_fact("L5", present=False, level="L5-S1"),
        root_fact("L5", present=False, side="right"),
        root_fact("L5", "contact"),
        lesion("canal_stenosis", "L4-L5", present=False),
    ],
)
def test_another_report_of_another_root_place_or_side_is_no_disagreement(beside):
    assert denied([root_fact("L5"), other(beside)]) == ()


def test_a_report_that_says_displaced_and_not_compressed_is_at_one_with_itself():
    facts = [root_fact("L5", "displace"), root_fact("L5", "compress", present=False)]
    assert denied(facts) == ()
    assert denied([*facts, other(facts[0])]) == ()


def test_a_general_denial_beside_a_pressed_root_in_one_report_is_no_disagreement():
    rest = replace(root_fact("L5", present=False), root=None, level="all", side=None)
    assert denied([root_fact("L5"), rest]) == ()


def test_a_report_that_says_the_same_words_both_ways_disagrees_with_itself(model):
    facts = [root_fact("L5"), root_fact("L5", present=False)]
    assert denied(facts) == (LEFT[Root.L5],)
    (line,) = [w for w in localise(person(imaging=facts), model).ledger if w.kind == "imaging"]
    assert "the same report denies it" in line.sentence


def test_a_lesion_on_which_reports_disagree_is_not_certain():
    facts = [root_fact("L5"), other(root_fact("L5", present=False))]
    (known,) = as_lesions(seen_roots(facts, IMAGING), facts, IMAGING)
    assert not known.certain


# ---------------------------------------------------------------- variants


def after(root, *variants, numbering="doubtful"):
    seen = ratios([root_fact(root, level=None)])
    return {
        at.root: exp(weight)
        for at, weight in doubted(seen, [study(*variants, numbering=numbering)], IMAGING).items()
    }


def test_a_lumbarised_s1_behaves_as_likely_like_l5():
    shared = after("S1", "lumbarised-s1")
    assert set(shared) == {Root.L5, Root.S1}
    assert shared[Root.L5] == pytest.approx(shared[Root.S1])


def test_with_a_sacralised_l5_the_l4_root_may_act_as_l5():
    shared = after("L4", "sacralised-l5")
    assert set(shared) == {Root.L4, Root.L5}
    assert shared[Root.L4] > shared[Root.L5] > 1


def test_conjoined_roots_share_what_is_seen_of_one_with_the_other():
    shared = after("S1", "conjoined-roots", numbering="stated")
    assert set(shared) == {Root.L5, Root.S1}
    assert shared[Root.S1] > shared[Root.L5] > 1


def test_a_doubtful_count_of_unknown_kind_goes_both_ways():
    shared = after("L5")
    assert set(shared) == {Root.L4, Root.L5, Root.S1}
    assert shared[Root.L4] == pytest.approx(1 + 0.2 * (shared[Root.L5] - 1) / 0.6)


def test_two_variants_that_contradict_each_other_leave_the_direction_open():
    assert after("L5", "lumbarised-s1", "sacralised-l5") == after("L5")


def test_a_usual_spine_moves_nothing():
    seen = ratios([root_fact("L5")])
    assert doubted(seen, [study()], IMAGING) == seen


def test_a_lesion_of_s1_in_a_lumbarised_spine_leaves_l5_and_s1_open(model):
    case = person(imaging=[root_fact("S1", level="L5-S1")], numbering="doubtful")
    case = replace(case, studies=(replace(case.studies[0], variants=("lumbarised-s1",)),))
    answer = localise(case, model)
    assert answer.named == ()
    assert {LEFT[Root.L5], LEFT[Root.S1]} <= set(answer.candidates)


# ---------------------------------------------------------------- slips


def test_an_isthmic_slip_at_l5_s1_speaks_of_the_exiting_l5_of_both_sides():
    slip = lesion("spondylolisthesis", "L5-S1", detail="isthmic anterolisthesis grade 1")
    assert {s.root.code for s in seen_roots([slip], IMAGING)} == {"l5-left", "l5-right"}


def test_a_degenerative_slip_at_l4_l5_speaks_of_the_traversing_l5():
    slip = lesion("spondylolisthesis", "L4-L5", detail="degenerative anterolisthesis")
    assert {s.root.code for s in seen_roots([slip], IMAGING)} == {"l5-left", "l5-right"}


def test_a_slip_of_unknown_cause_speaks_of_no_root_and_none_speaks_over_a_statement():
    slip = lesion("spondylolisthesis", "L4-L5", detail="anterolisthesis")
    assert seen_roots([slip], IMAGING) == ()
    worn = replace(slip, detail="degenerative anterolisthesis")
    free = root_fact("L5", present=False)
    seen = {s.root.code: s.grade for s in seen_roots([worn, free], IMAGING)}
    assert seen["l5-left"] == IMAGING.denied_grade
