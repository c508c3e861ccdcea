"""The bars of the picture: how likely, how sure, and how far each reason moves a root.

Bars are filled for what was recorded and empty for arithmetic, and hatched where they speak against.
"""

from __future__ import annotations

from collections.abc import Iterable

from service.picture.figures import TIMES, factor
from service.picture.reasons import Reason, Row
from service.picture.svg import INK, PALE, bar, broken, group, label, stroke

CHANCES = 230.0
"""Width of a bar that stands for certainty."""

MIDDLE = 708.0
"""Where the reasons against end and those for begin."""

REACH = 372.0
"""Length of the longest reason, which is also the room for its words."""

GAP = 10.0
HATCH = (
    '<defs><pattern id="against" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="6" height="6" fill="#fff"/>'
    f'<line x1="0" y1="0" x2="0" y2="6" stroke="{INK}" stroke-width="3"/></pattern></defs>'
)
_COLUMNS = 67
_LINE = 15.0
_THICK = 7.0
_CUT = 0.94


def certainty(row: Row, x: float, y: float) -> list[str]:
    """The bar of a probability, and below it the reach of its interval."""
    thick = 11.0
    low, high = (x + part * CHANCES for part in row.interval)
    under = y + thick + 5
    return [
        bar(x, y, CHANCES, thick, fill="#fff", stroke="#999"),
        bar(x, y, row.probability * CHANCES, thick, fill=INK if row.named else PALE),
        stroke(low, under, high, under, stroke_width=1.5),
        *(stroke(at, under - 3, at, under + 3, stroke_width=1.5) for at in (low, high)),
    ]


def reasons_below(reasons: Iterable[Reason], scale: float, sign: int) -> tuple[list[str], float]:
    """Reasons below each other on one side of the middle, and where the last one ends.

    ``scale`` is the length of a log ratio of one; ``sign`` is 1 for the right and -1 for the left.
    """
    shapes, y = [], 4.0
    start = MIDDLE + sign * GAP
    anchor = "start" if sign > 0 else "end"
    for reason in reasons:
        inner = []
        for line in broken(worded(reason), _COLUMNS):
            y += _LINE
            inner.append(label(line, start, y - 5, text_anchor=anchor))
        inner += _length(reason, start, y, sign * max(abs(reason.ratio) * scale, 1.0))
        y += _THICK + 6
        shapes.append(group(*inner, title=reason.line.sentence if reason.line else reason.words))
    return shapes, y


def worded(reason: Reason) -> str:
    """A reason in one line: its factor, what it is, and how good the evidence for it is."""
    grade = reason.line.grade if reason.line else ""
    return f"{factor(reason.ratio, TIMES)}  {reason.words}{f' [{grade}]' if grade else ''}"


def _length(reason: Reason, start: float, y: float, length: float) -> list[str]:
    """The bar of a reason; one that is too long is cut."""
    fill = "#fff"
    if reason.recorded:
        fill = INK if reason.ratio > 0 else "url(#against)"
    kept = max(-REACH, min(REACH, length))
    shapes = [bar(min(start, start + kept), y, abs(kept), _THICK, fill=fill, stroke=INK)]
    if kept != length:
        cut, top, foot = start + kept * _CUT, y - 3, y + _THICK + 3
        shapes.append(stroke(cut - 3, foot, cut + 3, top, stroke="#fff", stroke_width=7))
        shapes += [stroke(cut + d - 3, foot, cut + d + 3, top) for d in (-3, 3)]
    return shapes
