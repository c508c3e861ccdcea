"""The anatomy by hand: which root a lesion at each place presses on first, and where roots leave."""

from __future__ import annotations

from itertools import product

from service.clinical.anatomy import (
    DiscLevel,
    Migration,
    Root,
    RootSide,
    Side,
    Zone,
    foramen_of,
    roots_at,
)
from service.clinical.imaging import ImagingFact, Kind
from service.clinical.lesions import seen_roots
from service.clinical.model import ImagingModel
from service.clinical.root_sets import modelled

#  level     leaves  crosses
TABLE = """
   L1-L2      L1      L2
   L2-L3      L2      L3
   L3-L4      L3      L4
   L4-L5      L4      L5
   L5-S1      L5      S1
"""
FORAMINA = {"L1": "L1-L2", "L2": "L2-L3", "L3": "L3-L4", "L4": "L4-L5", "L5": "L5-S1"}


def right_places(model: ImagingModel) -> tuple[int, int]:
    """How many places are mapped to the right root first, and how many there are."""
    right = total = 0
    for line in TABLE.split("\n")[1:-1]:
        level, leaves, crosses = line.split()
        for zone, side, migration in product(Zone, Side, Migration):
            lateral = zone in (Zone.FORAMINAL, Zone.EXTRAFORAMINAL)
            root = Root(leaves if lateral or migration is Migration.UP else crosses)
            fact = ImagingFact(
                Kind.EXTRUSION, DiscLevel(level), zones=(zone,), side=side, migration=migration
            )
            right += _is_first(root, fact, model)
            total += 1
    right += sum(foramen_of(Root(root)) == foramen for root, foramen in FORAMINA.items())
    return right, total + len(FORAMINA)


def _is_first(root: Root, fact: ImagingFact, model: ImagingModel) -> bool:
    """Whether an extrusion at this place is read to press on this root, and on none more."""
    grades = {s.root: s.grade for s in seen_roots((fact,), model)}
    shown = modelled(root)
    if shown is None or fact.side is None or fact.disc is None:
        return False
    most = grades.get(RootSide(shown, fact.side)) == max(grades.values())
    return most and roots_at(fact.disc, fact.zones[0], fact.migration)[0] is root
