"""A sentence as a row of marks: the words the grammar knows, the levels, and the signs between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from service.reports.levels import Place, places_in
from service.reports.phrases import Phrases

MOST = 160

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


@dataclass(frozen=True, slots=True)
class Mark:
    """A known wording with its tags, or a level (``discs``), or a bare vertebra or root (``name``).

    ``start`` and ``end`` are offsets in the sentence.
    """

    start: int
    end: int
    tags: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    discs: tuple[str, ...] = ()
    name: str = ""

    def has(self, *tags: str) -> bool:
        """Whether it carries any of these tags."""
        return any(tag in self.tags for tag in tags)

    def get(self, tag: str) -> str:
        """What it means under a tag; empty when it does not carry it."""
        return self.tags.get(tag, "")


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    text: str


def marks_of(sentence: str, phrases: Phrases) -> tuple[Mark, ...]:
    """The marks of a sentence in their order; unknown words leave none."""
    places = places_in(sentence)
    words = list(_words(sentence, places))
    found = [Mark(p.start, p.end, _NOTHING, p.discs, p.name) for p in places]
    found += _known(words, phrases)
    found.sort(key=lambda mark: mark.start)
    return tuple(_compared(found[:MOST]))


def _words(sentence: str, places: tuple[Place, ...]) -> Iterator[_Word]:
    """Words and signs outside the levels."""
    at = 0
    for place in (*places, None):
        end = place.start if place else len(sentence)
        for match in _WORDS.finditer(sentence, at, end):
            text = match[0].strip().lower().replace("'", "")
            yield _Word(match.start(), match.end(), text[:1] if text[:1] == "-" else text)
        at = place.end if place else end
        if place:
            yield _Word(place.start, place.end, "\0")


def _known(words: list[_Word], phrases: Phrases) -> Iterator[Mark]:
    texts = tuple(word.text for word in words)
    at = 0
    while at < len(words):
        size, tags = _longest(texts, at, phrases)
        if tags:
            yield Mark(words[at].start, words[at + size - 1].end, tags)
        at += size


def _longest(texts: tuple[str, ...], at: int, phrases: Phrases) -> tuple[int, Mapping[str, str]]:
    """How many words the longest wording here takes, and its tags; a slip of spelling is forgiven."""
    word = texts[at]
    known = phrases.wordings.get(word)
    if known is None and word not in _SIGNS and word.isalpha():
        word = phrases.spelled(word) or word
        known = phrases.wordings.get(word)
    for rest, tags in known or ():
        size = len(rest) + 1
        if texts[at + 1 : at + size] == rest:
            return size, tags
    return 1, _SIGNS.get(word, _NOTHING)


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
