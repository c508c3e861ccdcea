import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.clinical.red_flags import match_rivals, screen

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
    return {flag.id: flag for flag in screen(facts, model.red_flags)}


def patterns(facts, model):
    return {rival.id for rival in match_rivals(facts, model.rivals)}


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


def test_a_fall_of_one_grade_is_a_progressive_deficit_and_less_is_not(model):
    assert "progressive-deficit" in raised({"motor.fall": 1}, model)
    assert "progressive-deficit" not in raised({"motor.fall": 0.5}, model)


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
    ],
)
def test_published_criteria_raise_their_flag(facts, flag, model):
    assert raised(facts, model)[flag].status == "met"


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
