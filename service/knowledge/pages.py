"""What ``mappings/`` holds, page by page, each value with the place it was written at.

``parse`` is pure: the texts of the files in, values out, or one error that names every fault.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from marshmallow import Schema, ValidationError

from service.clinical.model import (
    Citation,
    DiscordanceKind,
    FindingModel,
    GoalTarget,
    Population,
    RedFlag,
    RivalPattern,
    Rule,
    Worsening,
)
from service.errors import KnowledgeError
from service.knowledge import rule_schemas, schemas
from service.knowledge.code_tables import TABLES, CodeRow, rows
from service.knowledge.imaging_schemas import ImagingSchema

T = TypeVar("T")

FINDING_FILES = ("evidence/symptoms.toml", "evidence/examination.toml", "evidence/screening.toml")


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """A value and where it was written: ``evidence/symptoms.toml [pain-below-knee]``."""

    where: str
    value: T


@dataclass(frozen=True, slots=True)
class Pages:
    """Everything that was read, before the rules that span files were checked."""

    edition: Mapping[str, Any]
    sources: tuple[Entry[Citation], ...]
    findings: tuple[Entry[FindingModel], ...]
    populations: tuple[Entry[Population], ...]
    priors: Entry[Mapping[str, Any]]
    combination: tuple[Entry[Mapping[str, Any]], ...]
    imaging: Entry[Mapping[str, Any]]
    red_flags: tuple[Entry[RedFlag], ...]
    rivals: tuple[Entry[RivalPattern], ...]
    discordances: tuple[Entry[DiscordanceKind], ...]
    rules: tuple[Entry[Rule], ...]
    goals: tuple[Entry[GoalTarget], ...]
    vocabulary: Mapping[str, Mapping[str, str]]
    codes: Mapping[str, tuple[Entry[CodeRow], ...]]
    progression: tuple[Entry[Worsening], ...] = ()


@dataclass(slots=True)
class _Reader:
    """Reads one set of files and remembers every fault it meets."""

    contents: Mapping[str, str]
    faults: list[str] = field(default_factory=list)

    def toml(self, name: str, *, optional: bool = False) -> dict[str, Any]:
        if name not in self.contents:
            if not optional:
                self.faults.append(f"{name}: the file is missing")
            return {}
        try:
            return tomllib.loads(self.contents[name])
        except tomllib.TOMLDecodeError as error:
            self.faults.append(f"{name}: not TOML: {error}")
            return {}

    def one(self, schema: Schema, table: Mapping[str, Any], where: str) -> Iterator[Entry[Any]]:
        try:
            yield Entry(where, schema.load(table))
        except ValidationError as error:
            self.faults.extend(f"{where}: {fault}" for fault in faults_of(error.messages))

    def single(self, name: str, schema: Schema) -> Entry[Any]:
        found = list(self.one(schema, self.toml(name), name))
        return found[0] if found else Entry(name, MappingProxyType({}))

    def tables(self, name: str, schema: Schema, *, optional: bool = False) -> tuple[Any, ...]:
        """Each top-level table of a file; its name is the value's id."""
        found: list[Entry[Any]] = []
        for key, table in self.toml(name, optional=optional).items():
            where = f"{name} [{key}]"
            if isinstance(table, dict):
                found += self.one(schema, {"id": key, **table}, where)
            else:
                self.faults.append(f"{where}: a table was expected")
        return tuple(found)

    def array(self, name: str, key: str, schema: Schema) -> tuple[Any, ...]:
        """Each table of the array ``[[key]]`` of a file that may be missing."""
        table = self.toml(name, optional=True)
        odd = set(table) - {key}
        self.faults.extend(f"{name}: unknown table {found!r}" for found in sorted(odd))
        found: list[Entry[Any]] = []
        for number, item in enumerate(table.get(key, ()), 1):
            found += self.one(schema, item, f"{name} [{item.get('id', f'{key} {number}')}]")
        return tuple(found)

    def codes(self, table: str) -> tuple[Entry[CodeRow], ...]:
        name = f"codes/{table}.csv"
        if name not in self.contents:
            self.faults.append(f"{name}: the file is missing")
            return ()
        schema, found = TABLES[table](), list[Entry[CodeRow]]()
        try:
            for line, row in rows(self.contents[name].splitlines()):
                found += self.one(schema, row, f"{name} line {line}")
        except ValueError as error:
            self.faults.append(f"{name}: not a table: {error}")
        return tuple(found)


def parse(contents: Mapping[str, str]) -> Pages:
    """Read every file; raises :class:`KnowledgeError` naming file, row and rule of every fault."""
    read = _Reader(contents)
    pages = _pages(read)
    if read.faults:
        raise KnowledgeError("; ".join(read.faults))
    return pages


def _pages(read: _Reader) -> Pages:
    finding = schemas.FindingSchema()
    vocabulary = read.toml("pathways/vocabulary.toml", optional=True)
    return Pages(
        edition=read.single("edition.toml", schemas.EditionSchema()).value,
        sources=read.tables("sources.toml", schemas.CitationSchema()),
        findings=tuple(e for name in FINDING_FILES for e in read.tables(name, finding)),
        populations=read.tables("evidence/populations.toml", schemas.PopulationSchema()),
        priors=read.single("evidence/priors.toml", schemas.PriorsSchema()),
        combination=read.tables("evidence/combination.toml", schemas.ConstantSchema()),
        imaging=read.single("evidence/imaging.toml", ImagingSchema()),
        red_flags=read.tables("red-flags.toml", rule_schemas.RedFlagSchema(), optional=True),
        rivals=read.tables("rivals.toml", rule_schemas.RivalSchema(), optional=True),
        discordances=read.tables(
            "concordance.toml", rule_schemas.DiscordanceSchema(), optional=True
        ),
        rules=read.array("pathways/rules.toml", "rule", rule_schemas.RuleSchema()),
        goals=read.array("pathways/goals.toml", "goal", rule_schemas.GoalSchema()),
        vocabulary=MappingProxyType(
            {name: MappingProxyType(vocabulary.get(name, {})) for name in ("actions", "profiles")}
        ),
        codes=MappingProxyType({table: read.codes(table) for table in TABLES}),
        progression=read.tables("progression.toml", rule_schemas.WorseningSchema(), optional=True),
    )


def faults_of(messages: Any, path: str = "") -> Iterable[str]:
    """Flatten the messages of a validation error to ``field.part: what is wrong``."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            step = "" if key in ("_schema", "value", "key") else f"{path}.{key}".lstrip(".")
            yield from faults_of(inner, step or path)
    elif isinstance(messages, list):
        for inner in messages:
            yield from faults_of(inner, path)
    else:
        yield f"{path}: {messages}" if path else str(messages)
