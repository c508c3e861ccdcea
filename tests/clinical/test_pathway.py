from dataclasses import replace

import pytest

from service.clinical.criteria import condition
from tests.clinical.plans import (
    LEFT_L5,
    RIGHT_L5,
    actions,
    asked,
    plan_for,
    steps_of,
)

PROFILES = ("default", "UK", "US", "US-VA", "US-CMS", "DK")
EMERGENCY = {"saddle-sensory-loss": True}
READY = {
    "duration.weeks": 5,
    "leg-pain-nrs.value": 9,
    "imaging.recorded": True,
    "imaging.numbering": "stated",
}


def ready(model, profile="default", **changed):
    given = {"named": (RIGHT_L5,), "status": "concordant", **changed}
    facts = {**READY, **given.pop("facts", {})}
    return plan_for(model, {k: v for k, v in facts.items() if v is not None}, profile, **given)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_plan_shows_its_basis_and_the_safety_net(profile, model):
    for facts in ({}, READY, EMERGENCY):
        assert {"show-basis", "safety-net"} <= actions(plan_for(model, facts, profile))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_stop_condition_comes_first_and_leaves_no_elective_step(profile, model):
    plan = plan_for(model, {**READY, **EMERGENCY}, profile, named=(LEFT_L5,), status="concordant")
    assert plan.steps[0].action == "emerg-mri"
    assert plan.steps[0].urgency == "stat"
    elective = {
        "physio",
        "esi-consider",
        "surg-opinion",
        "no-img-now",
        "mri-plain",
        "self",
        "target",
    }
    assert not elective & actions(plan)
    assert {step.order for step in plan.steps} <= {"imaging", ""}
    assert plan.goals == ()


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_recorded_proposes_no_procedure_and_asks(profile, model):
    plan = plan_for(model, {}, profile)
    assert not {"esi-consider", "surg-opinion", "mri-plain", "emerg-mri"} & actions(plan)
    assert "abstain" in actions(plan)
    assert plan.questions


@pytest.mark.parametrize("profile", PROFILES)
def test_every_step_names_a_source_with_strength_and_population(profile, model):
    for facts in ({}, READY, EMERGENCY, {"medicine.nsaid": True, "mrc.min": 2, "motor.fall": 2}):
        for step in ready(model, profile, facts=facts).steps:
            assert step.source in model.citations
            assert step.strength
            assert step.population
            assert step.profile == profile


@pytest.mark.parametrize("profile", PROFILES)
def test_each_topic_closes_with_a_rule_that_always_holds(profile, model):
    last = {r.topic: r for r in model.rules if not r.also and not r.profiles}
    assert all(rule.when.holds({}) for rule in last.values())
    assert {rule.topic for rule in model.rules} == set(last)


@pytest.mark.parametrize(
    "missing",
    [
        {"facts": {"duration.weeks": None}},
        {"facts": {"leg-pain-nrs.value": None}},
        {"facts": {"imaging.numbering": "doubtful"}},
        {"facts": {"bilateral-leg-pain": True}},
        {"facts": {"medicine.anticoagulant.active": True}},
        {"facts": {"pregnant": True}},
        {"facts": {"lab.platelets": 60}},
        {"facts": {"fever": True}},
        {"named": ()},
        {"status": "undecided"},
        {"status": "discordant", "kinds": ("side",)},
        {"status": "discordant", "kinds": ("order-level",)},
    ],
    ids=str,
)
@pytest.mark.parametrize("profile", ["default", "UK", "US"])
def test_one_missing_criterion_blocks_the_injection(profile, missing, model):
    assert "esi-consider" in actions(ready(model, profile))
    found = actions(ready(model, profile, **missing))
    assert "esi-consider" not in found
    assert "esi-blocked" in found


def test_a_blocked_injection_asks_for_exactly_what_is_missing(model):
    plan = ready(model, facts={"duration.weeks": None})
    assert "symptom-duration" in asked(plan)
    assert "leg-pain-nrs" not in asked(plan)


