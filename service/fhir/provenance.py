"""Provenance: which versions were read, by what software and knowledge, and that a machine wrote it."""

from __future__ import annotations

from collections.abc import Sequence

from service.fhir.canonical import KNOWLEDGE, Json, code_system, hl7, identifier_system
from service.fhir.draft import Draft, Written
from service.fhir.elements import AUTHOR, concept
from service.fhir.pruning import SharedList, shared

DEVICE = "lasegue"


def provenance(draft: Draft, written: Sequence[Written]) -> Written:
    """One Provenance for everything that is written together."""
    answer = draft.assessment
    body = {
        "contained": [_device(draft)],
        "target": [w.identity.reference for w in written],
        "occurredDateTime": draft.when,
        "recorded": draft.when,
        "policy": [f"{KNOWLEDGE}|{answer.digest}"],
        "activity": concept(hl7("v3-DataOperation", "CREATE", "create")),
        "agent": [
            {
                "type": concept(hl7("provenance-participant-type", "assembler", "Assembler")),
                "who": {"reference": f"#{DEVICE}", "type": "Device", "display": _name(draft)},
            }
        ],
        "entity": _entities(draft),
    }
    lines = [
        f"Knowledge edition {answer.edition}, digest {answer.digest}",
        f"{len(draft.sources)} records read, {len(written)} drafts written",
    ]
    who = draft.identity("Provenance", "provenance")
    return draft.write(who, body, f"Assembled by {_name(draft)}", lines)


def _name(draft: Draft) -> str:
    return " ".join(filter(None, ("Lasegue", draft.software)))


def _device(draft: Draft) -> Json:
    """The software with its version and the edition of its knowledge."""
    versions = {"software": draft.software, "knowledge": draft.assessment.edition}
    return {
        "resourceType": "Device",
        "id": DEVICE,
        "identifier": [AUTHOR["identifier"]],
        "deviceName": [{"name": "Lasegue", "type": "user-friendly-name"}],
        "version": [
            {"type": concept(text=what), "value": version}
            for what, version in versions.items()
            if version
        ],
    }


def _entities(draft: Draft) -> SharedList:
    """The versions read, then the knowledge and the population they were judged by."""
    answer = draft.assessment
    read = [{"role": "source", "what": what} for what in draft.read]
    knowledge = {
        "identifier": {"system": identifier_system("knowledge"), "value": answer.digest},
        "display": f"Knowledge edition {answer.edition}",
    }
    population = {
        "identifier": {"system": code_system("population"), "value": answer.population or "mixed"},
        "display": "Population that the probabilities are for",
    }
    judged = [shared(role="source", what=what) for what in (knowledge, population)]
    return SharedList([*read, *judged])
