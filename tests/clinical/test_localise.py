"""Which root, which side, how sure."""

import re
from dataclasses import replace
from math import isclose, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.clinical.anatomy import Root, RootSide, Side
from service.clinical.localise import localise
from service.clinical.model import RivalPattern
from service.knowledge.files import load_model
from tests.clinical.patients import found, person, root_fact, textbook

MODEL = load_model()
TELLING = sorted(id_ for id_, known in MODEL.findings.items() if known.given)
ANY_FINDING = st.builds(
    found,
    st.sampled_from(TELLING),
    st.sampled_from(["left", "right", None]),
    present=st.sampled_from([True, False]),
)
EXAMINATION = st.lists(ANY_FINDING, max_size=12, unique_by=lambda f: (f.id, f.side))


@pytest.mark.parametrize("root", ["L4", "L5", "S1"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_textbook_examination_names_its_root_and_side(root, side):
    answer = localise(person(*textbook(root, side)), MODEL)
    assert answer.named == (RootSide(Root(root), Side(side)),)


@pytest.mark.parametrize("root", ["L4", "L5", "S1"])
def test_a_matching_lesion_makes_the_answer_surer(root):
    signs = textbook(root)[:3]
    bare = localise(person(*signs), MODEL)
    at = RootSide(Root(root), Side.LEFT)
    seen = localise(person(*signs, imaging=[root_fact(root)]), MODEL)
    assert seen.named == (at,)
    assert seen.probability(at) > bare.probability(at)


def test_an_absent_achilles_reflex_with_a_weak_calf_is_s1_and_not_l5():
    answer = localise(
        person(found("reduced-achilles-reflex"), found("weakness-plantar-flexion")), MODEL
    )
    assert answer.probabilities[0][0] == RootSide(Root.S1, Side.LEFT)


def test_two_roots_at_one_level_are_both_named():
    findings = {f.id: f for f in (*textbook("L4"), *textbook("L5"))}.values()
    weak = found("weakness-ankle-dorsiflexion")
    imaging = [root_fact("L4"), root_fact("L5")]
    answer = localise(person(*findings, weak, imaging=imaging), MODEL)
    assert set(answer.named) == {RootSide(Root.L4, Side.LEFT), RootSide(Root.L5, Side.LEFT)}


def test_disease_of_both_sides_is_named_on_both_and_never_averaged():
    imaging = [root_fact("L5", side="left"), root_fact("L5", side="right")]
    answer = localise(
        person(*textbook("L5", "left"), *textbook("L5", "right"), imaging=imaging), MODEL
    )
    assert set(answer.named) == {RootSide(Root.L5, Side.LEFT), RootSide(Root.L5, Side.RIGHT)}


def test_a_case_with_nothing_in_it_is_said_to_be_too_little():
    answer = localise(person(), MODEL)
    assert answer.named == ()
    assert answer.statement == "Too little is recorded to name a root."


@pytest.mark.parametrize("imaging", [[], [root_fact("S1")]], ids=["examined", "imaged"])
def test_no_root_is_claimed_beyond_the_ceiling(imaging):
    strong = [*textbook("S1"), found("toe-walk-unable"), found("calf-wasting")]
    answer = localise(person(*strong, imaging=imaging), MODEL)
    assert answer.probabilities[0][1] <= MODEL.combination.ceiling + 1e-9
    assert answer.ledger[-1].kind == "cap"


def test_signs_of_a_rival_move_belief_towards_no_root():
    rival = RivalPattern("r", "Rival", MODEL.red_flags[0].met if MODEL.red_flags else None, 8.0, "Rival.", (), "expert")  # fmt: skip
    case = person(found("weakness-ankle-dorsiflexion"))
    assert localise(case, MODEL, rivals=(rival,)).none > localise(case, MODEL).none


def test_a_population_that_does_not_exist_is_refused():
    with pytest.raises(KeyError):
        localise(person(), MODEL, population="elsewhere")


def test_choosing_a_population_changes_how_sure_we_are_and_not_the_root():
    case = person(*textbook("L5"))
    answers = [localise(case, MODEL, population=p) for p in MODEL.populations]
    assert len({a.probabilities[0][0] for a in answers}) == 1
    assert len({round(a.none, 4) for a in answers}) == len(answers)


def test_a_doubtful_count_of_vertebrae_shares_the_lesion_with_the_neighbours():
    fact = root_fact("L5")
    sure = localise(person(imaging=[fact]), MODEL)
    doubtful = localise(person(imaging=[fact], numbering="doubtful"), MODEL)
    l5, l4 = RootSide(Root.L5, Side.LEFT), RootSide(Root.L4, Side.LEFT)
    assert doubtful.probability(l5) < sure.probability(l5)
    assert doubtful.probability(l4) > sure.probability(l4)


def test_the_newest_answer_to_one_item_counts():
    old = found("reduced-achilles-reflex", hours=0, present=True)
    new = found("reduced-achilles-reflex", hours=5, present=False)
    assert localise(person(old, new), MODEL).none == localise(person(new), MODEL).none


def test_an_old_person_with_a_lesion_is_less_surely_ill_from_it_than_a_young_one():
    gain = {}
    for age in (30, 75):
        bare, seen = (localise(person(imaging=i, age=age), MODEL) for i in ([], [root_fact("L5")]))
        line = next(w for w in seen.ledger if w.kind == "imaging")
        gain[age] = line.for_root(RootSide(Root.L5, Side.LEFT))
        assert bare.none != seen.none
    assert gain[75] < gain[30]


@given(EXAMINATION, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_findings_is_irrelevant(findings, random):
    shuffled = list(findings)
    random.shuffle(shuffled)
    one, two = localise(person(*findings), MODEL), localise(person(*shuffled), MODEL)
    assert one.probabilities == two.probabilities


@given(EXAMINATION)
@settings(max_examples=60, deadline=None)
def test_the_hypotheses_add_up_to_one(findings):
    answer = localise(person(*findings), MODEL)
    assert isclose(sum(p for _, p in answer.hypotheses), 1.0, abs_tol=1e-9)
    assert answer.none == dict(answer.hypotheses)[frozenset()]


@given(EXAMINATION, st.sampled_from(TELLING))
@settings(max_examples=60, deadline=None)
def test_unknown_moves_nothing(findings, id_):
    unknown = found(id_, "left", present=None, hours=9)
    bare, more = localise(person(*findings), MODEL), localise(person(*findings, unknown), MODEL)
    assert bare.probabilities == more.probabilities


@given(EXAMINATION)
@settings(max_examples=60, deadline=None)
def test_mirroring_left_and_right_mirrors_the_answer(findings):
    mirrored = [replace(f, side=f.side.other) if f.side else f for f in findings]
    one, two = localise(person(*findings), MODEL), localise(person(*mirrored), MODEL)
    for at, p in one.probabilities:
        assert isclose(p, two.probability(RootSide(at.root, at.side.other)), abs_tol=1e-9)


@given(EXAMINATION, st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_ledger_adds_up_to_the_log_odds_of_each_root_alone_against_none(findings, imaged):
    imaging = [root_fact("L5")] if imaged else []
    answer = localise(person(*findings, imaging=imaging), MODEL)
    chances = dict(answer.hypotheses)
    for at, _ in answer.probabilities:
        odds = log(chances[frozenset({at})] / chances[frozenset()])
        assert isclose(sum(line.for_root(at) for line in answer.ledger), odds, abs_tol=1e-6)


def _speaks_for(id_: str) -> str | None:
    """The root a finding clearly speaks for: half as common again there as in any other state."""
    given_ = MODEL.findings[id_].given
    (first, most), (_, next_) = sorted(given_.items(), key=lambda item: -item[1])[:2]
    return first if first in ("L3", "L4", "L5", "S1") and most >= 1.5 * next_ else None


CLEAR = [id_ for id_ in TELLING if _speaks_for(id_) and not MODEL.findings[id_].crossed]


@given(EXAMINATION, st.sampled_from(CLEAR))
@settings(max_examples=300, deadline=None)
def test_a_present_finding_that_speaks_for_a_root_never_lowers_it(findings, id_):
    at = RootSide(Root(_speaks_for(id_)), Side.LEFT)
    before = [f for f in findings if f.id != id_]
    after = [*before, found(id_, "left")]
    less, more = (localise(person(*f), MODEL).probability(at) for f in (before, after))
    assert more >= less - 1e-12


def test_what_to_record_next_is_not_recorded_yet():
    answer = localise(person(*textbook("L5")[:2]), MODEL)
    recorded = {f.id for f in textbook("L5")[:2]}
    assert len(answer.next_items) == 3
    assert recorded.isdisjoint(item.finding for item in answer.next_items)
    gains = [item.expected_gain for item in answer.next_items]
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] > 0


NAMED_FINDING = re.compile(r"([a-z0-9-]+)(?: \((?:left|right)\))?")


def _without(would_change, findings):
    said = would_change.removeprefix("Without ").split(" the ")[0]
    gone = {NAMED_FINDING.fullmatch(each)[1] for each in said.split(", ")}
    return [f for f in findings if f.id not in gone]


@given(st.lists(st.sampled_from(TELLING), min_size=2, max_size=9, unique=True), st.data())
@settings(max_examples=150, deadline=None)
def test_without_the_findings_it_names_the_answer_no_longer_leads(ids, data):
    findings = [found(id_, present=data.draw(st.booleans())) for id_ in ids]
    answer = localise(person(*findings), MODEL)
    if answer.would_change.startswith("Without "):
        fewer = localise(person(*_without(answer.would_change, findings)), MODEL)
        top, chance = fewer.probabilities[0]
        assert top != answer.probabilities[0][0] or chance <= fewer.none


def test_a_textbook_answer_says_what_would_change_it():
    answer = localise(person(*textbook("L4")[:3], age=66), MODEL)
    assert answer.would_change.startswith("Without ")


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_crossed_test_helps_the_painful_side_whichever_leg_was_written_down(side):
    plain = found("straight-leg-raise-positive", "left")
    crossed = found("crossed-straight-leg-raise-positive", side)
    bare, more = localise(person(plain), MODEL), localise(person(plain, crossed), MODEL)
    at = RootSide(Root.S1, Side.LEFT)
    assert more.probabilities[0][0].side is Side.LEFT
    assert more.probability(at) > bare.probability(at)


def test_a_lesion_without_a_side_speaks_for_its_root_and_leaves_the_side_to_the_signs():
    unsided = replace(root_fact("S1"), side=None)
    signs = textbook("S1")[:2]
    bare, seen = (localise(person(*signs, imaging=i), MODEL) for i in ([], [unsided]))
    at = RootSide(Root.S1, Side.LEFT)
    assert seen.probability(at) > bare.probability(at)
    alone = localise(person(imaging=[unsided]), MODEL)
    assert isclose(alone.probability(at), alone.probability(RootSide(Root.S1, Side.RIGHT)))


def test_knowing_which_leg_hurts_is_too_little_to_name_a_root():
    answer = localise(person(found("leg-pain-nrs", "left", value=6.0)), MODEL)
    assert answer.named == ()
    assert answer.statement == "Too little is recorded to name a root."
    assert answer.probabilities[0][0].side is Side.LEFT


def test_a_leg_that_was_not_recorded_is_taken_for_the_one_that_does_not_hurt():
    weak = found("weakness-great-toe-extension")
    one = localise(person(weak), MODEL)
    both = localise(person(weak, found("weakness-hip-flexion", "right", present=False)), MODEL)
    other = RootSide(Root.S1, Side.RIGHT)
    assert one.probability(other) < both.probability(other)
    assert [w.kind for w in one.ledger].count("leg") == 1
    assert "leg" not in {w.kind for w in both.ledger}


def test_while_a_rival_fits_a_root_is_named_only_where_imaging_shows_it():
    rival = RivalPattern("r", "Rival", MODEL.red_flags[0].met, 1.1, "Rival.", (), "expert")
    bare, seen = (person(*textbook("L5"), imaging=i) for i in ([], [root_fact("L5")]))
    assert localise(bare, MODEL).named == (RootSide(Root.L5, Side.LEFT),)
    assert localise(bare, MODEL, rivals=(rival,)).named == ()
    assert localise(seen, MODEL, rivals=(rival,)).named == (RootSide(Root.L5, Side.LEFT),)
