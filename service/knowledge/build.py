"""From the pages that were read to the frozen model of the core."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from service.clinical.coding import PROJECT_BASE, CodeMap, Coding
from service.clinical.model import (
    CodedFinding,
    Codes,
    Combination,
    ImagingModel,
    Model,
    Priors,
    Variant,
)
from service.knowledge.code_tables import FAMILY, CodeRow
from service.knowledge.imaging_schemas import further_sources
from service.knowledge.pages import Entry, Pages

T = TypeVar("T")

FINDING_SYSTEM = f"{PROJECT_BASE}/CodeSystem/finding"
CONTEXT_SYSTEM = f"{PROJECT_BASE}/CodeSystem/context"
"""The project's own codes of context: ``<area>-<word>``, such as ``condition-cancer``."""


def model_of(pages: Pages, digest: str) -> Model:
    """Build the model; ``digest`` identifies the files it was read from."""
    return Model(
        edition=pages.edition["edition"],
        digest=digest,
        findings=_by(pages.findings, "id"),
        populations=_by(pages.populations, "id"),
        priors=_priors(pages.priors.value),
        combination=Combination(**{e.value["id"]: e.value["value"] for e in pages.combination}),
        imaging=_imaging(pages.imaging.value),
        red_flags=tuple(e.value for e in pages.red_flags),
        rivals=tuple(e.value for e in pages.rivals),
        rules=tuple(e.value for e in pages.rules),
        goals=tuple(e.value for e in pages.goals),
        actions=pages.vocabulary["actions"],
        profiles=pages.vocabulary["profiles"],
        citations=_by(pages.sources, "key"),
        codes=_codes(pages),
        discordances=_by(pages.discordances, "id"),
        progression=tuple(e.value for e in pages.progression),
    )


def _by(entries: Iterable[Entry[T]], key: str) -> Mapping[str, T]:
    return MappingProxyType({getattr(entry.value, key): entry.value for entry in entries})


def _priors(table: Mapping[str, Any]) -> Priors:
    bands = sorted(table["bands"], key=lambda band: int(band["starts"]))
    return Priors(
        roots_by_age=tuple((band["starts"], _to_one(band["roots"])) for band in bands),
        all_ages=_to_one(table["roots"]),
        two_roots=table["two_roots"],
        both_sides=table["both_sides"],
    )


def _to_one(chances: Mapping[Any, float]) -> Mapping[Any, float]:
    """The same chances without the rounding of print, so that they sum to one."""
    total = sum(chances.values())
    return MappingProxyType({root: chance / total for root, chance in chances.items()})


def _imaging(table: Mapping[str, Any]) -> ImagingModel:
    further = ("how", "rarity", "silent", "device", "scale", "variant")
    plain = {name: value for name, value in table.items() if name not in further}
    for name in ("kind_grade", "severity_grade", "relation_grade"):
        plain[name] = MappingProxyType(plain[name])
    steps = sorted(plain["age_discount"], key=lambda step: int(step["starts"]))
    plain["age_discount"] = tuple((step["starts"], step["factor"]) for step in steps)
    plain["grade_lr"] = tuple(plain["grade_lr"])
    rarity, silent = table["rarity"], table["silent"]
    return ImagingModel(
        **plain,
        scales=MappingProxyType(
            {n: MappingProxyType(s["grades"]) for n, s in table["scale"].items()}
        ),
        silent=MappingProxyType(_silent(silent)),
        silent_at=silent["reference"],
        rarity=MappingProxyType(rarity["roots"]),
        rarity_lateral=rarity["foraminal"],
        most=rarity["most"],
        device_base=table["device"]["base"],
        variants=MappingProxyType(_variants(table["variant"])),
        further_sources=tuple(dict.fromkeys(further_sources(table))),
    )


def _silent(table: Mapping[str, Any]) -> dict[str, tuple[tuple[int, float], ...]]:
    return {
        kind: tuple(zip(table["ages"], shares, strict=True))
        for kind, shares in table["percent"].items()
    }


def _variants(tables: Mapping[str, Any]) -> dict[str, Variant]:
    return {
        name: Variant(
            MappingProxyType({root: MappingProxyType(s) for root, s in table["reads"].items()}),
            table["counts"],
        )
        for name, table in tables.items()
    }


def _codes(pages: Pages) -> Codes:
    read = {table: _verified(rows) for table, rows in pages.codes.items()}
    sites = {name: _map(read["body-sites"], name) for name in ("side", "level", "root")}
    return Codes(
        findings=CodeMap(MappingProxyType(_own(pages) | _meanings(read["findings"]))),
        context=_context(read["context"]),
        sides=sites["side"],
        levels=sites["level"],
        roots=sites["root"],
        presence=_map(read["presence"]),
        outward=_outward(read["outward"]),
        studies=_map(read["studies"]),
    )


def _verified(rows: Iterable[Entry[CodeRow]]) -> tuple[CodeRow, ...]:
    return tuple(entry.value for entry in rows if entry.value.status == "verified")


def _meanings(rows: Iterable[CodeRow]) -> dict[Coding, Any]:
    return {row.coding: row.meaning for row in rows}


def _map(rows: Iterable[CodeRow], part: str = "") -> CodeMap[Any]:
    """The meanings of a table, or only the given part of them where it is said."""
    meanings = _meanings(rows)
    if part:
        meanings = {c: m[part] for c, m in meanings.items() if part in m}
    exact = {c: m for c, m in meanings.items() if not c.code.endswith(FAMILY)}
    families = {
        Coding(c.system, c.code.removesuffix(FAMILY), c.display): m
        for c, m in meanings.items()
        if c.code.endswith(FAMILY)
    }
    return CodeMap(MappingProxyType(exact), MappingProxyType(families))


def _context(rows: Iterable[CodeRow]) -> CodeMap[tuple[str, str]]:
    """The context table, with the project's own code for every word in it."""
    read: CodeMap[tuple[str, str]] = _map(rows)
    said = (*read.meanings.values(), *read.families.values())
    own = {Coding(CONTEXT_SYSTEM, "-".join(meaning)): meaning for meaning in said}
    return CodeMap(MappingProxyType(own | dict(read.meanings)), read.families)


def _own(pages: Pages) -> dict[Coding, CodedFinding]:
    """The project's own code of every finding and of every other name it goes by."""
    return {
        Coding(FINDING_SYSTEM, name, entry.value.label): CodedFinding(entry.value.id)
        for entry in pages.findings
        for name in (entry.value.id, *entry.value.aliases)
    }


def _outward(rows: Iterable[CodeRow]) -> Mapping[str, tuple[Coding, ...]]:
    concepts: dict[str, tuple[Coding, ...]] = {}
    for row in rows:
        concepts[row.meaning] = (*concepts.get(row.meaning, ()), row.coding)
    return MappingProxyType(concepts)
