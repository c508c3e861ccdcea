"""The notations in which grades and measures are written: ``4-/5``, ``2+``, ``<30``, ``6 weeks``.

What the numbers mean for a root is knowledge and lives elsewhere; this is how they are spelt.
"""

from __future__ import annotations

import re
from math import degrees

_DASHES = str.maketrans({"−": "-", "–": "-", "—": "-", "⁻": "-", "⁺": "+", "＋": "+"})  # noqa: RUF001

_GRADE = r"([0-5](?:\.\d+)?)\s*([+-]?)"
_STRENGTH = re.compile(
    rf"(?:mrc\s*)?(?:grade\s*|power\s*)?{_GRADE}(?:\s*(?:-|to)\s*{_GRADE})?\s*(?:/\s*5)?"
)
_REFLEX = re.compile(r"\+?([0-4](?:\.\d+)?)\s*\+?\s*(?:/\s*4\s*\+?)?")
_REFLEX_WORDS = {
    "absent": 0.0,
    "trace": 0.5,
    "+/-": 0.5,
    "±": 0.5,
    "reduced": 1.0,
    "diminished": 1.0,
    "decreased": 1.0,
    "sluggish": 1.0,
    "+": 1.0,
    "normal": 2.0,
    "++": 2.0,
    "brisk": 3.0,
    "increased": 3.0,
    "+++": 3.0,
    "clonus": 4.0,
    "++++": 4.0,
}
_NUMBER = re.compile(r"(<=|>=|<|>)?\s*(\d+(?:\.\d+)?)\s*(\D*)")
_THIRD = {"+": 0.33, "-": -0.33, "": 0.0}

_UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("h", "hr", "hour", "hours"), ("time", 1 / 24)),
    **dict.fromkeys(("d", "day", "days"), ("time", 1.0)),
    **dict.fromkeys(("wk", "week", "weeks"), ("time", 7.0)),
    **dict.fromkeys(("mo", "month", "months"), ("time", 30.4375)),
    **dict.fromkeys(("a", "yr", "year", "years"), ("time", 365.25)),
    **dict.fromkeys(("ml", "cc", "cm3", "millilitre", "milliliter"), ("volume", 1.0)),
    "cl": ("volume", 10.0),
    "dl": ("volume", 100.0),
    **dict.fromkeys(("l", "litre", "liter"), ("volume", 1000.0)),
    **dict.fromkeys(("deg", "degree", "degrees", "°", "º"), ("angle", 1.0)),
    "rad": ("angle", degrees(1)),
    "%": ("percent", 1.0),
    "mm": ("length", 0.1),
    "cm": ("length", 1.0),
    "m": ("length", 100.0),
}
_SCORES = frozenset({"", "1", "score", "scores", "grade", "point", "points", "mrc", "nrs", "pts"})


def tidy(text: str) -> str:
    """Lower case, plain signs, single spaces."""
    plain = text if text.isascii() else text.translate(_DASHES)
    return " ".join(plain.lower().split())


def strength(text: str) -> float | None:
    """An MRC grade: ``4-`` is 3.67, ``4+`` is 4.33, a range is its middle."""
    found = _STRENGTH.fullmatch(tidy(text).removesuffix("mrc").strip())
    if not found:
        return None
    grades = [float(found[1]) + _THIRD[found[2]]]
    if found[3]:
        grades.append(float(found[3]) + _THIRD[found[4]])
    return round(sum(grades) / len(grades), 2)


def reflex(text: str) -> float | None:
    """A reflex grade: ``2+``, ``++``, ``absent`` (0), ``trace`` (0.5)."""
    text = tidy(text)
    if text in _REFLEX_WORDS:
        return _REFLEX_WORDS[text]
    found = _REFLEX.fullmatch(text)
    return float(found[1]) if found else None


def number(text: str) -> tuple[str, float, str] | None:
    """Comparator, number and unit of ``<30 degrees`` or ``positive at 40``."""
    found = _NUMBER.fullmatch(tidy(text).removeprefix("positive at "))
    return (found[1] or "", float(found[2]), found[3].strip()) if found else None


def converted(value: float, unit: str, to: str) -> float | None:
    """A value in the unit asked for, or ``None`` when the two do not measure the same thing."""
    given, asked = _unit(unit), _unit(to)
    if given[0] != asked[0]:
        return None
    return value if given[1] == asked[1] else round(value * given[1] / asked[1], 4)


def dimensionless(unit: str) -> bool:
    """Whether a unit says no more than that it is a score."""
    return _unit(unit)[0] == "score"


def _unit(text: str) -> tuple[str, float]:
    text = tidy(text)
    if text in _SCORES or text.startswith(("{", "/")):
        return "score", 1.0
    return _UNITS.get(text, (text, 1.0))
