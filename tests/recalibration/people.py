"""Made-up people whose truth is drawn from what the model itself says, under a temper we choose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from service.clinical.anatomy import BOTH
from service.clinical.assess import assess
from service.clinical.findings import Case
from service.clinical.model import Model
from service.recalibration.sample import SETS, Roots, Sample, Scale
from tests.builders import a_model
from tests.clinical.patients import found, person

BASE = "https://hospital.example/fhir"
FINDING = "https://lasegue.example/fhir/CodeSystem/finding"
SIGNS = (
    "pain-distribution-lateral-leg-dorsum-foot",
    "pain-distribution-posterior-calf-lateral-foot",
    "sensory-loss-dorsum-foot",
    "sensory-loss-lateral-foot",
    "weakness-great-toe-extension",
    "weakness-plantar-flexion",
    "weakness-knee-extension",
    "reduced-achilles-reflex",
    "reduced-patellar-reflex",
    "straight-leg-raise-positive",
)
PRESENCE = "https://lasegue.example/fhir/CodeSystem/presence"
SNOMED = "http://snomed.info/sct"
LEG = {
    side: {"coding": [{"system": SNOMED, "code": "61685007"}, {"system": SNOMED, "code": code}]}
    for side, code in (("left", "7771000"), ("right", "24028007"))
}
START = date(2026, 1, 1)


class Made(NamedTuple):
    """One person: the case, what is true of it, and when it was seen."""

    case: Case
    truth: Roots
    day: date


def site_model(temper: float, none: float) -> Model:
    """The shipped knowledge with another temper, and a population with another share of none."""
    model = a_model()
    there = replace(model.populations["primary-care"], id="there", none=none)
    return replace(
        model,
        combination=replace(model.combination, temper=temper, ceiling=2.0),
        populations={**model.populations, "there": there},
    )


@cache
def people(many: int, temper: float, none: float, seed: int = 1) -> tuple[Made, ...]:
    """People of a site where findings count with this temper and none is as common as this."""
    return tuple(_people(many, site_model(temper, none), Random(seed)))


def content(seed: int) -> tuple[Made, ...]:
    """People of a site where the present knowledge is right as it is."""
    return people(120, 1.0, Scale(a_model()).none, seed)


def _people(many: int, site: Model, random: Random) -> Iterator[Made]:
    for number in range(many):
        case = _examined(random, number)
        believed = assess(case, site, population="there").localisation.hypotheses
        (truth,) = random.choices([r for r, _ in believed], [p for _, p in believed])
        yield Made(case, truth, START + timedelta(days=number % 180))


def _examined(random: Random, number: int) -> Case:
    """A person of whom some signs were recorded on each side, by how common they are."""
    model = a_model()
    root = random.choice(("L4", "L5", "S1", "none", "none"))
    painful = random.choice(BOTH)
    findings = []
    for id_ in SIGNS:
        given = model.findings[id_].given
        assert given is not None
        for side in BOTH:
            chance = given[root] if side is painful else given["none"] / 2
            if random.random() < 0.6:
                findings.append(found(id_, str(side), present=random.random() < chance))
    return person(*findings, age=random.choice((34, 47, 58, 71, None)))


def sample_of(made: tuple[Made, ...], *, dates: bool = True) -> Sample:
    """The people as the present knowledge sees them."""
    scale = Scale(a_model())
    weighed = [scale.assessed(m.case, m.truth, m.day if dates else None) for m in made]
    return scale.sample(SETS, weighed)


def word(truth: Roots) -> str:
    """The truth as a table holds it."""
    return "+".join(sorted(at.code for at in truth)) or "none"


def as_probabilities(made: tuple[Made, ...]) -> list[dict[str, str]]:
    """Rows of the form that holds the probabilities that the present knowledge gives."""
    rows = []
    for number, one in enumerate(made):
        said = assess(one.case, a_model()).localisation
        chances = {at.code: f"{p:.4f}" for at, p in said.probabilities}
        age = one.case.person.age
        told = {"none": f"{said.none:.4f}", **chances, "age": "" if age is None else str(age)}
        key = {"patient": f"p{number}", "truth": word(one.truth), "date": one.day.isoformat()}
        rows.append(key | told)
    return rows


def as_bundles(made: tuple[Made, ...], folder: Path) -> list[dict[str, str]]:
    """Rows of the form that names Bundles, which are written into the folder."""
    rows = []
    for number, one in enumerate(made):
        name = f"b{number}.json"
        (folder / name).write_text(json.dumps(_bundle(one.case, number)), "utf-8")
        rows.append({"bundle": name, "truth": word(one.truth), "date": one.day.isoformat()})
    return rows


def _bundle(case: Case, number: int) -> dict[str, object]:
    age = case.person.age
    born = {} if age is None else {"birthDate": f"{2026 - age}-01-01"}
    seen = [{"resourceType": "Patient", "id": f"p{number}", **born}]
    for place, finding in enumerate(case.findings):
        seen.append(
            {
                "resourceType": "Observation",
                "id": f"o{number}-{place}",
                "status": "final",
                "code": {"coding": [{"system": FINDING, "code": finding.id}]},
                "subject": {"reference": f"Patient/p{number}"},
                "effectiveDateTime": "2026-06-01T09:00:00Z",
                "bodySite": LEG[finding.side],
                "valueCodeableConcept": {
                    "coding": [{"system": PRESENCE, "code": finding.presence}]
                },
            }
        )
    entries = [{"fullUrl": f"{BASE}/{r['resourceType']}/{r['id']}", "resource": r} for r in seen]
    moment = "2026-06-01T10:00:00Z"
    return {"resourceType": "Bundle", "type": "collection", "timestamp": moment, "entry": entries}
