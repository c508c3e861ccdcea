import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.clinical.assess import assess
from service.clinical.findings import Case, Medicine, Person, Source
from service.clinical.red_flags import watch
from tests.clinical.patients import NOON, found, person, textbook
from tests.clinical.plans import LEFT_L5, asked, plan_for

SOURCE = Source("Condition/c")

EMERGENCY_ITEMS = (
    "saddle-sensory-loss",
    "urinary-retention",
    "urinary-incontinence",
    "bowel-incontinence",
    "reduced-anal-tone",
    "sexual-dysfunction",
    "bilateral-leg-weakness",
)


def raised(facts, model):
    return {flag.id: flag for flag in watch(facts, model).flags}


def patterns(facts, model):
    return {rival.id for rival in watch(facts, model).rivals}


def undecided(facts, model):
    return {rival.id: unasked for rival, unasked in watch(facts, model).open}


def test_nothing_recorded_raises_nothing(model):
    assert raised({}, model) == {}


@pytest.mark.parametrize("item", EMERGENCY_ITEMS)
def test_any_single_emergency_item_meets_cauda_equina_and_stops(item, model):
    flag = raised({item: True}, model)["cauda-equina"]
    assert (flag.status, flag.stops) == ("met", True)
    assert flag.items == (item,)


def test_a_recorded_diagnosis_of_cauda_equina_syndrome_stops_localisation(model):
    flag = raised({"condition.cauda-equina-syndrome": True}, model)["cauda-equina-diagnosis"]
    assert (flag.status, flag.stops) == ("met", True)
    assert raised({"condition.history-of-cauda-equina-syndrome": True}, model) == {}


def test_weight_loss_recorded_as_a_diagnosis_is_a_warning_too(model):
    assert raised({"condition.weight-loss": True}, model)["cancer"].status == "suspected"


def test_a_large_residual_alone_meets_cauda_equina(model):
    assert raised({"post-void-residual.value": 350}, model)["cauda-equina"].status == "met"


def test_a_small_residual_does_not_exclude_cauda_equina(model):
    facts = {"post-void-residual.value": 90, "saddle-sensory-loss": True}
    assert raised(facts, model)["cauda-equina"].status == "met"


def test_pain_in_both_legs_is_suspect_while_the_items_are_unanswered(model):
    flag = raised({"bilateral-leg-pain": True, "fever": False}, model)["cauda-equina"]
    assert flag.status == "suspected"
    assert set(EMERGENCY_ITEMS) <= set(flag.unanswered)
    assert "post-void-residual" in flag.unanswered


def test_a_flag_that_is_only_suspected_does_not_claim_that_its_criteria_are_met(model):
    warnings = {
        "cauda-equina": {"bilateral-leg-pain": True},
        "infection": {"medicine.oral-steroid.weeks": 6.0},
        "cancer": {"unexplained-weight-loss": True},
        "fracture": {"condition.osteoporosis": True},
    }
    for flag in model.red_flags:
        if not flag.suspected.names:
            continue
        shown = raised(warnings[flag.id], model)[flag.id]
        assert shown.status == "suspected"
        assert shown.sentence == flag.suspected_sentence != flag.sentence
        assert shown.action == flag.suspected_action != flag.action
        assert shown.action.startswith("Ask")


def test_what_was_answered_is_not_asked_again(model):
    facts = {"bilateral-leg-pain": True, "urinary-retention": False, "post-void-residual.value": 20}
    flag = raised(facts, model)["cauda-equina"]
    assert "urinary-retention" not in flag.unanswered
    assert "post-void-residual" not in flag.unanswered


def test_every_item_answered_absent_clears_the_suspicion(model):
    facts = {"bilateral-leg-pain": True, "post-void-residual.value": 20}
    facts |= dict.fromkeys(EMERGENCY_ITEMS, False)
    assert "cauda-equina" not in raised(facts, model)


def test_a_bladder_scan_that_was_not_made_does_not_keep_the_suspicion_open(model):
    answered = {"bilateral-leg-pain": True, **dict.fromkeys(EMERGENCY_ITEMS, False)}
    assert "cauda-equina" not in raised(answered, model)
    del answered["saddle-sensory-loss"]
    assert raised(answered, model)["cauda-equina"].status == "suspected"


def test_pain_into_both_legs_in_pregnancy_stays_suspect_when_every_answer_is_normal(model):
    answered = {"leg-pain.bilateral": True, **dict.fromkeys(EMERGENCY_ITEMS, False)}
    assert "cauda-equina" not in raised(answered, model)
    flag = raised({**answered, "pregnant": True}, model)["cauda-equina"]
    assert (flag.status, flag.stops) == ("suspected", True)
    assert "pregnan" in flag.sentence
    one_leg = {**answered, "pregnant": True, "leg-pain.bilateral": False}
    assert "cauda-equina" not in raised(one_leg, model)


