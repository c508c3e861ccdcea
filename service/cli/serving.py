"""``lasegue serve`` and ``lasegue work``: the service itself."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from service import log
from service.cli.screen import Exit
from service.cli.words import Commands, command, settings_of
from service.settings import Settings, SettingsError, version
from service.worker import stop_signal, working

if TYPE_CHECKING:
    from service.app import Server
    from service.wiring import Rooms

LOOK_SECONDS = 0.5
"""How often a waiting main thread looks up: a signal that another thread got is seen only then."""

_SERVE = """\
  lasegue serve                                      doors and worker in one process
  lasegue serve --no-work                            doors only; lasegue work does the rest
  LASEGUE_PORT=8000 LASEGUE_API_TOKEN=... lasegue serve

SIGTERM and SIGINT stop it cleanly: no new requests, running work is finished, what waits is kept.
"""
_WORK = """\
  lasegue work                                       on PostgreSQL, on as many machines as you like,
                                                     each with its own LASEGUE_EXECUTOR
"""


def add(commands: Commands) -> None:
    """Add both commands."""
    made = command(commands, "serve", "take notifications, assess and write back", serve, _SERVE)
    made.add_argument("--no-work", action="store_true", help="answer at the doors only")
    command(commands, "work", "work on what waits, without doors", work, _WORK)


def serve(given: argparse.Namespace) -> int:
    """Answer at the doors until a signal; with a worker beside them unless told otherwise."""
    from service import wiring

    settings = _begin(given)
    rooms = wiring.open_rooms(settings)
    server = _listening(rooms, settings)
    with stop_signal() as stop:
        work = nullcontext() if given.no_work else working(rooms.jobs, wiring.handlers(rooms))
        with work:
            log.note("serving", host=settings.host, port=server.port, work=not given.no_work)
            print(f"lasegue: doors at {settings.host}:{server.port}, see /docs", file=sys.stderr)
            server.run(stop)
    return Exit.OK


def work(given: argparse.Namespace) -> int:
    """Work until a signal."""
    from service import wiring

    rooms = wiring.open_rooms(_begin(given))
    with stop_signal() as stop, working(rooms.jobs, wiring.handlers(rooms)):
        while not stop.wait(LOOK_SECONDS):
            pass
    return Exit.OK


def _begin(given: argparse.Namespace) -> Settings:
    settings = settings_of(given)
    log.configure(level=settings.log_level, salt=settings.log_salt)
    log.note("starting", version=version(), peers=len(settings.peers))
    return settings


def _listening(rooms: Rooms, settings: Settings) -> Server:
    from service import wiring
    from service.app import Server

    try:
        return Server(wiring.web_app(rooms), settings)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise SettingsError(f"cannot listen at {where}: {error.strerror}") from error
