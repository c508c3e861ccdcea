"""The corridor: gather, translate, think, translate, write. One straight line for every door."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from service.clinical.admitted import NoSuchChoice
from service.clinical.answer import Assessment
from service.clinical.assess import assess
from service.clinical.findings import Case, IssueKind, ReadingIssue
from service.clinical.model import Model
from service.errors import NotUnderstood, PeerRefused
from service.fhir import edits, search
from service.fhir.bundles import Entry, normal, parted, split
from service.fhir.client import FhirClient, Found
from service.fhir.elements import timestamp
from service.fhir.envelope import head_of
from service.fhir.identity import plan_of
from service.fhir.moments import latest, moment
from service.fhir.outgoing import check_outgoing
from service.fhir.reading import to_case
from service.fhir.subjects import about, entries_of, is_ours, patients_in
from service.fhir.transaction import Receipt
from service.fhir.writing import to_transaction
from service.jobs.event import Event, EventKind, key_for
from service.jobs.ledger import Entry as Row
from service.jobs.ledger import Written
from service.reports.phrases import Phrases
from service.settings import version

NOTHING = "nothing to assess"
NOBODY = "the server holds no such patient"
_LOOK_BACK = timedelta(minutes=10)

Json = dict[str, Any]
Note = Callable[[Receipt, Mapping[str, str]], None]


class Ledger(Protocol):
    """What was written where."""

    def known(self, peer: str, patient: str) -> Mapping[str, Written]:
        """What was last written for a patient, by ``Type/id``."""

    def record(self, peer: str, rows: Iterable[Row]) -> None:
        """Remember what was written."""


def patients_of(event: Event, client: FhirClient) -> tuple[str, ...]:
    """Whom an event concerns; nobody when it is about our own writing or a type we never read.

    Raises NotUnderstood for a Bundle about a patient whom the server cannot know, and what the
    client raises.
    """
    focus = tuple(r for r in map(normal, event.focus) if _is_read(r) and not is_ours(r))
    if event.focus and not focus:
        return ()
    if event.body is not None:
        return _known_to_server(patients_in(parted(event.body).entries))
    if event.patient is not None:
        return (normal(event.patient),)
    if focus:
        return patients_in(entry for reference in focus for entry in _last_seen(client, reference))
    return patients_in(_changed_lately(client, event.occurred))


def evaluate(
    peer: str,
    patient: str,
    events: tuple[Event, ...],
    *,
    client: FhirClient,
    model: Model,
    phrases: Phrases,
    ledger: Ledger,
) -> str:
    """Read, think and write for one patient; returns a receipt for people.

    The same sources give the same bytes, however often and in whatever order they are announced: the
    time is that of the newest source. Raises what the client, the reading and the ledger raise.
    """
    found = _gathered(client, patient)
    sources = _sources(found, events, patient)
    if patient not in patients_in(s for s in sources if s.type == "Patient"):
        return NOBODY
    as_of = _newest(sources, events)
    case = to_case(sources, model, patient=patient, as_of=as_of, phrases=phrases)
    case = replace(case, issues=(*case.issues, *_not_given(found)))
    bundle = _nothing()
    if _is_worth_assessing(case):
        assessment = _assessed(case, model, client.peer.population, client.peer.profile)
        event = key_for(events[-1])
        bundle = to_transaction(assessment, case, model, event=event, software=version())
        check_outgoing(bundle)
    elif found.refused:
        return f"{NOTHING}: the server did not give {', '.join(kind for kind, _ in found.refused)}"
    before = ledger.known(peer, patient)

    def note(receipt: Receipt, names: Mapping[str, str]) -> None:
        keys = tuple(map(key_for, events))
        ledger.record(peer, _rows(patient, receipt, names, keys, as_of))

    return _written(client, patient, bundle, before, note)


def think(
    body: bytes,
    *,
    model: Model,
    phrases: Phrases,
    profile: str = "default",
    population: str = "",
    as_of: datetime | None = None,
    max_depth: int = 100,
) -> tuple[Case, Assessment]:
    """What a body's resources of one person say, and what follows; nothing is read or written.

    The time is that of the Bundle, else of what is newest in it, unless ``as_of`` is given. Raises
    InvalidInput or NotUnderstood.
    """
    parts = split(body, max_depth=max_depth)
    sources = [entry for entry in parts.entries if not is_ours(entry.reference)]
    case = to_case(sources, model, as_of=as_of or parts.timestamp, phrases=phrases)
    case = replace(case, issues=(*parts.issues, *case.issues))
    return case, _assessed(case, model, population, profile)


def assess_bundle(
    body: bytes,
    *,
    model: Model,
    phrases: Phrases,
    profile: str = "default",
    population: str = "",
    as_of: datetime | None = None,
    max_depth: int = 100,
) -> Json:
    """The write-back Bundle for a body, as :func:`think` understands it; nothing is sent."""
    case, assessment = think(
        body,
        model=model,
        phrases=phrases,
        profile=profile,
        population=population,
        as_of=as_of,
        max_depth=max_depth,
    )
    bundle = to_transaction(assessment, case, model, software=version())
    check_outgoing(bundle)
    return bundle


def _assessed(case: Case, model: Model, population: str, profile: str) -> Assessment:
    try:
        return assess(case, model, population=population, profile=profile)
    except NoSuchChoice as error:
        raise NotUnderstood(str(error)) from error


def _is_worth_assessing(case: Case) -> bool:
    return bool(case.findings or case.imaging or case.studies or case.orders)


def _gathered(client: FhirClient, patient: str) -> Found:
    """Everything about the patient; Observations by category where a server wants it so."""
    found = client.gather(patient, search.plan(patient))
    if any(kind == "Observation" and code != "forbidden" for kind, code in found.refused):
        return client.gather(patient, search.plan_by_category(patient))
    return found


def _sources(found: Found, events: tuple[Event, ...], patient: str) -> list[Entry]:
    """What the server holds, and what came in bodies; of one resource, both, or the unversioned one.

    Which of two versions is the newer, the reading tells; a body without a version is taken as said
    now. Our own writing is never a source, nor is what a server found of somebody else.
    """
    bundles = [event.body for event in events if event.body and event.kind is EventKind.BUNDLE]
    bodies = [entry for body in bundles for entry in parted(body).entries]
    sent = [entry for entry in about(bodies, patient) if not is_ours(entry.reference)]
    said_now = {e.reference for e in sent if e.resource and not head_of(e.resource).meta.version_id}
    held = about(entries_of(found.resources), patient)
    kept = [e for e in held if e.reference not in said_now and not is_ours(e.reference)]
    return [*kept, *sent]


def _newest(sources: Iterable[Entry], events: tuple[Event, ...]) -> datetime:
    """When the newest source was written; bodies count as written when their event occurred."""
    written = (moment(head_of(s.resource).meta.last_updated) for s in sources if s.resource)
    sent = (event.occurred for event in events if event.kind is EventKind.BUNDLE)
    return latest(*written, *sent) or max(event.occurred for event in events)


def _not_given(found: Found) -> tuple[ReadingIssue, ...]:
    return tuple(
        ReadingIssue(IssueKind.NOT_READ, kind, f"The server did not give {kind}s ({code}).", kind)
        for kind, code in found.refused
    )


def _written(
    client: FhirClient, patient: str, bundle: Json, known: Mapping[str, Written], note: Note
) -> str:
    """Commit the drafts, then the Tasks about drafts that somebody changed; note each."""
    tasks = {r: w for r, w in known.items() if w.identifier.startswith(f"{edits.SYSTEM}|")}
    drafts = {r: w for r, w in known.items() if r not in tasks}
    names = {r: w.identifier for r, w in known.items()}
    done = client.commit(bundle, drafts)
    note(done, names | plan_of(bundle))
    asking = edits.tasks_for(patient, done.edited)
    asked = client.commit(asking, tasks)
    note(asked, names | plan_of(asking))
    return _words(bundle, done, asked)


def _rows(
    patient: str, receipt: Receipt, names: Mapping[str, str], keys: tuple[str, ...], at: datetime
) -> list[Row]:
    """What the ledger remembers; ``names`` are the identifiers by reference."""
    return [
        Row(patient, w.reference, names[w.reference], w.version, w.digest, keys, at)
        for w in receipt.written
    ]


def _words(bundle: Json, done: Receipt, asked: Receipt) -> str:
    """Such as ``3 written, 12 unchanged, 1 edit kept``."""
    counts = {
        "written": len(done.written) + len(asked.written),
        "unchanged": len(done.unchanged),
        "edited by somebody and kept": len(done.edited),
    }
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return said if bundle["entry"] else ": ".join(filter(None, (NOTHING, said)))


def _nothing() -> Json:
    return {"resourceType": "Bundle", "type": "transaction", "entry": []}


def _is_read(reference: str) -> bool:
    """Whether a reference leads to a type that assessments read."""
    kinds = {query.partition("?")[0] for query in search.plan("Patient/0")}
    return reference.partition("/")[0] in {"Patient", *kinds}


def _known_to_server(patients: tuple[str, ...]) -> tuple[str, ...]:
    if any(patient.startswith("urn:") for patient in patients):
        raise NotUnderstood(
            "a patient of this Bundle has no id on the server", expression="Patient"
        )
    return patients


def _last_seen(client: FhirClient, reference: str) -> list[Entry]:
    """The resource, or the version before it was deleted; nothing when it was never there."""
    now = client.read(reference)
    if now is not None:
        return entries_of([now])
    try:
        before = next(iter(client.search(f"{reference}/_history?_count=5")), None)
    except PeerRefused as error:
        if error.code == "not-found":
            return []
        raise
    return entries_of([before] if before else [])


def _changed_lately(client: FhirClient, occurred: datetime) -> Iterable[Entry]:
    """What changed shortly before something unnamed was announced."""
    since = timestamp((occurred - _LOOK_BACK).astimezone(UTC))
    for criteria in client.peer.criteria:
        joint = "&" if "=" in criteria else "" if criteria.endswith("?") else "?"
        query = f"{criteria}{joint}_lastUpdated=ge{since}&_count=200"
        yield from entries_of(client.search(query))
