"""The error tree, split by what the caller should do next.

LasegueError
├── PermanentError        the same input will fail again: a person looks
│   ├── InvalidInput      not JSON, not FHIR, too deep (400)
│   ├── NotUnderstood     well-formed but impossible (422)
│   ├── TooLarge          over a limit (413)
│   ├── WrongType         media type not taken (415)
│   ├── NotAllowed        who may call (401, 403)
│   ├── UnknownPeer       no such peer is configured (404)
│   └── PeerRefused       a FHIR server refused what we sent, for good
├── RetryableError        the same input may succeed later
│   ├── PeerUnavailable   a FHIR server is away, or asked us to wait
│   ├── Conflict          someone wrote in between: read again, decide again
│   └── StoreUnavailable  nothing durable can be written (503)
└── KnowledgeError        mappings/ is broken: the service does not start
"""

from __future__ import annotations


class LasegueError(Exception):
    """Base of every error of this service. Messages never hold patient data.

    ``code`` is a FHIR issue type; ``expression`` is a FHIRPath to the element, where there is one.
    """

    code = "exception"

    def __init__(self, message: str, *, expression: str = "") -> None:
        super().__init__(message)
        self.expression = expression


class PermanentError(LasegueError):
    """The same input will fail again."""

    code = "processing"


class InvalidInput(PermanentError):
    """Not JSON, not XML, not FHIR, or nested too deep."""

    code = "structure"


class NotUnderstood(PermanentError):
    """Well-formed, but it cannot be acted on."""

    code = "business-rule"


class TooLarge(PermanentError):
    """Over a size limit."""

    code = "too-long"


class WrongType(PermanentError):
    """A media type that this service does not take."""

    code = "not-supported"


class NotAllowed(PermanentError):
    """The caller did not prove who it is."""

    code = "security"


class UnknownPeer(PermanentError):
    """No peer of this name is configured."""

    code = "not-found"


class PeerRefused(PermanentError):
    """A FHIR server refused what was sent; repeating it will not help."""

    code = "processing"


class RetryableError(LasegueError):
    """The same input may succeed later. ``retry_after`` is in seconds, when the peer named it."""

    code = "transient"

    def __init__(
        self, message: str, *, expression: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message, expression=expression)
        self.retry_after = retry_after


class PeerUnavailable(RetryableError):
    """A FHIR server is away or asked us to wait."""

    code = "timeout"


class Conflict(RetryableError):
    """Someone else wrote in between."""

    code = "conflict"


class StoreUnavailable(RetryableError):
    """Nothing durable can be written now."""

    code = "no-store"


class KnowledgeError(LasegueError):
    """The knowledge is broken. The message names file, row and rule."""

    code = "invariant"