def test_a_bladder_that_empties_less_well_is_suspect_even_when_the_rest_is_denied(model):
    denied = {"bladder.progressive": True, **dict.fromkeys(EMERGENCY_ITEMS, False)}
    assert raised(denied, model)["cauda-equina"].status == "suspected"


@pytest.mark.parametrize("name", ["urinary-hesitancy", "difficulty-starting-urination"])
def test_trouble_starting_to_pass_urine_is_said_as_retention(name, model):
    assert name in model.findings["urinary-retention"].aliases


def test_an_open_suspicion_holds_back_an_injection_beside_a_flag_that_is_met(model):
    facts = {"bilateral-leg-pain": True, "deficit.new": True, "order.injection": True}
    assert {flag.status for flag in raised(facts, model).values()} == {"met", "suspected"}
    plan = plan_for(model, facts, named=(LEFT_L5,), status="concordant")
    assert "injection-flag-unanswered" in {step.rule for step in plan.steps}
    assert "esi-consider" not in {step.action for step in plan.steps}


@pytest.mark.parametrize("name", ["leg-pain.bilateral", "sensory.bilateral"])
def test_pain_or_loss_of_feeling_recorded_side_by_side_is_suspect_as_well(name, model):
    assert raised({name: True}, model)["cauda-equina"].status == "suspected"
    assert "cauda-equina" not in raised({name: False}, model)


def test_clonus_at_a_tendon_is_an_upper_motor_neuron_sign_and_a_lively_jerk_is_not(model):
    assert "upper-motor-neuron" in raised({"reflex.max": 4}, model)
    assert "upper-motor-neuron" not in raised({"reflex.max": 3}, model)


def test_weakness_of_both_legs_stops_localisation(model):
    flags = raised({"motor.bilateral": True}, model)
    assert flags["bilateral-weakness"].stops
    assert flags["cauda-equina"].status == "suspected"


NARROW_CANAL = {
    "motor.bilateral": True,
    "neurogenic-claudication": True,
    "duration.weeks": 120.0,
    "mrc.min": 4.0,
}


def test_mild_weakness_of_both_legs_in_an_old_claudication_is_suspected_and_no_emergency(model):
    flag = raised(NARROW_CANAL, model)["bilateral-weakness"]
    assert (flag.status, flag.stops) == ("suspected", True)
    assert "two weeks" in flag.action
    told = {**NARROW_CANAL, "bilateral-leg-weakness": True}
    assert {f.status for f in raised(told, model).values()} == {"suspected"}


def test_an_old_claudication_with_weak_legs_is_referred_and_not_sent_in_at_once(model):
    plan = plan_for(model, NARROW_CANAL)
    urgencies = {step.rule: step.urgency for step in plan.steps}
    assert urgencies["emergency-bilateral-weakness-chronic"] == "urgent"
    assert "stat" not in urgencies.values()
    assert "absent-foot-pulses" in asked(plan)


def test_falling_strength_in_who_bleeds_easily_is_seen_the_same_day(model):
    facts = {"motor.deficit": True, "motor.progressive": True, "condition.bleeding-disorder": True}
    urgencies = {step.rule: step.urgency for step in plan_for(model, facts).steps}
    assert urgencies["emergency-haematoma"] == "stat"


@pytest.mark.parametrize(
    "more",
    [
        {"duration.weeks": 5.0},
        {"neurogenic-claudication": False},
        {"motor.progressive": True},
        {"reported-worsening-weakness": True},
        {"deficit.new": True},
        {"mrc.min": 3.0},
        {"extensor-plantar-response": True},
        {"absent-foot-pulses": True},
        {"saddle-sensory-loss": True},
        {"urinary-retention": True},
        {"condition.cancer": True},
        {"significant-trauma": True},
    ],
)
def test_weakness_of_both_legs_is_an_emergency_again_with_anything_new_or_grave(more, model):
    assert raised({**NARROW_CANAL, **more}, model)["bilateral-weakness"].status == "met"


@pytest.mark.parametrize("name", ["neurogenic-claudication", "duration.weeks"])
def test_weakness_of_both_legs_is_not_eased_by_what_was_not_recorded(name, model):
    facts = {key: fact for key, fact in NARROW_CANAL.items() if key != name}
    assert raised(facts, model)["bilateral-weakness"].status == "met"


