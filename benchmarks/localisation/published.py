"""Published cases: which root comes first, whether what must not wait is flagged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from benchmarks.localisation.translation import Record, to_case
from service.clinical.answer import Assessment
from service.clinical.assess import assess
from service.clinical.model import Model
from service.reports.phrases import Phrases

FILE = Path(__file__).parents[2] / ".." / "shared" / "cases" / "cases.jsonl"
SINGLE = ("L3", "L4", "L5", "S1")
SCORED = ("high", "medium")
ENOUGH = 3
"""Recorded items from which a case is more than a title."""


class Line(NamedTuple):
    """One case: what is true, what was said of it, and what holds.

    ``flagged`` by a red flag, the signs of a mimic or a disagreement; ``confident`` where a root is
    named, imaging agrees and no red flag stands.
    """

    id: str
    kind: str
    truth: str
    said: str
    first: bool
    top_two: bool
    side: bool | None
    named: bool
    flagged: bool
    confident: bool
    enough: bool


def read_cases(path: Path, model: Model, phrases: Phrases) -> tuple[Line, ...] | None:
    """Put every scored case to the core; None where there is no file."""
    if not path.is_file():
        return None
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    scored = [r for r in records if r["answer"]["label_certainty"] in SCORED]
    return tuple(_line(r, assess(to_case(r, model, phrases), model)) for r in scored)


def _line(record: Record, said: Assessment) -> Line:
    answer, loc = record["answer"], said.localisation
    roots = set(answer["roots"] or ())
    first, second = (at for at, _ in loc.probabilities[:2])
    shown = ", ".join(f"{at} {p:.2f}" for at, p in loc.probabilities[:2])
    known_side = answer["side"] in ("left", "right")
    agree = said.concordance.status == "concordant"
    return Line(
        id=record["id"],
        kind=record["case_class"],
        truth=" ".join(filter(None, ["+".join(sorted(roots)), answer["side"]])),
        said=f"{shown}, none {loc.none:.2f}; "
        + ("named " + " and ".join(map(str, loc.named)) if loc.named else "no root named"),
        first=first.root.value in roots,
        top_two=bool({first.root.value, second.root.value} & roots),
        side=first.side.value == answer["side"] if known_side else None,
        named=any(at.root.value in roots for at in loc.named),
        flagged=bool(said.flags or said.rivals or said.concordance.disagreements),
        confident=bool(loc.named) and agree and not said.flags,
        enough=record["completeness"]["exam_items"] >= ENOUGH,
    )


def single(lines: Iterable[Line]) -> list[Line]:
    """The ordinary ones: one root."""
    return [line for line in lines if line.kind in SINGLE]


def special(lines: Iterable[Line]) -> list[Line]:
    """The ones that are something else, or urgent."""
    return [line for line in lines if line.kind in ("cauda_equina", "mimic_or_referral")]


def share(lines: Iterable[Line], holds: Callable[[Line], bool | None]) -> float:
    """The share of the lines of which it holds, among those where it can be said."""
    told = [bool(x) for x in map(holds, lines) if x is not None]
    return sum(told) / len(told) if told else float("nan")
