"""Taking in a body: its size, its media type and whether it is JSON, in this order."""

from __future__ import annotations

from typing import Any

import orjson
from flask import request

from service.errors import InvalidInput, WrongType


def read_body() -> bytes:
    """The body within the size limit of the application; a longer one is refused while it is read."""
    return request.get_data(cache=False)


def check_type(body: bytes) -> None:
    """Raise WrongType when a body was declared to be something other than JSON."""
    declared = request.mimetype
    if not body or not declared or "json" in declared.partition("/")[2]:
        return
    if "xml" in declared:
        raise WrongType("XML is not taken here; send application/fhir+json.")
    raise WrongType("Only JSON is taken here; send application/fhir+json.")


def read_json() -> tuple[bytes, Any]:
    """The body and the JSON in it; raises InvalidInput when there is none."""
    body = read_body()
    check_type(body)
    if not body:
        raise InvalidInput("The body is empty; a FHIR resource in JSON was expected.")
    return body, parsed(body)


def parsed(body: bytes) -> Any:
    """The JSON in a body; raises InvalidInput, without quoting it, when there is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(
            f"The body is not JSON (line {error.lineno}, column {error.colno})."
        ) from None
