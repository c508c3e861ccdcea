"""The examination as flat facts: one finding on its sides, and what the findings say together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from service.clinical.anatomy import BOTH, Side
from service.clinical.criteria import Fact
from service.clinical.findings import Finding
from service.clinical.model import FindingModel
from service.clinical.progression import is_present, latest

SENSORY_LOSS = "sensory-loss-"
LEG_PAIN = "pain-"
GRADED = ("strength", "reflex")

Facts = dict[str, Fact]
Held = list[tuple[Side | None, bool]]
"""On which side each finding of a group was looked for, and whether it was there."""


def examination_facts(findings: Iterable[Finding], known: Mapping[str, FindingModel]) -> Facts:
    """Everything the examiner said, by name; later records replace earlier ones.

    A complaint without a value says which leg hurts, and leaves how much to be asked.
    """
    facts: Facts = {}
    valued: list[tuple[Finding, str]] = []
    held: dict[str, Held] = {"motor": [], "sensory": [], "leg-pain": []}
    for (name, side), found in latest(findings).items():
        model = known.get(name)
        kind = model.kind if model else ""
        present = is_present(found, model)
        complaint = model is not None and model.complaint
        if present is not None:
            if found.value is not None or not complaint:
                _tell(facts, name, side, present=present)
            if group := "leg-pain" if complaint else _group_of(name, kind):
                held[group].append((side, present))
        if found.value is not None:
            valued.append((found, kind))
    facts |= _values(valued)
    facts |= _together(held)
    return facts


def _group_of(name: str, kind: str) -> str:
    """The findings that this one is put together with; empty where it stands alone."""
    if kind == "strength":
        return "motor"
    if name.startswith(SENSORY_LOSS):
        return "sensory"
    return "leg-pain" if name.startswith(LEG_PAIN) else ""


def _tell(facts: Facts, name: str, side: Side | None, *, present: bool) -> None:
    """Add what was found on one side to what the same finding said on others."""
    told = facts.get(name)
    facts[name] = present or told is True
    if side is not None:
        facts[f"{name}@" + side] = present
        if told is not None and (other := facts.get(f"{name}@{side.other}")) is not None:
            facts[f"{name}.bilateral"] = present and other


def _values(valued: Iterable[tuple[Finding, str]]) -> Facts:
    """Measures and angles as last taken; of grades the lowest, and what all of one kind come to."""
    facts: Facts = {}
    taken: dict[str, float] = {}
    grades: dict[str, list[float]] = {}
    for found, kind in valued:
        name, value = f"{found.id}.value", float(found.value or 0.0)
        if kind in GRADED:
            grades.setdefault(kind, []).append(value)
            facts[name] = min(value, float(facts.get(name, value)))
            continue
        when = found.source.recorded.timestamp() if found.source.recorded else 0.0
        if name not in taken or when > taken[name]:
            facts[name], taken[name] = value, when
    if "strength" in grades:
        facts["mrc.min"] = min(grades["strength"])
    if "reflex" in grades:
        facts["reflex.max"] = max(grades["reflex"])
    return facts


def _together(held: Mapping[str, Held]) -> Facts:
    """Whether any of a group is present, and whether on both sides where both were looked at."""
    facts: Facts = {}
    for group, found in held.items():
        if not found:
            continue
        sides = {side for side, present in found if present}
        if group != "leg-pain":
            facts[f"{group}.deficit"] = bool(sides)
        if {side for side, _ in found}.issuperset(BOTH):
            facts[f"{group}.bilateral"] = sides.issuperset(BOTH)
    return facts
