"""The wording that the grammar reads by, as a frozen value made from the parsed table of phrases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType
from typing import Any

from service.errors import KnowledgeError

Tags = Mapping[str, str]


@dataclass(slots=True, eq=False)
class Step:
    """One word of the way through a wording: what may follow, and the tags if it may end here."""

    following: dict[str, Step] = field(default_factory=dict)
    tags: Tags | None = None


TAGS = frozenset(
    (
        *("kind", "slip", "operation", "stenosis", "arthropathy", "other", "size", "slip_grade"),
        *("space", "spaces", "zone", "stands", "joint", "change", "governs", "object", "migration"),
        *("side", "lean", "greater", "severity", "root", "role", "meets", "met", "meeting"),
        *("spared", "negation", "harmless", "hedge", "certain", "request", "time", "cut", "join"),
        *("where", "none", "anaphor", "header", "modality", "numbering", "serious"),
        *("mechanism", "variant", "whole"),
    )
)

_PIECES = re.compile(r"[a-z]+|\d+|[^\sa-z0-9'-]")
_CHOICE = re.compile(r"\(([^()]*)\)")


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """Every wording as a path of words; near misses; the names of sections.

    ``wordings`` maps a first word to its step. ``misses`` maps a word with one letter left out to
    the words it may stand for. ``never`` are words that are no misspelling. ``headers`` maps a
    header in lower case to its section; ``header_ends`` are the last words of headers.
    """

    wordings: Mapping[str, Step]
    misses: Mapping[str, tuple[str, ...]]
    never: frozenset[str]
    shortest: int
    headers: Mapping[str, str]
    header_ends: frozenset[str]

    def spelled(self, word: str) -> str | None:
        """The known word that is one slip away from an unknown one, if all such mean the same."""
        if len(word) < self.shortest or word in self.never:
            return None
        found: set[str] = set()
        for form in (word, *_shortened(word)):
            found.update(w for w in self.misses.get(form, ()) if abs(len(w) - len(word)) <= 1)
        if not found:
            return None
        nearest = sorted(found)
        meanings = [step.tags for w in nearest if (step := self.wordings.get(w))]
        alike = len(found) == 1 or all(tags == meanings[0] for tags in meanings)
        return nearest[0] if alike else None


def phrases_from(table: Mapping[str, Any]) -> Phrases:
    """Build the phrases from the parsed table; raises KnowledgeError naming what is wrong."""
    tagged: dict[tuple[str, ...], dict[str, str]] = {}
    headers: dict[str, str] = {}
    for tag, meanings in _tables(table):
        for meaning, wordings in meanings.items():
            for words in _expanded(f"{tag}.{meaning}", wordings):
                if tag == "header":
                    headers[" ".join(words)] = meaning
                else:
                    tagged.setdefault(words, {})[tag] = meaning
    spelling = table.get("spelling", {})
    shortest = int(spelling.get("shortest", 6))
    return Phrases(
        MappingProxyType(_paths(tagged)),
        MappingProxyType(_misses(tagged, frozenset(spelling.get("tags", ())), shortest)),
        frozenset(spelling.get("never", ())) | {word for words in tagged for word in words},
        shortest,
        MappingProxyType(headers),
        frozenset(header.rpartition(" ")[2] for header in headers),
    )


def words_of(text: str) -> list[str]:
    """The words, numbers and signs of a text in lower case; hyphens and apostrophes are left out."""
    return _PIECES.findall(text.lower())


def _tables(table: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for tag, meanings in table.items():
        if not isinstance(meanings, Mapping) or tag == "spelling":
            continue
        if tag not in TAGS:
            raise KnowledgeError(f"phrases: unknown table [{tag}]")
        yield tag, meanings


def _expanded(where: str, wordings: object) -> Iterator[tuple[str, ...]]:
    if not isinstance(wordings, list):
        raise KnowledgeError(f"phrases: {where} is not a list of wordings")
    for wording in wordings:
        plain = _CHOICE.sub("", str(wording))
        if "(" in plain or ")" in plain:
            raise KnowledgeError(f"phrases: {where} has unbalanced choices: {wording}")
        parts = _CHOICE.split(str(wording))
        for choice in product(
            *(part.split("|") if i % 2 else [part] for i, part in enumerate(parts))
        ):
            words = tuple(words_of("".join(choice)))
            if words:
                yield words


def _paths(tagged: Mapping[tuple[str, ...], dict[str, str]]) -> dict[str, Step]:
    start = Step()
    for words, tags in tagged.items():
        step = start
        for word in words:
            step = step.following.setdefault(word, Step())
        step.tags = tags
    return start.following


def _misses(
    tagged: Mapping[tuple[str, ...], Tags], tags: frozenset[str], shortest: int
) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for words, marks in tagged.items():
        if tags & marks.keys():
            for word in words:
                if len(word) > shortest or (len(words) == 1 and len(word) == shortest):
                    for form in (word, *_shortened(word)):
                        found.setdefault(form, set()).add(word)
    return {form: tuple(sorted(words)) for form, words in found.items()}


def _shortened(word: str) -> Iterable[str]:
    """The word without one of its letters but the first, which nobody gets wrong."""
    return {word[:i] + word[i + 1 :] for i in range(1, len(word))}
