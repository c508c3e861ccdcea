import pytest

from tests.knowledge.conftest import Damage

RULES = "pathways/rules.toml"


def a_rule(name: str, more: str = "", topic: str = "test-topic") -> str:
    return (
        f'\n[[rule]]\nid = "{name}"\ntopic = "{topic}"\naction = "self"\n'
        f'sentence = "x"\nsource = "expert"\n{more}\n'
    )


def test_a_source_that_is_not_listed_is_named_with_who_cites_it(refusal: Damage) -> None:
    why = refusal("evidence/priors.toml", '"gupta2021"', '"gupta2012"')
    assert "evidence/priors.toml: there is no source 'gupta2012'" in why


def test_priors_that_do_not_sum_to_one_are_refused(refusal: Damage) -> None:
    why = refusal("evidence/priors.toml", "L4 = 0.241", "L4 = 0.341")
    assert "evidence/priors.toml [age-band from 60]: the roots do not sum to one" in why


def test_age_bands_must_begin_at_birth(refusal: Damage) -> None:
    assert "must start at 0" in refusal("evidence/priors.toml", "from = 0", "from = 18")


def test_population_weights_must_sum_to_one(refusal: Damage) -> None:
    why = refusal("evidence/populations.toml", "weight = 0.34", "weight = 0.54")
    assert "the weights do not sum to one" in why


def test_a_constant_must_be_one_of_those_that_are_asked_for(refusal: Damage) -> None:
    why = refusal("evidence/combination.toml", "[temper]", "[tempre]")
    assert "evidence/combination.toml: temper is missing" in why
    assert "[tempre]: no such constant" in why


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("extrusion = 2.5", "explosion = 2.5", "'explosion' is no word of imaging"),
        ("impinge = 2.5\n", "", "impinge is missing"),
        ("compress = 3.0", "compress = 4.0", "compress is beyond the grades"),
        ("[0.4, 1.0, 2.0, 4.0]", "[0.4, 2.0, 1.0, 4.0]", "must not fall"),
        ("osteophyte = 0.5", "osteophytes = 0.5", "'osteophytes' is no word of imaging"),
        ("spondylolisthesis = [3,", "slipping = [3,", "'slipping' is no word of imaging"),
        ("B = 1.0, C = 2.0, D = 2.5", "B = 1.0, C = 2.0, D = 4.0", "[scale.schizas]: D is beyond"),
        ("[29, 31, 33, 36, 38, 40, 43]", "[29, 31]", "protrusion needs one share for each age"),
        ("L5 = 0.5, S1 = 0.5 }", "L5 = 0.7, S1 = 0.5 }", "the shares of L5 are more than one"),
        ('"mysliwiec2010"', '"mysliwiec2011"', "there is no source 'mysliwiec2011'"),
        ("foraminal = 2.0", "foraminal = 0.0", "not above 0"),
    ],
)
def test_imaging_words_and_grades_must_be_known(
    refusal: Damage, old: str, new: str, says: str
) -> None:
    assert says in refusal("evidence/imaging.toml", old, new)


def test_an_id_cannot_stand_for_two_findings(refusal: Damage) -> None:
    why = refusal("evidence/examination.toml", "[antalgic-gait]", "[pain-below-knee]")
    assert "'pain-below-knee' is taken" in why


def test_a_rule_may_only_ask_for_facts_that_exist(refusal: Damage) -> None:
    why = refusal(RULES, more=a_rule("odd", 'every = ["leg-pain-nsr.value >= 5"]') + a_rule("z"))
    assert f"{RULES} [odd]: there is no fact 'leg-pain-nsr.value'" in why


def test_a_rule_may_only_point_at_flags_and_rivals_that_exist(refusal: Damage) -> None:
    odd = a_rule("odd", 'every = ["flag.cauda-equinae = met", "rival.zooster"]')
    why = refusal(RULES, more=odd + a_rule("z"))
    assert "[odd]: there is no flag 'cauda-equinae'" in why
    assert "[odd]: there is no rival 'zooster'" in why


