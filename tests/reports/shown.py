"""A fact as a short line, so that expectations read like the report they were read from."""

from __future__ import annotations

from collections.abc import Iterable

from service.clinical.anatomy import Migration
from service.clinical.imaging import ImagingFact

_LONG = {
    "annular_fissure": "fissure",
    "facet_arthropathy": "facet",
    "ligamentum_flavum_thickening": "flavum",
    "canal_stenosis": "canal",
    "lateral_recess_stenosis": "recess",
    "foraminal_stenosis": "foramen",
    "stenosis_unspecified": "stenosis",
    "nerve_root": "root",
    "synovial_cyst": "cyst",
    "spondylolisthesis": "slip",
    "epidural_scar": "scar",
}


def lines(facts: Iterable[ImagingFact]) -> list[str]:
    """Every fact as ``no L4-L5 canal`` or ``L4-L5 protrusion left @foraminal``, both sides as one."""
    found: dict[str, set[str]] = {}
    for fact in facts:
        before, behind = _around(fact)
        found.setdefault(f"{before}|{behind}", set()).add(fact.side.value if fact.side else "")
    shown = []
    for key, sides in found.items():
        before, behind = key.split("|")
        if {"left", "right"} <= sides:
            sides = (sides - {"left", "right"}) | {"both"}
        shown += [" ".join(part for part in (before, side, behind) if part) for side in sides]
    return sorted(shown)


def _around(fact: ImagingFact) -> tuple[str, str]:
    before = [
        "maybe" if fact.possible else "",
        "" if fact.present else "no",
        "gone" if fact.time == "resolved_or_prior" else "",
        fact.level or "nowhere",
        _LONG.get(fact.kind.value, fact.kind.value),
    ]
    behind = [
        fact.severity or "",
        fact.role or "",
        fact.root or "",
        fact.relation or "",
        " ".join(f"@{zone}" for zone in fact.zones),
        f"^{fact.migration}" if fact.migration is not Migration.NONE else "",
        f"[{fact.detail}]" if fact.detail else "",
    ]
    return (" ".join(p for p in before if p), " ".join(p for p in behind if p))
