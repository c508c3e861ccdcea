"""One marshmallow schema per kind of table in ``mappings/``: from file shape to core values.

A schema checks one table by itself and builds the value of the core it stands for. Here are sources
and evidence; imaging is in :mod:`service.knowledge.imaging_schemas`, tables with conditions are in
:mod:`service.knowledge.rule_schemas`, rows of codes in :mod:`service.knowledge.code_tables`. Rules that span files are in :mod:`service.knowledge.check`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from service.clinical.model import (
    MODEL_ROOTS,
    STATES,
    Citation,
    FindingModel,
    Population,
)

KEBAB = r"^[a-z0-9]+(-[a-z0-9]+)*$"
KINDS = ("presence", "strength", "reflex", "angle", "measure")
BASES = ("published", "derived", "expert")
GRADES = ("high", "moderate", "low")
CHECKED = ("seen", "recalled", "derived", "expert")

NAME = validate.Regexp(KEBAB, error="is not kebab-case")
FILLED = validate.Length(min=1, error="is empty")
_OPEN = validate.Range(0, 1, min_inclusive=False, max_inclusive=False, error="not between 0 and 1")


def string(**kwargs: Any) -> fields.String:
    """A string; required and not empty unless a default is given."""
    if "load_default" in kwargs:
        return fields.String(**kwargs)
    return fields.String(required=True, validate=FILLED, **kwargs)


def word(*choices: str, **kwargs: Any) -> fields.String:
    """A string out of ``choices``; required unless a default is given."""
    rule = validate.OneOf(choices, error=f"not one of {', '.join(choices)}")
    return fields.String(required="load_default" not in kwargs, validate=rule, **kwargs)


def probability(**kwargs: Any) -> fields.Float:
    """A number strictly between 0 and 1."""
    return fields.Float(required=True, validate=_OPEN, **kwargs)


class Words(fields.List[str]):
    """A list of strings that becomes a tuple; empty when it is missing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fields.String(validate=FILLED), **{"load_default": (), **kwargs})

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return tuple(super()._deserialize(value, *args, **kwargs))


class Chances(fields.Dict):
    """One probability, strictly between 0 and 1, for each of ``states``: none missing, none more."""

    def __init__(self, states: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(keys=fields.String(), values=probability(), **kwargs)
        self.states = states

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        table = super()._deserialize(value, *args, **kwargs)  # type: ignore[no-untyped-call]
        if set(table) != set(self.states):
            odd = sorted(str(name) for name in set(table) ^ set(self.states))
            raise ValidationError(f"every state once: {', '.join(odd)} is missing or unknown")
        return MappingProxyType({state: table[state] for state in self.states})


class TableSchema(Schema):
    """Base of all: unknown keys are refused, and ``target`` is built from what was read."""

    target: ClassVar[Any] = MappingProxyType

    @post_load
    def make(self, loaded: Mapping[str, Any], **_: Any) -> Any:
        """Build the value of the core."""
        if self.target is MappingProxyType:
            return MappingProxyType(dict(loaded))
        return self.target(**loaded)


class EditionSchema(TableSchema):
    """``edition.toml``: which edition this is, and of what day."""

    edition = string()
    date = fields.Date(required=True)


class CitationSchema(TableSchema):
    """``sources.toml``: one source; ``checked`` says whether we saw it or remember it."""

    target = Citation
    key = string(data_key="id")
    text = string()
    identifier = string(load_default="")
    checked = word(*CHECKED)


class FindingSchema(TableSchema):
    """``evidence/*.toml``: one finding of the vocabulary."""

    target = FindingModel
    id = fields.String(required=True, validate=NAME)
    label = string()
    group = string()
    kind = word(*KINDS)
    sided = fields.Boolean(load_default=True)
    given = Chances(STATES, load_default=None)
    at_most = fields.Float(load_default=None)
    at_least = fields.Float(load_default=None)
    unit = string(load_default="")
    basis = word(*BASES)
    checked = word("seen", "recalled")
    grade = word(*GRADES)
    sources = Words(validate=validate.Length(min=1, error="names no source"))
    how = string()
    aliases = Words()
    crossed = fields.Boolean(load_default=False)
    asked = fields.Boolean(load_default=True)
    complaint = fields.Boolean(load_default=False)

    @validates_schema
    def graded(self, loaded: Mapping[str, Any], **_: Any) -> None:
        """A graded finding that speaks of roots needs a threshold."""
        if loaded.get("given") is None:
            return
        threshold = loaded.get("at_most"), loaded.get("at_least")
        if loaded.get("kind") != "presence" and threshold == (None, None):
            raise ValidationError("a graded finding needs at_most or at_least", "at_most")


class PopulationSchema(TableSchema):
    """``evidence/populations.toml``: one named population."""

    target = Population
    id = fields.String(required=True, validate=NAME)
    label = string()
    none = probability()
    weight = probability()
    sources = Words()
    how = string()


class AgeBandSchema(TableSchema):
    """``evidence/priors.toml``: root frequencies from an age on, until the next band starts."""

    starts = fields.Integer(required=True, validate=validate.Range(min=0), data_key="from")
    roots = Chances(MODEL_ROOTS, required=True)


class PriorsSchema(TableSchema):
    """``evidence/priors.toml``."""

    roots = Chances(MODEL_ROOTS, required=True)
    bands = fields.List(fields.Nested(AgeBandSchema), required=True, data_key="age-band")
    two_roots = probability()
    both_sides = probability()
    sources = Words()
    how = string()


class ConstantSchema(TableSchema):
    """``evidence/combination.toml``: one constant with the reason for its value."""

    id = string()
    value = fields.Float(required=True)
    why = string()
    basis = word(*BASES)
    sources = Words()
