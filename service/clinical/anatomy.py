"""Lumbosacral anatomy: which root leaves where, and what a lesion at a place can press on.

A root numbered N leaves under the pedicle of its own vertebra: through the foramen of disc N/N+1,
having crossed disc N-1/N as the traversing root. Source: lumbar disc nomenclature 2.0 (Fardon 2014).
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Root(StrEnum):
    """A lumbosacral nerve root, from above downwards."""

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    L4 = "L4"
    L5 = "L5"
    S1 = "S1"
    S2 = "S2"


class Side(StrEnum):
    """The side of the body. Bilateral disease is two sides, never a third one."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


BOTH = (Side.LEFT, Side.RIGHT)


class DiscLevel(StrEnum):
    """A disc space, named by the vertebrae above and below it."""

    L1_L2 = "L1-L2"
    L2_L3 = "L2-L3"
    L3_L4 = "L3-L4"
    L4_L5 = "L4-L5"
    L5_S1 = "L5-S1"


class Zone(StrEnum):
    """Where in the axial plane. Paracentral and lateral recess are read as subarticular."""

    CENTRAL = "central"
    SUBARTICULAR = "subarticular"
    FORAMINAL = "foraminal"
    EXTRAFORAMINAL = "extraforaminal"


class Migration(StrEnum):
    """Where a fragment went from its disc space."""

    NONE = "none"
    UP = "up"
    DOWN = "down"


class Role(StrEnum):
    """How a root meets a disc space."""

    EXITING = "exiting"
    TRAVERSING = "traversing"


class RootSide(NamedTuple):
    """One root on one side: the unit in which answers are given."""

    root: Root
    side: Side

    @property
    def code(self) -> str:
        """The project's code, such as ``l5-right``."""
        return f"{self.root.lower()}-{self.side}"

    def __str__(self) -> str:
        """The words a clinician reads, such as ``left L5``."""
        return f"{self.side} {self.root}"


_LEVELS = tuple(DiscLevel)
_ROOTS = tuple(Root)


def exiting_root(level: DiscLevel) -> Root:
    """The root that leaves through the foramen of this disc space: L4 at L4-L5."""
    return _ROOTS[_LEVELS.index(level)]


def traversing_root(level: DiscLevel) -> Root:
    """The root that crosses this disc space on its way down: L5 at L4-L5."""
    return _ROOTS[_LEVELS.index(level) + 1]


def foramen_of(root: Root) -> str:
    """The foramen through which a root leaves, and an injection reaches it: ``L5-S1`` for L5."""
    if root in (Root.S1, Root.S2):
        return f"{root} dorsal sacral"
    return _LEVELS[_ROOTS.index(root)].value


def crossing_level(root: Root) -> DiscLevel | None:
    """The disc space this root crosses as the traversing root; ``None`` for L1 and S2."""
    place = _ROOTS.index(root) - 1
    return _LEVELS[place] if 0 <= place < len(_LEVELS) else None


def places_of(root: Root) -> tuple[tuple[DiscLevel, Zone], ...]:
    """The places where a root can be pressed on: the recess it crosses, then the foramen it leaves by.

    Two lesions at the two places of one root meet the same root twice.
    """
    crossing, own = crossing_level(root), _ROOTS.index(root)
    recess = ((crossing, Zone.SUBARTICULAR),) if crossing else ()
    foramen = ((_LEVELS[own], Zone.FORAMINAL),) if own < len(_LEVELS) else ()
    return (*recess, *foramen)


def roots_of_slip(level: DiscLevel, *, isthmic: bool) -> tuple[Root, ...]:
    """The roots a forward slip can press on, the likeliest first.

    An isthmic slip narrows the foramen and meets the exiting root; a degenerative one narrows the
    recess first and the foramen later.
    """
    exiting, traversing = exiting_root(level), traversing_root(level)
    return (exiting,) if isthmic else (traversing, exiting)


def roots_at(
    level: DiscLevel, zone: Zone, migration: Migration = Migration.NONE
) -> tuple[Root, ...]:
    """The roots a lesion at this place can press on, the likeliest first.

    A central lesion can press on the traversing root of either side; a fragment that went up meets
    the exiting root, one that went down meets the traversing root and then the next below.
    """
    exiting, traversing = exiting_root(level), traversing_root(level)
    if zone in (Zone.FORAMINAL, Zone.EXTRAFORAMINAL):
        return (exiting,)
    if migration is Migration.UP:
        return (exiting, traversing)
    if migration is Migration.DOWN:
        below = _ROOTS.index(traversing) + 1
        return (traversing, *_ROOTS[below : below + 1])
    return (traversing,)
