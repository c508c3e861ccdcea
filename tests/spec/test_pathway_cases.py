"""Guideline statements, each as facts in and actions out, with the rules that ship."""

import pytest

from service.clinical.anatomy import Root, RootSide, Side
from service.knowledge.files import load_model
from tests.clinical.plans import RIGHT_L5, RIGHT_S1, actions, asked, plan_for, steps_of

LEFT_L5 = RootSide(Root.L5, Side.LEFT)
SCOPIC = {
    "pain-below-knee": True,
    "leg-pain-nrs.value": 8,
    "sensory.deficit": True,
    "condition.work-limitation": True,
}
CONCORDANT_L5 = {"named": (RIGHT_L5,), "status": "concordant"}
IMAGED = {"imaging.recorded": True, "imaging.numbering": "unstated"}


@pytest.fixture(scope="module")
def plan():
    model = load_model()

    def made(facts, profile="default", **answer):
        return plan_for(model, facts, profile, **answer)

    return made


@pytest.mark.parametrize("profile", ["default", "UK", "US", "DK"])
def test_saddle_numbness_and_retention_send_for_an_emergency_scan(plan, profile):
    facts = {"bilateral-leg-pain": True, "saddle-sensory-loss": True, "urinary-retention": True}
    found = actions(plan(facts, profile))
    assert {"emerg-mri", "safety-net"} <= found
    assert not {"physio", "no-img-now", "esi-consider"} & found


def test_a_residual_above_two_hundred_is_an_emergency_and_not_a_next_day_scan(plan):
    found = actions(plan({"post-void-residual.value": 350, "bilateral-leg-pain": True}, "UK"))
    assert "emerg-mri" in found
    assert not {"mri-24h", "mri-plain"} & found


def test_warning_signs_with_a_small_residual_are_scanned_within_a_day(plan):
    found = actions(plan({"post-void-residual.value": 60, "bilateral-leg-pain": True}, "UK"))
    assert "mri-24h" in found


def test_falling_strength_is_imaged_without_waiting(plan):
    facts = {"motor.fall": 1, "mrc.min": 3, "duration.weeks": 0.6}
    found = actions(plan(facts, "US-VA", named=(RIGHT_S1,)))
    assert "mri-plain" in found
    assert "no-img-now" not in found


def test_ten_days_of_leg_pain_without_red_flags_need_no_image(plan):
    facts = {"duration.weeks": 10 / 7, "straight-leg-raise-positive": True, "order.imaging": True}
    found = actions(plan(facts, "US"))
    assert {"no-img-now", "self"} <= found
    assert "mri-plain" not in found


@pytest.mark.parametrize(
    "tried", ["treatment.physiotherapy", "medicine.nsaid.active", "order.injection"]
)
def test_six_weeks_of_care_in_a_candidate_lead_to_a_plain_mri(plan, tried):
    found = actions(plan({"duration.weeks": 8, tried: True}, "US", named=(RIGHT_L5,)))
    assert "mri-plain" in found
    assert not {"mri-contrast", "no-img-now"} & found


def test_six_weeks_without_known_care_ask_what_was_tried(plan):
    answer = plan({"duration.weeks": 8}, "US")
    assert not {"mri-plain", "no-img-now"} & actions(answer)
    assert "physiotherapy" in asked(answer)


@pytest.mark.parametrize("population", ["primary-care", None])
def test_three_weeks_of_sciatica_in_general_practice_need_no_image(plan, population):
    facts = {"duration.weeks": 3, "order.imaging": True}
    if population:
        facts["population"] = population
    found = actions(plan(facts, "UK"))
    assert {"no-img-now", "safety-net"} <= found
    assert "mri-plain" not in found


def test_a_history_of_cancer_is_imaged_at_once(plan):
    facts = {
        "duration.weeks": 3,
        "condition.cancer": True,
        "night-pain": True,
        "unexplained-weight-loss": True,
    }
    found = actions(plan(facts, "US"))
    assert found & {"mri-contrast", "mri-plain"}
    assert not {"no-img-now", "physio"} & found


def test_contrast_is_left_out_where_kidneys_or_pregnancy_forbid_it(plan):
    facts = {"condition.cancer": True}
    assert "mri-contrast" in actions(plan(facts, "US"))
    assert "mri-plain" in actions(plan({**facts, "lab.egfr": 20}, "US"))
    assert "mri-plain" in actions(plan({**facts, "pregnant": True}, "US"))


def test_a_first_contact_without_start_back_asks_for_it_and_guesses_no_group(plan):
    answer = plan({"duration.weeks": 1}, "UK")
    assert {"start-back-total", "start-back-psychosocial"} <= asked(answer)
    assert "ask" in actions(answer)
    groups = {"risk-low", "risk-med", "risk-high", "group1", "group2", "group3"}
    assert not groups & actions(answer)


