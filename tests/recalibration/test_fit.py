"""The fit: exact where it can be, and it finds what was put in."""

import random
from itertools import pairwise

import pytest

from service.clinical.assess import assess
from service.recalibration import fit as fitting
from service.recalibration.drift import chi_squared_tail, drift
from service.recalibration.fit import Fit, answers, chances, fit, in_use, log_likelihood
from service.recalibration.reliability import Told, calibration_error, reliability
from service.recalibration.sample import SETS, SINGLES, Refused, Scale
from service.recalibration.trial import told, try_out
from tests.builders import a_model
from tests.clinical.patients import person, root_fact, textbook
from tests.recalibration.people import as_probabilities, content, people, sample_of, site_model


@pytest.mark.parametrize(("temper", "none"), [(0.4, 0.6), (0.6, 0.45), (1.3, 0.12)])
def test_a_known_temper_and_share_of_none_are_found_again(temper, none):
    sample = sample_of(people(700, temper, none))
    found = fit(sample, sample.outcomes)
    assert found.temper == pytest.approx(temper, abs=0.13)
    assert found.none == pytest.approx(none, abs=0.06)


def test_what_a_fit_says_of_a_person_is_what_the_core_says_with_its_numbers():
    sample = sample_of(people(40, 0.6, 0.45))
    model = site_model(0.6, 0.45)
    for one in people(40, 0.6, 0.45):
        outcome = Scale(a_model()).assessed(one.case, one.truth, None)
        mine = chances(sample._replace(ceiling=2.0), outcome, Fit(0.6, 0.45))
        said = dict(assess(one.case, model, population="there").localisation.hypotheses)
        assert mine == pytest.approx([said[roots] for roots in SETS], abs=1e-9)


def test_imaging_and_the_ceiling_are_told_as_the_core_tells_them():
    case = person(*textbook("L5"), imaging=(root_fact("L5"),))
    model = a_model()
    scale = Scale(model, "surgical-referral")
    outcome = scale.assessed(case, frozenset(), None)
    sample = scale.sample(SETS, [outcome])
    said = assess(case, model, population="surgical-referral").localisation
    mine = dict(answers(sample, chances(sample, outcome, in_use(sample))))
    assert max(mine.values()) == pytest.approx(model.combination.ceiling)
    assert mine.pop(None) == pytest.approx(said.none)
    assert mine == pytest.approx(dict(said.probabilities))


def test_a_fit_is_where_no_step_aside_is_likelier(monkeypatch):
    monkeypatch.setattr(fitting, "SPREAD", 1e6)
    monkeypatch.setattr(fitting, "SHIFT_SPREAD", 1e6)
    sample = sample_of(people(150, 0.7, 0.4))
    found = fit(sample, sample.outcomes)
    best = log_likelihood(sample, sample.outcomes, found)
    for temper, none in ((0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01)):
        aside = Fit(found.temper + temper, found.none + none)
        assert log_likelihood(sample, sample.outcomes, aside) < best


def test_a_temper_stays_within_its_bounds_and_few_outcomes_barely_move_it():
    sample = sample_of(people(300, 0.05, 0.5))
    assert fit(sample, sample.outcomes).temper == fitting.LEAST
    few = sample_of(people(300, 0.4, 0.5))
    assert fit(few, few.outcomes[::100]).temper > fit(few, few.outcomes).temper + 0.1


def test_probabilities_as_they_were_given_lead_near_the_same_numbers():
    made = people(700, 0.5, 0.5)
    scale = Scale(a_model())
    rows = as_probabilities(made)
    names = {roots: "".join(at.code for at in roots) or "none" for roots in SINGLES}
    outcomes = [
        scale.given(
            {roots: float(row[name]) for roots, name in names.items()},
            one.case.person.age,
            one.truth,
            None,
        )
        for row, one in zip(rows, made, strict=True)
    ]
    sample = scale.sample(SINGLES, outcomes)
    found = fit(sample, sample.outcomes)
    assert found.temper == pytest.approx(0.5, abs=0.2)
    assert found.none == pytest.approx(0.5, abs=0.12)


def test_probabilities_given_are_told_unchanged_by_what_is_in_use():
    scale = Scale(a_model())
    said = dict.fromkeys(SINGLES, 0.02) | {SINGLES[0]: 0.3, SINGLES[3]: 0.56}
    outcome = scale.given(said, 47, frozenset(), None)
    sample = scale.sample(SINGLES, [outcome])
    assert chances(sample, outcome, in_use(sample)) == pytest.approx([said[r] for r in SINGLES])


