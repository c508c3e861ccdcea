"""The corridor against a real FHIR server and a real ledger."""

import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

import pytest

from service import workflow
from service.clinical.coding import PROJECT_BASE
from service.errors import NotUnderstood, PeerRefused
from service.fhir.client import FhirClient
from service.jobs.event import Event, EventKind
from service.jobs.ledger import Ledger
from service.jobs.store import Store
from service.knowledge.files import load_model, read_contents
from service.reports.phrases import Phrases, phrases_from
from service.settings import Peer
from tests.fhir_server import FhirServer, fake_server

server = pytest.mark.server
Json = dict[str, Any]
WRITTEN = ("Condition", "RiskAssessment", "ClinicalImpression", "CarePlan", "Task", "Provenance")


@cache
def the_phrases() -> Phrases:
    return phrases_from(tomllib.loads(read_contents()["reports/phrases.toml"]))


@cache
def the_model() -> Any:
    return load_model()


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'lasegue.db'}")
    yield Ledger(store)
    store.close()


@pytest.fixture
def client(fhir_server: FhirServer) -> FhirClient:
    return FhirClient(fhir_server.peer())


@pytest.fixture
def patient(fhir_server: FhirServer) -> str:
    return fhir_server.patient(birthDate="1979-05-01")


def own(system: str, code: str) -> Json:
    return {"coding": [{"system": f"{PROJECT_BASE}/CodeSystem/{system}", "code": code}]}


def finding(patient: str, code: str, presence: str = "present", **elements: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": f"o-{uuid4()}",
        "status": "final",
        "code": own("finding", code),
        "subject": {"reference": patient},
        "effectiveDateTime": "2026-11-20T09:00:00Z",
        "bodySite": {"coding": [{"system": "http://snomed.info/sct", "code": "7771000"}]},
        "valueCodeableConcept": own("presence", presence),
        **elements,
    }


def left_l5(patient: str) -> list[Json]:
    return [
        finding(patient, "weakness-great-toe-extension"),
        finding(patient, "weakness-ankle-dorsiflexion"),
        finding(patient, "reduced-achilles-reflex", "absent"),
    ]


def event(*focus: str, **elements: Any) -> Event:
    values: Json = {
        "peer": "ward",
        "kind": EventKind.RESOURCE,
        "identity": str(uuid4()),
        "occurred": datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
        "focus": focus,
    }
    return Event(**{**values, **elements})


def evaluate(client: FhirClient, ledger: Ledger, patient: str, *events: Event) -> str:
    return workflow.evaluate(
        "ward",
        patient,
        events or (event(patient, identity="the same"),),
        client=client,
        model=the_model(),
        phrases=the_phrases(),
        ledger=ledger,
    )


def ours(server: FhirServer, patient: str, kind: str) -> list[Json]:
    """What this service wrote of one type for one patient."""
    found = server.get(f"{kind}?patient={patient}&_count=100").get("entry", [])
    resources = [entry["resource"] for entry in found]
    mine = [r for r in resources if r["id"].startswith("lasegue-")]
    return [r for r in mine if f'"{patient}"' in json.dumps(r)]


def named(server: FhirServer, patient: str) -> list[str]:
    """The codes of the radiculopathies that stand."""
    standing = [
        c
        for c in ours(server, patient, "Condition")
        if c.get("verificationStatus", {}).get("coding", [{}])[0].get("code") != "entered-in-error"
    ]
    return [
        coding["code"]
        for c in standing
        for coding in c["code"]["coding"]
        if coding["system"].endswith("/radiculopathy")
    ]


@server
def test_findings_on_the_server_become_drafts_on_the_server(
    client: FhirClient, fhir_server: FhirServer, ledger: Ledger, patient: str
) -> None:
    stored = [fhir_server.put(resource) for resource in left_l5(patient)]
    receipt = evaluate(client, ledger, patient)
    assert receipt.endswith(" written")
    assert "radiculopathy-l5-left" in named(fhir_server, patient)
    assert {r["status"] for r in ours(fhir_server, patient, "CarePlan")} == {"draft"}
    known = ledger.known("ward", patient)
    assert {reference.split("/")[0] for reference in known} >= set(WRITTEN)
    provenance = next(reference for reference in known if reference.startswith("Provenance/"))
    sources = json.dumps(fhir_server.get(provenance)["entity"])
    assert all(f"Observation/{r['id']}/_history/1" in sources for r in stored)


