"""What a FHIR server's answer means to us: nothing wrong, or one of our errors.

Messages carry codes and element paths only: a server's own words may quote the patient.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime

import msgspec

from service.errors import Conflict, PeerRefused, PeerUnavailable

LONGEST_WAIT_SECONDS = 3600.0
_CONFLICTS = frozenset({409, 412, 428})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_PASSING_CODES = frozenset(
    {"transient", "lock-error", "no-store", "timeout", "incomplete", "throttled"}
)
_GOOD = range(200, 300)
_CODE_OF_STATUS = {401: "login", 403: "forbidden", 404: "not-found", 413: "too-long"}
_CODE = re.compile(r"[a-z][a-z-]{1,30}")
_PATH = re.compile(r"[A-Za-z][A-Za-z0-9_.\[\]]{0,120}")


class Issue(msgspec.Struct):
    """One issue of an OperationOutcome, without the server's words."""

    severity: str = ""
    code: str = ""
    expression: list[str] = []


class Outcome(msgspec.Struct, rename="camel"):
    """As much of any answer as tells whether it is an OperationOutcome with errors."""

    resource_type: str = ""
    issue: list[Issue] = []


def check(status: int, headers: Mapping[str, str], body: bytes, asked: str) -> None:
    """Raise the error that an answer stands for; do nothing when it is a good one.

    ``asked`` says what was asked for, such as ``search Observation``, without patient data.
    """
    if status in _CONFLICTS:
        raise Conflict(f"{asked}: somebody wrote in between (status {status})")
    if status in _PASSING:
        wait = retry_after(headers)
        raise PeerUnavailable(f"{asked}: the server answered {status}", retry_after=wait)
    issues = tuple(_errors(body))
    if status in _GOOD and not issues:
        return
    if status in _GOOD and _PASSING_CODES.intersection(issue.code for issue in issues):
        raise PeerUnavailable(f"{asked}: the server says that it cannot do it now")
    raise _refusal(status, issues, asked)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that the server asks us to wait, at most an hour; ``None`` where it names none.

    A date is measured against the answer's own ``Date``, so that no clock of ours is asked.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return min(float(text), LONGEST_WAIT_SECONDS)
    try:
        until = parsedate_to_datetime(text)
        wait = (until - parsedate_to_datetime(headers.get("Date", ""))).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(wait, 0.0), LONGEST_WAIT_SECONDS)


def _errors(body: bytes) -> Iterator[Issue]:
    """The errors of a body that is an OperationOutcome; none for any other body."""
    if b"OperationOutcome" not in body:
        return
    try:
        outcome = msgspec.json.decode(body, type=Outcome)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    if outcome.resource_type == "OperationOutcome":
        yield from (i for i in outcome.issue if i.severity in ("error", "fatal"))


def _refusal(status: int, issues: tuple[Issue, ...], asked: str) -> PeerRefused:
    code = next((i.code for i in issues if _CODE.fullmatch(i.code)), "processing")
    path = next((p for i in issues for p in i.expression if _PATH.fullmatch(p)), "")
    where = f" at {path}" if path else ""
    message = f"{asked}: the server refused it with status {status} ({code}{where})"
    error = PeerRefused(message, expression=path)
    error.code = _CODE_OF_STATUS.get(status, code)
    return error