def test_a_rule_behind_one_that_always_holds_is_never_reached(refusal: Damage) -> None:
    why = refusal(RULES, more=a_rule("first") + a_rule("second"))
    assert "[second]: is never reached behind 'first', which always holds" in why


def test_the_last_rule_of_a_topic_must_always_hold(refusal: Damage) -> None:
    why = refusal(RULES, more=a_rule("only", 'every = ["fever"]'))
    assert "[only]: topic 'test-topic' needs a last rule that always holds" in why
    why = refusal(RULES, more=a_rule("only", 'profiles = ["UK"]'))
    assert "topic 'test-topic' needs a last rule" in why


def test_a_rule_that_holds_beside_the_winner_may_stand_behind_it(refusal: Damage) -> None:
    beside = a_rule("first") + a_rule("beside", 'also = true\nevery = ["fever"]')
    fault = a_rule("fault", topic="other-topic").replace('"self"', '"dance"')
    why = refusal(RULES, more=beside + fault)
    assert "fault" in why
    assert "beside" not in why


def test_actions_and_profiles_must_be_words_of_the_vocabulary(refusal: Damage) -> None:
    odd = a_rule("odd", 'profiles = ["XX"]').replace('"self"', '"dance"')
    why = refusal(RULES, more=odd + a_rule("z"))
    assert "[odd]: 'dance' is no word of the pathway" in why
    assert "[odd]: there is no profile 'XX'" in why


def test_more_cannot_be_enough_than_there_is(refusal: Damage) -> None:
    odd = a_rule("odd", 'some = ["fever"]\nenough = 2') + a_rule("z")
    assert "[odd]: enough is more than there are criteria in some" in refusal(RULES, more=odd)


def test_a_red_flag_may_only_ask_for_findings(refusal: Damage) -> None:
    why = refusal("red-flags.toml", 'asks = ["fever"]', 'asks = ["temperature"]')
    assert "red-flags.toml [infection]: asks for 'temperature', which is no finding" in why


def test_a_rule_id_cannot_be_there_twice(refusal: Damage) -> None:
    more = a_rule("same", 'every = ["fever"]') + a_rule("same")
    assert "[same]: this id is there twice" in refusal(RULES, more=more)


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("red-flags.toml", 'of = ["bilateral-leg-weakness"]', "of = []", "eases nothing"),
        (
            "red-flags.toml",
            'of = ["bilateral-leg-weakness"]',
            'of = ["fever"]',
            "red-flags.toml [cauda-equina]: 'fever' is eased and does not meet the flag",
        ),
        (
            "red-flags.toml",
            'every = ["age >= 70", "hip-rotation-pain"]',
            'every = ["age >= 70", "hip-pain"]',
            "red-flags.toml [fracture]: there is no fact 'hip-pain'",
        ),
        (
            "rivals.toml",
            'asks = ["glove-and-stocking-loss"]',
            'asks = ["stocking"]',
            "rivals.toml [polyneuropathy]: asks for 'stocking', which is no finding",
        ),
        ("rivals.toml", 'asks = ["glove-and-stocking-loss"]', "", "open_sentence go together"),
        (
            "rivals.toml",
            'open.some = ["reduced-achilles-reflex.bilateral"]',
            "open.some = []",
            "always open says nothing",
        ),
        (
            "progression.toml",
            '"post-void-residual"',
            '"residual"',
            "progression.toml [bladder-residual-rises]: 'residual' is no finding",
        ),
        ("progression.toml", '"sensory-loss-*"', '"sensitive-*"', "'sensitive-*' is no finding"),
        ("progression.toml", '"reflex.progressive"', '"reflex.worse"', "no fact 'reflex.worse'"),
        ("progression.toml", "{before} mL before", "{earlier} mL before", "not a template"),
    ],
)
def test_what_is_worse_eased_or_open_must_speak_of_what_exists(
    refusal: Damage, file: str, old: str, new: str, says: str
) -> None:
    assert says in refusal(file, old, new)