@server
def test_the_same_sources_announced_again_write_nothing(
    client: FhirClient, fhir_server: FhirServer, ledger: Ledger, patient: str
) -> None:
    for resource in left_l5(patient):
        fhir_server.put(resource)
    evaluate(client, ledger, patient)
    again = evaluate(client, ledger, patient)
    assert again.endswith(" unchanged")
    versions = {fhir_server.versions(reference) for reference in ledger.known("ward", patient)}
    assert versions == {1}


@server
def test_a_death_between_writing_and_noting_changes_nothing(
    client: FhirClient, fhir_server: FhirServer, ledger: Ledger, patient: str
) -> None:
    for resource in left_l5(patient):
        fhir_server.put(resource)
    evaluate(client, ledger, patient)
    written = list(ledger.known("ward", patient))
    ledger.forget("ward", patient, written)
    assert evaluate(client, ledger, patient).endswith(" unchanged")
    assert {fhir_server.versions(reference) for reference in written} == {1}


@server
def test_an_edit_is_kept_and_a_person_is_told_once(
    client: FhirClient, fhir_server: FhirServer, ledger: Ledger, patient: str
) -> None:
    for resource in left_l5(patient):
        fhir_server.put(resource)
    evaluate(client, ledger, patient)
    (plan,) = ours(fhir_server, patient, "CarePlan")
    edited = fhir_server.put(plan | {"status": "active"})
    fhir_server.put(finding(patient, "paraesthesia-dermatome-l5"))
    receipt = evaluate(client, ledger, patient)
    assert "1 edited by somebody and kept" in receipt
    assert fhir_server.get(f"CarePlan/{plan['id']}") == edited
    (task,) = told_of_edits(fhir_server, patient)
    assert task["focus"]["reference"] == f"CarePlan/{plan['id']}/_history/2"
    assert (task["status"], task["for"]["reference"]) == ("requested", patient)
    assert evaluate(client, ledger, patient).endswith("kept")
    assert told_of_edits(fhir_server, patient) == [task]


def told_of_edits(server: FhirServer, patient: str) -> list[Json]:
    codes = [(t, t["code"]["coding"][0]["code"]) for t in ours(server, patient, "Task")]
    return [task for task, code in codes if code == "edit-kept"]


@server
def test_a_person_may_close_the_task_about_an_edit(
    client: FhirClient, fhir_server: FhirServer, ledger: Ledger, patient: str
) -> None:
    for resource in left_l5(patient):
        fhir_server.put(resource)
    evaluate(client, ledger, patient)
    (plan,) = ours(fhir_server, patient, "CarePlan")
    fhir_server.put(plan | {"status": "active"})
    fhir_server.put(finding(patient, "paraesthesia-dermatome-l5"))
    evaluate(client, ledger, patient)
    (task,) = told_of_edits(fhir_server, patient)
    done = fhir_server.put(task | {"status": "completed"})
    evaluate(client, ledger, patient)
    assert told_of_edits(fhir_server, patient) == [done]


@server
def test_drafts_are_withdrawn_when_their_sources_turn_out_to_be_errors(
    client: FhirClient, fhir_server: FhirServer, ledger: Ledger, patient: str
) -> None:
    stored = [fhir_server.put(resource) for resource in left_l5(patient)]
    evaluate(client, ledger, patient)
    for resource in stored:
        fhir_server.put(resource | {"status": "entered-in-error"})
    receipt = evaluate(client, ledger, patient)
    assert receipt.startswith("nothing to assess: ")
    assert named(fhir_server, patient) == []
    assert {p["status"] for p in ours(fhir_server, patient, "CarePlan")} == {"revoked"}


