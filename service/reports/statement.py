"""A fact while its report is read: as light as a tuple, since one is made for every guess."""

from __future__ import annotations

from typing import NamedTuple

from service.clinical.anatomy import Migration, Role, Root, Side, Zone
from service.clinical.imaging import Kind, Relation


class Statement(NamedTuple):
    """The beginning of an :class:`ImagingFact`: the same names, in the same order."""

    kind: Kind
    level: str | None = None
    present: bool = True
    possible: bool = False
    time: str = "current"
    zones: tuple[Zone, ...] = ()
    side: Side | None = None
    severity: str | None = None
    root: Root | None = None
    role: Role | None = None
    relation: Relation | None = None
    migration: Migration = Migration.NONE
    detail: str = ""
    span: tuple[int, int] = (0, 0)
    rule: str = ""
