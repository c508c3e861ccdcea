"""Schemas of the tables that hold under conditions: red flags, rivals, disagreements, rules, goals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import (
    ValidationError,
    fields,
    post_load,
    validate,
    validates,
    validates_schema,
)

from service.clinical.criteria import CriterionError, condition
from service.clinical.model import (
    DiscordanceKind,
    Easing,
    GoalTarget,
    RedFlag,
    RivalPattern,
    Rule,
    Standing,
    Worsening,
)
from service.knowledge.schemas import BASES, GRADES, KINDS, NAME, TableSchema, Words, string, word


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
        table = {k: tuple(v) if isinstance(v, list) else v for k, v in loaded.items()}
        parts: dict[str, Any] = {
            name: table.pop(name) for name in ("every", "some", "never", "enough")
        }
        try:
            table[self.named] = condition(**parts)
            if "suspected" in table:
                table["suspected"] = condition(some=table["suspected"])
        except CriterionError as error:
            raise ValidationError(str(error)) from error
        return self.target(**table)


class StandingSchema(CriteriaSchema):
    """Part of a red flag: what keeps it suspected whatever else was answered."""

    target = Standing
    sentence = string()
    action = string()
    why = string()


class EasingSchema(CriteriaSchema):
    """Part of a red flag: when items that would meet it leave it suspected only."""

    target = Easing
    of = Words(validate=validate.Length(min=1, error="eases nothing"))
    sentence = string()
    action = string()
    why = string()

    @post_load
    def make(self, loaded: Mapping[str, Any], **kwargs: Any) -> Any:
        """The items are a set."""
        return super().make({**loaded, "of": frozenset(loaded["of"])}, **kwargs)


class OpenSchema(CriteriaSchema):
    """Part of a rival pattern: what leaves it open."""

    target = dict

    @post_load
    def make(self, loaded: Mapping[str, Any], **kwargs: Any) -> Any:
        """Only the condition."""
        made = super().make(loaded, **kwargs)["when"]
        if not (made.every or made.some):
            raise ValidationError("a pattern that is always open says nothing")
        return made


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
    standing = fields.List(fields.Nested(StandingSchema), load_default=())
    eased = fields.Nested(EasingSchema, load_default=None)
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
    open = fields.Nested(OpenSchema, load_default=None)
    asks = Words()
    open_sentence = string(load_default="")

    @validates_schema
    def asked(self, loaded: Mapping[str, Any], **_: Any) -> None:
        """What is open says what would decide it, in words and as items."""
        given = [bool(loaded.get(name)) for name in ("open", "asks", "open_sentence")]
        if any(given) and not all(given):
            raise ValidationError("open, asks and open_sentence go together", "open")


class WorseningSchema(TableSchema):
    """``progression.toml``: what counts as worse between two examinations."""

    target = Worsening
    id = fields.String(required=True, validate=NAME)
    findings = Words()
    kinds = Words(validate=validate.ContainsOnly(KINDS))
    worse = word("lower", "higher", "present")
    by = fields.Float(required=True, validate=validate.Range(min=0, min_inclusive=False))
    reaches = fields.Float(load_default=None)
    absent = fields.Float(load_default=None)
    present = fields.Float(load_default=None)
    apart_weeks = fields.Float(required=True, validate=validate.Range(min=0, min_inclusive=False))
    recent_weeks = fields.Float(required=True, validate=validate.Range(min=0, min_inclusive=False))
    facts = Words(validate=validate.Length(min=1, error="makes no fact true"))
    measure = string(load_default="")
    sentence = string()
    sources = Words(validate=validate.Length(min=1, error="names no source"))
    grade = word(*GRADES)
    why = string()

    @validates("sentence")
    def template(self, value: str, **_: Any) -> None:
        """The sentence names the finding and both records, and nothing else."""
        try:
            value.format(finding="", before="", after="")
        except (KeyError, IndexError, ValueError) as error:
            raise ValidationError(f"not a template: {error}") from error


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
