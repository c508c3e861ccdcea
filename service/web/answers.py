"""What goes out: FHIR as JSON, always with the FHIR media type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response

MEDIA_TYPE = "application/fhir+json"
RECEIVED = b'{"resourceType":"Bundle","type":"transaction-response"}'
"""The one reply to a notification that every known sender takes as success."""


def fhir(
    resource: Mapping[str, Any] | bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A resource as a response."""
    body = resource if isinstance(resource, bytes) else encoded(resource)
    answer = Response(body, status, mimetype=MEDIA_TYPE)
    answer.headers.update(headers or {})
    return answer


def encoded(resource: Mapping[str, Any]) -> bytes:
    """A resource as it goes over the wire."""
    return orjson.dumps(resource)


def received() -> Response:
    """The answer to a notification that is now durable, or of no interest."""
    return fhir(RECEIVED)
