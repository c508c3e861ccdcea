"""From a notification of a real FHIR server to drafts on it, and what happens when things go wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from service.demo.lasegue_server import LasegueServer
from service.fhir.client import FhirClient
from service.fhir.subscriptions import declare
from tests.e2e.hospital import HEADERS, notify, ours, resources, versions, wait_for, wire
from tests.fhir_server import FhirServer
from tests.spec.stories import FOLDER, stories

pytestmark = pytest.mark.server
STORY = "l5-left-foot-drop"


@pytest.fixture
def lasegue(fhir_server: FhirServer, tmp_path: Path) -> Iterator[LasegueServer]:
    with LasegueServer(tmp_path, fhir_server.url) as service:
        yield service


def load(server: FhirServer, story: str, suffix: str) -> tuple[str, list[dict]]:
    stored = [server.put(resource) for resource in resources(story, suffix)]
    return f"Patient/{stored[0]['id']}", stored


def test_what_a_server_announces_is_written_back_to_it_as_the_story_tells(fhir_server, lasegue):
    declared = declare(FhirClient(lasegue.peer), lasegue.peer, lasegue.url)
    try:
        patient, _ = load(fhir_server, STORY, "-announced")
        wait_for(lambda: "RiskAssessment" in str(ours(fhir_server, patient)) and lasegue.is_idle)
        told = next(s for s in stories() if s.folder == FOLDER / STORY)
        written = ours(fhir_server, patient)
        kinds = sorted(reference.partition("/")[0] for reference in written)
        assert kinds == sorted(e["resource"]["resourceType"] for e in told.writeback["entry"])
        (risk,) = (r for r in written.values() if r["resourceType"] == "RiskAssessment")
        first = risk["prediction"][0]
        assert first["outcome"]["coding"][0]["code"] == "l5-left"
        chance = told.assessment.localisation.probabilities[0][1]
        assert first["probabilityDecimal"] == pytest.approx(chance, abs=1e-4)
        texts = {r["code"]["text"] for r in written.values() if r["resourceType"] == "Condition"}
        assert "Left L5 radiculopathy due to L4-L5 disc herniation" in texts
    finally:
        for each in declared:
            fhir_server.delete(f"Subscription/{each.id}")


def test_the_same_notifications_twice_change_nothing(fhir_server, lasegue):
    patient, stored = load(fhir_server, STORY, "-twice")
    answers = [notify(lasegue, resource) for resource in stored]
    assert {a.status_code for a in answers} == {200}
    assert answers[0].json() == {"resourceType": "Bundle", "type": "transaction-response"}
    wait_for(lambda: lasegue.is_idle and ours(fhir_server, patient))
    before = versions(ours(fhir_server, patient))
    done = lasegue.readiness()["events"]["done"]
    for resource in stored:
        assert notify(lasegue, resource).status_code == 200
    requests.post(f"{lasegue.url}/notifications/demo", headers=HEADERS, timeout=10)
    wait_for(lambda: lasegue.is_idle and lasegue.readiness()["events"]["done"] > done)
    assert versions(ours(fhir_server, patient)) == before


def stores() -> list[object]:
    return ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


def store_url(kind: str, folder: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{folder}/lasegue.db"
    url = os.environ.get("POSTGRES_URL", "")
    if not url and os.environ.get("CI") != "true":
        pytest.skip("POSTGRES_URL is not set: the PostgreSQL store was NOT tested")
    assert url, "CI must start PostgreSQL and set POSTGRES_URL"
    return url


@pytest.mark.parametrize("kind", stores())
def test_a_service_killed_between_the_write_and_its_settlement_changes_nothing_when_it_returns(
    kind, fhir_server, tmp_path
):
    with wire(fhir_server) as watched:
        service = LasegueServer(tmp_path, watched.url, store_url(kind, tmp_path))
        patient, stored = load(fhir_server, STORY, f"-killed-{kind}")
        watched.after_commit = service.kill
        service.start()
        try:
            for resource in stored:
                assert notify(service, resource).status_code == 200
            wait_for(lambda: watched.commits == 1)
            wait_for(lambda: ours(fhir_server, patient))
            before = versions(ours(fhir_server, patient))
            watched.after_commit = None
            service.start()
            wait_for(lambda: service.is_idle)
        finally:
            service.stop()
    assert versions(ours(fhir_server, patient)) == before
    assert set(before.values()) == {"1"}


def test_a_service_killed_before_the_write_does_the_work_when_it_returns(fhir_server, tmp_path):
    service = LasegueServer(tmp_path, fhir_server.url)
    patient, stored = load(fhir_server, STORY, "-early")
    service.start()
    try:
        assert all(notify(service, resource).ok for resource in stored)
        service.kill()
        assert ours(fhir_server, patient) == {}
        service.start()
        wait_for(lambda: ours(fhir_server, patient) and service.is_idle)
    finally:
        service.stop()


def test_an_amended_report_replaces_what_was_written(fhir_server, lasegue):
    told = resources("l5-right-amended-report", "-amended")
    amended = told.pop()
    stored = [fhir_server.put(resource) for resource in told]
    patient = f"Patient/{stored[0]['id']}"
    notify(lasegue, stored[1])
    wait_for(lambda: lasegue.is_idle and ours(fhir_server, patient))
    first = {r["code"]["text"] for r in ours(fhir_server, patient).values() if "code" in r}
    notify(lasegue, fhir_server.put(amended))
    wanted = "Right L5 radiculopathy due to L4-L5 disc herniation"
    wait_for(lambda: wanted in str(ours(fhir_server, patient)) and lasegue.is_idle)
    assert wanted not in first


def test_no_name_or_birth_date_reaches_the_log(fhir_server, lasegue):
    patient, stored = load(fhir_server, "s1-left-ankle-jerk", "-quiet")
    for resource in stored:
        notify(lasegue, resource)
    wait_for(lambda: lasegue.is_idle and ours(fhir_server, patient))
    log = (lasegue.folder / "lasegue.log").read_text("utf-8")
    assert log
    assert not [word for word in ("Oakley", "Carmen", "1992-01-21") if word in log]
