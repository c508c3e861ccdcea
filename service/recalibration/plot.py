"""The reliability of a trial drawn: as text for the screen, and as SVG. The same trial, the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.recalibration.reliability import Bin
from service.recalibration.trial import Trial

Point = tuple[float, float]

COLUMNS = 50
SIZE = 320
MARGIN = 56
BEFORE, AFTER = "#b35806", "#2166ac"

_TICKS = 5
_DOT = 3
_LARGEST = 9


def text_plot(bins: Sequence[Bin]) -> Iterator[str]:
    """One line for each bin: ``|`` where it would be if it held as often as said, ``o`` where it is."""
    yield "  said   found   people  0%" + " " * (COLUMNS - 6) + "100%"
    for one in bins:
        yield f"{one.said:6.0%}  {one.found:6.0%}  {one.people:7}  {_track(one)}"


def _track(one: Bin) -> str:
    track = ["."] * (COLUMNS + 1)
    for place in range(round(one.low * COLUMNS), round(one.high * COLUMNS) + 1):
        track[place] = "-"
    track[round(one.said * COLUMNS)] = "|"
    found = round(one.found * COLUMNS)
    track[found] = "0" if track[found] == "|" else "o"
    return "".join(track)


def svg_plot(trial: Trial) -> str:
    """Said against found, before and after, with intervals; a diagonal would be perfect."""
    width, height = SIZE + 2 * MARGIN, SIZE + 2 * MARGIN + 24
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'font-family="sans-serif" font-size="12">',
        "<title>Reliability before and after recalibration</title>",
        f"<desc>{_described(trial)}</desc>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        *_axes(),
        *_series(trial.before.bins, BEFORE, -2, trial.people),
        *_series(trial.after.bins, AFTER, 2, trial.people),
        *_legend(height),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _described(trial: Trial) -> str:
    before, after = trial.before.error.value, trial.after.error.value
    return (
        f"{trial.people} confirmed outcomes. Calibration error of the likeliest answer: {before:.3f} "
        f"before, {after:.3f} after, on people it was not fitted to."
    )


def _across(chance: float) -> float:
    return MARGIN + chance * SIZE


def _up(chance: float) -> float:
    return MARGIN + (1 - chance) * SIZE


def _axes() -> Iterator[str]:
    left, right, low, top = _across(0), _across(1), _up(0), _up(1)
    yield _stroke((left, low), (right, top), "#999", ' stroke-dasharray="4 4"')
    for step in range(_TICKS + 1):
        chance = step / _TICKS
        x, y = _across(chance), _up(chance)
        yield _stroke((x, low), (x, low + 5), "#333")
        yield _stroke((left - 5, y), (left, y), "#333")
        yield f'<text x="{x:.1f}" y="{low + 18:.1f}" text-anchor="middle">{chance:.0%}</text>'
        yield f'<text x="{left - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{chance:.0%}</text>'
    yield _stroke((left, low), (right, low), "#333")
    yield _stroke((left, low), (left, top), "#333")
    middle = _across(0.5)
    yield f'<text x="{middle:.1f}" y="{low + 36:.1f}" text-anchor="middle">said</text>'
    yield f'<text x="{left:.1f}" y="{top - 12:.1f}" text-anchor="middle">found</text>'


def _series(bins: Sequence[Bin], colour: str, aside: int, count: int) -> Iterator[str]:
    for one in bins:
        x = _across(one.said) + aside
        size = _DOT + (_LARGEST - _DOT) * (one.people / count) ** 0.5
        yield _stroke((x, _up(one.low)), (x, _up(one.high)), colour)
        yield (
            f'<circle cx="{x:.1f}" cy="{_up(one.found):.1f}" r="{size:.1f}" fill="{colour}" '
            f'fill-opacity="0.7"><title>{one.people} people: said {one.said:.0%}, '
            f"found {one.found:.0%}</title></circle>"
        )


def _stroke(start: Point, end: Point, colour: str, more: str = "") -> str:
    (x, y), (to_x, to_y) = start, end
    ends = f'x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"'
    return f'<line {ends} stroke="{colour}"{more}/>'


def _legend(height: int) -> Iterator[str]:
    for place, (words, colour) in enumerate((("before", BEFORE), ("after", AFTER))):
        x, y = _across(0.3 + 0.25 * place), height - 16
        yield f'<circle cx="{x:.1f}" cy="{y - 4}" r="5" fill="{colour}"/>'
        yield f'<text x="{x + 10:.1f}" y="{y}">{words}</text>'
