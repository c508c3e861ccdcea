"""Criteria over named facts, in three-valued logic: true, false, or not known.

A criterion is one string: ``name``, ``not name``, or ``name OP value`` with OP one of
``= != < <= > >= in``. A fact that was not recorded makes its criterion unknown, never false.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

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
        holds, limit = _ORDER[op], float(value)
        return lambda fact: holds(float(fact), limit)
    if not isinstance(value, str):
        return partial(operator.eq if op == "=" else operator.ne, value)
    word = value.lower()
    if op == "=":
        return lambda fact: fact == value or str(fact).lower() == word
    return lambda fact: fact != value and str(fact).lower() != word


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
        known = facts.get
        true = unknown = 0
        for criterion in self.some:
            fact = known(criterion.name)
            if fact is None:
                unknown += 1
            elif criterion.fits(fact):
                true += 1
        if true + unknown < self.enough:
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
    """Build a condition from criteria as written in ``mappings/``; one said twice counts once."""
    all_of, any_of, none_of = (
        tuple(dict.fromkeys(map(parse, part))) for part in (every, some, never)
    )
    return Condition(all_of, any_of, none_of, enough)


class Answers(NamedTuple):
    """Which criteria of a :class:`Sheet` hold, which do not, and which do not hold for sure."""

    true: int
    false: int
    untrue: int


@dataclass(frozen=True, slots=True)
class Marked:
    """A condition as bits of a :class:`Sheet`; says of answers what the condition says of facts."""

    every: int
    some: int
    never: int
    enough: int

    def is_met(self, answers: Answers) -> bool:
        """Whether it holds for sure."""
        true, _, untrue = answers
        if self.every & untrue or self.never & true:
            return False
        return not self.some or (self.some & true).bit_count() >= self.enough

    def is_open(self, answers: Answers) -> bool:
        """Whether it may hold: nothing that is known decides against it."""
        true, false, _ = answers
        if self.every & false or self.never & true:
            return False
        return not self.some or (self.some & ~false).bit_count() >= self.enough


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a sheet asks of one fact: each test with its bit, and all these bits together."""

    tests: list[tuple[int, Callable[[Fact], bool]]]
    bits: int


class Sheet:
    """The distinct criteria of many conditions, a bit for each, so that a case answers each once."""

    def __init__(self, conditions: Iterable[Condition], assumed: Facts) -> None:
        """Number the criteria; ``assumed`` are facts that hold where a case says nothing else."""
        asked = [c for one in conditions for c in (*one.every, *one.some, *one.never)]
        self._bits = {c: 1 << place for place, c in enumerate(dict.fromkeys(asked))}
        self._all = sum(self._bits.values())
        tests: dict[str, list[tuple[int, Callable[[Fact], bool]]]] = {}
        for criterion, bit in self._bits.items():
            tests.setdefault(criterion.name, []).append((bit, criterion.fits))
        self._asked = {
            name: _Asked(each, sum(bit for bit, _ in each)) for name, each in tests.items()
        }
        self._assumed = assumed.keys() & self._asked.keys()
        self._true, self._known = self._held(assumed, 0, 0)

    def bits(self, criteria: Iterable[Criterion]) -> int:
        """The bits of criteria that are on this sheet."""
        return sum({self._bits[criterion] for criterion in criteria})

    def mark(self, asked: Condition) -> Marked:
        """A condition of this sheet as bits."""
        every, some, never = map(self.bits, (asked.every, asked.some, asked.never))
        return Marked(every, some, never, asked.enough)

    def answers(self, facts: Facts) -> Answers:
        """Hold each fact against the criteria that ask for it."""
        true = self._true
        for name in facts.keys() & self._assumed:
            true &= ~self._asked[name].bits
        true, known = self._held(facts, true, self._known)
        return Answers(true, known & ~true, self._all ^ true)

    def _held(self, facts: Facts, true: int, known: int) -> tuple[int, int]:
        asked = self._asked.get
        for name, fact in facts.items():
            if found := asked(name):
                known |= found.bits
                for bit, fits in found.tests:
                    if fits(fact):
                        true |= bit
        return true, known
