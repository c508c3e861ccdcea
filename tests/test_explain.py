"""The reasoning in plain text."""

import pytest

from service.cli.explain import WIDTH, explain
from service.clinical.anatomy import Side
from service.clinical.answer import Change
from service.clinical.root_sets import ROOT_SIDES
from tests.builders import (
    AS_OF,
    LEFT_S1,
    a_localisation,
    a_model,
    a_weight,
    an_abstention,
    an_assessment,
    an_eventful_assessment,
)
from tests.spec.stories import stories

MODEL = a_model()
STORIES = {story.folder.name: story for story in stories()}


def told(name, width=WIDTH):
    story = STORIES[name]
    return explain(story.assessment, story.model, width)


def section(text, title):
    head, _, rest = text.partition(f"{title}")
    assert rest, f"no section {title!r} in {head}"
    return rest.split("\n\n")[0]


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("width", [40, 60, 96])
def test_no_line_is_wider_than_the_terminal(name, width):
    longest = max(told(name, width).splitlines(), key=len)
    assert len(longest) <= width, longest


@pytest.mark.parametrize("name", STORIES)
def test_every_root_and_none_has_a_probability_with_its_interval(name):
    rows = section(told(name), "Probability that a root is compressed, 90% interval").splitlines()
    for who in (*map(str, ROOT_SIDES), "no compressed root"):
        (row,) = [row for row in rows if row[1:].startswith(who)]
        assert " to " in row


def test_a_bar_shows_the_probability_within_its_interval():
    rows = section(told("l5-left-foot-drop"), "90% interval").splitlines()
    (row,) = [row for row in rows if row.startswith("*left L5")]
    drawn = row.split()[-1]
    assert drawn.strip("#").lstrip("=").rstrip("-") == "|"


def test_a_narrow_terminal_keeps_the_figures_and_drops_the_bars():
    rows = section(told("l5-left-foot-drop", 44), "Probability that")
    assert "95 % (" in rows
    assert "#" not in rows


def test_a_finding_is_told_with_its_ratio_group_grade_and_sources():
    text = told("l5-left-foot-drop")
    line = (
        "x6.0    Hip abduction weak, left: found (MRC 4). [motor L5; moderate; suri2011, jeon2013]"
    )
    assert line in text
    assert "suri2011: Suri P et al. 2011" in text


def test_what_speaks_for_and_against_a_root_is_told_apart():
    reasons = section(told("l5-left-foot-drop"), "What moved it")
    towards, _, against = reasons.partition("Against left L5:")
    assert "Great toe extension weak" in towards.split("For left L5:")[1]
    assert "Ankle jerk reduced or absent, left: not found" in against


def test_what_findings_share_is_explained_once():
    line = a_weight(by=-0.3, kind="overlap", id="overlap-motor_l5", group="motor_l5")
    text = explain(an_assessment(localisation=a_localisation(ledger=(line, a_weight()))), MODEL)
    assert text.count("Findings of one group share a cause") == 1
    assert "x0.74   What findings of motor L5 on the left share counts once." in text


def test_without_anything_shared_nothing_is_explained_of_it():
    assert "share a cause" not in explain(an_assessment(), MODEL)


def test_what_would_change_it_has_a_place_of_its_own():
    said = section(explain(an_assessment(), MODEL), "What would change it")
    assert "Without weakness-great-toe-extension (left)" in said


def test_an_abstention_tells_the_reasons_of_each_root_that_is_left():
    lines = (a_weight(), a_weight(LEFT_S1))
    text = explain(an_assessment(localisation=an_abstention(ledger=lines)), MODEL)
    assert "No root is named. Candidates: left L5, left S1" in text
    assert "For left L5:" in text
    assert "For left S1:" in text


def test_what_became_worse_is_told():
    said = "Great toe extension: 4 before and 3 now."
    worse = Change("weakness-great-toe-extension", Side.LEFT, "4", "3", AS_OF, said, "falls")
    answer = an_assessment(progression=(worse,))
    assert "4 before and 3 now" in section(explain(answer, MODEL), "Worse than before")


def test_a_rival_with_signs_comes_before_one_that_is_only_not_ruled_out():
    fitting = ("sij", "Sacroiliac joint", "Examine the joint by provocation.")
    answer = an_eventful_assessment(open_rivals=(fitting,))
    said = section(explain(answer, MODEL), "Other explanations")
    assert said.index("Hip disease") < said.index("Not ruled out, Sacroiliac joint: Examine")


def test_what_must_not_wait_comes_before_every_probability():
    text = explain(an_eventful_assessment(), MODEL)
    assert text.index("Must not wait") < text.index("Probability that")


def test_an_assessment_without_any_reason_is_still_told():
    text = explain(an_assessment(localisation=a_localisation(ledger=())), MODEL)
    assert "For left L5:\n  nothing" in text
