"""The text as it is read, with the way back to the characters it came from."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from dataclasses import dataclass

_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d", "-"),
        **dict.fromkeys("\u00a0\u2007\u202f\u2009\u200a\t\v\f\u200b\ufeff", " "),
        **dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e", '"'),
        **dict.fromkeys("\u2044\u2215", "/"),
        **dict.fromkeys("\u2028\u2029\u0085\r", "\n"),
        "\u2022": "*",
        "\u00b7": "*",
        "\u25cf": "*",
    }
)
_TAG = re.compile(
    r"<(/?)([A-Za-z][\w:.-]{0,40})?[^<>]*>|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{2,31});"
)
_LINES = frozenset(
    (
        *("p", "div", "br", "li", "ul", "ol", "tr", "table", "thead", "tbody", "title", "section"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "dt", "dd", "dl", "hr", "pre"),
    )
)
_CELLS = frozenset(("td", "th"))
_UNSEEN = frozenset(("script", "style", "head"))
MARKUP = ("text/html", "application/xhtml+xml", "application/xml", "text/xml")


@dataclass(frozen=True, slots=True)
class Source:
    """``text`` as it is read; ``span`` leads back to the original."""

    text: str
    starts: tuple[int, ...] = ()
    origins: tuple[int, ...] = ()
    lengths: tuple[int, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the original text of ``start`` to ``end`` of the text read."""
        if not self.starts or end <= start:
            return (start, end) if not self.starts else (self._back(start), self._back(start))
        first, last = self._back(start), self._back(end - 1)
        return first, max(last + 1, first)

    def _back(self, offset: int) -> int:
        at = bisect_right(self.starts, offset) - 1
        if at < 0:
            return 0
        return self.origins[at] + min(offset - self.starts[at], max(self.lengths[at] - 1, 0))


def source_of(text: str, content_type: str) -> Source:
    """Clean plain text letter for letter, and markup into lines: one for each row or list item."""
    if content_type.partition(";")[0].strip().lower() in MARKUP:
        return _from_markup(text)
    return Source(text.translate(_ALIKE))


def _from_markup(text: str) -> Source:
    pieces: list[tuple[str, int, int]] = []
    place, unseen = 0, ""
    for match in _TAG.finditer(text):
        if not unseen:
            pieces.append(
                (text[place : match.start()].replace("\n", " "), place, match.start() - place)
            )
        place = match.end()
        name = (match[2] or "").lower()
        if name in _UNSEEN:
            unseen = "" if match[1] else name
        elif not unseen:
            pieces.append((_seen(match, name), match.start(), match.end() - match.start()))
    if not unseen:
        pieces.append((text[place:].replace("\n", " "), place, len(text) - place))
    return _joined(pieces)


def _seen(match: re.Match[str], name: str) -> str:
    """What a reader sees of a tag or an entity."""
    if match[0][0] == "&":
        return html.unescape(match[0])
    if name == "li" and not match[1]:
        return "\n* "
    if name in _CELLS:
        return ": " if match[1] and name == "th" else " "
    return "\n" if name in _LINES else ""


def _joined(pieces: list[tuple[str, int, int]]) -> Source:
    starts: list[int] = []
    origins: list[int] = []
    lengths: list[int] = []
    parts: list[str] = []
    length = 0
    for part, origin, size in pieces:
        if part and not (part == "\n" and parts and parts[-1].endswith("\n")):
            starts.append(length)
            origins.append(origin)
            lengths.append(size)
            parts.append(part.translate(_ALIKE))
            length += len(part)
    return Source("".join(parts), tuple(starts), tuple(origins), tuple(lengths))
