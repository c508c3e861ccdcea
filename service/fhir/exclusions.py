"""ICD-10-CM's Excludes1 notes and retired parents, as far as this service's codes touch them.

Read from the tabular list of April 2026. Two codes under an Excludes1 note never stand side by side
for one person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

EXCLUDES1: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "M54.1": ("M51.1", "M47.2"),
        "M54.3": ("M51.1", "M51.361", "M51.371", "G57.0", "M54.4"),
        "M54.4": ("M51.1", "M51.362", "M51.372"),
        "M51.2": ("M51.1",),
    }
)
"""The more general category, and the beginnings of the codes it may not stand beside.

The last line is this service's own: a displaced disc that is coded with radiculopathy is not coded
a second time without.
"""

NOT_BILLABLE = frozenset({"M51.36", "M51.37", "M48.06", "M51.07", "M54.1", "M54.3", "M54.4"})
"""Codes that were split or do not exist."""


def clashes(codes: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The pairs that an Excludes1 note forbids, the general code first, in order."""
    every = sorted(set(codes))
    return tuple(
        (general, special)
        for general in every
        for special in every
        if any(
            general.startswith(start) and special.startswith(barred)
            for start, barred in EXCLUDES1.items()
        )
    )


def dropped(codes: Iterable[str]) -> frozenset[str]:
    """The general codes to leave out, so that no pair clashes."""
    return frozenset(general for general, _ in clashes(codes))