def test_a_question_says_what_is_missing_and_why(model):
    plan = plan_for(model, {}, "UK")
    question = next(q for q in plan.questions if q.item == "start-back-total")
    assert question.sentence.startswith("Not recorded: ")
    assert "first contact" in question.sentence


def test_no_item_is_asked_for_twice(model):
    plan = plan_for(model, {"bilateral-leg-pain": True}, "UK")
    items = [q.item for q in plan.questions]
    assert len(items) == len(set(items))


@pytest.mark.parametrize("named", [(LEFT_L5,), (RIGHT_L5,)])
def test_an_injection_is_aimed_at_the_foramen_the_root_leaves_by(named, model):
    (step,) = steps_of(ready(model, "UK", named=named), "esi-consider")
    (target,) = step.targets
    assert (target.root, target.foramen) == (named[0], "L5-S1")
    assert step.order == "injection"


def test_physiotherapy_names_the_root_it_trains(model):
    plan = ready(model, "DK")
    trained = [step for step in steps_of(plan, "physio") if step.targets]
    assert any("toe extension" in step.sentence for step in trained)
    assert [step.order for step in steps_of(plan, "physio")].count("physiotherapy") == 1


def test_a_foot_drop_asks_for_an_ankle_foot_orthosis_on_the_named_side(model):
    plan = ready(model, facts={"foot-drop": True, "mrc.min": 3})
    (step,) = steps_of(plan, "orthosis")
    assert step.order == "orthosis"
    assert step.targets[0].root == RIGHT_L5


@pytest.mark.parametrize(("grade", "source"), [(2, "thome-2022"), (3, "petr-2019")])
def test_severe_weakness_is_referred_urgently_by_its_grade(grade, source, model):
    plan = ready(model, facts={"mrc.min": grade})
    assert source in {step.source for step in steps_of(plan, "urgent-spine")}
    assert "esi-consider" not in actions(plan)


def test_mild_stable_weakness_is_not_referred_urgently(model):
    plan = ready(model, facts={"mrc.min": 4, "motor.deficit": True, "motor.fall": 0})
    assert "urgent-spine" not in actions(plan)
    assert any(step.due_days == 3 for step in steps_of(plan, "review"))


def test_strength_that_falls_holds_exercise_and_orders_an_image(model):
    plan = plan_for(model, {"motor.fall": 1, "duration.weeks": 1}, "UK")
    assert {"mri-plain", "urgent-spine"} <= actions(plan)
    assert not {"physio", "no-img-now"} & actions(plan)


def test_sources_that_disagree_each_keep_their_strength_and_population(model):
    plan = ready(model, facts={"mrc.min": 2})
    sides = steps_of(plan, "conflict")
    assert len({step.source for step in sides}) == len(sides) >= 2
    assert len({step.strength for step in sides}) >= 2


def test_rules_of_one_country_do_not_speak_for_another(model):
    facts = {"medicine.gabapentinoid.proposed": True, "medicine.gabapentinoid": True}
    assert "drug-avoid" in actions(plan_for(model, facts, "UK"))
    assert "drug-avoid" not in actions(plan_for(model, facts, "US"))
    national = {r.id: r.profiles for r in model.rules if r.profiles}
    for profile in PROFILES:
        used = {step.rule for step in plan_for(model, facts, profile).steps}
        assert all(profile in national[id_] for id_ in used & set(national))


@pytest.mark.parametrize(
    ("facts", "action", "named"),
    [
        ({"lab.egfr": 25}, "drug-avoid", "below 30"),
        ({"lab.egfr": 45}, "drug-caution", "between 30 and 59"),
        ({"pregnant": True}, "drug-avoid", "pregnancy"),
        ({"condition.heart-failure": True}, "drug-avoid", "heart failure"),
        ({"condition.peptic-ulcer": True}, "drug-avoid", "ulcer"),
        ({"medicine.anticoagulant": True}, "drug-caution", "anticoagulant"),
        ({"allergy.nsaid": True}, "drug-avoid", "allergy"),
    ],
)
def test_an_nsaid_is_judged_by_the_risks_that_are_recorded(facts, action, named, model):
    plan = plan_for(model, {"medicine.nsaid": True, **facts}, "UK")
    assert any(named in step.sentence for step in steps_of(plan, action))