def test_an_old_claudication_does_not_ease_any_other_emergency_item(model):
    for item in EMERGENCY_ITEMS:
        flag = raised({**NARROW_CANAL, item: True}, model)["cauda-equina"]
        assert flag.status == ("suspected" if item == "bilateral-leg-weakness" else "met")


def test_a_fall_of_one_grade_is_a_progressive_deficit_and_less_is_not(model):
    assert "progressive-deficit" in raised({"motor.fall": 1}, model)
    assert "progressive-deficit" not in raised({"motor.fall": 0.5}, model)


def test_weakness_that_is_told_to_get_worse_is_a_progressive_deficit(model):
    assert "progressive-deficit" in raised({"reported-worsening-weakness": True}, model)


@pytest.mark.parametrize("name", ["deficit.new", "reflex.progressive"])
def test_a_new_sign_without_lost_strength_is_a_new_deficit_of_its_own(name, model):
    assert set(raised({name: True}, model)) == {"new-deficit"}
    worse = raised({name: True, "motor.progressive": True}, model)
    assert set(worse) == {"progressive-deficit"}


@pytest.mark.parametrize("facts", [{"mrc.min": 3}, {"mrc.min": 0}, {"foot-drop": True}])
def test_strength_of_three_or_less_or_a_foot_drop_is_severe(facts, model):
    assert "severe-deficit" in raised(facts, model)


def test_mild_weakness_is_not_severe(model):
    assert "severe-deficit" not in raised({"mrc.min": 4, "foot-drop": False}, model)


@pytest.mark.parametrize(
    ("facts", "flag"),
    [
        ({"condition.cancer": True}, "cancer"),
        ({"condition.history-of-cancer": True}, "cancer"),
        ({"unexplained-weight-loss": True, "night-pain": True}, "cancer-signs"),
        ({"fever": True}, "infection"),
        ({"condition.immunosuppression": True}, "infection"),
        ({"significant-trauma": True}, "fracture"),
        ({"pulsatile-abdominal-mass": True}, "aneurysm"),
        ({"extensor-plantar-response": True}, "upper-motor-neuron"),
        ({"absent-foot-pulses": True, "motor.deficit": True}, "limb-ischaemia"),
        ({"absent-foot-pulses": True, "motor.bilateral": True}, "aortic-occlusion"),
        ({"motor.progressive": True, "medicine.anticoagulant.active": True}, "haematoma"),
        ({"motor.progressive": True, "lab.inr": 3.2}, "haematoma"),
    ],
)
def test_published_criteria_raise_their_flag(facts, flag, model):
    assert raised(facts, model)[flag].status == "met"


@pytest.mark.parametrize(
    ("facts", "flag"),
    [
        ({"motor.deficit": True, "condition.liver-disease": True}, "haematoma"),
        ({"motor.deficit": True, "medicine.anticoagulant.active": True}, "haematoma"),
        ({"lab.crp": 64.0, "fever": False}, "infection"),
        ({"night-pain": True, "reported-worsening-weakness": True}, "cancer-signs"),
        ({"age": 81, "hip-rotation-pain": True}, "fracture"),
    ],
)
def test_circumstances_alone_keep_a_flag_suspected_with_words_of_their_own(facts, flag, model):
    shown = raised(facts, model)[flag]
    written = next(f for f in model.red_flags if f.id == flag)
    assert shown.status == "suspected"
    assert shown.sentence in {standing.sentence for standing in written.standing}
    assert shown.items


def test_old_weakness_under_an_anticoagulant_is_no_haematoma(model):
    old = {"motor.deficit": True, "medicine.anticoagulant.active": True, "duration.weeks": 40.0}
    assert "haematoma" not in raised(old, model)


def test_night_pain_alone_raises_nothing(model):
    assert raised({"night-pain": True}, model) == {}


def test_weight_loss_alone_asks_for_more(model):
    flag = raised({"unexplained-weight-loss": True}, model)["cancer"]
    assert flag.status == "suspected"
    assert flag.unanswered == ("night-pain",)


def test_a_flag_shows_its_sentence_action_and_sources(model):
    flag = raised({"saddle-sensory-loss": True}, model)["cauda-equina"]
    assert flag.sentence
    assert flag.action
    assert set(flag.sources) <= set(model.citations)


def test_spared_inversion_with_weak_dorsiflexion_points_to_the_peroneal_nerve(model):
    drop = {"weakness-ankle-dorsiflexion": True, "weakness-ankle-inversion": False}
    assert "common-peroneal-neuropathy" in patterns(drop, model)
    assert patterns({**drop, "weakness-hip-abduction": True}, model) == set()


