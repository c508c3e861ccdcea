"""The parts put together: a site's codes, the handlers of durable work, and the running service."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from service import wiring
from service.clinical.coding import Coding
from service.errors import KnowledgeError, StoreUnavailable, UnknownPeer
from service.jobs.event import Event, EventKind
from service.jobs.port import State
from service.settings import Peer, Settings
from service.web.assess import Wish
from tests.fhir_server import FhirServer
from tests.web.conftest import NOW, the_model

CASES = Path(__file__).parents[1] / "fixtures" / "cases"
STORIES = sorted(CASES.glob("*/bundle.json"))
SECRET = {"X-Lasegue-Secret": "s3cret"}


class TestSiteCodes:
    def peer(self, folder: Path, text: str) -> Peer:
        file = folder / "site.csv"
        file.write_text(text, "utf-8")
        return Peer("ward", "http://127.0.0.1:9/fhir", site_codes=str(file))

    def test_a_site_says_a_finding_in_its_own_code(self, tmp_path: Path) -> None:
        text = "# ours\nsystem,code,finding,side,remark\nurn:oid:1.2,AJ,reduced-achilles-reflex,left,x\n"
        known = wiring.model_for(self.peer(tmp_path, text), the_model())
        meaning = known.codes.findings.first([Coding("urn:oid:1.2", "AJ")])
        assert meaning is not None
        assert (meaning.finding, meaning.side) == ("reduced-achilles-reflex", "left")
        assert known.digest != the_model().digest

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ("urn:oid:1.2,AJ,no-such-finding,", "line 2: there is no finding"),
            ("urn:oid:1.2,AJ,reduced-achilles-reflex,up", "line 2"),
            ("urn:oid:1.2,,reduced-achilles-reflex,", "line 2"),
            ("{base}/CodeSystem/finding,fever,night-pain,", "means something else"),
        ],
    )
    def test_a_wrong_row_is_named(self, tmp_path: Path, row: str, said: str) -> None:
        peer = self.peer(tmp_path, f"system,code,finding,side\n{row}\n")
        with pytest.raises(KnowledgeError, match=said):
            wiring.model_for(peer, the_model())

    def test_a_file_that_is_not_there_is_named(self) -> None:
        peer = Peer("ward", "http://127.0.0.1:9/fhir", site_codes="no-such-file.csv")
        with pytest.raises(KnowledgeError, match="no-such-file"):
            wiring.model_for(peer, the_model())

    def test_without_a_file_the_knowledge_is_as_it_was(self) -> None:
        assert wiring.model_for(Peer("ward", "http://127.0.0.1:9"), the_model()) is the_model()


def test_wording_that_is_missing_is_broken_knowledge(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="phrases"):
        wiring.phrases(Settings(mappings_dir=str(tmp_path)))


def test_a_store_that_cannot_be_written_says_so() -> None:
    with pytest.raises(StoreUnavailable, match="nowhere"):
        wiring.probe(Settings(store="sqlite:////nowhere/at/all.db"))


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[wiring.Rooms]:
    peer = Peer("ward", "http://127.0.0.1:9/fhir", secrets=("s3cret",), timeout_seconds=1)
    settings = Settings(
        store=f"sqlite:///{tmp_path}/lasegue.db",
        peers={"ward": peer},
        default_peer="ward",
        coalesce_seconds=0.0,
        attempts=1,
    )
    opened = wiring.open_rooms(settings)
    yield opened
    opened.jobs.stop()


def test_what_is_loaded_is_out_of_the_rounds_of_the_garbage_collector(
    rooms: wiring.Rooms,
) -> None:
    assert not [thing for thing in gc.get_objects() if thing is rooms.mind.model.findings]
    assert gc.get_freeze_count() > 0


def test_a_notification_at_the_door_is_a_durable_event(rooms: wiring.Rooms) -> None:
    client = wiring.web_app(rooms).test_client()
    sent = {"resourceType": "Observation", "id": "1", "subject": {"reference": "Patient/1"}}
    for _ in range(2):
        assert client.post("/notifications/ward", json=sent, headers=SECRET).status_code == 200
    assert rooms.jobs.count()[State.WAITING] >= 1
    assert client.get("/readyz").status_code == 200
    view = rooms.jobs.listing()[0]
    assert (view.peer, view.kind, view.patient) == ("ward", EventKind.RESOURCE, "Patient/1")


def test_a_bundle_at_the_door_is_one_durable_event_however_often_it_comes(
    rooms: wiring.Rooms,
) -> None:
    client = wiring.web_app(rooms).test_client()
    for _ in range(2):
        answer = client.post("/fhir", data=STORIES[0].read_bytes(), content_type="application/json")
        assert answer.status_code == 200
    assert rooms.jobs.count()[State.WAITING] == 1


def test_what_the_door_assesses_is_what_the_command_prints(rooms: wiring.Rooms) -> None:
    client = wiring.web_app(rooms).test_client()
    body = STORIES[0].read_bytes()
    answer = client.post("/fhir/$assess", data=body, content_type="application/fhir+json")
    assert answer.status_code == 200
    assert answer.json == rooms.mind.assess(body, Wish())
    assert rooms.jobs.listing() == ()


def test_resources_of_another_patient_are_no_crash_and_are_not_mixed_in(
    rooms: wiring.Rooms,
) -> None:
    client = wiring.web_app(rooms).test_client()
    mixed = json.loads(STORIES[0].read_bytes())
    mixed["entry"] += json.loads(STORIES[1].read_bytes())["entry"]
    answer = client.post("/fhir/$assess", json=mixed)
    assert answer.status_code == 422
    assert answer.json["resourceType"] == "OperationOutcome"


def test_an_event_of_a_peer_that_is_gone_waits_for_a_person(rooms: wiring.Rooms) -> None:
    handlers = wiring.handlers(rooms)
    with pytest.raises(UnknownPeer):
        handlers.patients_of(Event("gone", EventKind.EMPTY, "1", NOW))


def test_the_application_for_another_server_takes_its_settings_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LASEGUE_STORE", f"sqlite:///{tmp_path}/lasegue.db")
    code = "from service.wiring import application as a; print(len(a().url_map._rules) > 5)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


@dataclass(frozen=True)
class Running:
    url: str
    process: subprocess.Popen[str]
    config: Path

    def until(self, wanted: dict[str, int], seconds: float = 40.0) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while True:
            events: dict[str, Any] = requests.get(f"{self.url}/readyz", timeout=5).json()["events"]
            if wanted.items() <= events.items() or time.monotonic() > deadline:
                return events
            time.sleep(0.2)

    def stop(self) -> tuple[int, str]:
        """End the service; all it said since it began to serve, read through the same buffer."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stderr is not None
        told = self.process.stderr.read()
        return self.process.wait(timeout=30), told