@server
def test_a_deleted_source_is_no_longer_believed(
    client: FhirClient, fhir_server: FhirServer, ledger: Ledger, patient: str
) -> None:
    stored = [fhir_server.put(resource) for resource in left_l5(patient)]
    evaluate(client, ledger, patient)
    for resource in stored:
        fhir_server.delete(f"Observation/{resource['id']}")
    gone = event(f"Observation/{stored[0]['id']}", kind=EventKind.DELETE)
    assert workflow.patients_of(gone, client) == (patient,)
    evaluate(client, ledger, patient, gone)
    assert named(fhir_server, patient) == []


@server
def test_a_patient_without_anything_of_interest_gets_nothing(
    client: FhirClient, fhir_server: FhirServer, ledger: Ledger, patient: str
) -> None:
    assert evaluate(client, ledger, patient) == workflow.NOTHING
    assert ours(fhir_server, patient, "Task") == []


@server
def test_a_patient_whom_the_server_does_not_hold_gets_nothing(
    client: FhirClient, ledger: Ledger
) -> None:
    assert evaluate(client, ledger, f"Patient/{uuid4()}") == workflow.NOBODY


@server
def test_resources_of_a_bundle_add_to_what_the_server_holds(
    client: FhirClient, fhir_server: FhirServer, ledger: Ledger, patient: str
) -> None:
    fhir_server.put(finding(patient, "reduced-achilles-reflex", "absent"))
    stranger = finding("Patient/somebody-else", "weakness-knee-extension")
    entries = [{"resource": r} for r in (*left_l5(patient)[:2], stranger)]
    body = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    sent = event(kind=EventKind.BUNDLE, body=json.dumps(body).encode())
    assert workflow.patients_of(sent, client) == (patient, "Patient/somebody-else")
    evaluate(client, ledger, patient, sent)
    assert "radiculopathy-l5-left" in named(fhir_server, patient)
    (answer,) = ours(fhir_server, patient, "GuidanceResponse")
    assert stranger["id"] not in json.dumps(answer)


@server
def test_a_resource_in_a_bundle_replaces_what_the_server_holds(
    client: FhirClient, fhir_server: FhirServer, ledger: Ledger, patient: str
) -> None:
    stored = [fhir_server.put(resource) for resource in left_l5(patient)]
    meant = [{k: v for k, v in r.items() if k != "meta"} for r in stored]
    entries = [{"resource": r | {"status": "entered-in-error"}} for r in meant]
    body = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    sent = event(kind=EventKind.BUNDLE, body=json.dumps(body).encode())
    assert evaluate(client, ledger, patient, sent) == workflow.NOTHING


@server
def test_an_unnamed_event_is_about_those_who_changed_lately(
    client: FhirClient, fhir_server: FhirServer, patient: str
) -> None:
    stored = fhir_server.put(finding(patient, "weakness-knee-extension"))
    changed = datetime.fromisoformat(stored["meta"]["lastUpdated"])
    ping = event(kind=EventKind.EMPTY, occurred=changed + timedelta(minutes=1))
    assert patient in workflow.patients_of(ping, client)
    later = event(kind=EventKind.EMPTY, occurred=changed + timedelta(hours=1))
    assert patient not in workflow.patients_of(later, client)


@server
def test_a_resource_leads_to_the_patient_it_is_about(
    client: FhirClient, fhir_server: FhirServer, patient: str
) -> None:
    stored = fhir_server.put(finding(patient, "weakness-knee-extension"))
    place = f"Observation/{stored['id']}"
    assert workflow.patients_of(event(place), client) == (patient,)
    assert workflow.patients_of(event(f"{client.peer.base_url}/{place}"), client) == (patient,)
    assert workflow.patients_of(event(patient), client) == (patient,)


@server
def test_what_was_never_there_concerns_nobody(client: FhirClient) -> None:
    assert workflow.patients_of(event("Observation/never"), client) == ()


@pytest.mark.parametrize(("status", "raised"), [(404, False), (405, True)])
def test_a_deletion_that_cannot_be_looked_up_waits_for_a_person(status: int, raised: bool) -> None:
    with fake_server() as fake:
        fake.says(410).says(status)
        gone = event("Observation/1", kind=EventKind.DELETE)
        client = FhirClient(Peer("fake", fake.url))
        if raised:
            with pytest.raises(PeerRefused):
                workflow.patients_of(gone, client)
        else:
            assert workflow.patients_of(gone, client) == ()


