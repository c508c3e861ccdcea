import json
from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from service.errors import Conflict, PeerRefused, PeerUnavailable
from service.fhir.client import FhirClient
from service.fhir.transaction import Receipt, WrittenNow
from service.settings import Peer
from tests.fhir_server import FakeServer, FhirServer, fake_server

server = pytest.mark.server
Json = dict[str, Any]
_runs = count()


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with fake_server() as made:
        yield made


@pytest.fixture
def client(fhir_server: FhirServer) -> FhirClient:
    return FhirClient(fhir_server.peer())


@pytest.fixture
def patient(fhir_server: FhirServer) -> str:
    return fhir_server.patient()


def asking(fake: FakeServer, **settings: Any) -> FhirClient:
    return FhirClient(Peer("fake", f"{fake.url}/fhir", **settings))


def condition(patient: str, name: str, text: str = "radiculopathy") -> Json:
    return {
        "resourceType": "Condition",
        "id": f"lasegue-{name}",
        "meta": {"tag": [{"system": "https://lasegue.example/t", "code": "draft"}]},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"text": text},
        "subject": {"reference": patient},
    }


def plan_of(patient: str, name: str, condition_url: str) -> Json:
    return {
        "resourceType": "CarePlan",
        "id": f"lasegue-{name}",
        "status": "draft",
        "intent": "proposal",
        "subject": {"reference": patient},
        "addresses": [{"reference": condition_url}],
    }


def risk(patient: str, name: str, probability: float) -> Json:
    return {
        "resourceType": "RiskAssessment",
        "id": f"lasegue-{name}",
        "status": "final",
        "subject": {"reference": patient},
        "prediction": [{"outcome": {"text": "l5-left"}, "probabilityDecimal": probability}],
    }


def bundle(*resources: Json) -> Json:
    entries = [
        {
            "fullUrl": f"urn:uuid:{resource['id'].removeprefix('lasegue-')}",
            "resource": resource,
            "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"},
        }
        for resource in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def ledger(receipt: Receipt) -> dict[str, WrittenNow]:
    return {w.reference: w for w in receipt.written}


def observation(patient: str, **elements: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": f"o-{uuid4()}",
        "status": "final",
        "code": {"text": "reflex"},
        "subject": {"reference": patient},
        **elements,
    }


@server
def test_a_resource_is_read_as_the_bytes_the_server_sent(client: FhirClient, patient: str) -> None:
    assert json.loads(client.read(patient) or b"")["id"] == patient.split("/")[1]


@server
def test_what_is_absent_or_deleted_reads_as_nothing(
    client: FhirClient, fhir_server: FhirServer, patient: str
) -> None:
    fhir_server.delete(patient)
    assert client.read(patient) is None
    assert client.read("Patient/nobody") is None


@server
def test_a_search_follows_the_pages_to_their_end(
    client: FhirClient, fhir_server: FhirServer, patient: str
) -> None:
    stored = {fhir_server.put(observation(patient))["id"] for _ in range(5)}
    found = list(client.search(f"Observation?patient={patient}&_count=2"))
    assert len(found) == 5
    assert {json.loads(resource)["id"] for resource in found} == stored


@server
def test_a_warning_of_the_server_is_not_taken_for_a_resource(
    client: FhirClient, fhir_server: FhirServer, patient: str
) -> None:
    fhir_server.put(observation(patient))
    found = list(client.search(f"Observation?patient={patient}&invented=1"))
    assert [json.loads(resource)["resourceType"] for resource in found] == ["Observation"]


@server
def test_gathering_takes_each_resource_once_and_notes_the_type_that_is_refused(
    client: FhirClient, fhir_server: FhirServer, patient: str
) -> None:
    stored = fhir_server.put(observation(patient, category=[{"coding": [{"code": "exam"}]}]))
    same = f"Observation?patient={patient}&category=exam"
    queries = (f"Observation?patient={patient}", "Imagined?x=1", same)
    gathered = client.gather(patient, queries)
    references = [json.loads(r)["resourceType"] for r in gathered.resources]
    assert references == ["Patient", "Observation"]
    assert json.loads(gathered.resources[1])["id"] == stored["id"]
    assert gathered.refused == (("Imagined", "not-found"),)


@server
def test_a_second_commit_changes_nothing(
    client: FhirClient, fhir_server: FhirServer, patient: str
) -> None:
    first, second = str(uuid4()), str(uuid4())
    sent = bundle(
        condition(patient, first),
        plan_of(patient, second, f"urn:uuid:{first}"),
        risk(patient, f"r{first}", 0.50),
    )
    receipt = client.commit(sent, {})
    again = client.commit(sent, ledger(receipt))
    assert [w.version for w in receipt.written] == ["1", "1", "1"]
    assert again.written == ()
    assert len(again.unchanged) == 3
    assert fhir_server.versions(f"Condition/lasegue-{first}") == 1
    stored = fhir_server.get(f"CarePlan/lasegue-{second}")
    assert stored["addresses"] == [{"reference": f"Condition/lasegue-{first}"}]


