"""How sure the certainty is."""

from dataclasses import replace
from itertools import pairwise
from math import log
from random import Random
from statistics import quantiles

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.clinical.anatomy import Root, RootSide, Side
from service.clinical.assess import assess
from service.clinical.certainty import intervals
from service.clinical.root_sets import ROOT_SIDES
from service.knowledge.files import load_model
from tests.clinical.patients import found, person, root_fact, textbook

MODEL = load_model()
TELLING = sorted(id_ for id_, known in MODEL.findings.items() if known.given)
SIDED = sorted(id_ for id_ in TELLING if MODEL.findings[id_].sided)
EXAMINATION = st.lists(
    st.builds(
        found,
        st.sampled_from(TELLING),
        st.sampled_from(["left", "right", None]),
        present=st.booleans(),
    ),
    max_size=10,
    unique_by=lambda f: (f.id, f.side),
)
IMAGES = st.lists(
    st.builds(
        root_fact,
        st.sampled_from(["L4", "L5", "S1"]),
        st.sampled_from(["contact", "displace", "compress"]),
        st.sampled_from(["left", "right"]),
    ),
    max_size=2,
)
LEFT_L5 = RootSide(Root.L5, Side.LEFT)


def around(*findings, model=MODEL, imaging=(), population=""):
    answer = assess(person(*findings, imaging=imaging), model, population=population)
    return answer.localisation, intervals(answer, model)


def graded(grade):
    known = {id_: replace(f, grade=grade) for id_, f in MODEL.findings.items()}
    return replace(MODEL, findings=known, imaging=replace(MODEL.imaging, grade=grade))


GRADED = [graded(grade) for grade in ("high", "moderate", "low")]


@settings(max_examples=60, deadline=None)
@given(EXAMINATION, IMAGES)
def test_an_interval_holds_its_probability_and_stays_between_nought_and_one(findings, imaging):
    told, found_ = around(*findings, imaging=imaging)
    assert set(found_) == {*ROOT_SIDES, None}
    for at, p in (*told.probabilities, (None, told.none)):
        assert 0 <= found_[at].low <= p <= found_[at].high <= 1


@settings(max_examples=60, deadline=None)
@given(EXAMINATION, IMAGES)
def test_no_interval_of_a_root_goes_beyond_the_ceiling(findings, imaging):
    _, found_ = around(*findings, imaging=imaging)
    assert max(found_[at].high for at in ROOT_SIDES) <= MODEL.combination.ceiling + 1e-9


@settings(max_examples=40, deadline=None)
@given(EXAMINATION, IMAGES)
def test_lower_grades_never_make_an_interval_narrower(findings, imaging):
    answers = [around(*findings, model=m, imaging=imaging)[1] for m in GRADED]
    for surer, vaguer in pairwise(answers):
        for at, inner in surer.items():
            assert vaguer[at].low <= inner.low + 1e-9
            assert vaguer[at].high >= inner.high - 1e-9


def test_a_sign_of_low_grade_leaves_more_open_than_the_same_sign_of_high_grade():
    high, _, low = (around(*textbook("L5")[:2], model=m)[1][LEFT_L5] for m in GRADED)
    assert low.low < high.low
    assert low.high > high.high


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(SIDED), st.booleans()), max_size=8, unique=True))
def test_the_mirrored_patient_has_the_mirrored_intervals(signs):
    signs = list(dict(signs).items())
    _, left = around(*(found(id_, "left", present=p) for id_, p in signs))
    _, right = around(*(found(id_, "right", present=p) for id_, p in signs))
    for at in ROOT_SIDES:
        assert left[at] == pytest.approx(right[RootSide(at.root, at.side.other)], abs=1e-9)
    assert left[None] == pytest.approx(right[None], abs=1e-9)


def test_saying_where_the_patient_comes_from_leaves_less_open():
    told, unsaid = around()
    _, said = around(population="specialist-clinic")
    assert width(said[None]) < width(unsaid[None])
    assert unsaid[None].low < told.none < unsaid[None].high


def test_images_that_no_study_gives_ratios_for_leave_more_open():
    kinder = replace(MODEL, imaging=replace(MODEL.imaging, grade="high"))
    fact = root_fact("L5", "compress")
    low, high = (around(imaging=[fact], model=m)[1][LEFT_L5] for m in (MODEL, kinder))
    assert width(low) > width(high)


def test_an_interval_is_what_drawing_the_numbers_anew_would_give():
    signs = [found("weakness-great-toe-extension"), found("reduced-achilles-reflex", present=False)]
    sure = replace(MODEL, combination=replace(MODEL.combination, count_prior=1e9))
    place = "specialist-clinic"
    told, found_ = around(*signs, model=sure, population=place)
    draw = Random(7)
    drawn = [
        around(*signs, model=redrawn(sure, signs, draw), population=place)[0] for _ in range(400)
    ]
    for at in (LEFT_L5, RootSide(Root.S1, Side.LEFT)):
        *_, p = (x for a, x in told.probabilities if a == at)
        cuts = quantiles([d.probability(at) for d in drawn], n=20)
        assert found_[at].low == pytest.approx(cuts[0], abs=0.06)
        assert found_[at].high == pytest.approx(cuts[-1], abs=0.06)
        assert cuts[0] < p < cuts[-1]


def redrawn(model, signs, draw):
    """The model with the numbers of these signs as other patients might have given them."""
    known = dict(model.findings)
    counts = model.combination
    for sign in signs:
        one = known[sign.id]
        n = {"high": counts.count_high, "moderate": counts.count_moderate}.get(
            one.grade, counts.count_low
        )
        anew = {s: draw.betavariate(n * p + 0.5, n * (1 - p) + 0.5) for s, p in one.given.items()}
        known[sign.id] = replace(one, given=anew)
    return replace(model, findings=known)


def width(interval):
    low, high = (log(p / (1 - p)) for p in interval)
    return high - low
