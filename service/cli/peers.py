"""``lasegue subscribe`` and ``lasegue doctor``: the peers, and whether everything fits together."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from service.cli.screen import Exit, Progress, UsageError, complain
from service.cli.words import Commands, command, settings_of
from service.errors import LasegueError
from service.settings import Peer, Settings

_SUBSCRIBE = """\
  lasegue subscribe                  every peer of the configuration
  lasegue subscribe hospital         one peer

A second call changes nothing: Subscriptions that are there are kept, stopped ones are renewed.
"""
_DOCTOR = """\
  lasegue doctor                     prints lines that begin with ok, warn or fail; 1 if any fails
"""


def add(commands: Commands) -> None:
    """Add both commands."""
    words = "create or renew the Subscriptions by which peers notify us"
    made = command(commands, "subscribe", words, subscribe, _SUBSCRIBE)
    made.add_argument("peer", nargs="?", metavar="PEER", help="the name of one peer; default: all")
    words = "check settings, knowledge, store, peers and Subscriptions"
    command(commands, "doctor", words, doctor, _DOCTOR)


def subscribe(given: argparse.Namespace) -> int:
    """Declare the Subscriptions of one peer, or of all; one peer's trouble does not stop the others."""
    settings = settings_of(given)
    progress = Progress("peers asked")
    results = []
    for peer in _peers(settings, given.peer):
        results.append(_subscribe(peer, settings.url))
        progress.step()
    return Exit.OK if all(results) else Exit.FAILED


def _peers(settings: Settings, name: str | None) -> Iterable[Peer]:
    if name is None:
        if not settings.peers:
            raise UsageError("no peer is configured; add [peers.NAME] to the settings")
        return settings.peers.values()
    if name not in settings.peers:
        raise UsageError(
            f"no peer is called {name!r}; there is {', '.join(settings.peers) or 'none'}"
        )
    return (settings.peers[name],)


def _subscribe(peer: Peer, url: str) -> bool:
    from service import wiring
    from service.fhir.subscriptions import declare

    try:
        declared = declare(wiring.client(peer), peer, url)
    except LasegueError as error:
        complain(f"{peer.name}: {error}")
        return False
    for one in declared:
        print(
            f"{peer.name}  {one.outcome:<8} {one.status:<10} Subscription/{one.id}  {one.criteria}"
        )
    return all(one.status in ("active", "requested") for one in declared)


def doctor(given: argparse.Namespace) -> int:
    """Print what was looked at and whether it is well."""
    from service.cli.examination import Level, examine

    progress, worst = Progress("checks made"), Level.OK
    for level, what, sentence in examine(settings_of(given)):
        print(f"{level.name.lower():<4}  {what}: {sentence}", flush=True)
        progress.step()
        worst = max(worst, level)
    return Exit.FAILED if worst is Level.FAIL else Exit.OK
