"""FHIR's dates and instants as aware datetimes; what cannot be read is ``None``."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

LONGEST = 64
"""No time is written with more characters than this."""

_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2}))?")


def moment(text: str | None) -> datetime | None:
    """Read a FHIR date, dateTime or instant.

    A partial date means its first moment; a time without a zone is taken as UTC.
    """
    text = (text or "").strip()
    return _moment(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=4096)
def _moment(text: str) -> datetime | None:
    partial = _PARTIAL.fullmatch(text)
    try:
        if partial:
            return datetime(int(partial[1]), int(partial[2] or 1), 1, tzinfo=UTC)
        read = datetime.fromisoformat(text)
        read = read if read.tzinfo else read.replace(tzinfo=UTC)
        read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return read


def day(text: str | None) -> date | None:
    """Read the day of a FHIR date or dateTime, as it was written."""
    read = moment(text)
    return read.date() if read else None


def latest(*moments: datetime | None) -> datetime | None:
    """The latest of the moments that are known."""
    known = [m for m in moments if m is not None]
    return max(known) if known else None
