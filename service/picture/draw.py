"""The reasons of an assessment as one picture: a bar for each probability, and what moved it.

Left of the middle stands what speaks against a root, right of it what speaks for it. Direction is
told by place and by pattern, never by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log
from typing import NamedTuple

from service.clinical.answer import Assessment
from service.clinical.certainty import LEVEL
from service.clinical.model import Model
from service.picture.bars import (
    CHANCES,
    GAP,
    HATCH,
    MIDDLE,
    REACH,
    certainty,
    reasons_below,
    worded,
)
from service.picture.figures import TIMES, chance
from service.picture.reasons import Row, rows
from service.picture.svg import (
    FINE,
    INK,
    NORMAL,
    SOFT,
    bar,
    element,
    group,
    label,
    plain,
    stroke,
    written,
)

WIDTH = 1120
MOST = 6
"""Reasons shown each way for each root; what is left over is one more."""

_EDGE = 24.0
_TEXT = _EDGE + 8
_INNER = WIDTH - 2 * _EDGE
_WIDE = 190
_GENTLEST = log(4)
"""Bars are scaled to the strongest reason that was recorded, or to this where all are weaker.

Longer ones of arithmetic are cut, and marked so.
"""

_MARKS = (2, 5, 20, 100, 500)
_NAMED = "#eef2f7"
_READING = (
    "Filled bars: found or seen. Hatched bars: found or seen, and speaks against. Empty bars: arithmetic, such as how "
    "common a root is, what findings share, the ceiling, the rest.",
    "A factor is what one line does to the odds of this root alone against no compressed root; the factors of a root "
    "multiply to those odds. In brackets: the grade of the evidence. Cut bars are longer than drawn.",
    "The interval counts how much evidence stands behind the numbers, not all that may be wrong with them. It comes from "
    "the literature; no patients were followed.",
)


class _Block(NamedTuple):
    """Shapes drawn from the height 0 downwards, and how high they are."""

    shapes: Sequence[str]
    height: float


def picture(assessment: Assessment, model: Model) -> str:
    """Draw one assessment as SVG text that stands alone; it names neither the patient nor a date."""
    shown = rows(assessment, model, most=MOST)
    reasons = [reason for row in shown for reason in (*row.towards, *row.against)]
    strongest = max((abs(r.ratio) for r in reasons if r.recorded), default=0.0)
    scale = REACH / max(_GENTLEST, strongest)
    blocks = [
        _head(assessment),
        _measures(scale),
        *(_told(row, scale) if row.told else _brief(row) for row in shown),
        _foot(assessment),
    ]
    placed, height = [], _EDGE
    for block in blocks:
        placed.append(group(*block.shapes, transform=f"translate(0 {height:g})"))
        height += block.height
    return _sheet(_in_words(assessment, shown), placed, height)


def _sheet(words: str, placed: Iterable[str], height: float) -> str:
    return element(
        "svg",
        *("\n" + part for part in (
            element("title", "Which root is compressed, and why", id="picture-title"),
            element("desc", plain(words), id="picture-words"),
            HATCH,
            bar(0, 0, WIDTH, height, fill="#fff"),
            *placed,
        )),
        "\n",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {height:g}",
        role="img",
        aria_labelledby="picture-title picture-words",
        font_family="Helvetica, Arial, sans-serif",
        fill=INK,
    ) + "\n"  # fmt: skip


def _in_words(assessment: Assessment, shown: Iterable[Row]) -> str:
    """The whole picture for those who cannot see it."""
    parts = [assessment.localisation.statement, *_warnings(assessment), *_context(assessment)]
    for row in shown:
        name = f"{row.name[0].upper()}{row.name[1:]}"
        parts.append(f"{name}: {chance(row.probability, row.interval)}.")
        for direction, reasons in (("For", row.towards), ("Against", row.against)):
            if reasons:
                parts.append(f"{direction}: {'; '.join(map(worded, reasons))}.")
    return " ".join(parts)


def _warnings(assessment: Assessment) -> list[str]:
    return [
        f"Must not wait: {flag.label} ({flag.status}). {flag.action}" for flag in assessment.flags
    ]


def _context(assessment: Assessment) -> list[str]:
    """Whether all agrees, what became worse, and what else it may be."""
    agreement = assessment.concordance
    return [
        f"Examination, imaging and order: {agreement.status}.",
        *(disagreement.sentence for disagreement in agreement.disagreements),
        *(f"Worse than before: {change.sentence}" for change in assessment.progression),
        *(f"Another explanation, {name}: {said}" for _, name, said in assessment.rivals),
        *(f"Not ruled out, {name}: {said}" for _, name, said in assessment.open_rivals),
    ]


def _head(assessment: Assessment) -> _Block:
    """The answer in one sentence, what must not wait, and what else is to be known at once."""
    answer = [assessment.localisation.statement]
    shapes, y = written(answer, _EDGE, 0, 96, 18.0, font_weight="bold")
    if warnings := _warnings(assessment):
        top = y + 10
        lines, end = written(warnings, _EDGE + 12, top + 3, 145, NORMAL, font_weight="bold")
        y = end + 9
        shapes += [
            *lines,
            bar(_EDGE, top, _INNER, y - top, fill="none", stroke=INK, stroke_width=2),
        ]
    lines, y = written(_context(assessment), _EDGE, y + 6, _WIDE, FINE, fill=SOFT)
    return _Block([*shapes, *lines], y + 30)


def _measures(scale: float) -> _Block:
    """What the columns hold, and how long a bar of which factor is."""
    shapes = [
        label(f"Probability, with {LEVEL:.0%} interval", _TEXT, 0, font_weight="bold"),
        label("Speaks against", MIDDLE - GAP, 0, text_anchor="end", font_weight="bold"),
        label("Speaks for", MIDDLE + GAP, 0, font_weight="bold"),
        stroke(_EDGE, 28, WIDTH - _EDGE, 28),
    ]
    marks = [(_TEXT + part * CHANCES, f"{part:.0%}") for part in (0.0, 0.5, 1.0)]
    for mark in (mark for mark in _MARKS if log(mark) * scale <= REACH):
        far = log(mark) * scale + GAP
        marks += [(MIDDLE + far, f"{TIMES}{mark}"), (MIDDLE - far, f"{TIMES}{1 / mark:g}")]
    for x, words in marks:
        shapes.append(label(words, x, 20, FINE, text_anchor="middle", fill=SOFT))
        shapes.append(stroke(x, 24, x, 28))
    return _Block(shapes, 34)


def _told(row: Row, scale: float) -> _Block:
    """One root with its reasons, or none where it is likely."""
    against, left_end = reasons_below(row.against, scale, -1)
    towards, right_end = reasons_below(row.towards, scale, 1)
    height = max(left_end, right_end, 64.0) + 8
    weight = "bold" if row.named else "normal"
    said = chance(row.probability, row.interval)
    shapes = [
        label(f"{row.name}{' (named)' if row.named else ''}", _TEXT, 18, 15.0, font_weight=weight),
        label(said, _TEXT, 35, font_weight=weight),
        *certainty(row, _TEXT, 42),
        *against,
        *towards,
        stroke(MIDDLE, 2, MIDDLE, height - 2, stroke_width=1.5),
        stroke(_EDGE, height, WIDTH - _EDGE, height, stroke="#bbb"),
    ]
    if row.named:
        shapes[:0] = [bar(_EDGE, 0, _INNER, height, fill=_NAMED), bar(_EDGE, 0, 4, height)]
    if row.at is None:
        words = "What speaks against the roots speaks for this."
        shapes.append(label(words, MIDDLE + GAP, 18))
    return _Block([group(*shapes, title=f"{row.name}: {said}")], height + 4)


def _brief(row: Row) -> _Block:
    """One root that is hardly in question, or none: its bar alone."""
    weight = "normal" if row.at else "bold"
    words = f"{row.name}  {chance(row.probability, row.interval)}"
    shapes = [
        *certainty(row, _TEXT, 8),
        label(words, _TEXT + CHANCES + 16, 19, font_weight=weight),
    ]
    return _Block(shapes, 30)


def _foot(assessment: Assessment) -> _Block:
    """How to read it, and what it was made with."""
    digest = f" ({assessment.digest[:12]})" if assessment.digest else ""
    made = (
        f"Population: {assessment.population or 'not stated'}. "
        f"Knowledge: {assessment.edition}{digest}. A draft for a clinician to judge."
    )
    shapes, y = written((*_READING, made), _EDGE, 12, _WIDE, FINE, fill=SOFT)
    return _Block(shapes, y + _EDGE)
