"""Every error as an OperationOutcome with the right status; nothing unexpected shows its message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from service import errors, log
from service.fhir.outcome import outcome
from service.web.answers import fhir
from service.web.auth import Forbidden
from service.web.meter import Meter

_STATUS: tuple[tuple[type[errors.LasegueError], int], ...] = (
    (errors.InvalidInput, 400),
    (Forbidden, 403),
    (errors.NotAllowed, 401),
    (errors.UnknownPeer, 404),
    (errors.TooLarge, 413),
    (errors.WrongType, 415),
    (errors.PermanentError, 422),
    (errors.Conflict, 409),
    (errors.RetryableError, 503),
)
_SENTENCES: Mapping[int, tuple[str, str]] = {
    400: ("structure", "The request is not well-formed."),
    404: ("not-found", "There is nothing at this address."),
    405: ("not-supported", "This address does not take this method."),
    406: ("not-supported", "Nothing here can be answered in the form that was asked for."),
    408: ("timeout", "The request did not arrive in time."),
    413: ("too-long", "The body is larger than this service takes."),
    414: ("too-long", "The address is too long."),
    415: ("not-supported", "The body is of a media type that this service does not take."),
    431: ("too-long", "The headers are larger than this service takes."),
}
_UNEXPECTED = (
    "exception",
    "Something went wrong here. It was logged; the request may be repeated.",
)
RETRY_AFTER_SECONDS = 5


class HttpProblem(errors.LasegueError):
    """A problem that HTTP knows and the error tree does not; ``code`` is a FHIR issue type."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def status_of(error: errors.LasegueError) -> int:
    """The HTTP status of an error of the tree."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem_for(status: int) -> HttpProblem:
    """The problem that stands for a bare HTTP status."""
    return HttpProblem(*_SENTENCES.get(status, _UNEXPECTED))


def outcome_for(status: int) -> dict[str, Any]:
    """The OperationOutcome that stands for a bare HTTP status."""
    return outcome(problem_for(status))


def register(app: Flask, meter: Meter) -> None:
    """Answer every error of ``app`` with an OperationOutcome and count it by status."""

    def refuse(error: errors.LasegueError, status: int, headers: Mapping[str, str]) -> Response:
        meter.refused(status)
        log.note("request-refused", status=status, code=error.code, method=request.method)
        return fhir(outcome(error), status, headers)

    def of_the_tree(error: errors.LasegueError) -> Response:
        status = status_of(error)
        if status >= 500:  # noqa: PLR2004 - the border of HTTP
            log.failed("request-failed", error)
        if status == 500:  # noqa: PLR2004
            return refuse(problem_for(500), 500, {})
        return refuse(error, status, _headers(error, status))

    def of_http(error: HTTPException) -> Response:
        status = error.code or 500
        headers = {n: v for n, v in error.get_headers() if n in ("Allow", "Retry-After")}
        return refuse(problem_for(status), status, headers)

    def unexpected(error: Exception) -> Response:
        log.failed("request-failed", error)
        return refuse(problem_for(500), 500, {})

    app.register_error_handler(errors.LasegueError, of_the_tree)
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(Exception, unexpected)


def _headers(error: errors.LasegueError, status: int) -> dict[str, str]:
    if status == 401:  # noqa: PLR2004
        return {"WWW-Authenticate": 'Bearer realm="lasegue"'}
    if isinstance(error, errors.RetryableError):
        return {"Retry-After": str(round(error.retry_after or RETRY_AFTER_SECONDS))}
    return {}
