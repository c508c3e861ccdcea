"""One JSON object a line: an event's name and plain fields, never a sentence and never a patient.

Ids are hashed by the caller with :func:`hashed`; bodies, names and messages of exceptions are never
logged. Third parties are heard from ``WARNING`` on, and only by their fixed text: a message that was
composed may hold anything.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

NAME = "lasegue"

Field = str | int | float | bool | None

_FIELDS = "lasegue_fields"
_logger = logging.getLogger(NAME)
_salt = b""


def configure(stream: TextIO | None = None, level: str = "INFO", salt: str = "") -> None:
    """Send every log line of this process to ``stream`` (standard error by default) as JSON.

    ``salt`` makes hashed ids of this installation differ from those of any other.
    """
    global _salt
    _salt = salt.encode()
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    _logger.setLevel(level.upper())


def note(event: str, /, *, level: int = logging.INFO, **fields: Field) -> None:
    """Log one event: a kebab-case name and plain fields without patient data."""
    _logger.log(level, event, extra={_FIELDS: fields})


def failed(event: str, error: BaseException, /, **fields: Field) -> None:
    """Log a failure by the type of its exception and the place it came from, not by its message."""
    note(event, level=logging.ERROR, error=type(error).__name__, at=_place(error), **fields)


def hashed(value: str) -> str:
    """A short stand-in for an id such as ``Patient/1``: the same id gives the same twelve letters."""
    return hmac.new(_salt, value.encode(), hashlib.sha256).hexdigest()[:12]


class JsonLines(logging.Formatter):
    """Writes a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, without a line break in it."""
        line: dict[str, Field] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": NAME,
        }
        ours = getattr(record, _FIELDS, None)
        line.update({"event": record.msg, **ours} if ours is not None else _foreign(record))
        return json.dumps(line, ensure_ascii=False)


def _foreign(record: logging.LogRecord) -> dict[str, Field]:
    line: dict[str, Field] = {"event": "third-party", "logger": record.name}
    if record.args and isinstance(record.msg, str):
        line["template"] = record.msg
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    return line


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