@server
def test_a_commit_that_died_before_it_was_noted_finds_its_own_content(
    client: FhirClient, fhir_server: FhirServer, patient: str
) -> None:
    name = str(uuid4())
    client.commit(bundle(condition(patient, name)), {})
    again = client.commit(bundle(condition(patient, name)), {})
    assert again == Receipt(unchanged=(f"Condition/lasegue-{name}",))
    assert fhir_server.versions(f"Condition/lasegue-{name}") == 1


@server
def test_a_commit_that_died_before_it_was_noted_may_still_be_improved(
    client: FhirClient, fhir_server: FhirServer, patient: str
) -> None:
    name = str(uuid4())
    client.commit(bundle(condition(patient, name)), {})
    again = client.commit(bundle(condition(patient, name, "better")), {})
    assert [w.version for w in again.written] == ["2"]
    assert fhir_server.get(f"Condition/lasegue-{name}")["code"] == {"text": "better"}


@server
def test_only_what_differs_is_written_and_its_references_still_lead_somewhere(
    client: FhirClient, fhir_server: FhirServer, patient: str
) -> None:
    first, second = str(uuid4()), str(uuid4())
    cause = condition(patient, first)
    receipt = client.commit(bundle(cause, plan_of(patient, second, f"urn:uuid:{first}")), {})
    changed = plan_of(patient, second, f"urn:uuid:{first}") | {"title": "Next steps"}
    again = client.commit(bundle(cause, changed), ledger(receipt))
    assert [w.reference for w in again.written] == [f"CarePlan/lasegue-{second}"]
    assert again.unchanged == (f"Condition/lasegue-{first}",)
    assert fhir_server.versions(f"Condition/lasegue-{first}") == 1
    stored = fhir_server.get(f"CarePlan/lasegue-{second}")
    assert stored["addresses"] == [{"reference": f"Condition/lasegue-{first}"}]


@server
def test_an_edit_by_a_person_is_kept_and_named(
    client: FhirClient, fhir_server: FhirServer, patient: str
) -> None:
    name = str(uuid4())
    receipt = client.commit(bundle(condition(patient, name)), {})
    mine = fhir_server.get(f"Condition/lasegue-{name}")
    fhir_server.put(mine | {"note": [{"text": "I see it otherwise."}]})
    again = client.commit(bundle(condition(patient, name, "newer")), ledger(receipt))
    assert again == Receipt(edited=(f"Condition/lasegue-{name}/_history/2",))
    assert fhir_server.get(f"Condition/lasegue-{name}")["code"] == {"text": "radiculopathy"}


@server
def test_a_draft_that_a_person_deleted_does_not_come_back(
    client: FhirClient, fhir_server: FhirServer, patient: str
) -> None:
    name = str(uuid4())
    receipt = client.commit(bundle(condition(patient, name)), {})
    fhir_server.delete(f"Condition/lasegue-{name}")
    again = client.commit(bundle(condition(patient, name)), ledger(receipt))
    assert again.written == ()
    assert again.edited[0].startswith(f"Condition/lasegue-{name}")
    assert client.read(f"Condition/lasegue-{name}") is None


