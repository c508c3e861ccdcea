"""The schema of ``evidence/imaging.toml``: how what imaging shows becomes evidence about a root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from service.clinical.anatomy import Root
from service.knowledge.schemas import (
    BASES,
    CHECKED,
    FILLED,
    GRADES,
    TableSchema,
    Words,
    probability,
    string,
    word,
)

ROUNDING = 1e-9
_POSITIVE = validate.Range(min=0, min_inclusive=False, error="not above 0")


class StepSchema(TableSchema):
    """``evidence/imaging.toml``: a discount of log ratios from an age on."""

    starts = fields.Integer(required=True, data_key="from")
    factor = probability()


class WhySchema(TableSchema):
    """What every table of ``evidence/imaging.toml`` says of itself."""

    basis = word(*BASES)
    sources = Words(validate=validate.Length(min=1, error="names no source"))
    why = string()


class RaritySchema(WhySchema):
    """``evidence/imaging.toml``: factors on the ratio of a lesion by its place."""

    roots = fields.Dict(
        keys=fields.Enum(Root, by_value=True),
        values=fields.Float(validate=_POSITIVE),
        required=True,
    )
    foraminal = fields.Float(required=True, validate=_POSITIVE)
    most = fields.Float(required=True, validate=validate.Range(min=1))


class SilentSchema(WhySchema):
    """``evidence/imaging.toml``: how often painless people show a kind, by age."""

    reference = fields.Integer(required=True)
    ages = fields.List(fields.Integer(), required=True, validate=FILLED)
    checked = word(*CHECKED)
    percent = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Float(validate=_POSITIVE)),
        required=True,
    )

    @validates_schema
    def aligned(self, loaded: Mapping[str, Any], **_: Any) -> None:
        """Every kind has one share for each age, and ages rise."""
        ages = loaded.get("ages", [])
        if sorted(set(ages)) != ages or loaded.get("reference") not in ages:
            raise ValidationError("ages must rise and hold the reference", "ages")
        for kind, shares in loaded.get("percent", {}).items():
            if len(shares) != len(ages):
                raise ValidationError(f"{kind} needs one share for each age", "percent")


class DeviceSchema(WhySchema):
    """``evidence/imaging.toml``: the base rate of a device's probabilities."""

    base = probability()


class ScaleSchema(WhySchema):
    """``evidence/imaging.toml``: grades of one published scale as root grades."""

    grades = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)


class VariantSchema(WhySchema):
    """``evidence/imaging.toml``: which root does whose work where anatomy varies."""

    reads = fields.Dict(
        keys=fields.Enum(Root, by_value=True),
        values=fields.Dict(keys=fields.Enum(Root, by_value=True), values=probability()),
        required=True,
    )
    counts = fields.Boolean(required=True)

    @validates_schema
    def shared(self, loaded: Mapping[str, Any], **_: Any) -> None:
        """No root is said to be more than it can be."""
        for root, shares in loaded.get("reads", {}).items():
            if sum(shares.values()) > 1 + ROUNDING:
                raise ValidationError(f"the shares of {root} are more than one", "reads")


class ImagingSchema(TableSchema):
    """``evidence/imaging.toml``."""

    grade_lr = fields.List(fields.Float(validate=validate.Range(min=0, min_inclusive=False)))
    numbering_keep = probability()
    grade_of_contact = fields.Float(required=True)
    denied_grade = fields.Float(required=True)
    possible_discount = probability()
    lesion_grade = fields.Float(required=True)
    grade = word(*GRADES)
    sources = Words()
    how = string()
    age_discount = fields.List(fields.Nested(StepSchema), required=True)
    kind_grade = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
    severity_grade = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
    relation_grade = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
    rarity = fields.Nested(RaritySchema, required=True)
    silent = fields.Nested(SilentSchema, required=True)
    device = fields.Nested(DeviceSchema, required=True)
    scale = fields.Dict(keys=fields.String(), values=fields.Nested(ScaleSchema), required=True)
    variant = fields.Dict(keys=fields.String(), values=fields.Nested(VariantSchema), required=True)


def further_sources(table: Mapping[str, Any]) -> Iterator[str]:
    """The sources that the tables within this one cite, in their order."""
    named = (table["rarity"], table["silent"], table["device"])
    for each in (*named, *table["scale"].values(), *table["variant"].values()):
        yield from each["sources"]
