"""The Flask application, and the server that runs it."""

from __future__ import annotations

import threading
import time
from typing import Any

from flask import Flask
from flask_smorest import Api
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask

from service.settings import Settings, version
from service.web import problems
from service.web.answers import MEDIA_TYPE, encoded
from service.web.meter import Meter

ABOUT = "Names the compressed lumbosacral nerve root, its side and the next step, as FHIR."
READ_AND_REFUSED = 4
"""Bodies up to so many times the limit are read to the end, so that their sender gets the refusal."""

_SLOW_CLIENT_SECONDS = 30
_LOOP_SECONDS = 0.2


def create_app(*blueprints: Any, max_body_bytes: int, meter: Meter) -> Flask:
    """The application with these doors, their description and their errors as OperationOutcome."""
    app = Flask("lasegue", static_folder=None)
    app.url_map.strict_slashes = False
    app.config.update(
        MAX_CONTENT_LENGTH=max_body_bytes,
        API_TITLE="Lasegue",
        API_VERSION=version(),
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX="/",
        API_SPEC_OPTIONS={
            "info": {"description": ABOUT},
            "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        },
    )
    api = FhirApi(app)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    problems.register(app, meter)
    return app


class FhirApi(Api):  # type: ignore[misc]
    """Describes the doors; errors are OperationOutcomes, and each door lists its own."""

    DEFAULT_ERROR_RESPONSE_NAME = None


class FhirErrorTask(ErrorTask):  # type: ignore[misc]
    """Answers what never reaches the application, such as a giant body, with an OperationOutcome."""

    def execute(self) -> None:
        """Write the answer, then close the connection."""
        error = self.request.error
        body = encoded(problems.outcome_for(error.code))
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", MEDIA_TYPE))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class FhirChannel(HTTPChannel):  # type: ignore[misc]
    """A connection whose errors are FHIR."""

    error_task_class = FhirErrorTask


class Server:
    """The doors on a socket, from construction on. ``port`` is the one in use, also for port 0."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._sockets: dict[int, Any] = {}
        create_server(
            app,
            map=self._sockets,
            host=settings.host,
            port=settings.port,
            threads=settings.threads,
            ident="lasegue",
            channel_timeout=_SLOW_CLIENT_SECONDS,
            max_request_body_size=settings.max_body_bytes * READ_AND_REFUSED,
        )
        self._doors = [d for d in self._sockets.values() if isinstance(d, BaseWSGIServer)]
        for door in self._doors:
            door.channel_class = FhirChannel
        self.port = int(self._doors[0].effective_port)

    def run(self, stop: threading.Event, drain_seconds: float = 10.0) -> None:
        """Serve until ``stop`` is set; then take no more, finish what is under way and return."""
        while not stop.is_set():
            self._turn()
        for door in self._doors:
            wasyncore.dispatcher.close(door)
        deadline = time.monotonic() + drain_seconds
        while self._busy() and time.monotonic() < deadline:
            self._turn()
        self._doors[0].task_dispatcher.shutdown()
        wasyncore.close_all(self._sockets)

    def _turn(self) -> None:
        wasyncore.loop(timeout=_LOOP_SECONDS, map=self._sockets, count=1)

    def _busy(self) -> bool:
        channels = [channel for door in self._doors for channel in door.active_channels.values()]
        return any(channel.requests or channel.total_outbufs_len for channel in channels)
