"""Schemas of the tables that hold under conditions: red flags, rivals, disagreements, rules, goals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validate

from service.clinical.criteria import CriterionError, condition
from service.clinical.model import DiscordanceKind, GoalTarget, RedFlag, RivalPattern, Rule
from service.knowledge.schemas import BASES, GRADES, NAME, TableSchema, Words, string, word


class CriteriaSchema(TableSchema):
    """Base of tables that hold under a condition."""

    every = Words()
    some = Words()
    never = Words()
    enough = fields.Integer(load_default=1, validate=validate.Range(min=1))
    named: ClassVar[str] = "when"

    @post_load
    def make(self, loaded: Mapping[str, Any], **_: Any) -> Any:
        """Build the value with its condition under the name that the core gives it."""
        table = dict(loaded)
        parts = {name: table.pop(name) for name in ("every", "some", "never", "enough")}
        try:
            table[self.named] = condition(**parts)
            if "suspected" in table:
                table["suspected"] = condition(some=table["suspected"])
        except CriterionError as error:
            raise ValidationError(str(error)) from error
        return self.target(**table)


class RedFlagSchema(CriteriaSchema):
    """``red-flags.toml``: one published criterion for what must not wait."""

    target = RedFlag
    named = "met"
    id = fields.String(required=True, validate=NAME)
    label = string()
    suspected = Words()
    asks = Words()
    stops = fields.Boolean(required=True)
    withholds = fields.Boolean(load_default=False)
    sentence = string()
    action = string()
    suspected_sentence = fields.String(load_default="")
    suspected_action = fields.String(load_default="")
    sources = Words(validate=validate.Length(min=1, error="names no source"))


class RivalSchema(CriteriaSchema):
    """``rivals.toml``: one pattern that points away from a compressed root."""

    target = RivalPattern
    id = fields.String(required=True, validate=NAME)
    label = string()
    lr_none = fields.Float(required=True, validate=validate.Range(min=0, min_inclusive=False))
    sentence = string()
    sources = Words(validate=validate.Length(min=1, error="names no source"))
    basis = word(*BASES)


class DiscordanceSchema(TableSchema):
    """``concordance.toml``: one kind of disagreement."""

    target = DiscordanceKind
    id = fields.String(required=True, validate=NAME)
    sentence = string()
    action = string()
    severity = word(*GRADES)
    sources = Words(validate=validate.Length(min=1, error="names no source"))


class RuleSchema(CriteriaSchema):
    """``pathways/rules.toml``: one guideline statement."""

    target = Rule
    id = fields.String(required=True, validate=NAME)
    topic = fields.String(required=True, validate=NAME)
    action = fields.String(required=True, validate=NAME)
    profiles = Words()
    sentence = string()
    reason = string(load_default="")
    against = fields.Boolean(load_default=False)
    also = fields.Boolean(load_default=False)
    urgency = string(load_default="routine")
    order = string(load_default="")
    target_ = fields.Boolean(load_default=False, data_key="target", attribute="target")
    detail = string(load_default="")
    due_days = fields.Integer(load_default=None)
    asks = Words()
    source = string()
    strength = string(load_default="")
    population = string(load_default="")

    @post_load
    def make(self, loaded: Mapping[str, Any], **kwargs: Any) -> Any:
        """Profiles are a set."""
        return super().make({**loaded, "profiles": frozenset(loaded["profiles"])}, **kwargs)


class GoalSchema(CriteriaSchema):
    """``pathways/goals.toml``: one outcome measure with its meaningful change."""

    target = GoalTarget
    id = fields.String(required=True, validate=NAME)
    label = string()
    measure = string()
    target_ = string(data_key="target", attribute="target")
    value = fields.Float(required=True)
    unit = string(load_default="")
    due_days = fields.Integer(required=True)
    source = string()
