"""Rules about codes: check digits, and that no code means two things."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from service.clinical.anatomy import DiscLevel, Root, Side
from service.clinical.coding import Coding
from service.clinical.model import CodedFinding
from service.knowledge.code_tables import FAMILY, CodeRow
from service.knowledge.pages import Entry

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
HIERARCHICAL = ("http://hl7.org/fhir/sid/icd-10", "http://www.whocc.no/atc")
"""Systems whose codes begin with the code of their family."""

_DIHEDRAL = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_FIRST_TURN = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def verhoeff_holds(digits: str) -> bool:
    """Whether the last digit is the Verhoeff check digit of the rest, as SNOMED CT asks."""
    if not digits.isascii() or not digits.isdigit():
        return False
    turn, total = tuple(range(10)), 0
    for digit in reversed(digits):
        total = _DIHEDRAL[total][turn[int(digit)]]
        turn = tuple(turn[step] for step in _FIRST_TURN)
    return total == 0


def mod10_holds(code: str) -> bool:
    """Whether ``number-digit`` ends in its mod-10 check digit, as LOINC asks."""
    number, _, check = code.partition("-")
    if not (number + check).isascii() or not number.isdigit() or not check.isdigit():
        return False
    doubled = (int(d) * (2 - i % 2) for i, d in enumerate(reversed(number)))
    total = sum(n - 9 if n > 9 else n for n in doubled)  # noqa: PLR2004 - the digits of 10 to 18
    return (10 - total % 10) % 10 == int(check)


def code_problems(
    tables: Mapping[str, Iterable[Entry[CodeRow]]], findings: Collection[str]
) -> Iterator[str]:
    """Every broken rule about codes; ``findings`` are the ids of the vocabulary."""
    for table, entries in tables.items():
        rows = tuple(entries)
        for entry in rows:
            yield from _well_formed(entry)
        yield from _meanings(table, rows)
    for entry in tables["findings"]:
        if entry.value.meaning.finding not in findings:
            yield f"{entry.where}: there is no finding {entry.value.meaning.finding!r}"
    for entry in tables["body-sites"]:
        yield from _places(entry)
        yield from _side_as_displayed(entry)


def _well_formed(entry: Entry[CodeRow]) -> Iterator[str]:
    coding = entry.value.coding
    if coding.system == SNOMED and not verhoeff_holds(coding.code):
        yield f"{entry.where}: the check digit of SNOMED CT {coding.code} is wrong"
    if coding.system == LOINC and not mod10_holds(coding.code):
        yield f"{entry.where}: the check digit of LOINC {coding.code} is wrong"
    if coding.code.endswith(FAMILY) and not coding.system.startswith(HIERARCHICAL):
        yield f"{entry.where}: only codes of ICD-10 and ATC have families"


def _meanings(table: str, rows: Iterable[Entry[CodeRow]]) -> Iterator[str]:
    """In ``outward`` a coding may serve several concepts, but each of them only once."""
    seen: dict[object, tuple[str, object]] = {}
    for entry in rows:
        row = entry.value
        key: object = (row.coding, row.meaning) if table == "outward" else row.coding
        first, meaning = seen.setdefault(key, (entry.where, row.meaning))
        if first != entry.where:
            says = "is there twice" if meaning == row.meaning else "means two things"
            yield f"{entry.where}: {_named(row.coding)} {says}, see {first}"


def _places(entry: Entry[CodeRow]) -> Iterator[str]:
    said = entry.value.meaning
    if not said:
        yield f"{entry.where}: names neither side nor level nor root"
    if "level" in said and said["level"] not in set(DiscLevel):
        yield f"{entry.where}: {said['level']!r} is not a disc level"
    if "root" in said and said["root"] not in set(Root):
        yield f"{entry.where}: {said['root']!r} is not a root"


def _side_as_displayed(entry: Entry[CodeRow]) -> Iterator[str]:
    """Codes of the two sides differ by a digit that is easily swapped; the display tells."""
    side = entry.value.meaning.get("side")
    named = set(Side) & set(entry.value.coding.display.lower().replace(",", " ").split())
    if side in set(Side) and named and side not in named:
        yield f"{entry.where}: is displayed as {', '.join(sorted(named))} and says {side}"


def _named(coding: Coding) -> str:
    return f"{coding.system} {coding.code}"


def without_code(
    findings: Iterable[str], meanings: Mapping[Coding, CodedFinding], own: str
) -> tuple[str, ...]:
    """The findings that no standard code means; ``own`` is the project's own system."""
    coded = {found.finding for coding, found in meanings.items() if coding.system != own}
    return tuple(sorted(set(findings) - coded))
