"""The promises of durable work; every store must keep them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from service.errors import NotUnderstood, PeerUnavailable, PermanentError, StoreUnavailable
from service.jobs.engine import DurableJobs, now_utc
from service.jobs.event import Event, EventKind, key_for
from service.jobs.ledger import Entry, Written
from service.jobs.port import State
from tests.jobs.builders import MORNING, Recorder, an_event, some_jobs

Make = Callable[..., DurableJobs]


class JobsContract:
    """Inherited by one class for each store; a ``store_url`` fixture is all that differs."""

    @pytest.fixture
    def make(self, store_url: str) -> Iterator[Make]:
        made: list[DurableJobs] = []

        def build(**changes: object) -> DurableJobs:
            made.append(some_jobs(store_url, **changes))
            return made[-1]

        yield build
        for jobs in made:
            jobs.stop()

    def test_a_second_delivery_is_known_and_done_once(self, make: Make) -> None:
        jobs, recorder = make(), Recorder()
        assert jobs.put(an_event())
        assert not jobs.put(an_event())
        jobs.start(recorder.handlers)
        assert jobs.wait_until_idle(15)
        assert not jobs.put(an_event())
        assert jobs.wait_until_idle(5)
        assert recorder.rounds == [("Patient/1", ("Observation/1",))]
        view = jobs.status(key_for(an_event()))
        assert view is not None
        assert (view.state, view.attempts, view.receipt) == (State.DONE, 1, "1 events")

    def test_an_event_is_handed_on_exactly_as_it_came(self, make: Make) -> None:
        event = an_event(kind=EventKind.BUNDLE, body=b'{"a": "\xc3\xa9"}', focus=("A/1", "B/2"))
        seen: list[Event] = []
        jobs, recorder = make(), Recorder(fail=lambda _, events: seen.extend(events))
        jobs.put(event)
        jobs.start(recorder.handlers)
        assert jobs.wait_until_idle(15)
        assert seen == [event]

    def test_many_threads_may_put_at_once_and_one_of_each_pair_is_new(self, make: Make) -> None:
        jobs = make()
        answers: list[bool] = []

        def deliver(number: int) -> None:
            answers.append(jobs.put(an_event(number % 20)))

        threads = [threading.Thread(target=deliver, args=(n,)) for n in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [False] * 20 + [True] * 20
        assert jobs.count()[State.WAITING] == 20

    def test_events_of_one_patient_become_one_evaluation_oldest_first(self, make: Make) -> None:
        jobs, recorder = make(coalesce_seconds=0.4), Recorder()
        jobs.start(recorder.handlers)
        for number, after in ((1, 30), (2, 10), (3, 20)):
            jobs.put(an_event(number, after=after))
        jobs.put(an_event(4, "Patient/2"))
        assert jobs.wait_until_idle(15)
        assert sorted(recorder.rounds) == [
            ("Patient/1", ("Observation/2", "Observation/3", "Observation/1")),
            ("Patient/2", ("Observation/4",)),
        ]

    def test_an_event_that_arrives_during_its_patients_round_leads_to_another(
        self, make: Make
    ) -> None:
        jobs, recorder = make(), Recorder()
        recorder.may_end.clear()
        jobs.start(recorder.handlers)
        jobs.put(an_event(1))
        assert recorder.began.wait(15)
        jobs.put(an_event(2))
        time.sleep(0.4)
        assert recorder.rounds == []
        recorder.may_end.set()
        assert jobs.wait_until_idle(15)
        assert [foci for _, foci in recorder.rounds] == [("Observation/1",), ("Observation/2",)]

    def test_patients_are_evaluated_in_parallel_but_never_one_of_them_twice_at_once(
        self, make: Make
    ) -> None:
        jobs, recorder = make(workers=3), Recorder(seconds=0.1)
        jobs.start(recorder.handlers)
        for number in range(24):
            jobs.put(an_event(number, f"Patient/{number % 6}"))
            time.sleep(0.02)
        assert jobs.wait_until_idle(30)
        assert recorder.most_of_one == 1
        assert 2 <= recorder.most_of_all <= 3
        assert sum(len(foci) for _, foci in recorder.rounds) == 24

    def test_nothing_is_overlooked_that_comes_in_while_others_are_sorted(self, make: Make) -> None:
        working, serving = make(beat_seconds=60.0), make()
        recorder = Recorder()
        working.start(recorder.handlers)

        def deliver(inbox: DurableJobs, first: int) -> None:
            for number in range(first, first + 80):
                inbox.put(an_event(number, f"Patient/{number % 9}"))

        inboxes = [(working, 0), (working, 100), (serving, 200), (serving, 300)]
        threads = [threading.Thread(target=deliver, args=inbox) for inbox in inboxes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert working.wait_until_idle(120)
        foci = [focus for _, foci in recorder.rounds for focus in foci]
        assert len(foci) == len(set(foci)) == 320
        assert recorder.most_of_one == 1

    def test_an_event_may_concern_several_patients_or_none(self, make: Make) -> None:
        def both(event: Event) -> tuple[str, ...]:
            return () if event.focus == ("Observation/2",) else ("Patient/1", "Patient/2")

        jobs, recorder = make(), Recorder(sort=both)
        jobs.put(an_event(1, None))
        jobs.put(an_event(2, None))
        jobs.start(recorder.handlers)
        assert jobs.wait_until_idle(15)
        assert sorted(patient for patient, _ in recorder.rounds) == ["Patient/1", "Patient/2"]
        assert jobs.count()[State.DONE] == 2

    def test_a_server_that_comes_back_is_tried_again(self, make: Make) -> None:
        failures = iter([PeerUnavailable("away"), PeerUnavailable("away", retry_after=0.1), None])
        jobs, recorder = make(), Recorder(fail=lambda *_: _raise(next(failures)))
        jobs.put(an_event())
        jobs.start(recorder.handlers)
        assert jobs.wait_until_idle(20)
        view = jobs.status(key_for(an_event()))
        assert view is not None
        assert (view.state, view.attempts, view.reason) == (State.DONE, 3, "")

    def test_a_server_that_stays_away_leaves_a_dead_letter_with_its_reason(
        self, make: Make
    ) -> None:
        jobs = make(attempts=2)
        recorder = Recorder(fail=lambda *_: _raise(PeerUnavailable("the server is away")))
        jobs.put(an_event())
        jobs.start(recorder.handlers)
        assert jobs.wait_until_idle(20)
        (view,) = jobs.listing(State.DEAD)
        assert (view.attempts, view.reason) == (2, "timeout: the server is away")
        assert len(recorder.rounds) == 2

    def test_finding_the_patient_is_tried_again_and_then_given_up_too(self, make: Make) -> None:
        def away(event: Event) -> tuple[str, ...]:
            if event.focus == ("Observation/1",):
                raise PeerUnavailable("the server is away")
            return ("Patient/1",)

        jobs, recorder = make(attempts=2), Recorder(sort=away)
        for number in (1, 2, 3):
            jobs.put(an_event(number, None))
        jobs.start(recorder.handlers)
        assert jobs.wait_until_idle(20)
        (view,) = jobs.listing(State.DEAD)
        assert (view.key, view.attempts) == (key_for(an_event(1, None)), 2)
        assert jobs.count()[State.DONE] == 2

    def test_an_unexpected_error_is_told_by_its_class_and_not_by_its_words(
        self, make: Make
    ) -> None:
        jobs = make(attempts=1)
        recorder = Recorder(fail=lambda *_: _raise(ValueError("Mrs Example, born 1950")))
        jobs.put(an_event())
        jobs.start(recorder.handlers)
        assert jobs.wait_until_idle(15)
        (view,) = jobs.listing(State.DEAD)
        assert view.reason == "internal error: ValueError"

    def test_one_bad_event_does_not_take_its_neighbours_with_it(self, make: Make) -> None:
        def refuse(_: str, events: tuple[Event, ...]) -> None:
            if any(event.focus == ("Observation/2",) for event in events):
                raise NotUnderstood("this cannot be")

        jobs, recorder = make(coalesce_seconds=0.3), Recorder(fail=refuse)
        jobs.start(recorder.handlers)
        for number in (1, 2, 3):
            jobs.put(an_event(number))
        assert jobs.wait_until_idle(20)
        (dead,) = jobs.listing(State.DEAD)
        assert dead.key == key_for(an_event(2))
        assert dead.reason == "business-rule: this cannot be"
        assert jobs.count()[State.DONE] == 2

    def test_a_dead_event_can_be_replayed(self, make: Make) -> None:
        failures = iter([PermanentError("no"), None])
        jobs, recorder = make(), Recorder(fail=lambda *_: _raise(next(failures)))
        jobs.put(an_event())
        jobs.start(recorder.handlers)
        assert jobs.wait_until_idle(15)
        key = key_for(an_event())
        assert jobs.count()[State.DEAD] == 1
        assert jobs.replay(key)
        assert not jobs.replay(key)
        assert jobs.wait_until_idle(15)
        view = jobs.status(key)
        assert view is not None
        assert (view.state, view.attempts, view.reason) == (State.DONE, 1, "")

    def test_an_event_that_died_before_its_patient_was_known_can_be_replayed(
        self, make: Make
    ) -> None:
        answers = iter([PermanentError("no"), None])
        jobs = make()
        recorder = Recorder(sort=lambda _: _raise(next(answers)) or ("Patient/1",))
        jobs.put(an_event())
        jobs.start(recorder.handlers)
        assert jobs.wait_until_idle(15)
        assert jobs.replay(key_for(an_event()))
        assert jobs.wait_until_idle(15)
        assert jobs.count()[State.DONE] == 1

    def test_a_dead_event_can_be_discarded_and_nothing_else_can(self, make: Make) -> None:
        jobs, recorder = make(), Recorder(fail=lambda *_: _raise(PermanentError("no")))
        key = key_for(an_event())
        jobs.put(an_event())
        assert not jobs.discard(key)
        assert not jobs.discard("unheard-of")
        jobs.start(recorder.handlers)
        assert jobs.wait_until_idle(15)
        assert jobs.discard(key)
        assert not jobs.replay(key)
        assert jobs.count()[State.DISCARDED] == 1

    def test_what_waits_is_kept_when_the_process_stops(self, make: Make) -> None:
        first = make(coalesce_seconds=30.0)
        recorder = Recorder()
        first.start(recorder.handlers)
        first.put(an_event(1))
        time.sleep(0.3)
        first.stop()
        first.put(an_event(2, "Patient/2"))
        first.stop()
        assert recorder.rounds == []
        second = make()
        assert second.count()[State.WAITING] == 2
        second.start(recorder.handlers)
        second.put(an_event(3, "Patient/3"))
        _until(lambda: second.count()[State.DONE] == 2)
        assert {patient for patient, _ in recorder.rounds} == {"Patient/2", "Patient/3"}

    def test_what_runs_is_finished_before_the_process_stops(self, make: Make) -> None:
        jobs, recorder = make(), Recorder(seconds=0.5)
        jobs.put(an_event())
        jobs.start(recorder.handlers)
        assert recorder.began.wait(15)
        jobs.stop()
        assert jobs.count()[State.DONE] == 1

    def test_one_process_may_take_in_what_another_does(self, make: Make) -> None:
        serving, working, recorder = make(), make(), Recorder()
        working.start(recorder.handlers)
        assert serving.put(an_event())
        assert serving.wait_until_idle(15)
        assert len(recorder.rounds) == 1

    def test_work_whose_workflow_is_gone_is_begun_anew(self, make: Make) -> None:
        jobs, recorder = make(), Recorder()
        jobs.put(an_event())
        client = jobs._store.client
        client.delete_workflows([row.workflow_id for row in client.list_workflows()])
        jobs.start(recorder.handlers)
        assert jobs.wait_until_idle(15)
        assert len(recorder.rounds) == 1

    def test_a_lost_round_is_begun_anew(self, make: Make) -> None:
        jobs, recorder = make(coalesce_seconds=60.0), Recorder()
        jobs.start(recorder.handlers)
        jobs.put(an_event())
        client = jobs._store.client
        _until(lambda: bool(client.list_workflows(status="DELAYED")))
        client.delete_workflows([row.workflow_id for row in client.list_workflows()])
        assert jobs.wait_until_idle(15)
        assert len(recorder.rounds) == 1

    def test_finished_events_lose_their_bodies_and_dead_ones_keep_them(self, make: Make) -> None:
        def refuse(patient: str, _: tuple[Event, ...]) -> None:
            if patient == "Patient/2":
                raise PermanentError("no")

        jobs, recorder = make(), Recorder(fail=refuse)
        for number in (1, 2):
            jobs.put(an_event(number, f"Patient/{number}", body=b"{}"))
        jobs.start(recorder.handlers)
        assert jobs.wait_until_idle(15)
        _until(lambda: not jobs._store.client.list_workflows(status="PENDING"))
        assert jobs.prune(MORNING - timedelta(days=9000)) == 0
        assert jobs.prune(now_utc() + timedelta(minutes=1)) == 1
        assert jobs._store.client.list_workflows() == []
        assert not jobs.put(an_event(1, "Patient/1", body=b"{}"))
        assert jobs.replay(key_for(an_event(2)))
        assert jobs.wait_until_idle(15)
        assert jobs.count()[State.DEAD] == 1

    def test_the_newest_events_are_listed_first_and_no_more_than_asked_for(
        self, make: Make
    ) -> None:
        jobs = make(clock=lambda: MORNING)
        for number in (1, 2, 3):
            jobs.put(an_event(number))
        keys = [view.key for view in jobs.listing(limit=2)]
        assert keys == [key_for(an_event(3)), key_for(an_event(2))]
        assert jobs.listing(State.DEAD) == ()
        assert jobs.status("unheard-of") is None

    def test_the_ledger_remembers_the_last_write_to_each_place(self, make: Make) -> None:
        ledger = make().ledger

        def entry(reference: str, version: str) -> Entry:
            return Entry("Patient/1", reference, f"urn:{reference}", version, "d", ("k",), MORNING)

        ledger.record("clinic", [entry("Condition/1", "1"), entry("CarePlan/1", "1")])
        ledger.record("clinic", [entry("Condition/1", "2")])
        assert ledger.known("clinic", "Patient/1") == {
            "Condition/1": Written("2", "d", "urn:Condition/1", ("k",)),
            "CarePlan/1": Written("1", "d", "urn:CarePlan/1", ("k",)),
        }
        ledger.forget("clinic", "Patient/1", ["Condition/1"])
        assert list(ledger.known("clinic", "Patient/1")) == ["CarePlan/1"]
        assert ledger.known("other", "Patient/1") == {}

    def test_a_second_engine_in_one_process_is_refused(self, make: Make) -> None:
        one, two, recorder = make(), make(), Recorder()
        one.start(recorder.handlers)
        with pytest.raises(RuntimeError, match="already"):
            two.start(recorder.handlers)

    def test_an_event_is_not_accepted_when_it_cannot_be_stored(self, make: Make) -> None:
        jobs = make()
        with jobs._store.writing() as connection:
            connection.exec_driver_sql("DROP TABLE lasegue_event")
        with pytest.raises(StoreUnavailable):
            jobs.put(an_event())


def _raise(error: Exception | None) -> None:
    if error is not None:
        raise error


def _until(holds: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = datetime.now().astimezone() + timedelta(seconds=seconds)
    while not holds():
        assert datetime.now().astimezone() < deadline
        time.sleep(0.05)
