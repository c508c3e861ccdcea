"""A sentence as a row of marks: the words the grammar knows, the levels, and the signs between."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

from service.reports.levels import Place, places_in
from service.reports.phrases import Phrases, Step

MOST = 120
_LEVEL = "\0"

_WORDS = re.compile(r"[a-zA-Z]+(?:'[a-zA-Z]+)?|\d+|[,:()/?>&+]| -+ ")
_SIGNS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        ",": {"join": "comma"},
        "-": {"join": "comma"},
        "(": {"join": "comma"},
        ")": {"join": "close"},
        ":": {"colon": "yes"},
    }
)
_NOTHING: Mapping[str, str] = MappingProxyType({})
_START = attrgetter("start")


class Mark(NamedTuple):
    """A known wording with its tags, or a level (``discs``), or a bare vertebra or root (``name``).

    ``start`` and ``end`` are offsets in the sentence.
    """

    start: int
    end: int
    tags: Mapping[str, str] = _NOTHING
    discs: tuple[str, ...] = ()
    name: str = ""

    def has(self, *tags: str) -> bool:
        """Whether it carries any of these tags."""
        return not self.tags.keys().isdisjoint(tags)

    def get(self, tag: str) -> str:
        """What it means under a tag; empty when it does not carry it."""
        return self.tags.get(tag, "")


_Word = tuple[int, int, str]


def tags_of(marks: Iterable[Mark]) -> frozenset[str]:
    """Every tag that one of the marks carries."""
    return frozenset[str]().union(*[mark.tags for mark in marks])


def marks_of(sentence: str, phrases: Phrases) -> tuple[Mark, ...]:
    """The marks of a sentence in their order; unknown words leave none."""
    places = places_in(sentence)
    found = [Mark(p.start, p.end, _NOTHING, p.discs, p.name) for p in places]
    found += _known(_words(sentence, places, phrases), phrases)
    if places:
        found.sort(key=_START)
    if [mark for mark in found if "greater" in mark.tags]:
        return tuple(_compared(found[:MOST]))
    return tuple(found[:MOST])


def _words(sentence: str, places: tuple[Place, ...], phrases: Phrases) -> list[_Word]:
    """Words and signs outside the levels; a level stands among them as a word nobody writes."""
    found: list[_Word] = []
    at = 0
    for place in places:
        found += _between(sentence, at, place.start, phrases)
        found.append((place.start, place.end, _LEVEL))
        at = place.end
    found += _between(sentence, at, len(sentence), phrases)
    return found


def _between(sentence: str, start: int, end: int, phrases: Phrases) -> list[_Word]:
    known = phrases.never
    found: list[_Word] = []
    for match in _WORDS.finditer(sentence, start, end):
        text = match[0].lower()
        if text not in known:
            text = _respelt(text, phrases)
        found.append((*match.span(), text))
    return found


def _respelt(text: str, phrases: Phrases) -> str:
    """A word that stands in no wording, as it may stand in one."""
    if text.isalpha():
        return phrases.spelled(text) or text
    if "'" in text:
        return text.replace("'", "")
    return "-" if text[0] == " " else text


def _known(words: list[_Word], phrases: Phrases) -> list[Mark]:
    """The marks of signs and of the longest wordings."""
    found: list[Mark] = []
    first_steps = phrases.wordings
    until = 0
    for at, (start, end, text) in enumerate(words):
        if at < until:
            continue
        step = first_steps.get(text)
        tags: Mapping[str, str] | None = None
        if step is not None:
            until, tags = _longest(words, at, step)
            end = words[until - 1][1]
        tags = tags or _SIGNS.get(text)
        if tags:
            found.append(Mark(start, end, tags))
    return found


def _longest(words: list[_Word], at: int, step: Step) -> tuple[int, Mapping[str, str] | None]:
    """Where the longest wording that begins here ends, and its tags, if there is one."""
    until = end = at + 1
    tags, last = step.tags, len(words)
    while step.following and end < last:
        following = step.following.get(words[end][2])
        if following is None:
            break
        step = following
        end += 1
        if step.tags is not None:
            until, tags = end, step.tags
    return until, tags


def _compared(marks: list[Mark]) -> Iterator[Mark]:
    """``right greater than left`` is both sides."""
    at = 0
    while at < len(marks):
        mark = marks[at]
        if "side" in mark.tags and at + 2 < len(marks) and "greater" in marks[at + 1].tags:
            last = at + 2
            if "lean" in marks[last].tags and last + 1 < len(marks):
                last += 1
            if "side" in marks[last].tags:
                yield Mark(mark.start, marks[last].end, {"side": "both"})
                at = last + 1
                continue
        yield mark
        at += 1
