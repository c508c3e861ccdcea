"""From one imaging fact to a root grade, 0 (free) to 3 (compressed), and to the places it is at."""

from __future__ import annotations

from itertools import pairwise
from math import log

from service.clinical.anatomy import Zone
from service.clinical.imaging import ImagingFact, Kind
from service.clinical.model import ImagingModel

DISC_KINDS = frozenset(
    {Kind.PROTRUSION, Kind.EXTRUSION, Kind.SEQUESTRATION, Kind.HERNIATION, Kind.SYNOVIAL_CYST}
)
_ZONE_OF = {
    Kind.FORAMINAL_STENOSIS: (Zone.FORAMINAL,),
    Kind.LATERAL_RECESS_STENOSIS: (Zone.SUBARTICULAR,),
    Kind.CANAL_STENOSIS: (Zone.CENTRAL,),
}
_MIDLINE, _RECESS = (Zone.CENTRAL,), (Zone.SUBARTICULAR,)
STENOSES = frozenset(_ZONE_OF)
PLACED = DISC_KINDS | STENOSES
"""Kinds whose level and zone say which root they can press on."""


def stated_grade(fact: ImagingFact, model: ImagingModel) -> float:
    """The grade of a statement about a root; a denial of compression leaves contact open."""
    measured = _measured(fact, model)
    if measured is not None:
        return measured
    grade = model.relation_grade.get(fact.relation or "", model.grade_of_contact)
    if fact.present:
        return grade
    return model.denied_grade if grade > model.grade_of_contact else 0.0


def _measured(fact: ImagingFact, model: ImagingModel) -> float | None:
    """The root grade by a device or by a published scale, where the fact holds one."""
    if fact.probability is not None:
        return grade_of(fact.probability, model)
    return model.scales[fact.scale].get(fact.score) if fact.scale in model.scales else None


def grade_of(probability: float, model: ImagingModel) -> float:
    """The root grade whose ratio is that of a device's odds over those of its base rate, bounded."""
    if probability >= 1 or probability <= 0:
        return 0.0 if probability <= 0 else float(len(model.grade_lr) - 1)
    base = model.device_base
    odds = log(probability / (1 - probability)) - log(base / (1 - base))
    steps = [log(each) for each in model.grade_lr]
    for below, (low, high) in enumerate(pairwise(steps)):
        if odds < high:
            return below + max((odds - low) / (high - low), 0.0)
    return float(len(steps) - 1)


def zones_of(fact: ImagingFact) -> tuple[Zone, ...]:
    """The zones of a lesion; one in the midline that has a side, or no zone, is in the recess."""
    if fact.kind in STENOSES:
        return _ZONE_OF[fact.kind]
    if fact.side is not None and fact.zones == _MIDLINE:
        return _RECESS
    return fact.zones or _RECESS


def placed_grade(fact: ImagingFact, zone: Zone, model: ImagingModel) -> float:
    """The grade that a lesion at a place suggests for the root there."""
    measured = _measured(fact, model)
    if measured is not None:
        grade = measured
    elif fact.kind in STENOSES:
        grade = model.severity_grade.get(fact.severity or "", model.grade_of_contact)
    else:
        grade = model.kind_grade.get(fact.kind, model.grade_of_contact)
    if zone is Zone.CENTRAL and fact.kind is not Kind.CANAL_STENOSIS:
        return min(grade, model.grade_of_contact)
    return grade
