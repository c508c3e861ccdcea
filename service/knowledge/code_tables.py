"""The reviewed code tables, ``mappings/codes/*.csv``: one schema per table, one value per row.

Lines that start with ``#`` are comments; the first other line names the columns. ``{base}`` in the
system column stands for the project's canonical address.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from marshmallow import Schema, fields, post_load, pre_load, validate

from service.clinical.anatomy import Side
from service.clinical.coding import PROJECT_BASE, Coding
from service.clinical.model import CodedFinding

FAMILY = "*"
"""At the end of a code: every code of the system that starts so (ICD-10 and ATC only)."""

STATUSES = ("verified", "candidate", "retired")


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One reviewed row: a coding and what it means in its table."""

    coding: Coding
    meaning: Any
    status: str
    source: str
    editor: str
    edited: date


class RowSchema(Schema):
    """The columns that every code table has; subclasses add what the code means."""

    system = fields.String(required=True, validate=validate.Length(min=1))
    code = fields.String(required=True, validate=validate.Length(min=1))
    display = fields.String(load_default="")
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    source = fields.String(required=True, validate=validate.Length(min=1))
    editor = fields.String(required=True, validate=validate.Length(min=1))
    edited = fields.Date(required=True)
    comment = fields.String(load_default="")

    @pre_load
    def tidy(self, row: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Strip the cells and write out the project's address."""
        tidy = {name: (cell or "").strip() for name, cell in row.items()}
        tidy["system"] = tidy.get("system", "").replace("{base}", PROJECT_BASE)
        return tidy

    @post_load
    def make(self, row: Mapping[str, Any], **_: Any) -> CodeRow:
        """Build the row's value."""
        coding = Coding(row["system"], row["code"], row["display"])
        return CodeRow(
            coding, self.meaning(row), row["status"], row["source"], row["editor"], row["edited"]
        )

    def meaning(self, row: Mapping[str, Any]) -> Any:
        """What the code of this row means."""
        return row["meaning"]


class FindingRow(RowSchema):
    """``findings.csv``: a finding, with the side and the presence the code already carries."""

    PRESENT: ClassVar[Mapping[str, bool | None]] = {"present": True, "absent": False, "": None}

    finding = fields.String(required=True, validate=validate.Length(min=1))
    side = fields.String(load_default="", validate=validate.OneOf(("", *Side)))
    presence = fields.String(load_default="", validate=validate.OneOf(tuple(PRESENT)))

    def meaning(self, row: Mapping[str, Any]) -> CodedFinding:
        """The finding with what the code says about it."""
        side = Side(row["side"]) if row["side"] else None
        return CodedFinding(row["finding"], side, self.PRESENT[row["presence"]])


class ContextRow(RowSchema):
    """``context.csv``: an area (condition, medicine, ...) and a word of that area."""

    area = fields.String(required=True, validate=validate.Length(min=1))
    word = fields.String(required=True, validate=validate.Length(min=1))

    def meaning(self, row: Mapping[str, Any]) -> tuple[str, str]:
        """Area and word."""
        return row["area"], row["word"]


class BodySiteRow(RowSchema):
    """``body-sites.csv``: a side, a disc level or a root; one code may say several of them."""

    side = fields.String(load_default="", validate=validate.OneOf(("", *Side, "bilateral")))
    level = fields.String(load_default="")
    root = fields.String(load_default="")

    def meaning(self, row: Mapping[str, Any]) -> dict[str, str]:
        """What the code says, by column; empty columns are left out."""
        return {name: row[name] for name in ("side", "level", "root") if row[name]}


class WordRow(RowSchema):
    """``presence.csv`` and ``studies.csv``: one word."""

    meaning_ = fields.String(
        required=True, validate=validate.Length(min=1), data_key="meaning", attribute="meaning"
    )


class OutwardRow(RowSchema):
    """``outward.csv``: the concept that this coding is written for."""

    concept = fields.String(required=True, validate=validate.Length(min=1))

    def meaning(self, row: Mapping[str, Any]) -> str:
        """The concept."""
        return str(row["concept"])


TABLES: Mapping[str, type[RowSchema]] = {
    "findings": FindingRow,
    "context": ContextRow,
    "body-sites": BodySiteRow,
    "presence": WordRow,
    "studies": WordRow,
    "outward": OutwardRow,
}


def rows(lines: Iterable[str]) -> Iterable[tuple[int, dict[str, Any]]]:
    """Each data row of a CSV text with its line number; comments and empty lines are skipped."""
    kept = [
        (number, line)
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.startswith("#")
    ]
    cells = csv.DictReader(line for _, line in kept)
    for (number, _), row in zip(kept[1:], cells, strict=True):
        yield number, row
