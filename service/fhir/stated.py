"""Conditions that state what an examiner found, such as a foot drop on the right, as Observations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec

from service.errors import InvalidInput
from service.fhir import shapes
from service.fhir.coded import codes
from service.fhir.gathered import Gathered, Resource

REFUTED = "refuted"
_UNSURE = frozenset({"entered-in-error", "unconfirmed", "provisional", "differential"})
_OVER = frozenset({"inactive", "remission", "resolved"})
CONDITION = msgspec.json.Decoder(shapes.Condition)
_PROBLEM = shapes.Concept(coding=[shapes.Coding(code="problem")])


def stated(gathered: Gathered) -> Iterator[tuple[Resource, shapes.Observation]]:
    """Each certain, current Condition of others, read like an Observation at each of its sites.

    A refuted one is an absence; one that is over, in doubt or of this service says nothing.
    """
    for resource in gathered.of("Condition"):
        if resource.ours or resource.modified:
            continue
        with suppress(InvalidInput):
            condition = resource.read(CONDITION)
            said = codes(condition.verification_status)
            if not said & _UNSURE and not codes(condition.clinical_status) & _OVER:
                for site in condition.body_site or (None,):
                    yield resource, _observation(condition, site, present=REFUTED not in said)


def _observation(
    condition: shapes.Condition, site: shapes.Concept | None, *, present: bool
) -> shapes.Observation:
    return shapes.Observation(
        status="final",
        category=[_PROBLEM],
        code=condition.code,
        body_site=site,
        value_boolean=present,
        effective_date_time=condition.recorded_date or condition.onset_date_time,
    )