def test_inversion_that_was_not_tested_does_not_count_as_spared(model):
    assert "common-peroneal-neuropathy" not in patterns({"foot-drop": True}, model)


@pytest.mark.parametrize(
    ("facts", "rival"),
    [
        ({"fibular-head-tinel-positive": True}, "peroneal-entrapment-at-fibular-head"),
        ({"hip-rotation-pain": True}, "hip-disease"),
        ({"vesicular-rash": True}, "zoster"),
        ({"vascular-claudication": True}, "vascular-claudication"),
        (
            {"glove-and-stocking-loss": True, "reduced-achilles-reflex.bilateral": True},
            "polyneuropathy",
        ),
        ({"weakness-knee-extension": True, "weakness-hip-adduction": False}, "femoral-neuropathy"),
        (
            {
                "condition.diabetes": True,
                "weakness-hip-flexion": True,
                "weakness-knee-extension": True,
                "reduced-patellar-reflex": True,
            },
            "diabetic-amyotrophy",
        ),
    ],
)
def test_each_rival_is_recognised_by_its_signs(facts, rival, model):
    assert rival in patterns(facts, model)


PERONEAL = {
    "weakness-ankle-dorsiflexion": True,
    "weakness-toe-extension": True,
    "weakness-ankle-eversion": True,
}


def test_a_dropped_foot_leaves_the_peroneal_nerve_open_until_inversion_and_hip_are_tested(model):
    unasked = undecided(PERONEAL, model)["common-peroneal-neuropathy"]
    assert unasked == ("weakness-ankle-inversion", "weakness-hip-abduction")
    spared = {**PERONEAL, "weakness-hip-abduction": False}
    assert undecided(spared, model)["common-peroneal-neuropathy"] == ("weakness-ankle-inversion",)


@pytest.mark.parametrize("sign", ["weakness-ankle-inversion", "weakness-hip-abduction"])
def test_a_weak_inversion_or_hip_abduction_closes_the_peroneal_nerve(sign, model):
    assert "common-peroneal-neuropathy" not in undecided({**PERONEAL, sign: True}, model)


def test_a_pattern_whose_signs_are_there_is_matched_and_no_longer_open(model):
    facts = {**PERONEAL, "weakness-ankle-inversion": False}
    assert "common-peroneal-neuropathy" in patterns(facts, model)
    assert "common-peroneal-neuropathy" not in undecided(facts, model)


def test_nothing_recorded_leaves_no_pattern_open(model):
    assert undecided({}, model) == {}


@pytest.mark.parametrize(
    ("facts", "rival", "item"),
    [
        (
            {"condition.diabetes": True, "weakness-knee-extension": True},
            "diabetic-amyotrophy",
            "reduced-patellar-reflex",
        ),
        ({"weakness-knee-extension": True}, "femoral-neuropathy", "weakness-hip-adduction"),
        (
            {"weakness-ankle-dorsiflexion": True, "weakness-plantar-flexion": True},
            "sciatic-neuropathy",
            "weakness-hip-abduction",
        ),
        ({"reduced-achilles-reflex.bilateral": True}, "polyneuropathy", "glove-and-stocking-loss"),
        ({"medicine.oral-steroid.active": True}, "zoster", "vesicular-rash"),
        ({"pain-distribution-anterior-thigh": True}, "hip-disease", "hip-rotation-pain"),
        (
            {"pain-below-knee": False, "straight-leg-raise-positive": False},
            "sacroiliac-joint",
            "sacroiliac-provocation-positive",
        ),
        ({"neurogenic-claudication": True}, "arterial-disease", "absent-foot-pulses"),
        ({"motor.bilateral": True}, "central-lesion", "extensor-plantar-response"),
        (
            {"sex": "female", "age": 33, "duration.weeks": 90.0},
            "cyclical-sciatica",
            "cyclical-leg-pain",
        ),
        (
            {"pain-below-knee": True, "straight-leg-raise-positive": False},
            "piriformis",
            "piriformis-tenderness",
        ),
        (
            {"pain-distribution-lateral-leg-dorsum-foot": True},
            "peroneal-entrapment-at-fibular-head",
            "fibular-head-tinel-positive",
        ),
    ],
)
def test_a_mimic_that_fits_so_far_is_open_and_names_what_decides(facts, rival, item, model):
    assert item in undecided(facts, model)[rival]
    assert (
        rival not in undecided({**facts, item: False}, model)
        or item not in undecided({**facts, item: False}, model)[rival]
    )


