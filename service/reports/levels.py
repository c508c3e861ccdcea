"""Any spelling of a level to disc spaces, with ranges and lists spread out.

``L4/5``, ``L45``, ``L4-L5``, ``L5-SI``, ``L3 on L4`` and ``L3-4 through L5-S1`` are read; a single
vertebra or root (``L5``) stays a bare name, since only its neighbours tell which of the two it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

COLUMN = ("T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1", "S2")
LONG_COLUMN = ("T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5", "L6", "S1", "S2")
_GAP = 24
USUAL = ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")

_ALONE = r"(?<![A-Za-z0-9.].)"
"""Behind the first character: no letter or number stands before it."""
_UPPER = r"(?:(?<=L) ?-? ?([1-6])|(?<=L)(S)(?=[-/=]S[1Il])|(?<=[TD]) ?-? ?(1[0-2]))"
_TIE = r"(?: ?[-/=_\\] ?(?:L ?[-/] ?)?| (?:on|over|upon|with respect to|relative to) (?:the )?| (?=[LS]?\d)|(?=[LS]?\d))"
_SPAN = r"(?: ?(?:to|through|thru|till|until) ?(?=[LSTD\d]))"
_LOWER = r"(?:(L) ?-? ?([1-6])|(S) ?-? ?([12]|[Il](?![a-z]))|([1-6])(?!\.?\d| ?-? ?(?:mm|cm)\b| x ))(?![\dA-Za-z])"
_DISC = re.compile(
    rf"[LTDltd](?i:{_ALONE}{_UPPER}(?:({_TIE}|{_SPAN}){_LOWER}|(?=[\dA-Za-z]|\b))(?!\d))"
)
_LONE_SACRAL = re.compile(rf"[Ss\u017f](?i:{_ALONE} ?-?([12])(?![\dA-Za-z]))")
"""Both begin with plain characters, not with a look behind: so the search skips what cannot match."""
_SHORT = re.compile(
    r"\s*(?:,|and|&|/|to|through|thru|or|,\s*and|-)\s*(?:at )?([1-5]) ?[-/] ?([2-5]|S?1)(?![\dA-Za-z.%])",
    re.I,
)
_THIRD = re.compile(r"[-/](?:L)?([1-6]|S1)(?![\dA-Za-z])", re.IGNORECASE)
_LIST = re.compile(
    r"\s*(?:,|;|and|&|/|or|,\s*and|\+|as well as)?\s*(?:at\s+)?(?:the\s+)?(?:levels?\s+)?",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"\s*(?:levels?\s+)?(?:to|through|thru|till|until|down to|-|--)\s*(?:the\s+)?", re.IGNORECASE
)
_AND = re.compile(r",|and|&|/|or|;|\+|as well", re.IGNORECASE)


class Place(NamedTuple):
    """A level or a bare name in the text: ``discs`` is empty when only one name was given."""

    start: int
    end: int
    discs: tuple[str, ...]
    name: str = ""


def places_in(text: str) -> tuple[Place, ...]:
    """Every level and every bare vertebra or root of a sentence, lists and ranges made one."""
    found: list[Place] = []
    for place in _singles(text):
        last = found[-1] if found else None
        joined = _joined(last, place, text) if last else None
        if joined:
            found[-1] = joined
        else:
            found.append(place)
    return tuple(found)


def discs_of(text: str) -> tuple[str, ...]:
    """The disc spaces that a spelling names, from above downwards as written; none when it names none."""
    return tuple(dict.fromkeys(disc for place in places_in(text) for disc in place.discs))


@lru_cache(maxsize=256)
def between(upper: str, lower: str) -> tuple[str, ...]:
    """The disc spaces from one vertebra to another: L4 and S1 give L4-L5 and L5-S1."""
    column = LONG_COLUMN if "L6" in (upper, lower) else COLUMN
    if upper not in column or lower not in column:
        return ()
    first, last = column.index(upper), column.index(lower)
    return tuple(
        f"{a}-{b}" for a, b in zip(column[first:last], column[first + 1 : last + 1], strict=True)
    )


def _singles(text: str) -> Iterator[Place]:
    """Levels one by one, then the sacral names that stand outside them."""
    end = 0
    for match in _DISC.finditer(text):
        if match.start() > end:
            yield from _sacral(text, end, match.start())
        elif match.start() < end:
            continue
        place = _place(match, text)
        yield place
        end = place.end
        while short := _SHORT.match(text, end) if place.discs else None:
            place = _abbreviated(short)
            if not place.discs:
                break
            yield place
            end = place.end
    yield from _sacral(text, end, len(text))


def _sacral(text: str, start: int, end: int) -> Iterator[Place]:
    for match in _LONE_SACRAL.finditer(text, start, end):
        yield Place(match.start(), match.end(), (), f"S{match[1]}")


def _place(match: re.Match[str], text: str) -> Place:
    lumbar, misspelt, thoracic, _, lower_l, lower_number, lower_s, _, bare = match.groups()
    upper = f"T{thoracic}" if thoracic else "L5" if misspelt else f"L{lumbar}"
    named = match.start(4)
    if named < 0:
        return Place(match.start(), match.end(), (), upper)
    lower = _lower(upper, f"L{lower_number}" if lower_l else "S1" if lower_s else "", bare)
    discs = between(upper, lower)
    if not discs:
        return Place(match.start(), named, (), upper)
    third = _THIRD.match(text, match.end())
    if third:
        more = between(lower, third[1].upper() if third[1][0] in "sS" else f"L{third[1]}")
        if more:
            return Place(match.start(), third.end(), discs + more)
    return Place(match.start(), match.end(), discs)


def _lower(upper: str, named: str, bare: str | None) -> str:
    """The lower vertebra; a bare 1 below L5 is S1, any other bare number is lumbar."""
    if not bare:
        return named
    if bare == "1":
        return {"T12": "L1", "L5": "S1", "L6": "S1"}.get(upper, "")
    return f"L{bare}"


def _abbreviated(match: re.Match[str]) -> Place:
    """The second of ``L3-4 and 4-5``."""
    upper = f"L{match[1]}"
    lower = _lower(upper, "", match[2].lstrip("sS"))
    discs = between(upper, lower)
    return Place(match.start(1), match.end(), discs if len(discs) == 1 else ())


def _joined(last: Place, place: Place, text: str) -> Place | None:
    """One place of two neighbours, when only words of a list or a range stand between them."""
    gap = text[last.end : place.start]
    if len(gap) > _GAP or not (last.discs and place.discs):
        return None
    if _RANGE.fullmatch(gap):
        upper, lower = last.discs[0].split("-")[0], place.discs[-1].split("-")[1]
        spread = between(upper, lower)
        keep = last.discs[:-1] if len(last.discs) > 1 else ()
        return Place(last.start, place.end, tuple(dict.fromkeys(keep + spread))) if spread else None
    if _AND.search(gap) and _LIST.fullmatch(gap):
        return Place(last.start, place.end, tuple(dict.fromkeys(last.discs + place.discs)))
    return None
