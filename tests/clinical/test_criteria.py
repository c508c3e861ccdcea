import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.clinical.criteria import CriterionError, Sheet, condition, parse


def test_a_bare_name_asks_for_true_and_not_asks_for_false():
    facts = {"fever": True, "night-pain": False}
    assert parse("fever").holds(facts) is True
    assert parse("not fever").holds(facts) is False
    assert parse("not night-pain").holds(facts) is True


def test_numbers_are_compared_and_words_are_looked_up():
    facts = {"age": 62, "root": "L5", "lab.egfr": 38.0}
    assert parse("age >= 60").holds(facts) is True
    assert parse("lab.egfr < 30").holds(facts) is False
    assert parse("root in L4|L5").holds(facts) is True
    assert parse("root != L5").holds(facts) is False


@pytest.mark.parametrize("text", ["fever", "not fever", "age > 3", "root = L5", "root in L4|L5"])
def test_a_fact_that_was_not_recorded_leaves_its_criterion_unknown(text):
    assert parse(text).holds({}) is None


@pytest.mark.parametrize("text", ["", "age >", "age > old", "fever maybe", "a b c d", "root in"])
def test_what_is_not_of_the_grammar_is_refused(text):
    with pytest.raises(CriterionError):
        parse(text)


def test_one_known_false_decides_a_condition_whatever_is_unknown():
    assert condition(every=["a", "b"]).holds({"a": False}) is False
    assert condition(every=["a", "b"]).holds({"a": True}) is None


def test_enough_that_can_no_longer_be_reached_decides_a_condition():
    two = condition(some=["a", "b", "c"], enough=2)
    assert two.holds({"a": False, "b": False}) is False
    assert two.holds({"a": True, "b": False}) is None
    assert two.holds({"a": True, "c": True}) is True


def test_an_unknown_exception_does_not_stop_a_condition_and_a_known_one_does():
    rule = condition(every=["a"], never=["b"])
    assert rule.holds({"a": True}) is True
    assert rule.holds({"a": True, "b": True}) is False


def test_a_condition_lists_the_facts_it_misses_once():
    rule = condition(every=["a", "b > 2"], some=["b < 9", "c"])
    assert rule.unanswered({"c": False}) == ("a", "b")


FACTS = st.dictionaries(st.sampled_from("abcd"), st.booleans())


@given(known=FACTS, more=FACTS, enough=st.integers(1, 2))
def test_learning_more_never_reverses_what_every_and_some_already_decided(known, more, enough):
    rule = condition(every=["a", "not b"], some=["c", "d"], enough=enough)
    decided = rule.holds(known)
    if decided is not None:
        assert rule.holds({**more, **known}) is decided


def test_a_criterion_said_twice_counts_once():
    assert condition(some=["a", "a", "b"], enough=2).holds({"a": True, "b": False}) is False


SAID = ("a", "not a", "a = yes", "a != YES", "b", "b >= 2", "b < 5", "b in 1|2", "c = left")
KNOWN = st.fixed_dictionaries(
    {},
    optional={
        "a": st.sampled_from([True, False, "yes", "no"]),
        "b": st.sampled_from([True, 1, 2.5, 7]),
        "c": st.sampled_from(["LEFT", "right"]),
    },
)
SOME_SAID = st.lists(st.sampled_from(SAID), max_size=3)
CONDITIONS = st.builds(condition, SOME_SAID, SOME_SAID, SOME_SAID, st.integers(1, 2))


@given(KNOWN, KNOWN, st.lists(CONDITIONS, max_size=4))
def test_a_sheet_answers_as_each_of_its_conditions_does(assumed, facts, conditions):
    sheet = Sheet(conditions, assumed)
    met = sheet.met(facts)
    for place, asked in enumerate(conditions):
        assert bool(met >> place & 1) == (asked.holds({**assumed, **facts}) is True)