@pytest.mark.parametrize(
    ("facts", "rival", "grave"),
    [
        ({"reduced-achilles-reflex.bilateral": True}, "polyneuropathy", "saddle-sensory-loss"),
        (
            {"pain-distribution-lateral-leg-dorsum-foot": True},
            "peroneal-entrapment-at-fibular-head",
            "leg-pain.bilateral",
        ),
    ],
)
def test_a_mimic_of_one_place_is_not_open_where_more_is_wrong(facts, rival, grave, model):
    assert rival in undecided(facts, model)
    assert rival not in undecided({**facts, grave: True}, model)


def test_leg_pain_that_follows_the_cycle_points_away_from_a_root(model):
    assert patterns({"cyclical-leg-pain": True}, model) == {"cyclical-sciatica"}


def test_an_open_rival_is_told_and_asked_for_and_weighs_nothing(model):
    case = person(found("weakness-ankle-dorsiflexion"), found("weakness-great-toe-extension"))
    answer = assess(case, model)
    ((id_, label, sentence),) = answer.open_rivals
    assert (id_, bool(label)) == ("common-peroneal-neuropathy", True)
    assert "inversion" in sentence
    assert {"weakness-ankle-inversion", "weakness-hip-abduction"} <= asked(answer.plan)
    assert answer.rivals == ()
    assert not [line for line in answer.localisation.ledger if line.kind == "rival"]


def test_no_question_is_asked_twice(model):
    answer = assess(person(found("neurogenic-claudication"), found("foot-drop")), model)
    items = [question.item for question in answer.plan.questions]
    assert len(items) == len(set(items))


def test_rivals_are_bounded_and_point_towards_none(model):
    assert all(1 < rival.lr_none <= 20 for rival in model.rivals)


ITEMS = st.dictionaries(st.sampled_from(EMERGENCY_ITEMS), st.booleans())


@given(known=ITEMS, more=ITEMS)
@settings(max_examples=60)
def test_recording_more_never_takes_back_an_emergency(model, known, more):
    before = raised(known, model).get("cauda-equina")
    if before and before.status == "met":
        after = raised({**more, **known}, model)["cauda-equina"]
        assert after.status == "met"


def both(id_, **more):
    return [found(id_, side, **more) for side in ("left", "right")]


def told(id_):
    return found(id_, None)


EMERGENCIES = {
    "numb saddle and a full bladder": [told("saddle-sensory-loss"), told("urinary-retention")],
    "legs and sphincters failing for a month": [
        told("bilateral-leg-pain"),
        told("bilateral-leg-weakness"),
        told("bowel-incontinence"),
    ],
    "one-sided pain, then both legs weak": [
        found("pain-below-knee"),
        *both("weakness-plantar-flexion", value=3),
    ],
    "trouble starting to pass urine": [found("pain-below-knee"), told("urinary-retention")],
    "pain in both legs and nothing else known": both("pain-below-knee"),
    "cold weak legs without pulses": [
        *both("weakness-lower-limb", value=1),
        *both("absent-foot-pulses"),
        *both("reduced-patellar-reflex"),
    ],
    "a fall at an old age": [found("pain-below-knee"), told("significant-trauma")],
    "a foot that drops": [*textbook("L5"), found("foot-drop")],
    "toes that barely move": [found("weakness-great-toe-extension", value=2)],
    "weakness told to get worse": [*textbook("L5"), told("reported-worsening-weakness")],
    "shivers and back pain": [told("fever")],
    "lively reflexes and an upgoing toe": [
        found("brisk-reflexes"),
        found("extensor-plantar-response"),
    ],
    "a throbbing belly": [told("pulsatile-abdominal-mass")],
}


@pytest.mark.parametrize("findings", EMERGENCIES.values(), ids=EMERGENCIES)
def test_an_emergency_is_flagged_whoever_words_it(findings, model):
    flags = assess(person(*findings), model).flags
    assert flags
    assert all(flag.sentence and flag.action for flag in flags)


@pytest.mark.parametrize(
    "known",
    [
        {"conditions": (("cancer", SOURCE),)},
        {"conditions": (("liver-disease", SOURCE),)},
        {"medicines": (Medicine("anticoagulant", "active", SOURCE),)},
    ],
)
def test_what_is_known_of_the_person_makes_an_emergency_of_a_weak_thigh(known, model):
    weak = (found("weakness-hip-flexion", value=4), found("weakness-knee-extension", value=4))
    case = Case(Person("Patient/p", **known), NOON, weak)
    assert {f.id for f in assess(case, model).flags} & {"haematoma", "cancer"}
    assert assess(Case(Person("Patient/p"), NOON, weak), model).flags == ()
