"""``lasegue replay``: what could not be processed, and what to do with it."""

from __future__ import annotations

import argparse

from service.cli.screen import Exit, complain
from service.cli.words import Commands, command, settings_of
from service.jobs.port import Jobs, JobView, State

_EXAMPLES = """\
  lasegue replay --list              what is dead, and why
  lasegue replay --show KEY          one event, without patient data
  lasegue replay KEY KEY             let these events wait again
  lasegue replay --all               let every dead event wait again
  lasegue replay --discard KEY       give one up for good

A replayed event is worked on by the running service, or by the next one.
"""
_MANY = 10_000


def add(commands: Commands) -> None:
    """Add the command."""
    words = "list dead events, and replay or discard them"
    made = command(commands, "replay", words, run, _EXAMPLES)
    made.add_argument("keys", nargs="*", metavar="KEY", help="the events to replay")
    one = made.add_mutually_exclusive_group()
    one.add_argument("--list", action="store_true", help="list what is dead")
    one.add_argument("--all", action="store_true", help="replay everything that is dead")
    one.add_argument("--show", metavar="KEY", help="show one event")
    one.add_argument("--discard", metavar="KEY", help="give up one dead event for good")


def run(given: argparse.Namespace) -> int:
    """Do what was asked for; without a word, list."""
    from service import wiring

    jobs = wiring.jobs(settings_of(given))
    try:
        return _run(jobs, given)
    finally:
        jobs.stop()


def _run(jobs: Jobs, given: argparse.Namespace) -> int:
    if given.show:
        return _show(jobs, given.show)
    if given.discard:
        return _each(jobs.discard(given.discard), given.discard, "discarded")
    if given.all:
        return _replay(jobs, [view.key for view in jobs.listing(State.DEAD, _MANY)])
    return _replay(jobs, given.keys) if given.keys else _list(jobs)


def _list(jobs: Jobs) -> int:
    counts = jobs.count()
    print("  ".join(f"{state}: {counts.get(state, 0)}" for state in State))
    for view in jobs.listing(State.DEAD, _MANY):
        print(f"{view.key}  {view.peer}  {view.kind}  attempts {view.attempts}  {view.reason}")
    return Exit.OK


def _show(jobs: Jobs, key: str) -> int:
    view = jobs.status(key)
    if view is None:
        complain(f"{key}: no such event")
        return Exit.FAILED
    print(_described(view))
    return Exit.OK


def _described(view: JobView) -> str:
    rows = {
        "key": view.key,
        "peer": view.peer,
        "kind": view.kind,
        "state": view.state,
        "attempts": view.attempts,
        "occurred": view.occurred.isoformat(),
        "updated": view.updated.isoformat(),
        "patient": view.patient or "not known yet",
        "reason": view.reason or "none",
    }
    return "\n".join(f"{name:<9} {value}" for name, value in rows.items())


def _replay(jobs: Jobs, keys: list[str]) -> int:
    results = [_each(jobs.replay(key), key, "waits again") for key in keys]
    return max(results, default=Exit.OK)


def _each(done: bool, key: str, word: str) -> int:
    if done:
        print(f"{key}: {word}")
        return Exit.OK
    complain(f"{key}: not a dead event")
    return Exit.FAILED