def test_a_rule_that_nobody_can_decide_asks_and_does_not_fire(model):
    rule = next(r for r in model.rules if r.id == "basis")
    open_rule = replace(
        rule, id="open", action="edx", when=condition(every=["night-pain"]), asks=("night-pain",)
    )
    asking = replace(model, rules=(open_rule, rule))
    plan = plan_for(asking, {})
    assert [step.rule for step in plan.steps] == ["basis"]
    assert asked(plan) == {"night-pain"}
    assert not plan_for(asking, {"night-pain": False}).questions


def test_a_rule_behind_the_winner_neither_fires_nor_asks(model):
    rule = next(r for r in model.rules if r.id == "basis")
    late = replace(rule, id="late", when=condition(every=["fever"]), asks=("fever",))
    plan = plan_for(replace(model, rules=(rule, late)), {})
    assert [step.rule for step in plan.steps] == ["basis"]
    assert plan.questions == ()


def test_a_topic_that_nothing_closes_is_refused(model):
    rule = next(r for r in model.rules if r.id == "basis")
    unclosed = replace(rule, id="odd", topic="odd", when=condition(every=["fever"]))
    with pytest.raises(ValueError, match="'odd'"):
        plan_for(replace(model, rules=(unclosed, rule)), {})


def test_no_kidney_value_is_asked_for_while_no_drug_needs_it(model):
    assert "egfr" not in asked(plan_for(model, {}, "UK"))
    assert "egfr" in asked(plan_for(model, {"medicine.nsaid": True}, "UK"))


def test_a_flag_that_was_not_raised_is_known_and_asks_for_nothing(model):
    plan = ready(model, "UK", facts={"duration.weeks": 20})
    assert {"absent-foot-pulses", "extensor-plantar-response"}.isdisjoint(asked(plan))


def test_the_cauda_equina_items_that_are_not_recorded_are_always_asked_for(model):
    core = {
        "saddle-sensory-loss",
        "urinary-retention",
        "urinary-incontinence",
        "bowel-incontinence",
    }
    assert core <= asked(ready(model))
    answered = dict.fromkeys(core, False)
    assert core.isdisjoint(asked(ready(model, facts=answered)))


def test_goals_follow_the_measures(model):
    goals = {g.id for g in plan_for(model, {"motor.deficit": True}, "UK").goals}
    assert {"leg-pain", "disability", "strength"} <= goals
    assert "strength" not in {g.id for g in plan_for(model, {}, "UK").goals}


def test_the_same_facts_give_the_same_plan(model):
    assert ready(model, "UK") == ready(model, "UK")


OLD_STUDY = {"imaging.recorded": True, "imaging.report": True, "imaging.outdated": True}


def test_a_study_older_than_the_episode_does_not_stand_in_for_one_of_a_new_foot_drop(model):
    recorded = {**OLD_STUDY, "foot-drop": True, "motor.deficit": True, "duration.weeks": 1.0}
    plan = plan_for(model, recorded, named=(LEFT_L5,), status="concordant")
    (image,) = steps_of(plan, "mri-plain")
    assert image.urgency == "urgent"
    assert "no-img-now" not in actions(plan)
    fresh = plan_for(model, {**recorded, "imaging.outdated": False}, status="concordant")
    assert "mri-plain" not in actions(fresh)


def test_no_injection_is_proposed_on_a_study_older_than_the_episode(model):
    recorded = {**OLD_STUDY, "duration.weeks": 5.0, "leg-pain-nrs.value": 9.0}
    old = plan_for(model, recorded, named=(LEFT_L5,), status="concordant")
    assert "esi-consider" not in actions(old)
    fresh = {**recorded, "imaging.outdated": False}
    assert "esi-consider" in actions(plan_for(model, fresh, named=(LEFT_L5,), status="concordant"))


