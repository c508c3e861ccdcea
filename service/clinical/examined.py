"""The examination as flat facts: one finding on its sides, and what the findings say together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from service.clinical.anatomy import BOTH, Side
from service.clinical.criteria import Fact
from service.clinical.findings import Finding, Presence
from service.clinical.model import FindingModel
from service.clinical.progression import largest_fall, latest

GRADED = ("strength", "reflex")
WHOLE_GRADE = 1.0
"""One step of the MRC scale."""

BySide = Mapping[Side | None, Finding]


def examination_facts(
    findings: Iterable[Finding], known: Mapping[str, FindingModel]
) -> dict[str, Fact]:
    """Everything the examiner said, by name; later records replace earlier ones."""
    findings = tuple(findings)
    newest = latest(findings)
    facts: dict[str, Fact] = {}
    for name in dict.fromkeys(id_ for id_, _ in newest):
        sides = {side: found for (id_, side), found in newest.items() if id_ == name}
        kind = known[name].kind if name in known else "presence"
        facts |= _one(name, sides, kind)
    now = tuple(newest.values())
    strengths = tuple(f for f in findings if _is(f, known, kind="strength"))
    return {
        **facts,
        **_deficit("motor", tuple(f for f in now if _is(f, known, kind="strength"))),
        **_deficit("sensory", tuple(f for f in now if _is(f, known, group="sensory"))),
        **_fall(strengths),
    }


def _is(
    finding: Finding, known: Mapping[str, FindingModel], *, kind: str = "", group: str = ""
) -> bool:
    model = known.get(finding.id)
    if model is None:
        return False
    return model.kind == kind if kind else model.group.startswith(group)


def _one(name: str, sides: BySide, kind: str) -> dict[str, Fact]:
    present = {side: f.presence is Presence.PRESENT for side, f in sides.items()}
    facts: dict[str, Fact] = {name: any(present.values())}
    facts |= {f"{name}@{side}": held for side, held in present.items() if side}
    if all(side in present for side in BOTH):
        facts[f"{name}.bilateral"] = all(present[side] for side in BOTH)
    values = [f.value for f in sides.values() if f.value is not None]
    if values:
        facts[f"{name}.value"] = min(values) if kind in GRADED else _newest_value(sides)
    return facts


def _newest_value(sides: BySide) -> float:
    valued = [f for f in sides.values() if f.value is not None]
    newest = max(valued, key=lambda f: f.source.recorded.timestamp() if f.source.recorded else 0.0)
    return float(newest.value or 0.0)


def _deficit(name: str, found: tuple[Finding, ...]) -> dict[str, Fact]:
    """Whether any of these is present, on both sides, and the lowest strength."""
    if not found:
        return {}
    present = [f for f in found if f.presence is Presence.PRESENT]
    facts: dict[str, Fact] = {f"{name}.deficit": bool(present)}
    if {f.side for f in found} >= set(BOTH):
        facts[f"{name}.bilateral"] = {f.side for f in present} >= set(BOTH)
    grades = [f.value for f in found if f.value is not None]
    if name == "motor" and grades:
        facts["mrc.min"] = min(grades)
    return facts


def _fall(strengths: Iterable[Finding]) -> dict[str, Fact]:
    fall = largest_fall(strengths)
    if fall is None:
        return {}
    return {"motor.fall": fall, "motor.progressive": fall >= WHOLE_GRADE}
