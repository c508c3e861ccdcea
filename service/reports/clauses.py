"""From a text to sentences, each with its section and with where it stands on the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from service.reports.phrases import Phrases, words_of

LONGEST = 1200
ONE_LINE = 400
MOST_HEADERS = 60
_HEADER = 60
_TITLE_WORDS = 6
_FULL_LINE = 40
DROPPED = frozenset(("technique", "comparison", "closing", "title"))
_PASSING = DROPPED | {"history"}

_MARK = re.compile(r"\s*(?:[*#>+]+|-(?!\d)|\(?\d{1,2}[.):](?!\d)|\(?[a-h][.)](?=\s))\s*")
_STOP = re.compile(
    r"[.!;\s](?:"
    r"(?=[\s\"')]|$)(?<=[.!])|(?<=;)|(?=[A-Z][a-z ])(?<=\.)"
    r"|(?=[(\d])(?<=\s)(?=\(?\d{1,2}[.)]\s+[A-Z])|(?=[LT]\d)(?<=[a-z)]\.)"
    r"|(?=[LTD]\d)(?<=\s)(?=[LTD]\d{1,2} ?[-/] ?[LS]?\d(?: (?:segment|level))? ?:)(?<![,&/-]\s)"
    r"(?<!\bto\s)(?<!\band\s)(?<!\bor\s)(?<!through\s)(?<!thru\s)(?<!\bat\s)(?<!level\s))"
)
"""Each is one character; the look behind it says whether a sentence ends there."""
_SHORTENED = re.compile(
    r"(?:^|[\s(])(?:approx|e\.g|i\.e|vs|dr|lig|min|mod|gr|max|bilat|resp|ca|incl|sev|no|rt|lt|post|deg)$",
    re.IGNORECASE,
)
_OPEN_END = re.compile(
    r"(?:,|/|\b(?:at|of|the|and|to|or|with|from|on|in|a|an|by|for|is|are|which|left|right|both|mild"
    r"|moderate|severe|no|without|level|disc|nerve|causing|at the))\s*$",
    re.IGNORECASE,
)
_COLON = re.compile(":")
_IN_CAPITALS = re.compile(r"\W*([A-Z]{3,}(?: [A-Z]{3,})?)(?= *[-a-z\d]| +[A-Z][a-z\d])")
_SAID = re.compile(r"\S")
_LEVEL_START = re.compile(r"\s*(?:at |level )?[LTD]S?[ -]?\d", re.IGNORECASE)


class Sentence(NamedTuple):
    """A sentence with its place in the text read.

    ``section`` is a word of the header table. ``new_line``, ``new_item`` and ``new_paragraph`` say
    that it opens one: a level stated before may then no longer hold. ``goes_on`` says that only a
    semicolon parts it from the one before.
    """

    text: str
    start: int
    section: str
    new_line: bool = False
    new_item: bool = False
    new_paragraph: bool = False
    goes_on: bool = False


class _Line(NamedTuple):
    start: int
    end: int
    section: str
    item: bool
    paragraph: bool


def sentences_of(text: str, phrases: Phrases) -> Iterator[Sentence]:
    """The sentences of a text in their order; headers and list marks are left out."""
    for line in _wrapped(text, _lines(text, phrases)):
        first = True
        for start, end in _stops(text, line.start, line.end):
            piece = text[start:end]
            if not piece or piece.isspace():
                continue
            if first:
                yield Sentence(piece, start, line.section, True, line.item, line.paragraph)
                first = False
            else:
                yield Sentence(piece, start, line.section, goes_on=text[start - 1] == ";")


def _lines(text: str, phrases: Phrases) -> Iterator[_Line]:
    """Physical lines, cut again where a header stands within one; each knows its section."""
    section, place, paragraph, seen = "findings", 0, True, False
    raws = [(raw, [*_headers(raw, phrases)] if raw else []) for raw in text.split("\n")]
    awaited = any(named == "findings" for _, heads in raws for _, _, named in heads)
    for raw, heads in raws:
        if not raw.strip():
            paragraph = True
        else:
            if seen and not heads and not awaited and _over(text, place, section, paragraph):
                section = "findings"
            for line in _cut(place, place + len(raw), section, heads, paragraph):
                section = line.section
                awaited = awaited and section != "findings"
                seen = bool(text[line.start : line.end].strip())
                yield from _content(text, line, awaited)
                paragraph = False
            if section == "title":
                section = "findings"
        place += len(raw) + 1


def _over(text: str, place: int, section: str, paragraph: bool) -> bool:
    """Whether a section without a follower has ended: its line did, and no wrapped line goes on."""
    if section not in _PASSING:
        return False
    before = text[max(0, place - 40) : place].rstrip()
    return paragraph or before.endswith(".") or text[place : place + 1].isupper()


def _headers(raw: str, phrases: Phrases) -> Iterator[tuple[int, int, str]]:
    """Where headers stand in a line: start, end with the colon, section."""
    if not raw.strip():
        return
    alone = _section(raw, phrases) if len(raw) < _HEADER else None
    if alone:
        yield 0, len(raw), alone
        return
    bare = _capitals(raw, phrases)
    if bare:
        yield bare
    for match in islice(_COLON.finditer(raw), MOST_HEADERS):
        end = match.start()
        least = max(0, end - _HEADER)
        start = 1 + max([raw.rfind(mark, least, end) for mark in ".;:"])
        if end - start <= _HEADER:
            section = _section(raw[start:end], phrases)
            if section:
                yield start, match.end(), section


def _section(title: str, phrases: Phrases) -> str | None:
    """The section a title names, as a whole or by its last words."""
    words = [word for word in words_of(title) if word.isalpha()]
    if not words or len(words) > _TITLE_WORDS or words[-1] not in phrases.header_ends:
        return None
    for first in range(len(words)):
        known = phrases.headers.get(" ".join(words[first:]))
        if known and (first == 0 or known not in ("title", "technique")):
            return known
    return None


def _capitals(raw: str, phrases: Phrases) -> tuple[int, int, str] | None:
    """A header in capitals without a colon: ``IMPRESSION large extrusion``."""
    match = _IN_CAPITALS.match(raw)
    if not match:
        return None
    title = " ".join(words_of(match[1]))
    section = phrases.headers.get(title) or phrases.headers.get(title.split(" ")[0])
    if section in ("findings", "impression", "addendum", "history"):
        return match.start(1), match.end(1), section
    return None


def _cut(
    place: int, end: int, section: str, heads: list[tuple[int, int, str]], paragraph: bool
) -> Iterator[_Line]:
    at = place
    for start, stop, named in heads:
        if place + start > at:
            yield _Line(at, place + start, section, False, paragraph)
        at, section, paragraph = place + stop, named, True
    yield _Line(at, end, section, False, paragraph)


def _content(text: str, line: _Line, awaited: bool) -> Iterator[_Line]:
    """The line without its list mark; a passing section of a report in one line is one sentence."""
    match = _MARK.match(text, line.start, line.end)
    line = line._replace(start=match.end(), item=True) if match else line
    if line.section in _PASSING and not awaited and _alone(text, line):
        stop = next((end for _, end in _stops(text, line.start, line.end)), line.end)
        yield line._replace(end=stop)
        line = line._replace(start=stop, section="findings", item=False)
    yield line


def _alone(text: str, line: _Line) -> bool:
    """Whether a line is long enough to be a report of its own, or nothing comes after it."""
    return line.end - line.start > ONE_LINE or not _SAID.search(text, line.end)


def _wrapped(text: str, lines: Iterator[_Line]) -> Iterator[_Line]:
    """Join lines that were only broken to fit the page."""
    held: _Line | None = None
    for line in lines:
        if held and _goes_on(text, held, line):
            held = held._replace(end=line.end)
            continue
        if held:
            yield held
        held = line
    if held:
        yield held


def _goes_on(text: str, held: _Line, line: _Line) -> bool:
    if line.item or line.paragraph or line.section != held.section:
        return False
    before = text[max(held.start, held.end - 20) : held.end].rstrip()
    if not before or before[-1] in ".:;":
        return False
    if _OPEN_END.search(before):
        return True
    first = text[line.start : line.end].lstrip()[:1]
    return (
        held.end - held.start >= _FULL_LINE
        and first.islower()
        and not _LEVEL_START.match(text, line.start)
    )


def _stops(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Sentences of a line: not at decimals or short forms, and none longer than is sensible."""
    at = start
    for match in _STOP.finditer(text, start, end):
        if match[0] == "." and _SHORTENED.search(text[max(at, match.start() - 8) : match.start()]):
            continue
        if match.start() - at > LONGEST:
            yield from _capped(text, at, match.start())
        else:
            yield at, match.start()
        at = match.end()
    yield from _capped(text, at, end)


def _capped(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > LONGEST:
        space = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
        stop = space if space > 0 else start + LONGEST
        yield start, stop
        start = stop
    yield start, end