@contextmanager
def running(folder: Path, base: str, *words: str) -> Iterator[Running]:
    """``lasegue serve`` as an operator starts it, on a port of its own choice."""
    config = folder / "lasegue.toml"
    config.write_text(
        f'port = 0\nstore = "sqlite:///{folder}/lasegue.db"\ncoalesce_seconds = 0.2\nattempts = 2\n'
        f'log_level = "DEBUG"\n[peers.ward]\nbase_url = "{base}"\nsecrets = ["s3cret"]\n'
        "timeout_seconds = 5\n",
        "utf-8",
    )
    command = [sys.executable, "-m", "service", "--config", str(config), "serve", *words]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONWARNINGS": "default"}
    )
    try:
        assert process.stderr is not None
        started: list[str] = []
        for line in process.stderr:
            started.append(line)
            if '"event": "serving"' in line:
                yield Running(f"http://127.0.0.1:{json.loads(line)['port']}", process, config)
                return
        raise AssertionError("".join(started))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()


@pytest.mark.server
def test_the_service_takes_assesses_writes_back_and_stops_cleanly(
    tmp_path: Path, fhir_server: FhirServer
) -> None:
    patient = fhir_server.patient(birthDate="1980-02-03")
    with running(tmp_path, fhir_server.url) as service:
        for code in ("reduced-achilles-reflex", "straight-leg-raise-positive"):
            stored = fhir_server.put(_finding(patient, code))
            sent = requests.put(
                f"{service.url}/notifications/ward/Observation/{stored['id']}",
                json=stored,
                headers=SECRET,
                timeout=10,
            )
            assert sent.status_code == 200
        assert service.until({"done": 2, "waiting": 0, "running": 0})["done"] == 2
        plans = fhir_server.get(f"CarePlan?subject={patient}")
        assert plans["total"] == 1
        status, _ = service.stop()
    assert status == 0


