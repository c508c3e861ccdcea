from datetime import date, timedelta

import pytest

from service.clinical.anatomy import Root, RootSide, Side
from service.clinical.answer import Concordance, Discordance, FlagRaised, Lesion
from service.clinical.facts import answer_facts, case_facts, is_known
from service.clinical.findings import (
    Case,
    Finding,
    Measurement,
    Medicine,
    Order,
    Person,
    Presence,
    Source,
    Study,
    Treatment,
)
from service.clinical.imaging import ImagingFact, Kind
from tests.clinical.patients import NOON, found
from tests.clinical.plans import LEFT_L5, compared, located

SOURCE = Source("Observation/x")
TODAY = NOON.date()


def facts_of(model, *findings, person=None, **more):
    return case_facts(Case(person or Person("Patient/p"), NOON, tuple(findings), **more), model)


def test_nothing_recorded_leaves_no_fact_at_all(model):
    assert facts_of(model) == {}


def test_a_finding_is_true_on_its_side_and_unknown_on_the_other(model):
    facts = facts_of(model, found("reduced-achilles-reflex", "left"))
    assert facts["reduced-achilles-reflex"] is True
    assert facts["reduced-achilles-reflex@left"] is True
    assert "reduced-achilles-reflex@right" not in facts
    assert "reduced-achilles-reflex.bilateral" not in facts


def test_a_finding_is_false_only_when_every_record_says_absent(model):
    absent = found("fever", None, present=False)
    unknown = found("night-pain", None, present=None)
    facts = facts_of(model, absent, unknown)
    assert facts["fever"] is False
    assert "night-pain" not in facts


def test_a_later_record_replaces_an_earlier_one(model):
    facts = facts_of(
        model,
        found("straight-leg-raise-positive", hours=0),
        found("straight-leg-raise-positive", hours=48, present=False),
    )
    assert facts["straight-leg-raise-positive"] is False


def test_of_two_records_of_one_time_the_sign_that_was_seen_is_kept(model):
    both = (found("fever", None), found("fever", None, present=False))
    assert facts_of(model, *both)["fever"] is True
    assert facts_of(model, *reversed(both))["fever"] is True


def test_both_ankle_jerks_lost_are_bilateral(model):
    both = [found("reduced-achilles-reflex", side) for side in ("left", "right")]
    assert facts_of(model, *both)["reduced-achilles-reflex.bilateral"] is True


def test_a_diagnosis_of_sciatica_on_both_sides_is_leg_pain_on_both_and_leaves_how_much_open(model):
    facts = facts_of(model, found("leg-pain-nrs", "left"), found("leg-pain-nrs", "right"))
    assert facts["leg-pain.bilateral"] is True
    assert "leg-pain-nrs" not in facts
    assert facts_of(model, found("leg-pain-nrs", "left", value=6.0))["leg-pain-nrs"] is True


def test_the_lowest_strength_is_kept_for_a_movement_and_for_the_whole_examination(model):
    facts = facts_of(
        model,
        found("weakness-great-toe-extension", "left", value=4),
        found("weakness-great-toe-extension", "right", value=2, present=None),
        found("weakness-hip-abduction", "left", value=3),
    )
    assert facts["weakness-great-toe-extension.value"] == 2
    assert facts["weakness-great-toe-extension@right"] is True
    assert facts["mrc.min"] == 2
    assert facts["motor.deficit"] is True
    assert facts["motor.bilateral"] is True


def test_a_measure_without_a_presence_is_read_by_its_value_alone(model):
    facts = facts_of(model, found("back-pain-nrs", None, present=None, value=8))
    assert facts == {"back-pain-nrs.value": 8}


def test_strength_that_fell_by_a_whole_grade_is_progressive(model):
    days = (
        found("weakness-plantar-flexion", value=4),
        found("weakness-plantar-flexion", value=3, hours=96),
    )
    facts = facts_of(model, *reversed(days))
    assert facts["motor.fall"] == 1
    assert facts["motor.progressive"] is True


def test_strength_that_comes_back_is_not_progressive(model):
    course = [
        found("weakness-plantar-flexion", value=grade, hours=24 * day)
        for day, grade in enumerate((5, 2, 4))
    ]
    assert facts_of(model, *course)["motor.progressive"] is False


def test_a_slow_fall_counts_from_the_best_earlier_grade(model):
    course = [
        found("weakness-plantar-flexion", value=grade, hours=24 * day)
        for day, grade in enumerate((5, 4.5, 4))
    ]
    assert facts_of(model, *course)["motor.progressive"] is True


def test_the_two_legs_are_not_compared_with_each_other_for_progress(model):
    facts = facts_of(
        model,
        found("weakness-plantar-flexion", "left", value=5, present=False),
        found("weakness-plantar-flexion", "right", value=3, hours=24),
    )
    assert "motor.progressive" not in facts


def test_a_weakness_that_was_absent_and_is_graded_now_is_a_fall(model):
    facts = facts_of(
        model,
        found("weakness-ankle-dorsiflexion", present=False),
        found("weakness-ankle-dorsiflexion", value=3, hours=24),
    )
    assert facts["motor.fall"] == 2