@server
def test_what_no_longer_holds_is_withdrawn_and_only_once(
    client: FhirClient, fhir_server: FhirServer, patient: str
) -> None:
    first, second = str(uuid4()), str(uuid4())
    sent = bundle(condition(patient, first), plan_of(patient, second, f"urn:uuid:{first}"))
    receipt = client.commit(sent, {})
    withdrawn = client.commit(bundle(), ledger(receipt))
    stored = fhir_server.get(f"Condition/lasegue-{first}")
    assert stored["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    assert "clinicalStatus" not in stored
    assert fhir_server.get(f"CarePlan/lasegue-{second}")["status"] == "revoked"
    assert client.commit(bundle(), ledger(withdrawn)).written == ()
    assert fhir_server.versions(f"Condition/lasegue-{first}") == 2


@server
def test_a_withdrawal_leaves_what_a_person_edited(
    client: FhirClient, fhir_server: FhirServer, patient: str
) -> None:
    name = str(uuid4())
    receipt = client.commit(bundle(condition(patient, name)), {})
    mine = fhir_server.get(f"Condition/lasegue-{name}")
    fhir_server.put(mine | {"verificationStatus": {"coding": [{"code": "confirmed"}]}})
    again = client.commit(bundle(), ledger(receipt))
    assert again == Receipt(edited=(f"Condition/lasegue-{name}/_history/2",))


@server
def test_what_was_withdrawn_comes_back_when_it_holds_again(
    client: FhirClient, fhir_server: FhirServer, patient: str
) -> None:
    name = str(uuid4())
    known = ledger(client.commit(bundle(condition(patient, name)), {}))
    known |= ledger(client.commit(bundle(), known))
    client.commit(bundle(condition(patient, name)), known)
    stored = fhir_server.get(f"Condition/lasegue-{name}")
    assert "verificationStatus" not in stored
    assert stored["clinicalStatus"]["coding"][0]["code"] == "active"


@server
def test_a_write_in_between_is_a_conflict_and_overwrites_nothing(
    client: FhirClient, fhir_server: FhirServer, patient: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = str(uuid4())
    known = ledger(client.commit(bundle(condition(patient, name)), {}))
    read = client._current

    def read_then_edited(wanted: tuple[str, ...]) -> Any:
        found = read(wanted)
        mine = fhir_server.get(f"Condition/lasegue-{name}")
        fhir_server.put(mine | {"note": [{"text": "just now"}]})
        return found

    monkeypatch.setattr(client, "_current", read_then_edited)
    with pytest.raises(Conflict):
        client.commit(bundle(condition(patient, name, "newer")), known)
    assert fhir_server.get(f"Condition/lasegue-{name}")["note"] == [{"text": "just now"}]


@server
def test_one_refused_entry_stops_the_whole_transaction(
    client: FhirClient, fhir_server: FhirServer, patient: str
) -> None:
    name = str(uuid4())
    broken = plan_of(patient, f"c{name}", f"urn:uuid:{name}") | {"invented": "Q. Patient"}
    with pytest.raises(PeerRefused) as caught:
        client.commit(bundle(condition(patient, name), broken), {})
    assert "Q. Patient" not in str(caught.value)
    assert client.read(f"Condition/lasegue-{name}") is None


def test_a_server_without_batches_is_read_one_by_one(fake: FakeServer) -> None:
    held = json.dumps(condition("Patient/1", "a") | {"meta": {"versionId": "4"}}).encode()
    fake.says(405).says(200, held).says(410).says(404)
    found = asking(fake)._current(("Condition/lasegue-a", "Flag/b", "Goal/c"))
    assert found["Condition/lasegue-a"].version == "4"
    assert (found["Flag/b"].gone, found["Goal/c"].gone) == (True, False)


def test_a_server_that_rewrites_what_it_stores_is_not_written_to_again(fake: FakeServer) -> None:
    ours = condition("Patient/1", "a")
    theirs = ours | {"meta": {"versionId": "7"}, "code": {"text": "RADICULOPATHY"}}
    entry = {"resource": theirs, "response": {"status": "200"}}
    fake.says(200, json.dumps({"resourceType": "Bundle", "entry": [entry]}).encode())
    from service.fhir.transaction import digest

    known = {"Condition/lasegue-a": WrittenNow("Condition/lasegue-a", "7", digest(ours))}
    receipt = asking(fake).commit(bundle(ours), known)
    assert receipt.unchanged == ("Condition/lasegue-a",)
    assert len(fake.got) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_that_is_away_is_asked_again_later(fake: FakeServer, status: int) -> None:
    with pytest.raises(PeerUnavailable):
        asking(fake.says(status)).read("Patient/1")


def test_the_wait_that_a_server_names_is_kept_up_to_an_hour(fake: FakeServer) -> None:
    fake.says(503, Retry_After="7").says(503, Retry_After="86400").says(503, Retry_After="soon")
    waits = []
    for _ in range(3):
        with pytest.raises(PeerUnavailable) as caught:
            asking(fake).read("Patient/1")
        waits.append(caught.value.retry_after)
    assert waits == [7.0, 3600.0, None]


def test_a_date_to_wait_for_is_measured_by_the_servers_own_clock(fake: FakeServer) -> None:
    fake.says(
        429,
        Date="Sun, 22 Nov 2026 10:00:00 GMT",
        Retry_After="Sun, 22 Nov 2026 10:01:30 GMT",
    )
    with pytest.raises(PeerUnavailable) as caught:
        asking(fake).read("Patient/1")
    assert caught.value.retry_after == 90.0


def test_a_server_that_does_not_answer_is_unavailable(fake: FakeServer) -> None:
    with pytest.raises(PeerUnavailable, match="Timeout"):
        asking(fake, timeout_seconds=0.1).read("Patient/1")


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(PeerUnavailable):
        FhirClient(Peer("gone", "http://127.0.0.1:1/fhir")).read("Patient/1")


def test_a_page_on_another_origin_is_refused_and_gets_no_header_of_ours(fake: FakeServer) -> None:
    with fake_server() as other:
        link = {"relation": "next", "url": f"{other.url}/fhir/Observation?page=2"}
        fake.says(200, json.dumps({"resourceType": "Bundle", "link": [link]}).encode())
        client = asking(fake, headers={"Authorization": "Bearer secret"})
        with pytest.raises(PeerRefused, match="another origin"):
            client.gather("Patient/1", ("Observation?patient=Patient/1",))
        assert other.got == []
    assert fake.got[0].headers["Authorization"] == "Bearer secret"
    assert fake.got[0].headers["User-Agent"].startswith("lasegue/")


def test_a_redirect_to_another_origin_is_not_followed(fake: FakeServer) -> None:
    with fake_server() as other:
        fake.says(302, Location=f"{other.url}/login")
        with pytest.raises(PeerRefused):
            asking(fake, headers={"X-Api-Key": "secret"}).read("Patient/1")
        assert other.got == []


def test_a_relative_page_is_found_beside_the_one_that_named_it(fake: FakeServer) -> None:
    first = {"resourceType": "Bundle", "link": [{"relation": "next", "url": "?page=2"}]}
    fake.says(200, json.dumps(first).encode()).says(200, b'{"resourceType":"Bundle"}')
    assert list(asking(fake).search("Observation?patient=1")) == []
    assert [request.path for request in fake.got] == [
        "/fhir/Observation?patient=1",
        "/fhir/Observation?page=2",
    ]


def test_pages_that_go_round_in_a_circle_end_in_an_error(fake: FakeServer) -> None:
    page = {"resourceType": "Bundle", "link": [{"relation": "next", "url": "Observation?a=1"}]}
    fake.says(200, json.dumps(page).encode())
    with pytest.raises(PeerRefused, match="do not end"):
        list(asking(fake).search("Observation?a=1"))


def outcome(*issues: Json) -> bytes:
    return json.dumps({"resourceType": "OperationOutcome", "issue": list(issues)}).encode()


def test_a_good_status_with_an_error_inside_is_an_error(fake: FakeServer) -> None:
    fake.says(200, outcome({"severity": "error", "code": "not-supported"}))
    with pytest.raises(PeerRefused, match="not-supported"):
        asking(fake).read("Patient/1")


def test_a_good_status_with_a_passing_error_inside_is_tried_again(fake: FakeServer) -> None:
    fake.says(200, outcome({"severity": "fatal", "code": "throttled"}))
    with pytest.raises(PeerUnavailable):
        asking(fake).read("Patient/1")


def test_a_refusal_names_code_and_element_but_none_of_the_servers_words(fake: FakeServer) -> None:
    issue = {
        "severity": "error",
        "code": "value",
        "diagnostics": "Jane Roe, born 1970-01-01, has no such code",
        "expression": ["Condition.code", "Patient.name.where(family = 'Roe')"],
    }
    with pytest.raises(PeerRefused) as caught:
        asking(fake.says(422, outcome(issue))).read("Patient/1")
    assert caught.value.code == "value"
    assert caught.value.expression == "Condition.code"
    assert "Condition.code" in str(caught.value)
    assert "Roe" not in str(caught.value)


@pytest.mark.parametrize("status", [409, 412, 428])
def test_somebody_elses_write_is_a_conflict(fake: FakeServer, status: int) -> None:
    with pytest.raises(Conflict):
        asking(fake.says(status)).update({"resourceType": "Task", "id": "1"})


def test_a_login_that_fails_ends_the_gathering(fake: FakeServer) -> None:
    fake.says(200, b'{"resourceType":"Patient","id":"1"}').says(401)
    with pytest.raises(PeerRefused):
        asking(fake).gather("Patient/1", ("Observation?patient=Patient/1",))


@pytest.mark.parametrize(
    ("body", "error"),
    [(b"<html>", PeerUnavailable), (b"[]", PeerRefused), (b'{"resourceType":"X"}', PeerRefused)],
)
def test_an_answer_that_is_no_bundle_is_an_error(
    fake: FakeServer, body: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        list(asking(fake.says(200, body)).search("Observation?a=1"))


def test_too_few_answers_to_a_transaction_are_an_error(fake: FakeServer) -> None:
    fake.says(200, b'{"resourceType":"Bundle"}')
    with pytest.raises(PeerRefused, match="0 answers to 1 entries"):
        asking(fake)._transact({"type": "transaction"}, [("Condition/1", "d")])
