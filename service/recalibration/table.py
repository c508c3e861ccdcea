"""Reads a table of confirmed outcomes: one person a row, as probabilities given or as Bundles."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from service.clinical.anatomy import BOTH, Root, RootSide
from service.clinical.findings import Case
from service.clinical.root_sets import modelled
from service.errors import LasegueError
from service.recalibration.sample import (
    SETS,
    SINGLES,
    Outcome,
    Refused,
    Roots,
    Sample,
    Scale,
    Unreadable,
)

MOST_UNREADABLE = 0.05
"""The share of rows that may be unreadable."""

OLDEST = 130
"""No age in years is over this."""

NONE = "none"
SHOWN = 20
"""How many lines are listed by number at most."""

_WORDS = {
    RootSide(root, side).code: RootSide(known, side)
    for root in Root
    for side in BOTH
    if (known := modelled(root))
}
_COLUMNS = {"+".join(sorted(at.code for at in roots)) or NONE: roots for roots in SINGLES}
_LEAST_TOTAL = 0.97

Think = Callable[[bytes], Case]
"""Understands a Bundle as a case; raises a LasegueError without patient data."""


class Read(NamedTuple):
    """What a table held: the outcomes, and the faults of what could not be read, with their lines."""

    sample: Sample
    faults: tuple[tuple[int, str], ...]
    exact: bool


class _Row(NamedTuple):
    line: int
    cells: Mapping[str, str]
    whole: bool

    def day(self) -> date | None:
        """The date, where the table has one."""
        if "date" not in self.cells:
            return None
        try:
            return date.fromisoformat(self.cells["date"])
        except ValueError as error:
            raise Unreadable("the date is not written as 2026-03-31") from error


def load_outcomes(
    file: Path, scale: Scale, think: Think, step: Callable[[], None] = lambda: None
) -> Read:
    """Read and weigh every row; ``step`` is called after each.

    Raises Refused for a table that is not one, an unknown truth, or too many unreadable rows.
    """
    rows = list(_rows(file))
    exact = bool(rows) and "bundle" in rows[0].cells
    _check_columns(rows, exact=exact)
    truths = _truths(rows)
    outcomes: list[Outcome] = []
    faults: list[tuple[int, str]] = []
    for row in rows:
        try:
            truth = truths[row.line]
            if not row.whole:
                raise Unreadable("it has more or fewer cells than the head")
            outcomes.append(
                _assessed(row, truth, file.parent, scale, think)
                if exact
                else _given(row, truth, scale)
            )
        except Unreadable as fault:
            faults.append((row.line, str(fault)))
        step()
    if len(faults) > MOST_UNREADABLE * len(rows):
        raise Refused(
            f"{len(faults)} of {len(rows)} rows cannot be read, more than "
            f"{MOST_UNREADABLE:.0%}: {listed(faults)}"
        )
    return Read(scale.sample(SETS if exact else SINGLES, outcomes), tuple(faults), exact)


def listed(faults: list[tuple[int, str]] | tuple[tuple[int, str], ...]) -> str:
    """Faults by line, for people; long lists are cut."""
    more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
    return "; ".join(f"line {line}: {why}" for line, why in faults[:SHOWN]) + more


def _rows(file: Path) -> Iterator[_Row]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            head = [name.strip().lower() for name in next(reader, [])]
            for cells in reader:
                if cells:
                    padded = [*cells, *[""] * (len(head) - len(cells))]
                    row = dict(zip(head, map(str.strip, padded), strict=False))
                    yield _Row(reader.line_num, row, len(cells) == len(head))
    except OSError as error:
        raise Refused(f"{file.name}: cannot be read: {error.strerror}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise Refused(f"{file.name}: not a table of comma-separated values in UTF-8") from error


def _check_columns(rows: list[_Row], *, exact: bool) -> None:
    if not rows:
        raise Refused("The table holds no outcomes.")
    asked = {"truth", "bundle"} if exact else {"truth", *_COLUMNS}
    missing = sorted(asked - set(rows[0].cells))
    if missing:
        raise Refused(
            f"The table lacks {', '.join(missing)}. It has either truth and bundle, or truth, "
            f"{', '.join(_COLUMNS)}."
        )


def _truths(rows: list[_Row]) -> dict[int, Roots]:
    """What was confirmed, by line; raises Refused, and never quotes, where a word is not known."""
    found: dict[int, Roots] = {}
    unknown: list[int] = []
    for row in rows:
        words = [word.strip() for word in row.cells["truth"].lower().split("+")]
        if words == [NONE]:
            found[row.line] = frozenset()
        elif all(word in _WORDS for word in words):
            found[row.line] = frozenset(_WORDS[word] for word in words)
        else:
            unknown.append(row.line)
    if unknown:
        lines = ", ".join(map(str, unknown[:SHOWN])) + (", ..." if len(unknown) > SHOWN else "")
        raise Refused(
            f"The truth is not understood on line {lines}: it is {NONE}, or one of "
            f"{', '.join(_WORDS)}, or several of these joined by +."
        )
    return found


def _assessed(row: _Row, truth: Roots, folder: Path, scale: Scale, think: Think) -> Outcome:
    try:
        body = (folder / row.cells["bundle"]).read_bytes()
    except (OSError, ValueError) as error:
        raise Unreadable("the Bundle is not there or cannot be opened") from error
    try:
        case = think(body)
    except LasegueError as error:
        raise Unreadable("the Bundle cannot be understood") from error
    return scale.assessed(case, truth, row.day())


def _given(row: _Row, truth: Roots, scale: Scale) -> Outcome:
    try:
        said = {roots: float(row.cells[name]) for name, roots in _COLUMNS.items()}
        age = int(row.cells["age"]) if row.cells.get("age") else None
    except ValueError as error:
        raise Unreadable("a probability or the age is not a number") from error
    if not all(0 <= p <= 1 for p in said.values()) or sum(said.values()) < _LEAST_TOTAL:
        raise Unreadable("the probabilities are not between 0 and 1, or do not reach 1 together")
    if age is not None and not 0 <= age <= OLDEST:
        raise Unreadable("the age is not in years")
    return scale.given(said, age, truth, row.day())
