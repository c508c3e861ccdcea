"""The examination as flat facts: one finding on its sides, and what the findings say together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from service.clinical.anatomy import BOTH, Side
from service.clinical.criteria import Fact
from service.clinical.findings import Finding, Presence
from service.clinical.model import FindingModel
from service.clinical.progression import largest_fall, latest

SENSORY_LOSS = "sensory-loss-"
LEG_PAIN = "pain-"
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
    by_name: dict[str, dict[Side | None, Finding]] = {}
    for (name, side), found in newest.items():
        by_name.setdefault(name, {})[side] = found
    for name, sides in by_name.items():
        facts |= _one(name, sides, known.get(name))
    now = tuple(newest.values())
    weak = {f.id for f in findings if f.id in known and known[f.id].kind == "strength"}
    return {
        **facts,
        **_deficit("motor", (f for f in now if f.id in weak), known),
        **_deficit("sensory", (f for f in now if f.id.startswith(SENSORY_LOSS)), known),
        **_bilateral("leg-pain", [f for f in now if f.id.startswith(LEG_PAIN)], known),
        **_lowest(f for f in now if f.id in weak),
        **_liveliest(now, known),
        **_fall(f for f in findings if f.id in weak),
    }


def _is_present(finding: Finding, model: FindingModel | None) -> bool | None:
    """What the examiner said; where only a grade was given, what the grade means."""
    if finding.presence is not Presence.UNKNOWN:
        return finding.presence is Presence.PRESENT
    if finding.value is None or model is None:
        return None
    if model.at_most is not None:
        return finding.value <= model.at_most
    return None if model.at_least is None else finding.value >= model.at_least


def _one(name: str, sides: BySide, model: FindingModel | None) -> dict[str, Fact]:
    read = {side: _is_present(f, model) for side, f in sides.items()}
    present = {side: held for side, held in read.items() if held is not None}
    facts: dict[str, Fact] = {name: any(present.values())} if present else {}
    facts |= {f"{name}@{side}": held for side, held in present.items() if side}
    if all(side in present for side in BOTH):
        facts[f"{name}.bilateral"] = all(present[side] for side in BOTH)
    values = [f.value for f in sides.values() if f.value is not None]
    if values:
        graded = model is not None and model.kind in GRADED
        facts[f"{name}.value"] = min(values) if graded else _newest_value(sides)
    return facts


def _newest_value(sides: BySide) -> float:
    valued = [f for f in sides.values() if f.value is not None]
    newest = max(valued, key=lambda f: f.source.recorded.timestamp() if f.source.recorded else 0.0)
    return float(newest.value or 0.0)


def _deficit(
    name: str, found: Iterable[Finding], known: Mapping[str, FindingModel]
) -> dict[str, Fact]:
    """Whether any of these is present, and whether on both sides."""
    read = [(f.side, _is_present(f, known.get(f.id))) for f in found]
    held = [(side, present) for side, present in read if present is not None]
    if not held:
        return {}
    sides = {side for side, present in held if present}
    facts: dict[str, Fact] = {f"{name}.deficit": bool(sides)}
    if {side for side, _ in held} >= set(BOTH):
        facts[f"{name}.bilateral"] = sides >= set(BOTH)
    return facts


def _bilateral(
    name: str, found: Iterable[Finding], known: Mapping[str, FindingModel]
) -> dict[str, Fact]:
    """Whether these were found on both sides, which only a record of each side can say."""
    part = _deficit(name, found, known)
    return {fact: held for fact, held in part.items() if fact.endswith(".bilateral")}


def _liveliest(found: Iterable[Finding], known: Mapping[str, FindingModel]) -> dict[str, Fact]:
    """The highest grade of any reflex: 3 is brisk, 4 is clonus."""
    reflexes = (f for f in found if f.id in known and known[f.id].kind == "reflex")
    grades = [f.value for f in reflexes if f.value is not None]
    return {"reflex.max": max(grades)} if grades else {}


def _lowest(strengths: Iterable[Finding]) -> dict[str, Fact]:
    grades = [f.value for f in strengths if f.value is not None]
    return {"mrc.min": min(grades)} if grades else {}


def _fall(strengths: Iterable[Finding]) -> dict[str, Fact]:
    fall = largest_fall(strengths)
    if fall is None:
        return {}
    return {"motor.fall": fall, "motor.progressive": fall >= WHOLE_GRADE}
