import pytest

from tests.knowledge.conftest import Damage

EXAMINATION = "evidence/examination.toml"
ACHILLES = "given = { L3 = 0.08, L4 = 0.1, L5 = 0.2, S1 = 0.58, none = 0.08 }"


@pytest.mark.parametrize("chance", ["0", "1", "1.2", "-0.1", '"often"'])
def test_a_probability_must_lie_strictly_between_zero_and_one(refusal: Damage, chance: str) -> None:
    why = refusal(EXAMINATION, ACHILLES, ACHILLES.replace("0.58", chance))
    assert f"{EXAMINATION} [reduced-achilles-reflex]: given.S1" in why


def test_a_state_without_a_probability_is_named(refusal: Damage) -> None:
    why = refusal(EXAMINATION, ACHILLES, ACHILLES.replace(", none = 0.08", ""))
    assert "[reduced-achilles-reflex]: given: every state once: none" in why


def test_a_state_that_is_no_state_is_named(refusal: Damage) -> None:
    why = refusal(EXAMINATION, ACHILLES, ACHILLES.replace("none", "elsewhere"))
    assert "elsewhere" in why


def test_a_misspelt_key_is_refused(refusal: Damage) -> None:
    why = refusal(EXAMINATION, 'group = "reflex_achilles"', 'grupe = "reflex_achilles"')
    assert "[reduced-achilles-reflex]: grupe" in why
    assert "[reduced-achilles-reflex]: group" in why


def test_a_graded_sign_that_weighs_needs_a_threshold(refusal: Damage) -> None:
    more = (
        '\n[weakness-of-something]\nlabel = "x"\ngroup = "g"\nkind = "strength"\n'
        "given = { L3 = 0.1, L4 = 0.1, L5 = 0.1, S1 = 0.2, none = 0.1 }\n"
        'basis = "expert"\nchecked = "recalled"\ngrade = "low"\nsources = ["expert"]\nhow = "x"\n'
    )
    assert "[weakness-of-something]: at_most" in refusal(EXAMINATION, more=more)


def test_an_id_must_be_kebab_case(refusal: Damage) -> None:
    why = refusal(EXAMINATION, "[antalgic-gait]", "[Antalgic_Gait]")
    assert "[Antalgic_Gait]: id: is not kebab-case" in why


def test_a_finding_without_a_source_is_refused(refusal: Damage) -> None:
    why = refusal(EXAMINATION, 'sources = ["expert"]', "sources = []")
    assert "sources: names no source" in why


def test_a_criterion_that_is_no_criterion_is_named_with_its_table(refusal: Damage) -> None:
    more = (
        '\n[odd]\nlabel = "x"\nsome = ["fever is high"]\nstops = false\nsentence = "x"\n'
        'action = "x"\nsources = ["expert"]\n'
    )
    why = refusal("red-flags.toml", more=more)
    assert "red-flags.toml [odd]: not a criterion: 'fever is high'" in why


def test_text_that_is_not_toml_names_the_file(refusal: Damage) -> None:
    assert "sources.toml: not TOML" in refusal("sources.toml", more="\n[half")


def test_a_file_where_a_table_is_missing_says_so(refusal: Damage) -> None:
    why = refusal("evidence/populations.toml", "[primary-care]", "odd = 1\n[primary-care]")
    assert "evidence/populations.toml [odd]: a table was expected" in why


def test_a_row_with_an_unknown_status_is_named_by_line(refusal: Damage) -> None:
    why = refusal("codes/presence.csv", ",verified,", ",believed,")
    assert "codes/presence.csv line" in why
    assert "status" in why


def test_every_fault_is_told_at_once(refusal: Damage) -> None:
    text = ACHILLES.replace("0.58", "1.5").replace("0.2", "0")
    assert refusal(EXAMINATION, ACHILLES, text).count("not between 0 and 1") == 2
