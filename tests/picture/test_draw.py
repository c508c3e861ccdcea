"""The picture of an assessment."""

import re
from xml.etree import ElementTree

import pytest

from service.clinical.anatomy import Side
from service.clinical.answer import Change
from service.clinical.root_sets import ROOT_SIDES
from service.picture import picture
from service.picture.bars import MIDDLE, REACH
from service.picture.draw import WIDTH
from tests.builders import (
    AS_OF,
    LEFT_L5,
    PATIENT,
    a_localisation,
    a_model,
    a_weight,
    an_abstention,
    an_assessment,
    an_eventful_assessment,
)
from tests.spec.stories import stories

SVG = "{http://www.w3.org/2000/svg}"
STORIES = stories()
PICTURES = {story.folder.name: picture(story.assessment, story.model) for story in STORIES}


def drawn(assessment):
    return ElementTree.fromstring(picture(assessment, a_model()))


def words_of(tree):
    return [text.text or "" for text in tree.iter(f"{SVG}text")]


def with_lines(*lines):
    return an_assessment(localisation=a_localisation(ledger=lines))


def bars_of(tree, words):
    """The boxes in the group whose title this is."""
    for group in tree.iter(f"{SVG}g"):
        title = group.find(f"{SVG}title")
        if title is not None and title.text == words:
            return group.findall(f"{SVG}rect")
    raise AssertionError(words)


@pytest.mark.parametrize("name", PICTURES)
def test_every_story_is_drawn_as_svg_with_every_root_and_none(name):
    told = " ".join(words_of(ElementTree.fromstring(PICTURES[name])))
    assert all(str(at) in told for at in ROOT_SIDES)
    assert "no compressed root" in told


@pytest.mark.parametrize("story", STORIES, ids=lambda s: s.folder.name)
def test_the_same_assessment_is_drawn_the_same(story):
    assert picture(story.assessment, story.model) == PICTURES[story.folder.name]


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_is_fetched_run_or_animated(name):
    tags = {part.tag.removeprefix(SVG) for part in ElementTree.fromstring(PICTURES[name]).iter()}
    assert tags <= {"svg", "title", "desc", "defs", "pattern", "g", "rect", "line", "text"}
    links = re.findall(r"(?:href|src|url)\b[^ >]*", PICTURES[name].replace("url(#against)", ""))
    assert links == []


@pytest.mark.parametrize("story", STORIES, ids=lambda s: s.folder.name)
def test_a_picture_names_neither_patient_nor_resource_nor_date(story):
    made = PICTURES[story.folder.name]
    answer = story.assessment
    references = {line.source.reference for line in answer.localisation.ledger if line.source}
    for secret in (answer.patient, answer.as_of.date().isoformat(), *references):
        assert secret not in made


@pytest.mark.parametrize("name", PICTURES)
def test_everything_lies_within_the_sheet(name):
    tree = ElementTree.fromstring(PICTURES[name])
    *_, width, height = map(float, tree.attrib["viewBox"].split())
    assert width == WIDTH
    for block in tree.findall(f"{SVG}g"):
        top = float(re.search(r"translate\(0 ([\d.]+)\)", block.attrib["transform"])[1])
        for box in block.iter(f"{SVG}rect"):
            x, y, wide, high = (float(box.attrib[k]) for k in ("x", "y", "width", "height"))
            assert 0 <= x <= x + wide <= width
            assert 0 <= top + y <= top + y + high <= height
        assert all(0 < top + float(text.attrib["y"]) < height for text in block.iter(f"{SVG}text"))


def test_blocks_do_not_overlap():
    for made in PICTURES.values():
        last = 0.0
        for block in ElementTree.fromstring(made).findall(f"{SVG}g"):
            top = float(re.search(r"translate\(0 ([\d.]+)\)", block.attrib["transform"])[1])
            ys = [float(part.attrib["y"]) for part in block.iter(f"{SVG}text")]
            assert top + min(ys, default=0) > last
            last = top + max(ys, default=0)


def test_words_are_there_for_those_who_cannot_see():
    tree = drawn(an_assessment())
    assert tree.attrib["role"] == "img"
    named = tree.attrib["aria-labelledby"].split()
    assert [tree.find(f"{SVG}title").attrib["id"], tree.find(f"{SVG}desc").attrib["id"]] == named
    said = tree.find(f"{SVG}desc").text
    assert "Left L5: 82 %" in said
    assert "For: " in said
    assert "examination, imaging and order: concordant." in said.lower()


