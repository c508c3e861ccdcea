"""Which units of the answer a place, or the name of a root, stands for: tables made once."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from service.clinical.anatomy import (
    BOTH,
    DiscLevel,
    Migration,
    Root,
    RootSide,
    Side,
    Zone,
    exiting_root,
    places_of,
    roots_at,
)
from service.clinical.model import MODEL_ROOTS
from service.clinical.root_sets import modelled

LATERAL = frozenset({Zone.FORAMINAL, Zone.EXTRAFORAMINAL})

PASSES = tuple(
    (root, places[0][0], places[1][0]) for root in MODEL_ROOTS if len(places := places_of(root)) > 1
)
"""The roots that pass a recess and a foramen of the lumbar spine, with the levels of both."""

_SIDES: dict[Side | None, tuple[Side, ...]] = {None: BOTH, **{side: (side,) for side in Side}}
"""A lesion whose side is not stated may be on either: it speaks for the root, not for a side."""

UNITS: Mapping[tuple[Root, Side | None], tuple[RootSide, ...]] = {
    (named, side): tuple([RootSide(root, at) for at in sides]) if (root := modelled(named)) else ()
    for named in Root
    for side, sides in _SIDES.items()
}
"""The units of the answer that a root and a side, or none, stand for."""

PRESSED: Mapping[tuple[str | None, Zone, Migration, Side | None], tuple[tuple[RootSide, ...], ...]]
PRESSED = {
    (level, zone, migration, side): tuple(
        [UNITS[root, side] for root in roots_at(level, zone, migration)]
    )
    for level, zone, migration, side in product(DiscLevel, Zone, Migration, _SIDES)
}
"""What a lesion at a place can press on, the likeliest first."""

EXITING: Mapping[str | None, Root] = {level: exiting_root(level) for level in DiscLevel}