def test_duration_comes_from_what_was_told_before_it_comes_from_the_onset(model):
    person = Person("Patient/p", onset=TODAY - timedelta(weeks=10))
    assert facts_of(model, person=person)["duration.weeks"] == 10
    told = found("symptom-duration", None, present=None, value=6)
    assert facts_of(model, told, person=person)["duration.weeks"] == pytest.approx(6)


def test_a_medicine_is_told_apart_by_whether_it_is_taken_proposed_or_ended(model):
    person = Person(
        "Patient/p",
        medicines=(
            Medicine("gabapentinoid", "active", SOURCE, TODAY - timedelta(weeks=48)),
            Medicine("nsaid", "draft", SOURCE),
            Medicine("opioid", "stopped", SOURCE),
        ),
    )
    facts = facts_of(model, person=person)
    assert facts["medicine.gabapentinoid.active"] is True
    assert facts["medicine.gabapentinoid.proposed"] is False
    assert facts["medicine.gabapentinoid.weeks"] == 48
    assert facts["medicine.nsaid"] is True
    assert facts["medicine.nsaid.proposed"] is True
    assert facts["medicine.nsaid.active"] is False
    assert facts["medicine.opioid"] is False
    assert "medicine.anticoagulant" not in facts


def test_care_that_was_given_is_counted_dated_and_judged(model):
    given = tuple(
        Treatment("epidural-injection", SOURCE, TODAY - timedelta(days=days), False)
        for days in (14, 100, 500)
    )
    facts = facts_of(model, person=Person("Patient/p", treatments=given))
    assert facts["treatment.epidural-injection.count"] == 3
    assert facts["treatment.epidural-injection.year"] == 2
    assert facts["treatment.epidural-injection.weeks"] == 2
    assert facts["treatment.epidural-injection.failed"] is True
    assert "treatment.physiotherapy" not in facts


def test_care_without_an_outcome_is_neither_failed_nor_successful(model):
    person = Person("Patient/p", treatments=(Treatment("physiotherapy", SOURCE),))
    assert "treatment.physiotherapy.failed" not in facts_of(model, person=person)


def test_the_person_is_named_by_conditions_allergies_and_values(model):
    person = Person(
        "Patient/p",
        age=74,
        sex="female",
        conditions=(("diabetes", SOURCE), ("pregnancy", SOURCE)),
        allergies=(("contrast", SOURCE),),
        measurements=(
            Measurement("egfr", 38, "mL/min", Source("Observation/new", recorded=NOON)),
            Measurement("egfr", 70, "mL/min", Source("Observation/old")),
        ),
    )
    facts = facts_of(model, person=person)
    assert facts["age"] == 74
    assert facts["condition.diabetes"] is True
    assert facts["allergy.contrast"] is True
    assert facts["lab.egfr"] == 38
    assert facts["pregnant"] is True
    assert "condition.cancer" not in facts


def test_a_study_without_a_report_is_not_a_recorded_image(model):
    facts = facts_of(model, studies=(Study(Source("ImagingStudy/1"), "MR"),))
    assert facts["imaging.unread"] is True
    assert "imaging.recorded" not in facts


def test_doubt_about_numbering_in_one_study_is_doubt(model):
    studies = tuple(
        Study(Source(f"ImagingStudy/{word}"), "MR", report=SOURCE, numbering=word)
        for word in ("stated", "doubtful")
    )
    facts = facts_of(model, studies=studies)
    assert facts["imaging.numbering"] == "doubtful"
    assert facts["imaging.recorded"] is True


def test_what_imaging_shows_is_named_and_what_has_resolved_is_not(model):
    seen = (
        ImagingFact(Kind.CANAL_STENOSIS, "L4-L5"),
        ImagingFact(Kind.EXTRUSION, "L5-S1", time="resolved_or_prior"),
        ImagingFact(Kind.SYNOVIAL_CYST, "L4-L5", present=False),
    )
    facts = facts_of(model, imaging=seen)
    assert facts["imaging.canal-stenosis"] is True
    assert facts["imaging.synovial-cyst"] is False
    assert "imaging.extrusion" not in facts


def test_the_levels_of_an_order_are_counted(model):
    order = Order("injection", SOURCE, roots=("L4", "L5", "S1"), levels=("L4-L5",))
    facts = facts_of(model, orders=(order,))
    assert facts["order.injection"] is True
    assert facts["order.injection.levels"] == 3
    assert facts["order.levels.count"] == 3


def test_the_answer_names_root_side_and_lesion():
    lesion = Lesion(LEFT_L5, "disc", None, None, 3, True, SOURCE)
    concordance = Concordance(
        "discordant", disagreements=(Discordance("side", "", ""),), lesions=(lesion,)
    )
    facts = answer_facts(located(LEFT_L5), concordance, (), "UK", "primary-care")
    assert (facts["root"], facts["side"], facts["localised"]) == ("L5", "left", True)
    assert facts["root.l5"] is True
    assert facts["discordance.side"] is True
    assert facts["lesion.cause"] == "disc"
    assert facts["profile"] == "UK"
    assert facts["population"] == "primary-care"
    assert facts["flag.any"] == "none"


