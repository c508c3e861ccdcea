"""Criteria over named facts, in three-valued logic: true, false, or not known.

A criterion is one string: ``name``, ``not name``, or ``name OP value`` with OP one of
``= != < <= > >= in``. A fact that was not recorded makes its criterion unknown, never false.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

Fact = bool | int | float | str
Facts = Mapping[str, Fact]

_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
OPERATORS = frozenset({"=", "!=", "in", *_ORDER})


class CriterionError(ValueError):
    """A criterion that does not follow the grammar."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parsed criterion: a fact's name, an operator and the value it is held against."""

    name: str
    op: str
    value: Fact | tuple[str, ...]

    def holds(self, facts: Facts) -> bool | None:
        """True or false where the fact is known, ``None`` where it is not."""
        fact = facts.get(self.name)
        return None if fact is None else self.fits(fact)

    def fits(self, fact: Fact) -> bool:
        """Hold a known fact against the value; words are compared whatever their case."""
        value = self.value
        if self.op == "=":
            return fact == value or (type(value) is str and str(fact).lower() == value.lower())
        if self.op == "!=":
            return fact != value and not (type(value) is str and str(fact).lower() == value.lower())
        if self.op == "in":
            return isinstance(value, tuple) and str(fact) in value
        return _ORDER[self.op](float(fact), float(value))  # type: ignore[arg-type]


def parse(text: str) -> Criterion:
    """Read one criterion; raises :class:`CriterionError` when it is not of the grammar."""
    words = text.split()
    match words:
        case [name]:
            return Criterion(name, "=", True)
        case ["not", name]:
            return Criterion(name, "=", False)
        case [name, "in", *rest] if rest:
            return Criterion(name, "in", tuple(" ".join(rest).split("|")))
        case [name, op, *rest] if op in OPERATORS and rest:
            return Criterion(name, op, _value(op, " ".join(rest)))
    raise CriterionError(f"not a criterion: {text!r}")


def _value(op: str, text: str) -> Fact:
    if op not in _ORDER:
        return text
    try:
        return float(text)
    except ValueError as error:
        raise CriterionError(f"{text!r} is not a number") from error


@dataclass(frozen=True, slots=True)
class Condition:
    """All of ``every``, at least ``enough`` of ``some`` (when there are any), and none of ``never``.

    A fact that is not known makes the condition unknown unless what is known decides it already.
    An unknown fact in ``never`` does not stop the condition: what must be ruled out first belongs
    into ``every`` as ``not name``.
    """

    every: tuple[Criterion, ...] = ()
    some: tuple[Criterion, ...] = ()
    never: tuple[Criterion, ...] = ()
    enough: int = 1

    def holds(self, facts: Facts) -> bool | None:
        """True, false, or ``None`` when what is known does not decide it."""
        known = facts.get
        decided = True
        for criterion in self.every:
            fact = known(criterion.name)
            if fact is None:
                decided = False
            elif not criterion.fits(fact):
                return False
        for criterion in self.never:
            fact = known(criterion.name)
            if fact is not None and criterion.fits(fact):
                return False
        if self.some:
            return self._enough(facts, decided=decided)
        return decided or None

    def is_met(self, facts: Facts) -> bool:
        """Whether it holds for sure: as ``holds``, where unknown need not be told from false."""
        known = facts.get
        for criterion in self.every:
            fact = known(criterion.name)
            if fact is None or not criterion.fits(fact):
                return False
        for criterion in self.never:
            fact = known(criterion.name)
            if fact is not None and criterion.fits(fact):
                return False
        return not self.some or self._enough(facts, decided=True) is True

    def _enough(self, facts: Facts, *, decided: bool) -> bool | None:
        answers = [criterion.holds(facts) for criterion in self.some]
        true = answers.count(True)
        if true + answers.count(None) < self.enough:
            return False
        return (decided and true >= self.enough) or None

    def unanswered(self, facts: Facts) -> tuple[str, ...]:
        """Names of the facts this condition asks for and does not find."""
        asked = (c.name for c in (*self.every, *self.some, *self.never))
        return tuple(dict.fromkeys(name for name in asked if facts.get(name) is None))

    @property
    def names(self) -> frozenset[str]:
        """Every fact's name that this condition mentions."""
        return frozenset(c.name for c in (*self.every, *self.some, *self.never))


def condition(
    every: Iterable[str] = (), some: Iterable[str] = (), never: Iterable[str] = (), enough: int = 1
) -> Condition:
    """Build a condition from criteria as written in ``mappings/``."""
    return Condition(
        tuple(map(parse, every)), tuple(map(parse, some)), tuple(map(parse, never)), enough
    )
