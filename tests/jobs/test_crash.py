"""Processes are killed in the middle of things; every accepted event is done all the same."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from service.jobs.event import key_for
from service.jobs.port import State
from tests.jobs.builders import an_event, some_jobs, sqlite_url
from tests.jobs.postgres import fresh_database

ROOT = Path(__file__).parents[2]
PATIENTS = [f"Patient/{kind}-{n}" for kind in ("before", "after", "lost") for n in (1, 2)]
PATIENTS += [f"Patient/well-{n}" for n in range(6)]

Names = Callable[[int], str]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield sqlite_url(tmp_path)
    else:
        with fresh_database() as url:
            yield url


def child(*arguments: str | Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-W", "error", "-m", "tests.jobs.crash_child"]
    return subprocess.Popen([*command, *map(str, arguments)], cwd=ROOT)


def worker(
    store_url: str, folder: Path, name: str = "one", *, beat: float = 0.1, attempts: int = 8
) -> subprocess.Popen[bytes]:
    return child("work", store_url, name, folder, str(beat), str(attempts))


def accept(store_url: str, patients: list[str]) -> set[str]:
    jobs = some_jobs(store_url)
    events = [an_event(number, patient) for number, patient in enumerate(patients)]
    for event in events:
        jobs.put(event)
    jobs.stop()
    return {key_for(event) for event in events}


@pytest.mark.parametrize("names", [lambda _: "one", lambda n: f"number-{n}"], ids=["same", "new"])
def test_work_survives_kill_9_under_the_same_name_and_under_another(
    store_url: str, tmp_path: Path, names: Names
) -> None:
    accepted = accept(store_url, PATIENTS)
    kills = 0
    for turn in range(len(PATIENTS)):
        code = worker(store_url, tmp_path, names(turn)).wait(timeout=90)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        kills += 1
    assert kills >= 2, "nothing was killed, so nothing was shown"
    assert len(list(tmp_path.glob("killed-*"))) == 6
    done = Counter((tmp_path / "effects").read_text().split())
    assert set(done) == accepted
    jobs = some_jobs(store_url)
    assert jobs.count()[State.DONE] == len(accepted)
    jobs.stop()


@pytest.mark.parametrize("moment", ["before", "lost"])
def test_an_event_that_kills_every_process_is_given_up_and_takes_no_other_with_it(
    store_url: str, tmp_path: Path, moment: str
) -> None:
    accepted = accept(store_url, ["Patient/well-1", f"Patient/{moment}-1", "Patient/well-2"])
    poison = key_for(an_event(1, f"Patient/{moment}-1"))
    for _ in range(7):
        if worker(store_url, tmp_path, attempts=3).wait(timeout=90) == 0:
            break
        (tmp_path / f"killed-{moment}-1").unlink()
    jobs = some_jobs(store_url)
    (dead,) = jobs.listing(State.DEAD)
    jobs.stop()
    assert dead.key == poison
    assert dead.reason.startswith("exception: the process ended")
    assert set((tmp_path / "effects").read_text().split()) == accepted - {poison}


def test_whatever_was_accepted_before_a_kill_is_done(store_url: str, tmp_path: Path) -> None:
    some_jobs(store_url).stop()
    for milliseconds in (100, 250):
        intake = child("put", store_url, tmp_path)
        accepted = tmp_path / "accepted"
        before = accepted.stat().st_size if accepted.exists() else 0
        while not (accepted.exists() and accepted.stat().st_size > before):
            assert intake.poll() is None
            time.sleep(0.01)
        time.sleep(milliseconds / 1000)
        intake.kill()
        assert intake.wait(timeout=30) == -signal.SIGKILL
    assert worker(store_url, tmp_path).wait(timeout=120) == 0
    keys = set(accepted.read_text().split())
    assert len(keys) > 20
    assert keys <= set((tmp_path / "effects").read_text().split())


def test_two_processes_of_one_name_share_the_work_and_never_a_patient(
    store_url: str, tmp_path: Path
) -> None:
    accepted = accept(store_url, [f"Patient/well-{n % 5}" for n in range(20)])
    workers = [worker(store_url, tmp_path, beat=5.0) for _ in range(2)]
    jobs = some_jobs(store_url)
    for number in range(100, 160):
        event = an_event(number, f"Patient/well-{number % 5}")
        jobs.put(event)
        accepted.add(key_for(event))
        time.sleep(0.02)
    assert [worker.wait(timeout=90) for worker in workers] == [0, 0]
    if not jobs.wait_until_idle(0):  # both left in a moment in which nothing waited yet
        assert worker(store_url, tmp_path, beat=5.0).wait(timeout=90) == 0
    assert jobs.wait_until_idle(0)
    jobs.stop()
    done = Counter((tmp_path / "effects").read_text().split())
    assert set(done) == accepted
    assert set(done.values()) == {1}
    lines = [line.split() for line in (tmp_path / "rounds").read_text().splitlines()]
    for patient in {line[0] for line in lines}:
        own = sorted((float(line[1]), float(line[2])) for line in lines if line[0] == patient)
        assert all(first[1] <= second[0] for first, second in pairwise(own))
