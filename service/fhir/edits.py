"""Tasks for a person: somebody changed a draft of ours, and the change was left as it is."""

from __future__ import annotations

from collections.abc import Iterable

from service.fhir.canonical import Json, identifier_system, own
from service.fhir.elements import AUTHOR, concept, reference_to
from service.fhir.identity import identity
from service.fhir.pruning import pruned

ROLE = "edit-kept"
SYSTEM = identifier_system(ROLE)
_WORDS = "Look at a change that was kept"


def tasks_for(patient: str, edited: Iterable[str]) -> Json:
    """A transaction with one Task for each edited version; the same edits give the same bytes.

    ``edited`` are references with their versions; one without was deleted.
    """
    entries = [_entry(patient, reference) for reference in sorted(edited)]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _entry(patient: str, reference: str) -> Json:
    who = identity("Task", patient, "1", ROLE, reference)
    kind, deleted = reference.partition("/")[0], "/_history/" not in reference
    happened = "deleted" if deleted else "changed"
    task = {
        "resourceType": "Task",
        "id": who.id,
        "identifier": who.identifiers,
        "status": "requested",
        "intent": "proposal",
        "priority": "routine",
        "code": concept(own("task", ROLE, _WORDS), text=_WORDS),
        "description": f"Somebody {happened} a {kind} that Lasegue drafted. It was left so, although "
        "the newest assessment would say something else. Please look at both.",
        "focus": {"display": reference} if deleted else reference_to(reference),
        "for": reference_to(patient),
        "requester": AUTHOR,
    }
    return {"fullUrl": who.full_url, "resource": pruned(task), "request": who.request}
