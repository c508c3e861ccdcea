from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.clinical.anatomy import Side
from service.clinical.assess import assess
from service.clinical.findings import Finding, Presence, Source
from service.clinical.progression import course
from tests.clinical.patients import NOON, found, person

DAY = 24
WEEK = 7 * DAY
NEWS = NOON + timedelta(hours=DAY)
"""When the cases are thought about: the day after the last examination."""


def followed(model, *findings, as_of=NEWS):
    return course(findings, model, as_of)


def strengths(*grades, id_="weakness-plantar-flexion", side="left"):
    """One grade a day, the last at noon."""
    return [
        found(id_, side, value=grade, hours=-DAY * ago)
        for ago, grade in enumerate(reversed(grades))
    ][::-1]


def kinds(model, *findings, **more):
    return {change.kind for change in followed(model, *findings, **more).changes}


def test_one_examination_tells_no_course(model):
    assert followed(model, *strengths(3)) == ((), {})


def test_a_lost_grade_is_told_with_side_grades_and_time(model):
    (change,) = followed(model, *strengths(5, 4), found("pain-below-knee")).changes
    assert change[:4] == ("weakness-plantar-flexion", Side.LEFT, "5", "4")
    assert change.when == NOON
    assert "(left)" in change.sentence
    assert set(change.sources) <= set(model.citations)


@pytest.mark.parametrize("grades", [(4, 4), (3, 4), (4, 3.5), (5, 2, 4), (2, 3, 3)])
def test_strength_that_holds_or_returns_or_wavers_is_not_worse(grades, model):
    told = followed(model, *strengths(*grades))
    assert told.changes == ()
    assert told.facts["motor.progressive"] is False


def test_thirds_of_a_grade_add_up_to_a_whole_one(model):
    assert "strength-falls" in kinds(model, *strengths(4.33, 3.33))


def test_each_movement_and_each_side_has_its_own_course(model):
    mixed = [
        *strengths(5, 4, side="left"),
        *strengths(4, 5, side="right"),
        *strengths(4, 4, id_="weakness-hip-abduction"),
    ]
    (change,) = followed(model, *mixed).changes
    assert (change.finding, change.side) == ("weakness-plantar-flexion", Side.LEFT)


def test_a_weakness_that_was_absent_and_is_told_without_a_grade_is_a_loss_of_strength(model):
    denied = found("weakness-plantar-flexion", present=False, hours=-DAY)
    told = followed(model, denied, found("weakness-plantar-flexion"))
    assert told.facts["motor.progressive"] is True
    assert told.facts["deficit.new"] is True
    (change,) = told.changes
    assert (change.before, change.after) == ("absent", "present")


def test_a_weakness_told_without_a_grade_is_never_better_or_worse_than_its_grade(model):
    graded = found("weakness-plantar-flexion", value=2, hours=-DAY)
    assert followed(model, graded, found("weakness-plantar-flexion")).changes == ()
    first = found("weakness-plantar-flexion", hours=-DAY)
    assert followed(model, first, found("weakness-plantar-flexion", value=2)).changes == ()


@pytest.mark.parametrize(("grades", "worse"), [((2, 1), True), ((2, 0), True), ((1, 0), True)])
def test_a_reflex_one_grade_lower_is_weaker(grades, worse, model):
    jerks = strengths(*grades, id_="reduced-achilles-reflex")
    assert followed(model, *jerks).facts["reflex.progressive"] is worse


@pytest.mark.parametrize("grades", [(4, 3), (3, 2), (1, 2), (1, 1)])
def test_a_lively_reflex_that_calms_down_is_no_loss(grades, model):
    jerks = strengths(*grades, id_="reduced-achilles-reflex")
    assert followed(model, *jerks).changes == ()


@pytest.mark.parametrize(
    ("id_", "scores", "fact", "worse"),
    [
        ("leg-pain-nrs", (4, 6), "pain.progressive", True),
        ("leg-pain-nrs", (4, 5), "pain.progressive", False),
        ("leg-pain-nrs", (6, 4), "pain.progressive", False),
        ("back-pain-nrs", (2, 5), "pain.progressive", True),
        ("oswestry-disability-index", (30, 40), "disability.progressive", True),
        ("oswestry-disability-index", (30, 38), "disability.progressive", False),
        ("post-void-residual", (40, 150), "bladder.progressive", True),
        ("post-void-residual", (40, 90), "bladder.progressive", False),
        ("post-void-residual", (190, 40), "bladder.progressive", False),
    ],
)
def test_a_measure_is_worse_when_it_moved_by_more_than_chance(id_, scores, fact, worse, model):
    before, now = scores
    records = (
        found(id_, None, present=None, value=before, hours=-WEEK),
        found(id_, None, present=None, value=now),
    )
    assert followed(model, *records).facts[fact] is worse


@pytest.mark.parametrize(
    "id_",
    [
        "sensory-loss-dorsum-foot",
        "sensory-loss-dermatome-s1",
        "reduced-achilles-reflex",
        "foot-drop",
        "extensor-plantar-response",
    ],
)
def test_a_sign_that_was_looked_for_and_not_found_before_is_new(id_, model):
    turned = [found(id_, present=False, hours=-WEEK), found(id_)]
    told = followed(model, *turned)
    assert told.facts["deficit.new"] is True
    assert [change.finding for change in told.changes] == [id_]


