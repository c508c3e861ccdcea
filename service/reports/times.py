"""Whether a statement is about today: what resolved, what is new, what was only seen before."""

from __future__ import annotations

from collections.abc import Sequence

from service.reports.marks import Mark
from service.reports.slots import Region

PRIOR = "resolved_or_prior"
_CHANGES = ("recurrent", "new", "stable", "increased", "decreased")


def gone_in(marks: Sequence[Mark], sentence: str) -> list[bool]:
    """For each mark whether it is said to have resolved, or to have been so at an earlier time."""
    gone = [False] * len(marks)
    for at, mark in enumerate(marks):
        if "time" not in mark.tags and "operation" not in mark.tags:
            continue
        if mark.tags.get("time") == "resolved":
            if sentence[mark.start : mark.end].lower().endswith(" of"):
                _forward(marks, at, gone)
            else:
                _backward(marks, at, gone, stops_at_comma=False)
        elif mark.tags.get("time") == "prior":
            _backward(marks, at, gone, stops_at_comma=True)
        elif "operation" in mark.tags:
            _reason(marks, at, gone)
    return gone


def change_in(region: Region) -> str:
    """The change over time that the words around a head state; ``current`` when none is."""
    said = [mark.tags["time"] for mark in region.marks if "time" in mark.tags]
    return next((change for change in _CHANGES if change in said), "current") if said else "current"


def _forward(marks: Sequence[Mark], at: int, gone: list[bool]) -> None:
    for i in range(at + 1, min(len(marks), at + 16)):
        if marks[i].has("cut", "negation", "colon") or marks[i].tags.get("join") == "comma":
            return
        gone[i] = True


def _backward(marks: Sequence[Mark], at: int, gone: list[bool], *, stops_at_comma: bool) -> None:
    for i in range(at - 1, max(-1, at - 16), -1):
        mark = marks[i]
        if mark.has("cut", "colon") or (stops_at_comma and mark.tags.get("join") == "comma"):
            return
        gone[i] = True


def _reason(marks: Sequence[Mark], at: int, gone: list[bool]) -> None:
    """``discectomy for extrusion``: what an operation was for is not there today."""
    reason = next(
        (i for i in range(at + 1, min(len(marks), at + 8)) if marks[i].tags.get("cut") == "reason"),
        None,
    )
    for i in range(reason or len(marks), min(len(marks), at + 24)):
        if marks[i].tags.get("cut") == "but":
            return
        gone[i] = True