NOBODY_ASKED = FhirClient(Peer("away", "http://127.0.0.1:1/fhir"))


def test_our_own_writing_concerns_nobody() -> None:
    mine = event("Condition/lasegue-1f", patient="Patient/1")
    assert workflow.patients_of(mine, NOBODY_ASKED) == ()


def test_a_type_that_is_never_read_concerns_nobody() -> None:
    seen = event("Appointment/1", patient="Patient/1")
    assert workflow.patients_of(seen, NOBODY_ASKED) == ()


def test_a_patient_that_the_payload_names_is_not_looked_up() -> None:
    said = event("Observation/1", patient="Patient/1")
    assert workflow.patients_of(said, NOBODY_ASKED) == ("Patient/1",)


def test_a_bundle_about_a_patient_without_an_id_waits_for_a_person() -> None:
    person = {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient"}}
    resource = {"resource": finding("urn:uuid:1", "weakness-knee-extension")}
    body = {"resourceType": "Bundle", "type": "transaction", "entry": [person, resource]}
    with pytest.raises(NotUnderstood):
        workflow.patients_of(
            event(kind=EventKind.BUNDLE, body=json.dumps(body).encode()), NOBODY_ASKED
        )


def test_nothing_is_withdrawn_when_the_server_hides_the_findings(ledger: Ledger) -> None:
    with fake_server() as fake:
        fake.says(200, b'{"resourceType":"Patient","id":"1"}').says(403)
        client = FhirClient(Peer("fake", fake.url))
        receipt = evaluate(client, ledger, "Patient/1")
    assert receipt.startswith("nothing to assess: the server did not give Observation")
    assert not [request for request in fake.got if request.method == "POST"]


def test_a_server_that_wants_a_category_with_observations_is_given_one(ledger: Ledger) -> None:
    nothing = b'{"resourceType":"Bundle","type":"searchset"}'
    with fake_server() as fake:
        fake.says(200, b'{"resourceType":"Patient","id":"1"}').says(400).says(200, nothing)
        evaluate(FhirClient(Peer("fake", fake.url)), ledger, "Patient/1")
    assert any("category=exam" in request.path for request in fake.got)


def bundle_of(*resources: Json) -> bytes:
    entries = [{"resource": resource} for resource in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def answer(body: bytes, **given: Any) -> Json:
    return workflow.assess_bundle(body, model=the_model(), phrases=the_phrases(), **given)


def test_a_body_is_assessed_without_a_server_and_twice_alike() -> None:
    body = bundle_of({"resourceType": "Patient", "id": "1"}, *left_l5("Patient/1"))
    written = answer(body)
    assert written["type"] == "transaction"
    assert json.dumps(written) == json.dumps(answer(body))
    conditions = [e["resource"] for e in written["entry"] if "Condition/" in e["request"]["url"]]
    assert "radiculopathy-l5-left" in json.dumps(conditions[0])


def test_a_body_is_judged_at_the_time_that_is_asked_for() -> None:
    body = bundle_of({"resourceType": "Patient", "id": "1"}, *left_l5("Patient/1"))
    at = datetime(2027, 1, 2, tzinfo=UTC)
    case, assessment = workflow.think(
        body, model=the_model(), phrases=the_phrases(), as_of=at, profile="UK"
    )
    assert case.as_of == at
    assert assessment.plan.profile == "UK"


def test_a_profile_that_does_not_exist_is_not_understood() -> None:
    with pytest.raises(NotUnderstood):
        answer(bundle_of(*left_l5("Patient/1")), profile="nowhere")


def test_our_own_drafts_in_a_body_are_no_evidence() -> None:
    body = bundle_of({"resourceType": "Patient", "id": "1"}, *left_l5("Patient/1"))
    drafts = [entry["resource"] for entry in answer(body)["entry"]]
    sources = [entry["resource"] for entry in json.loads(body)["entry"]]
    assert answer(bundle_of(*sources, *drafts)) == answer(body)
