"""From a simulated patient to a real case of the core."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.localisation.states import Floats, Items
from service.clinical.anatomy import BOTH, Side, crossing_level
from service.clinical.findings import Case, Finding, Person, Presence, Source, Study
from service.clinical.imaging import ImagingFact, Kind, Relation
from service.clinical.localise import localise
from service.clinical.model import Model
from service.clinical.root_sets import ROOT_SIDES

if TYPE_CHECKING:
    from benchmarks.localisation.patients import Patients

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOT_SEEN = -1
RELATIONS = (Relation.CONTACT, Relation.CONTACT, Relation.DISPLACE, Relation.COMPRESS)
"""How a report words grades 0 to 3; grade 0 is contact that is denied."""

SIDES = (Side.LEFT, Side.RIGHT, None)
EXAMINED = Source("Observation/1", "1", NOW)
REPORT = Source("DiagnosticReport/1", "1", NOW)


def study(*, doubtful: bool = False) -> Study:
    """A study whose report was read, and which says how vertebrae were counted."""
    numbering = "doubtful" if doubtful else "stated"
    return Study(Source("ImagingStudy/1"), "MR", NOW, REPORT, numbering)


class CaseMaker:
    """Makes cases of one world; findings and facts that recur are made once."""

    def __init__(
        self,
        items: Items,
        *,
        doubtful: bool = False,
        side_told: bool = True,
        signs: tuple[str, ...] = (),
    ) -> None:
        self._findings = [
            tuple(
                Finding(items.findings[f].id, presence, EXAMINED, SIDES[side])
                for presence in (Presence.ABSENT, Presence.PRESENT)
            )
            for f, side in zip(items.finding, items.side, strict=True)
        ]
        self._facts = [[fact(at, grade) for grade in range(4)] for at in range(len(ROOT_SIDES))]
        self._studies = (study(doubtful=doubtful),)
        self._signs = [
            [Finding(s, Presence.PRESENT, EXAMINED, side) for side in BOTH] for s in signs
        ]
        self._pain = [
            (Finding(items.side_finding, Presence.PRESENT, EXAMINED, side),) if side_told else ()
            for side in BOTH
        ]

    def case(self, patients: Patients, n: int, *, imaging: bool) -> Case:
        """The case of one patient, with imaging or without."""
        asked = np.flatnonzero(patients.recorded[n])
        findings = [self._findings[k][int(patients.present[n, k])] for k in asked]
        painful = int(patients.painful[n])
        findings += self._pain[painful]
        findings += [self._signs[k][painful] for k in np.flatnonzero(patients.signs[n])]
        age = int(patients.age[n])
        person = Person("Patient/1", age=None if age < 0 else age)
        bare = Case(person, NOW, tuple(findings))
        return self.with_imaging(bare, patients, n) if imaging else bare

    def with_imaging(self, bare: Case, patients: Patients, n: int) -> Case:
        """The same case once the report of the patient's imaging was read."""
        grades = patients.grades[n].tolist()
        facts = [row[g] for row, g in zip(self._facts, grades, strict=True) if g != NOT_SEEN]
        return replace(bare, imaging=tuple(facts), studies=self._studies)


def fact(at: int, grade: int) -> ImagingFact:
    """What a report says of one root and side at a grade from 0 (free) to 3 (compressed)."""
    root, side = ROOT_SIDES[at]
    level = crossing_level(root)
    return ImagingFact(
        Kind.NERVE_ROOT,
        level=level.value if level else None,
        present=grade > 0,
        side=side,
        root=root,
        relation=RELATIONS[grade],
        reference=REPORT.reference,
    )


def ratios_at(age: int, model: Model) -> Floats:
    """What the model holds each grade of each root for at an age, as likelihood ratios."""
    return np.array(
        [[_ratio(at, g, age, model) for g in range(4)] for at in range(len(ROOT_SIDES))]
    )


def _ratio(at: int, grade: int, age: int, model: Model) -> float:
    case = Case(Person("Patient/1", age=age), NOW, (), (fact(at, grade),), (study(),))
    lines = [line for line in localise(case, model).ledger if line.kind == "imaging"]
    return float(np.exp(sum(line.for_root(ROOT_SIDES[at]) for line in lines)))