def test_the_order_of_people_changes_nothing():
    made = list(people(150, 0.5, 0.5))
    first = try_out(sample_of(tuple(made)))
    random.Random(7).shuffle(made)
    assert try_out(sample_of(tuple(made))) == first


def test_refitting_helps_where_findings_count_less(trial):
    assert trial.change.high < 0
    assert trial.after.error.value < trial.before.error.value
    assert abs(trial.after.slope.value - 1) < abs(trial.before.slope.value - 1)
    assert trial.against == ()


def test_refitting_is_refused_where_nothing_is_amiss():
    tried = [try_out(sample_of(content(seed))) for seed in range(5)]
    refused = ["does not improve" in " ".join(t.against) for t in tried]
    assert refused == [t.change.value >= 0 for t in tried]
    assert sum(refused) >= 3


def test_people_left_out_are_told_by_a_fit_that_never_saw_them():
    sample = sample_of(people(150, 0.5, 0.5))
    within = fit(sample, sample.outcomes)
    seen = [told(sample, o, within).loss for o in sample.outcomes]
    assert try_out(sample).after.loss.value > sum(seen) / len(seen)


@pytest.mark.parametrize(
    ("many", "none", "said"),
    [(99, 0.5, "at least 100"), (130, 0.02, "no compressed root"), (130, 0.98, "a compressed")],
)
def test_too_few_outcomes_are_refused(many, none, said):
    with pytest.raises(Refused, match=said):
        try_out(sample_of(people(many, 1.0, none)))


def test_a_newer_half_of_another_kind_is_drift():
    older, newer = people(150, 1.2, 0.2), people(150, 0.4, 0.6)
    moved = tuple(m._replace(day=m.day.replace(year=2027)) for m in newer)
    found = try_out(sample_of(older + moved))
    assert found.drift.older == found.drift.newer == 150
    assert found.drift.mix < 0.01
    assert found.drift.calibration < 0.01
    assert " ".join(found.against).count("Drift") == 2


def test_calibration_that_changed_is_drift_even_where_the_mix_did_not():
    older, newer = people(250, 1.4, 0.3), people(250, 0.3, 0.3)
    moved = tuple(m._replace(day=m.day.replace(year=2027)) for m in newer)
    found = drift(sample_of(older + moved))
    assert found.calibration < 0.01 < found.mix


def test_without_a_change_drift_is_rarely_found():
    found = [drift(sample_of(people(120, 0.8, 0.4, seed))).found for seed in range(8)]
    assert sum(found) <= 1


def test_without_dates_or_on_one_day_drift_is_not_tested():
    made = people(120, 0.8, 0.4)
    assert drift(sample_of(made, dates=False)) is None
    assert drift(sample_of(tuple(m._replace(day=made[0].day) for m in made))) is None


@pytest.mark.parametrize(
    ("x", "freedom", "p"),
    [(3.841, 1, 0.05), (5.991, 2, 0.05), (7.815, 3, 0.05), (9.488, 4, 0.05), (20.515, 5, 0.001)],
)
def test_the_tail_of_chi_squared_is_that_of_the_tables(x, freedom, p):
    assert chi_squared_tail(x, freedom) == pytest.approx(p, rel=2e-3)


def test_answers_that_hold_as_often_as_said_are_calibrated():
    tenths = [Told(0.5, 0.85, i < 17) for i in range(20)]
    assert calibration_error(tenths) == pytest.approx(0)
    assert calibration_error([t._replace(held=True) for t in tenths]) == pytest.approx(0.15)


def test_answers_that_are_all_sure_and_all_right_or_wrong_can_still_be_measured():
    for held in (True, False):
        found = reliability([Told(0.0, 1.0, held)] * 99 + [Told(0.7, 0.5, not held)])
        assert abs(found.slope.value) < 30


def test_overconfidence_is_a_slope_under_one():
    shy = [(0.3, 36), (0.5, 50), (0.7, 64), (0.9, 78)]
    told_ = [Told(0.5, said, i < held) for said, held in shy for i in range(100)]
    found = reliability(told_)
    assert found.slope.low < found.slope.value < found.slope.high < 1
    assert found == reliability(told_)
    assert all(low.said < high.said for low, high in pairwise(found.bins))