@pytest.mark.parametrize(
    ("total", "psychosocial", "risk"),
    [
        (3, 1, "risk-low"),
        (0, 0, "risk-low"),
        (4, 3, "risk-med"),
        (9, 3, "risk-med"),
        (4, 4, "risk-high"),
    ],
)
@pytest.mark.parametrize("profile", ["default", "UK", "US", "DK"])
def test_start_back_scores_give_one_risk_group(plan, profile, total, psychosocial, risk):
    facts = {"start-back-total.value": total, "start-back-psychosocial.value": psychosocial}
    found = actions(plan(facts, profile))
    assert found & {"risk-low", "risk-med", "risk-high"} == {risk}


@pytest.mark.parametrize(
    ("total", "psychosocial", "without", "group"),
    [
        (2, 1, (), "group1"),
        (6, 2, (), "group3"),
        (6, 2, ("sensory.deficit",), "group2"),
        (8, 5, ("sensory.deficit",), "group3"),
        (8, 5, ("sensory.deficit", "pain-below-knee"), "group2"),
    ],
)
def test_the_care_group_follows_risk_and_clinical_characteristics(
    plan, total, psychosocial, without, group
):
    facts = {
        "start-back-total.value": total,
        "start-back-psychosocial.value": psychosocial,
        **SCOPIC,
        **dict.fromkeys(without, False),
    }
    assert actions(plan(facts, "UK")) & {"group1", "group2", "group3"} == {group}


def test_an_unanswered_characteristic_gives_no_care_group_and_asks(plan):
    facts = {"start-back-total.value": 6, "start-back-psychosocial.value": 2, **SCOPIC}
    del facts["pain-below-knee"]
    answer = plan(facts, "UK")
    assert not {"group1", "group2", "group3"} & actions(answer)
    assert "pain-below-knee" in asked(answer)


def test_a_proposed_gabapentinoid_is_not_to_be_offered(plan):
    facts = {
        "duration.weeks": 4,
        "medicine.gabapentinoid": True,
        "medicine.gabapentinoid.proposed": True,
        "medicine.gabapentinoid.active": False,
    }
    (step,) = steps_of(plan(facts, "UK"), "drug-avoid")
    assert step.against
    assert step.detail == "gabapentinoid"
    assert "drug-review" not in actions(plan(facts, "UK"))


def test_a_gabapentinoid_taken_for_months_is_reviewed_and_never_stopped_abruptly(plan):
    facts = {
        "duration.weeks": 60,
        "medicine.gabapentinoid": True,
        "medicine.gabapentinoid.proposed": False,
        "medicine.gabapentinoid.active": True,
        "medicine.gabapentinoid.weeks": 48,
    }
    (step,) = steps_of(plan(facts, "UK"), "drug-review")
    assert "never abruptly" in step.sentence


def test_an_nsaid_comes_with_every_named_risk(plan):
    facts = {
        "duration.weeks": 2,
        "age": 74,
        "lab.egfr": 38,
        "medicine.anticoagulant": True,
        "medicine.nsaid": True,
        "medicine.nsaid.proposed": True,
    }
    details = {step.detail for step in steps_of(plan(facts, "UK"), "drug-caution")}
    assert {"NSAID", "NSAID; eGFR 30 to 59", "NSAID at 65 or older"} <= details
    assert "NSAID with a drug that raises bleeding" in details


def test_danish_advice_is_normal_activity(plan):
    (step,) = steps_of(plan({"duration.weeks": 3}, "DK"), "self")
    assert step.source == "danish-2018"
    assert "rather than bed rest" in step.sentence


def test_danish_care_at_five_weeks_adds_exercise_and_nothing_more(plan):
    found = actions(plan({"duration.weeks": 5, **IMAGED}, "DK", **CONCORDANT_L5))
    assert "physio" in found
    assert not {"surg-opinion", "esi-consider"} & found


def test_severe_recent_pain_with_fitting_images_makes_an_injection_an_option(plan):
    facts = {
        "duration.weeks": 5,
        "leg-pain-nrs.value": 9,
        "treatment.physiotherapy": True,
        "treatment.physiotherapy.failed": True,
        **IMAGED,
    }
    answer = plan(facts, "UK", **CONCORDANT_L5)
    (step,) = steps_of(answer, "esi-consider")
    assert {"esi-consider", "target", "show-basis"} <= actions(answer)
    assert step.strength == "consider"
    assert step.targets[0].foramen == "L5-S1"


@pytest.mark.parametrize("warned", [{}, {"bilateral-leg-pain": True}])
def test_claudication_from_central_stenosis_gets_no_epidural(plan, warned):
    facts = {"neurogenic-claudication": True, "imaging.canal-stenosis": True, **IMAGED, **warned}
    found = actions(plan(facts, "UK"))
    assert "esi-no" in found
    assert "esi-consider" not in found


