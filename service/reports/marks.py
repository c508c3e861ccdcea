"""A sentence as a row of marks: the words the grammar knows, the levels, and the signs between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

from service.reports.levels import Place, places_in
from service.reports.phrases import Phrases, Step

MOST = 120
_LEVEL = "\0"

_WORDS = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+|[,:()/?>&+]| -+ ", re.IGNORECASE)
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


def marks_of(sentence: str, phrases: Phrases) -> tuple[Mark, ...]:
    """The marks of a sentence in their order; unknown words leave none."""
    places = places_in(sentence)
    found = [Mark(p.start, p.end, _NOTHING, p.discs, p.name) for p in places]
    found += _known(_words(sentence, places, phrases), phrases)
    if places:
        found.sort(key=_START)
    if any("greater" in mark.tags for mark in found):
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
    found: list[_Word] = []
    known = phrases.never
    for match in _WORDS.finditer(sentence, start, end):
        text = match[0].lower()
        if text not in known:
            if text.isalpha():
                text = phrases.spelled(text) or text
            elif "'" in text:
                text = text.replace("'", "")
            elif text[0] == " ":
                text = "-"
        first, last = match.span()
        found.append((first, last, text))
    return found


def _known(words: list[_Word], phrases: Phrases) -> list[Mark]:
    found: list[Mark] = []
    texts = [word[2] for word in words]
    texts.append(_LEVEL)
    at = 0
    while at < len(words):
        size, tags = _longest(texts, at, phrases.wordings)
        if tags:
            found.append(Mark(words[at][0], words[at + size - 1][1], tags))
        at += size
    return found


def _longest(
    texts: list[str], at: int, wordings: Mapping[str, Step]
) -> tuple[int, Mapping[str, str]]:
    """How many words the longest wording here takes, and its tags."""
    step = wordings.get(texts[at])
    if step is None:
        return 1, _SIGNS.get(texts[at], _NOTHING)
    size, tags = 1, _SIGNS.get(texts[at], _NOTHING)
    end = at
    while step is not None:
        end += 1
        if step.tags is not None:
            size, tags = end - at, step.tags
        step = step.following.get(texts[end])
    return size, tags


def _compared(marks: list[Mark]) -> Iterator[Mark]:
    """``right greater than left`` is both sides."""
    at = 0
    while at < len(marks):
        mark = marks[at]
        if mark.has("side") and at + 2 < len(marks) and marks[at + 1].has("greater"):
            last = at + 2
            if marks[last].has("lean") and last + 1 < len(marks):
                last += 1
            if marks[last].has("side"):
                yield Mark(mark.start, marks[last].end, {"side": "both"})
                at = last + 1
                continue
        yield mark
        at += 1
