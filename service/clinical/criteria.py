"""Criteria over named facts, in three-valued logic: true, false, or not known.

A criterion is one string: ``name``, ``not name``, or ``name OP value`` with OP one of
``= != < <= > >= in``. A fact that was not recorded makes its criterion unknown, never false.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

Fact = bool | int | float | str
Facts = Mapping[str, Fact]

_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.gt,
    "<=": operator.ge,
    ">": operator.lt,
    ">=": operator.le,
}
"""What each operator asks of the limit and the fact, in this order."""

OPERATORS = frozenset({"=", "!=", "in", *_ORDER})


class CriterionError(ValueError):
    """A criterion that does not follow the grammar."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parsed criterion: a fact's name, an operator and the value it is held against.

    ``fits`` holds a known fact against the value; words are compared whatever their case.
    """

    name: str
    op: str
    value: Fact | tuple[str, ...]
    fits: Callable[[Fact], bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fits", _test(self.op, self.value))

    def holds(self, facts: Facts) -> bool | None:
        """True or false where the fact is known, ``None`` where it is not."""
        fact = facts.get(self.name)
        return None if fact is None else self.fits(fact)


def _test(op: str, value: Fact | tuple[str, ...]) -> Callable[[Fact], bool]:
    """What a criterion asks of a fact, made ready once."""
    if isinstance(value, tuple):
        return lambda fact: str(fact) in value
    if op in _ORDER:
        return partial(_ORDER[op], value)
    if not isinstance(value, str):
        return partial(operator.eq if op == "=" else operator.ne, value)
    word = value.lower()
    if op == "=":
        return lambda fact: str(fact).lower() == word
    return lambda fact: str(fact).lower() != word


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
        if not self.some:
            return decided or None
        answers = [criterion.holds(facts) for criterion in self.some]
        true = answers.count(True)
        if true + answers.count(None) < self.enough:
            return False
        return (decided and true >= self.enough) or None

    def is_met(self, facts: Facts) -> bool:
        """Whether it holds for sure."""
        return self.holds(facts) is True

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
    """Build a condition from criteria as written in ``mappings/``; one said twice counts once."""
    all_of, any_of, none_of = (
        tuple(dict.fromkeys(map(parse, part))) for part in (every, some, never)
    )
    return Condition(all_of, any_of, none_of, enough)


class Sheet:
    """Many conditions held against one case at once: which of them hold for sure, a bit for each.

    A condition has needs: every criterion of ``every`` is one, and those of ``some`` together are
    one that any of them meets. A criterion marks row ``n`` of each condition whose need ``n`` it
    meets, and the last row of each condition that it rules out. All rows lie in one integer.
    """

    def __init__(self, conditions: Sequence[Condition], assumed: Facts) -> None:
        """Mark the criteria; ``assumed`` are facts that hold where a case says nothing else."""
        self.assumed = assumed
        needs = [_needs(one) for one in conditions]
        self._width, self._rows = len(needs), max(map(len, needs), default=0)
        marks: dict[Criterion, int] = defaultdict(int)
        for place, each in enumerate(needs):
            for row, need in enumerate(each):
                for criterion in need:
                    marks[criterion] |= self._mark(place, row)
            for criterion in conditions[place].never:
                marks[criterion] |= self._mark(place, self._rows)
        self._tests: dict[str, list[tuple[Callable[[Fact], bool], int]]] = defaultdict(list)
        for criterion, mark in marks.items():
            self._tests[criterion.name].append((criterion.fits, mark))
        self._needless = sum(
            self._mark(place, row)
            for place, each in enumerate(needs)
            for row in range(len(each), self._rows)
        )
        told = ((name, self._marks({name: fact})) for name, fact in assumed.items())
        self._assumed = [(name, mark) for name, mark in told if mark]
        self._counted = [(1 << n, one) for n, one in enumerate(conditions) if one.enough > 1]

    def met(self, facts: Facts) -> int:
        """The conditions that hold for sure: bit ``n`` for the condition in place ``n``."""
        marks = self._needless | self._marks(facts)
        for name, mark in self._assumed:
            if name not in facts:
                marks |= mark
        met = (1 << self._width) - 1 & ~(marks >> self._rows * self._width)
        for row in range(self._rows):
            met &= marks >> row * self._width
        for bit, one in self._counted:
            if met & bit and not one.is_met({**self.assumed, **facts}):
                met ^= bit
        return met

    def _mark(self, place: int, row: int) -> int:
        return 1 << place + row * self._width

    def _marks(self, facts: Facts) -> int:
        marks, tests = 0, self._tests.get
        for name, fact in facts.items():
            for fits, mark in tests(name, ()):
                if fits(fact):
                    marks |= mark
        return marks


def _needs(one: Condition) -> list[tuple[Criterion, ...]]:
    return [*((criterion,) for criterion in one.every), *((one.some,) if one.some else ())]