def test_what_speaks_for_stands_right_of_the_middle_and_filled():
    (bar,) = bars_of(drawn(with_lines(a_weight(by=1.0, sentence="One."))), "One.")
    assert float(bar.attrib["x"]) > MIDDLE
    assert bar.attrib["fill"].startswith("#1")


def test_what_speaks_against_stands_left_of_the_middle_and_hatched():
    (bar,) = bars_of(drawn(with_lines(a_weight(by=-1.0, sentence="One."))), "One.")
    assert float(bar.attrib["x"]) + float(bar.attrib["width"]) < MIDDLE
    assert bar.attrib["fill"] == "url(#against)"


def test_arithmetic_is_drawn_empty():
    line = a_weight(by=-1.0, kind="overlap", sentence="Shared.")
    (bar,) = bars_of(drawn(with_lines(line)), "Shared.")
    assert bar.attrib["fill"] == "#fff"


def test_a_bar_is_as_long_as_its_log_ratio():
    tree = drawn(with_lines(a_weight(by=2.0, sentence="Two."), a_weight(by=1.0, sentence="One.")))
    (two,), (one,) = bars_of(tree, "Two."), bars_of(tree, "One.")
    assert float(two.attrib["width"]) == pytest.approx(REACH)
    assert float(two.attrib["width"]) == pytest.approx(2 * float(one.attrib["width"]), abs=0.1)


def test_a_ceiling_that_took_much_does_not_dwarf_the_findings():
    cap = a_weight(by=-9.0, kind="cap", id="ceiling", sentence="Ceiling.")
    tree = drawn(with_lines(a_weight(by=2.0, sentence="Two."), cap))
    (two,), (most,) = bars_of(tree, "Two."), bars_of(tree, "Ceiling.")
    assert float(two.attrib["width"]) == float(most.attrib["width"]) == pytest.approx(REACH)


def test_the_named_root_is_in_bold_and_says_so():
    texts = drawn(an_assessment()).iter(f"{SVG}text")
    bold = [t.text for t in texts if t.attrib.get("font-weight") == "bold"]
    assert "left L5 (named)" in bold


def test_an_abstention_names_none_in_the_picture():
    told = words_of(drawn(an_assessment(localisation=an_abstention())))
    assert not [text for text in told if "(named)" in text]


def test_what_must_not_wait_stands_above_every_root():
    texts = list(drawn(an_eventful_assessment()).iter(f"{SVG}text"))
    told = [text.text for text in texts]
    warned = [i for i, text in enumerate(told) if text.startswith("Must not wait")]
    assert len(warned) == 2
    assert max(warned) < told.index("left L5 (named)")


def test_what_disagrees_is_told_in_the_picture():
    told = " ".join(words_of(drawn(an_eventful_assessment())))
    assert "The examination points to left L5, imaging shows a lesion at right L5." in told


def test_another_explanation_is_told_in_the_picture():
    assert any("Hip disease" in text for text in words_of(drawn(an_eventful_assessment())))


def test_what_became_worse_and_what_is_not_ruled_out_is_told_in_the_picture():
    worse = Change("weakness-great-toe-extension", Side.LEFT, "4", "3", AS_OF, "4, now 3.", "falls")
    answer = an_assessment(progression=(worse,), open_rivals=(("sij", "The joint", "Press it."),))
    told = words_of(drawn(answer))
    assert "Worse than before: 4, now 3." in told
    assert "Not ruled out, The joint: Press it." in told


def test_words_from_outside_cannot_break_the_picture():
    wild = '<script>alert("&")</script>\x00\x1b'
    line = a_weight(sentence=wild, kind="imaging")
    answer = an_assessment(
        localisation=a_localisation(ledger=(line,), statement=wild),
        rivals=(("x", wild, wild),),
        population="primary-care",
    )
    made = picture(answer, a_model())
    ElementTree.fromstring(made)
    assert "<script" not in made
    assert PATIENT not in made


def test_a_picture_says_which_knowledge_and_population_it_was_made_with():
    told = " ".join(words_of(drawn(an_assessment())))
    assert f"Population: primary-care. Knowledge: {a_model().edition}" in told
    assert a_model().digest[:12] in told


def test_long_words_are_broken_and_not_cut():
    long = "A very long name of a very long thing " * 5
    tree = drawn(with_lines(a_weight(sentence=f"{long}.", kind="imaging")))
    told = " ".join(words_of(tree))
    assert long.strip() in told
    assert LEFT_L5.code not in told