def test_a_suspicion_is_open_whatever_else_is_met():
    both = [
        FlagRaised(status, status, status, False, "", "", (), (), ())
        for status in ("suspected", "met")
    ]
    for flags, is_open in ((both, True), (both[::-1], True), (both[1:], False), ((), False)):
        assert answer_facts(located(), compared(), flags)["flag.open"] is is_open


def test_two_sides_named_leave_the_side_open():
    both = located(LEFT_L5, RootSide(Root.L5, Side.RIGHT))
    facts = answer_facts(both, compared())
    assert facts["root"] == "L5"
    assert "side" not in facts


def test_an_abstention_is_not_localised():
    facts = answer_facts(located(), compared())
    assert facts["localised"] is False
    assert "root" not in facts


def test_every_fact_that_is_made_has_a_known_name(model):
    person = Person(
        "Patient/p",
        age=50,
        sex="male",
        pregnant=False,
        conditions=(("diabetes", SOURCE),),
        allergies=(("nsaid", SOURCE),),
        medicines=(Medicine("nsaid", "active", SOURCE, date(2026, 1, 1)),),
        treatments=(Treatment("physiotherapy", SOURCE, TODAY, False),),
        measurements=(Measurement("crp", 4, "mg/L", SOURCE),),
        onset=date(2026, 9, 1),
    )
    strengths = [
        found("weakness-plantar-flexion", s, value=3, hours=h)
        for s in ("left", "right")
        for h in (0, 9)
    ]
    recorded = facts_of(
        model,
        *strengths,
        found("sensory-loss-lateral-foot"),
        found("leg-pain-nrs", None, value=7),
        person=person,
        studies=(Study(SOURCE, "MR", report=SOURCE),),
        imaging=(ImagingFact(Kind.CANAL_STENOSIS),),
        orders=(Order("injection", SOURCE, levels=("L4-L5",)),),
    )
    concluded = answer_facts(
        located(LEFT_L5), compared("discordant", "side"), (), "UK", "primary-care"
    )
    unknown = {name for name in recorded | concluded if not is_known(name, model.findings)}
    assert unknown == set()


@pytest.mark.parametrize(
    "name", ["wrong", "flag", "medicine.nsaid.often", "fever@middle", "mrc.max"]
)
def test_a_name_nobody_makes_is_not_known(name, model):
    assert not is_known(name, model.findings)


def test_an_ungraded_unknown_is_never_read_as_absent(model):
    unknown = Finding("weakness-hip-abduction", Presence.UNKNOWN, SOURCE, Side.LEFT)
    assert facts_of(model, unknown) == {}


def test_leg_pain_recorded_on_both_sides_is_bilateral_whatever_its_place(model):
    left = found("pain-below-knee", "left")
    right = found("pain-dermatome-s1", "right")
    assert facts_of(model, left, right)["leg-pain.bilateral"] is True
    assert "leg-pain.bilateral" not in facts_of(model, left)
    spared = found("pain-below-knee", "right", present=False)
    assert facts_of(model, left, spared)["leg-pain.bilateral"] is False


def test_the_liveliest_reflex_is_kept_beside_the_weakest(model):
    facts = facts_of(
        model,
        found("reduced-achilles-reflex", "left", value=0.0),
        found("reduced-achilles-reflex", "right", present=False, value=4.0),
    )
    assert (facts["reduced-achilles-reflex.value"], facts["reflex.max"]) == (0.0, 4.0)
    assert "reflex.max" not in facts_of(model, found("reduced-achilles-reflex"))


@pytest.mark.parametrize(("weeks_ago", "outdated"), [(2, False), (10, False), (60, True)])
def test_a_study_is_outdated_when_it_is_clearly_older_than_the_episode(weeks_ago, outdated, model):
    study = Study(SOURCE, "MR", NOON - timedelta(weeks=weeks_ago), SOURCE)
    lasted = found("symptom-duration", None, value=8.0)
    assert facts_of(model, lasted, studies=(study,))["imaging.outdated"] is outdated
    newer = Study(SOURCE, "CT", NOON, SOURCE)
    assert facts_of(model, lasted, studies=(study, newer))["imaging.outdated"] is False


def test_whether_a_study_is_outdated_is_unknown_without_its_date_or_the_onset(model):
    lasted = found("symptom-duration", None, value=8.0)
    undated = Study(SOURCE, "MR", None, SOURCE)
    old = Study(SOURCE, "MR", NOON - timedelta(weeks=60), SOURCE)
    assert "imaging.outdated" not in facts_of(model, lasted, studies=(undated, old))
    assert "imaging.outdated" not in facts_of(model, studies=(old,))


def test_no_root_is_called_likelier_only_when_more_than_the_prior_says_so(model):
    few = located()._replace(none=0.29)
    assert answer_facts(few, compared())["none-likely"] is False
    assert answer_facts(few, compared(), rivals=model.rivals[:1])["none-likely"] is True
    assert answer_facts(few._replace(none=0.6), compared())["none-likely"] is True
    assert answer_facts(located(LEFT_L5)._replace(none=0.6), compared())["none-likely"] is False