def test_a_sign_that_was_not_asked_for_before_is_not_new(model):
    unasked = found("sensory-loss-dorsum-foot", present=None, hours=-WEEK)
    assert followed(model, unasked, found("sensory-loss-dorsum-foot")).changes == ()


def test_a_sign_that_went_away_is_not_worse(model):
    gone = [found("foot-drop", hours=-WEEK), found("foot-drop", present=False)]
    assert followed(model, *gone).changes == ()


def test_retention_that_was_denied_before_is_a_bladder_that_gets_worse(model):
    turned = [
        found("urinary-retention", None, present=False, hours=-DAY),
        found("urinary-retention", None),
    ]
    told = followed(model, *turned)
    assert told.facts == {"bladder.progressive": True, "deficit.new": True}


def test_records_of_one_time_are_no_course(model):
    assert followed(
        model, *(found("weakness-ankle-dorsiflexion", value=grade) for grade in (5, 3))
    ) == ((), {})


def test_records_without_a_time_are_no_course(model):
    undated = [
        Finding(
            "weakness-ankle-dorsiflexion",
            Presence.PRESENT,
            Source(f"Observation/{grade}"),
            Side.LEFT,
            grade,
        )
        for grade in (5.0, 3.0)
    ]
    assert followed(model, *undated) == ((), {})
    assert followed(model, undated[0], found("weakness-ankle-dorsiflexion", value=2)) == ((), {})


def test_a_loss_that_was_known_for_months_and_did_not_grow_is_no_news(model):
    known = [
        found("weakness-ankle-dorsiflexion", value=g, hours=-WEEK * ago)
        for g, ago in ((5, 30), (3, 20), (3, 0))
    ]
    assert followed(model, *known).changes == ()
    grown = [*known, found("weakness-ankle-dorsiflexion", value=2, hours=1)]
    assert {change.after for change in followed(model, *grown).changes} == {"2"}


def test_what_was_better_years_ago_belongs_to_another_episode(model):
    old = found("weakness-ankle-dorsiflexion", value=5, hours=-WEEK * 150)
    assert followed(model, old, found("weakness-ankle-dorsiflexion", value=3)).changes == ()


def test_a_course_that_nobody_looked_at_for_months_is_no_news(model):
    fall = strengths(5, 3)
    assert followed(model, *fall).changes
    later = NOON + timedelta(weeks=30)
    assert followed(model, *fall, as_of=later).changes == ()


def test_the_newest_change_comes_first(model):
    told = followed(
        model,
        *strengths(5, 3, id_="weakness-hip-abduction"),
        found("weakness-ankle-dorsiflexion", value=5),
        found("weakness-ankle-dorsiflexion", value=3, hours=2),
    )
    assert [change.finding for change in told.changes] == [
        "weakness-ankle-dorsiflexion",
        "weakness-hip-abduction",
    ]


def test_an_assessment_tells_what_became_worse_and_raises_its_flag(model):
    answer = assess(person(*strengths(5, 4)), model)
    assert [change.kind for change in answer.progression] == ["strength-falls"]
    assert "progressive-deficit" in {flag.id for flag in answer.flags}
    assert any(step.urgency == "asap" for step in answer.plan.steps)


def test_an_assessment_of_one_examination_tells_no_progression(model):
    assert assess(person(*strengths(3)), model).progression == ()


GRADES = st.sampled_from([None, 0.0, 1.0, 2.0, 3.0, 3.5, 4.0, 5.0])
RECORD = st.builds(
    lambda id_, side, grade, hours, present: found(
        id_, side, present=present, value=grade, hours=hours
    ),
    st.sampled_from(["weakness-plantar-flexion", "reduced-achilles-reflex", "foot-drop"]),
    st.sampled_from(["left", "right", None]),
    GRADES,
    st.integers(-WEEK * 20, 0),
    st.sampled_from([True, False, None]),
)
RECORDS = st.lists(RECORD, max_size=8)
ONE_A_TIME = st.lists(RECORD, max_size=8, unique_by=lambda record: record.source.recorded)


@given(records=RECORDS, order=st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_the_order_in_which_records_arrive_is_irrelevant(model, records, order):
    shuffled = list(records)
    order.shuffle(shuffled)
    assert followed(model, *shuffled) == followed(model, *records)


@given(records=ONE_A_TIME)
@settings(max_examples=150)
def test_an_older_record_that_says_the_same_changes_nothing(model, records):
    if not records:
        return
    first = min(records, key=lambda record: record.source.recorded)
    older = first.source.recorded - timedelta(hours=1)
    same = Finding(
        first.id, first.presence, Source("Observation/o", "1", older), first.side, first.value
    )
    before, after = followed(model, *records), followed(model, same, *records)
    assert after.changes == before.changes
    assert all(after.facts[name] == fact for name, fact in before.facts.items())


@given(records=RECORDS)
@settings(max_examples=100)
def test_a_record_twice_is_a_record_once(model, records):
    assert followed(model, *records, *records) == followed(model, *records)