@pytest.mark.parametrize("profile", ["default", "UK", "US", "US-CMS", "DK"])
def test_a_chronic_injection_request_shows_both_sides_of_the_evidence(plan, profile):
    facts = {
        "duration.weeks": 30,
        "leg-pain-nrs.value": 7,
        "order.injection": True,
        "order.injection.levels": 1,
        **IMAGED,
    }
    answer = plan(facts, profile, named=(RIGHT_S1,), status="concordant")
    sources = {step.source for step in steps_of(answer, "conflict")}
    assert {"bmj-2025-busse", "aan-2025", "nass"} <= sources
    assert "show-basis" in actions(answer)


def test_coverage_blocks_an_injection_before_four_weeks_and_failed_care(plan):
    facts = {"duration.weeks": 16 / 7, "leg-pain-nrs.value": 8, **IMAGED}
    answer = plan(facts, "US-CMS", **CONCORDANT_L5)
    (step,) = steps_of(answer, "esi-blocked")
    assert "four weeks" in step.sentence
    assert "conservative" in step.sentence
    assert "esi-consider" not in actions(answer)


def test_coverage_is_open_after_four_weeks_and_failed_care(plan):
    facts = {"duration.weeks": 7, "treatment.physiotherapy.failed": True, **IMAGED}
    assert "esi-consider" in actions(plan(facts, "US-CMS", **CONCORDANT_L5))
    del facts["treatment.physiotherapy.failed"]
    assert "esi-blocked" in actions(plan(facts, "US-CMS", **CONCORDANT_L5))


def test_an_order_for_three_levels_is_over_the_limit(plan):
    facts = {"duration.weeks": 8, "order.injection": True, "order.injection.levels": 3, **IMAGED}
    answer = plan(facts, "US-CMS", **CONCORDANT_L5)
    (step,) = steps_of(answer, "esi-limit")
    assert step.source == "cms-lcd-l33906"
    assert "esi-consider" not in actions(answer)


def test_a_fifth_session_within_a_year_is_over_the_limit(plan):
    facts = {"duration.weeks": 40, "treatment.epidural-injection.year": 4, **IMAGED}
    assert "esi-limit" in actions(plan(facts, "US-CMS", **CONCORDANT_L5))


FAILED = {"duration.weeks": 14, "treatment.physiotherapy": True, "leg-pain-nrs.value": 7, **IMAGED}


def test_failed_care_with_fitting_images_makes_surgery_an_option_without_more_imaging(plan):
    answer = plan(FAILED, "UK", **CONCORDANT_L5)
    assert {"surg-opinion", "concordant"} <= actions(answer)
    assert not {"mri-plain", "mri-contrast", "img-other"} & actions(answer)


def test_body_mass_smoking_and_distress_do_not_withhold_the_referral(plan):
    burdened = {
        **FAILED,
        "lab.bmi": 41,
        "condition.smoking": True,
        "condition.psychological-distress": True,
    }
    answer = plan(burdened, "UK", **CONCORDANT_L5)
    sentences = [step.sentence for step in steps_of(answer, "surg-opinion")]
    assert any("decompression" in sentence for sentence in sentences)
    assert any("Do not withhold" in sentence for sentence in sentences)


def test_an_agreed_l5_is_aimed_at_through_its_own_foramen(plan):
    facts = {"weakness-great-toe-extension": True, "mrc.min": 3, **IMAGED}
    answer = plan(facts, **CONCORDANT_L5)
    (step,) = steps_of(answer, "target")
    assert "concordant" in actions(answer)
    assert (str(step.targets[0].root), step.targets[0].foramen) == ("right L5", "L5-S1")


def test_an_order_at_the_wrong_level_is_not_accepted_silently(plan):
    facts = {"order.injection": True, "order.injection.levels": 1, **IMAGED}
    answer = plan(facts, named=(RIGHT_L5,), status="discordant", kinds=("order-level",))
    assert {"discordant", "esi-blocked"} <= actions(answer)
    assert "esi-consider" not in actions(answer)


def test_a_lesion_on_the_other_side_asks_for_review_and_proposes_nothing(plan):
    facts = {**FAILED, "leg-pain-nrs.value": 9, "duration.weeks": 8}
    answer = plan(facts, named=(RIGHT_S1,), status="discordant", kinds=("side",))
    assert {"discordant", "ask"} <= actions(answer)
    assert not {"surg-opinion", "esi-consider", "concordant", "target"} & actions(answer)
    assert any("laterality" in step.sentence for step in steps_of(answer, "ask"))


def test_doubtful_numbering_asks_for_a_localiser_and_aims_at_nothing(plan):
    facts = {**FAILED, "imaging.numbering": "doubtful"}
    answer = plan(facts, named=(LEFT_L5,), status="discordant", kinds=("numbering-uncertain",))
    assert {"discordant", "ask"} <= actions(answer)
    assert any("localiser" in step.sentence for step in steps_of(answer, "ask"))
    assert not {"target", "surg-opinion", "esi-consider"} & actions(answer)


def test_every_recommendation_can_be_reviewed(plan):
    (step,) = steps_of(plan(FAILED, "US", **CONCORDANT_L5), "show-basis")
    assert step.source == "fda-cds-2026"