@pytest.mark.parametrize(
    "kind", ["side", "root", "level", "foramen", "reports-conflict", "deficit-without-lesion"]
)
def test_images_that_must_be_reviewed_are_not_called_enough(kind, model):
    recorded = {"imaging.recorded": True, "duration.weeks": 8.0}
    plan = plan_for(model, recorded, named=(LEFT_L5,), status="discordant", kinds=(kind,))
    assert not [step for step in plan.steps if step.topic == "imaging"]
    assert "discordant" in actions(plan)


def test_claudication_with_stenosis_reaches_a_surgeon_where_no_sign_matches(model):
    recorded = {
        "neurogenic-claudication": True,
        "duration.weeks": 30.0,
        "imaging.recorded": True,
        "imaging.canal-stenosis": True,
    }
    plan = plan_for(model, recorded, status="discordant", kinds=("lesion-without-sign",))
    assert "surg-opinion" in actions(plan)
    doubtful = plan_for(model, recorded, status="discordant", kinds=("numbering-uncertain",))
    assert "surg-opinion" not in actions(doubtful)


@pytest.mark.parametrize("sign", ["pulsatile-abdominal-mass", "fever", "significant-trauma"])
def test_nobody_is_told_to_stay_active_before_a_serious_finding_is_explained(sign, model):
    assert "self" not in actions(plan_for(model, {sign: True}))
    assert "self" in actions(plan_for(model, {sign: False}))


def test_severe_weakness_is_tested_again_within_days_also_when_its_onset_is_unknown(model):
    plan = plan_for(model, {"motor.deficit": True, "mrc.min": 2.0})
    (review,) = steps_of(plan, "review")
    assert review.due_days == 3


SERIOUS = ("pulsatile-abdominal-mass", "fever", "extensor-plantar-response")


@pytest.mark.parametrize("sign", SERIOUS)
def test_neither_exercise_nor_a_procedure_is_proposed_beside_a_serious_finding(sign, model):
    recorded = {
        "straight-leg-raise-positive": True,
        "imaging.recorded": True,
        "duration.weeks": 14.0,
        "treatment.conservative-care": True,
    }
    given = {"named": (LEFT_L5,), "status": "concordant"}
    calm = plan_for(model, recorded, **given)
    assert {"physio", "surg-opinion"} <= actions(calm)
    plan = plan_for(model, {**recorded, sign: True}, **given)
    assert not {"physio", "surg-opinion", "esi-consider"} & actions(plan)


def test_a_lumbar_image_is_neither_ordered_nor_advised_against_before_the_circulation(model):
    plan = plan_for(model, {"pulsatile-abdominal-mass": True, "duration.weeks": 1.0})
    assert not [step for step in plan.steps if step.topic == "imaging"]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    "reason",
    [{"motor.fall": 2.0}, {"mrc.min": 2.0}, {"bilateral-leg-pain": True}, {"fever": True}],
)
def test_no_mri_is_ordered_where_it_is_recorded_as_not_possible(reason, profile, model):
    recorded = {"condition.mri-contraindication": True, "duration.weeks": 8.0, **reason}
    for facts in (recorded, {**recorded, "imaging.recorded": True, "imaging.outdated": True}):
        images = [s for s in plan_for(model, facts, profile).steps if s.topic == "imaging"]
        assert not {s.action for s in images} & {"mri-plain", "mri-contrast"}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_recorded_diagnosis_of_cauda_equina_syndrome_is_an_emergency(profile, model):
    plan = plan_for(model, {"condition.cauda-equina-syndrome": True}, profile)
    assert steps_of(plan, "emerg-mri")
    assert not {"physio", "self", "no-img-now"} & actions(plan)


def test_one_plan_books_one_image_of_a_suspected_cauda_equina_syndrome(model):
    recorded = {"bilateral-leg-pain": True, "post-void-residual.value": 90.0}
    plan = plan_for(model, recorded, "UK")
    assert [step.action for step in plan.steps if step.order == "imaging"] == ["mri-24h"]


def test_a_suspected_infection_is_not_put_off_to_a_routine_review(model):
    assert "review" not in actions(plan_for(model, {"fever": True, "duration.weeks": 2.0}))