def _finding(patient: str, code: str) -> dict[str, Any]:
    base = "https://lasegue.example/fhir/CodeSystem"
    return {
        "resourceType": "Observation",
        "id": f"{code[:20]}-{patient.removeprefix('Patient/')[:30]}",
        "status": "final",
        "subject": {"reference": patient},
        "effectiveDateTime": "2026-02-01T10:00:00Z",
        "code": {"coding": [{"system": f"{base}/finding", "code": code}]},
        "bodySite": {"text": "left"},
        "valueCodeableConcept": {"coding": [{"system": f"{base}/presence", "code": "present"}]},
    }


def test_no_name_and_no_birth_date_of_a_story_reaches_a_log_line(tmp_path: Path) -> None:
    with running(tmp_path, "http://127.0.0.1:9/fhir") as service:
        for story in STORIES:
            body = story.read_bytes()
            for path in ("/fhir", "/fhir/$assess", "/notifications/ward"):
                requests.post(f"{service.url}{path}", body, headers=SECRET | JSON, timeout=30)
            requests.post(f"{service.url}/fhir", body[:-5], headers=JSON, timeout=10)
            for entry in json.loads(body)["entry"]:
                if entry["resource"]["resourceType"] == "Patient":
                    path = f"/notifications/ward/Patient/{entry['resource']['id']}"
                    requests.put(
                        f"{service.url}{path}", json=entry["resource"], headers=SECRET, timeout=10
                    )
        service.until({"waiting": 0, "running": 0}, 5)
        status, told = service.stop()
    assert status == 0
    assert "event-accepted" in told
    assert "request-refused" in told
    for line in told.splitlines():
        assert line.startswith(("{", "lasegue: "))
    for word in sorted(_persons()):
        assert word not in told.lower(), word


JSON = {"Content-Type": "application/fhir+json"}


def _persons() -> set[str]:
    words: set[str] = set()
    for story in STORIES:
        for entry in json.loads(story.read_bytes())["entry"]:
            person = entry["resource"]
            if person["resourceType"] == "Patient":
                words.add(person["birthDate"])
                for name in person["name"]:
                    words.update(word.lower() for word in (name["family"], *name["given"]))
    assert len(words) > len(STORIES)
    return words


def test_a_worker_without_doors_works_and_stops_cleanly(tmp_path: Path) -> None:
    config = tmp_path / "lasegue.toml"
    config.write_text(f'store = "sqlite:///{tmp_path}/lasegue.db"\n', "utf-8")
    command = [sys.executable, "-m", "service", "--config", str(config), "work"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert any("worker-started" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        try:
            _, told = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "worker-stopped" in told


def test_doors_without_a_worker_take_and_keep(tmp_path: Path) -> None:
    with running(tmp_path, "http://127.0.0.1:9/fhir", "--no-work") as service:
        body = STORIES[0].read_bytes()
        assert requests.post(f"{service.url}/fhir", body, headers=JSON, timeout=10).ok
        time.sleep(1)
        assert service.until({}, 0)["waiting"] == 1
        assert service.stop()[0] == 0
