"""Counts how well facts agree with a gold list, by the rules that the gold was written with.

A fact here is a plain record: level, type, polarity, certainty, time and the slots it has. Sets are
compared, with both sides counted as two; a hedged gold fact neither adds nor costs; a resolved one
must not come out as current; any kind of herniation satisfies "herniation" and the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.clinical.imaging import ImagingFact, Kind

Record = Mapping[str, Any]
Key = tuple[Any, ...]

PRIOR = "resolved_or_prior"
NAMED = ("bulge", "protrusion", "extrusion", "sequestration")
NARROW = ("canal_stenosis", "lateral_recess_stenosis", "foraminal_stenosis")
PRESSED = ("displace", "impinge", "compress")
TOUCHED = ("contact", "proximity")


@dataclass(slots=True)
class Count:
    """Agreement of one measure over all reports."""

    right: int = 0
    extra: int = 0
    missed: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; one when there was nothing to find."""
        whole = 2 * self.right + self.extra + self.missed
        return 2 * self.right / whole if whole else 1.0


def record_of(fact: ImagingFact) -> Record:
    """A fact of the reader as a record of the gold."""
    root = fact.root or (fact.detail if fact.kind is Kind.NERVE_ROOT and fact.detail else None)
    return {
        "level": fact.level,
        "type": fact.kind.value,
        "polarity": "present" if fact.present else "absent",
        "certainty": "possible" if fact.possible else "definite",
        "time": fact.time,
        "zone": [zone.value for zone in fact.zones],
        "side": fact.side.value if fact.side else None,
        "severity": fact.severity,
        "root": root,
        "relation": fact.relation.value if fact.relation else None,
    }


def split(records: Iterable[Record]) -> Iterator[Record]:
    """Both sides as two records."""
    for record in records:
        if record.get("side") == "bilateral":
            yield {**record, "side": "left"}
            yield {**record, "side": "right"}
        else:
            yield record


def _current(record: Record) -> bool:
    return record["polarity"] == "present" and record.get("time") != PRIOR


def _level_type(record: Record) -> Key | None:
    if not _current(record) or record["type"] == "stenosis_unspecified":
        return None
    return record["level"], record["type"]


def _level_type_side(record: Record) -> Key | None:
    key = _level_type(record)
    return (*key, record.get("side")) if key and record.get("side") else None


def _level_zone(record: Record) -> Key | None:
    key = _level_type(record)
    return (record["level"], tuple(sorted(record["zone"]))) if key and record.get("zone") else None


def _severity(record: Record) -> Key | None:
    key = _level_type(record)
    if not key or record["type"] not in NARROW or not record.get("severity"):
        return None
    return (*key, record.get("side"), record["severity"])


def _root(record: Record) -> Key | None:
    if not _current(record) or not record.get("root") or not record.get("side"):
        return None
    relation = record.get("relation")
    pressing = "pressed" if relation in PRESSED else "touched" if relation in TOUCHED else relation
    return record["level"], record["root"], record["side"], pressing


def _denied(record: Record) -> Key | None:
    if record["polarity"] != "absent" or record.get("time") == PRIOR:
        return None
    return record["level"], record["type"]


MEASURES: Mapping[str, Callable[[Record], Key | None]] = {
    "level and type": _level_type,
    "level, type and side": _level_type_side,
    "level and zone": _level_zone,
    "severity": _severity,
    "root, side and relation": _root,
    "denied": _denied,
}


def count(gold: Sequence[Record], read: Sequence[Record], totals: dict[str, Count]) -> None:
    """Add the agreement on one report to the totals of each measure."""
    gold, read = list(split(gold)), list(split(read))
    for name, key_of in MEASURES.items():
        total = totals.setdefault(name, Count())
        sure = _keys(gold, key_of, "definite")
        unsure = _keys(gold, key_of, "possible")
        found = _keys(read, key_of, "definite") | (_keys(read, key_of, "possible") & sure)
        agreed = {key for key in found if key in sure or _same_herniation(key, sure)}
        missed = {key for key in sure if key not in found and not _same_herniation(key, found)}
        extra = {key for key in found - agreed - unsure if not _same_herniation(key, unsure)}
        total.right += len(agreed)
        total.extra += len(extra)
        total.missed += len(missed)
        total.wrong += [f"extra {key}" for key in sorted(map(str, extra))]
        total.wrong += [f"missed {key}" for key in sorted(map(str, missed))]


def _keys(
    records: Iterable[Record], key_of: Callable[[Record], Key | None], certainty: str
) -> set[Key]:
    return {
        key
        for record in records
        if record.get("certainty", "definite") == certainty and (key := key_of(record)) is not None
    }


def _same_herniation(key: Key, others: set[Key]) -> bool:
    """Whether a bare herniation meets a named kind at the same place, or the other way round."""
    if len(key) < 2 or key[1] not in ("herniation", *NAMED):
        return False
    swaps = NAMED if key[1] == "herniation" else ("herniation",)
    return any((key[0], kind, *key[2:]) in others for kind in swaps)


def resolved_as_current(gold: Sequence[Record], read: Sequence[Record]) -> set[Key]:
    """Findings that the gold calls resolved, and only that, which came out as current."""
    gone = {_plain(r) for r in split(gold) if r["polarity"] == "present" and r.get("time") == PRIOR}
    current = {_plain(r) for r in split(gold) if _current(r)}
    return {_plain(r) for r in split(read) if _current(r)} & (gone - current)


def _plain(record: Record) -> Key:
    return record["level"], record["type"], record.get("root"), record.get("relation")


def reversed_polarity(gold: Sequence[Record], read: Sequence[Record]) -> tuple[set[Key], set[Key]]:
    """Denied findings that came out as present, and present ones that came out as denied."""
    gold, read = list(split(gold)), list(split(read))
    present = {_sided(r) for r in gold if _current(r)}
    absent = {_sided(r) for r in gold if r["polarity"] == "absent"}
    said = {_sided(r) for r in read if _current(r)}
    refused = {_sided(r) for r in read if r["polarity"] == "absent"}
    return said & (absent - present), refused & (present - absent)


def _sided(record: Record) -> Key:
    return (*_plain(record), record.get("side"))


def wrong_sides(gold: Sequence[Record], read: Sequence[Record]) -> set[Key]:
    """Sided facts whose finding and level agree with the gold, but on the other side only."""

    def sides(records: Sequence[Record]) -> dict[Key, set[str]]:
        found: dict[Key, set[str]] = {}
        for record in split(records):
            if _current(record) and record.get("side"):
                found.setdefault(_plain(record), set()).add(record["side"])
        return found

    meant, said = sides(gold), sides(read)
    return {(*key, side) for key in meant.keys() & said.keys() for side in said[key] - meant[key]}
