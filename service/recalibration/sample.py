"""Confirmed outcomes as numbers: what was believed of each person, part by part, and what was true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from math import log
from typing import NamedTuple

from service.clinical.anatomy import RootSide, Side
from service.clinical.assess import assess
from service.clinical.findings import Case, Person
from service.clinical.model import Model
from service.clinical.root_sets import HYPOTHESES, PAIRS, ROOT_SIDES, on_side
from service.errors import PermanentError

Vector = tuple[float, ...]
Roots = frozenset[RootSide]

HALF_A_DIGIT = 0.00005
"""What a probability of 0.0000, as written to four digits, may be."""

_NO_CEILING = 2.0
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


class Refused(PermanentError):
    """These outcomes cannot recalibrate anything. The message says why, without patient data."""

    code = "business-rule"


class Unreadable(Exception):
    """One row cannot be used. The message says why, without patient data."""


class Outcome(NamedTuple):
    """One person: what was believed of each class of the sample, and the confirmed roots.

    ``prior`` are the chances before anything but the age was known. ``fixed`` are logs of the chances
    with the examination silenced, and ``examined`` the log ratios against no compressed root that
    the examination adds at a temper of one. ``right`` are the classes that hold, with their shares.
    """

    truth: Roots
    day: date | None
    right: tuple[tuple[int, float], ...]
    prior: Vector
    fixed: Vector
    examined: Vector


class Sample(NamedTuple):
    """All outcomes, in an order that does not depend on how they arrived.

    ``classes`` are sets of roots, the empty one first. ``none``, ``temper`` and ``ceiling`` are
    those of the knowledge in use so far.
    """

    classes: tuple[Roots, ...]
    none: float
    temper: float
    ceiling: float
    outcomes: tuple[Outcome, ...]


def _order(classes: set[Roots]) -> tuple[Roots, ...]:
    return tuple(sorted(classes, key=lambda roots: (len(roots), sorted(roots))))


SETS = _order(
    {on_side(HYPOTHESES[i], Side.LEFT) | on_side(HYPOTHESES[j], Side.RIGHT) for i, j in PAIRS}
)
"""The classes when each person is assessed again: every hypothesis of the core."""

SINGLES = _order({frozenset(), *(frozenset({at}) for at in ROOT_SIDES)})
"""The classes when only probabilities are known: none, and each root and side by itself."""


class Scale:
    """Takes what the knowledge says apart, for one population (empty: the mixture of all)."""

    def __init__(self, model: Model, population: str = "") -> None:
        """Raises KeyError when a person is weighed for a population that does not exist."""
        self.temper, self.ceiling = model.combination.temper, model.combination.ceiling
        self._full, self._silent = _with_temper(model, 1.0), _with_temper(model, 0.0)
        self._population = population
        self._before = cache(self._believed_before)

    @property
    def none(self) -> float:
        """The share of people with no compressed root, before any finding."""
        return self._before(None)[frozenset()]

    def assessed(self, case: Case, truth: Roots, day: date | None) -> Outcome:
        """Weigh a case again, exactly; raises Unreadable for roots that no hypothesis holds."""
        if truth not in SETS:
            raise Unreadable("its roots are never thought of together")
        silent, full = (self._sets(case, model) for model in (self._silent, self._full))
        prior = self._before(case.person.age)
        added = [log(full[roots] / silent[roots]) for roots in SETS]
        return Outcome(
            truth,
            day,
            ((SETS.index(truth), 1.0),),
            tuple(prior[roots] for roots in SETS),
            tuple(log(silent[roots]) for roots in SETS),
            tuple(weight - added[0] for weight in added),
        )

    def given(
        self, said: Mapping[Roots, float], age: int | None, truth: Roots, day: date | None
    ) -> Outcome:
        """Weigh probabilities that were given; all that moved them counts as examination."""
        prior = _shares([self._marginal(roots, age) for roots in SINGLES])
        posterior = _shares([max(said[roots], HALF_A_DIGIT) for roots in SINGLES])
        moved = [log(p / q) for p, q in zip(posterior, prior, strict=True)]
        hold = [frozenset({at}) for at in sorted(truth)] or [frozenset()]
        return Outcome(
            truth,
            day,
            tuple((SINGLES.index(roots), 1 / len(hold)) for roots in hold),
            prior,
            tuple(map(log, prior)),
            tuple((weight - moved[0]) / self.temper for weight in moved),
        )

    def sample(self, classes: tuple[Roots, ...], outcomes: Sequence[Outcome]) -> Sample:
        """Put outcomes in an order of their own."""
        ordered = tuple(sorted(outcomes, key=_key))
        return Sample(classes, self.none, self.temper, self.ceiling, ordered)

    def _sets(self, case: Case, model: Model) -> dict[Roots, float]:
        return dict(assess(case, model, population=self._population).localisation.hypotheses)

    def _believed_before(self, age: int | None) -> dict[Roots, float]:
        return self._sets(Case(Person("", age=age), _ANY_TIME), self._silent)

    def _marginal(self, roots: Roots, age: int | None) -> float:
        before = self._before(age)
        return sum(p for held, p in before.items() if roots <= held) if roots else before[roots]


def _with_temper(model: Model, temper: float) -> Model:
    rules = replace(model.combination, temper=temper, ceiling=_NO_CEILING)
    return replace(model, combination=rules)


def _shares(chances: Sequence[float]) -> Vector:
    total = sum(chances)
    return tuple(p / total for p in chances)


def _key(outcome: Outcome) -> tuple[object, ...]:
    day = outcome.day.toordinal() if outcome.day else 0
    return len(outcome.truth), sorted(outcome.truth), day, outcome.fixed, outcome.examined


def kind_of(truth: Roots) -> str:
    """The outcome in a word, whatever the side: none, a root, or several."""
    if len(truth) > 1:
        return "several"
    return next((str(at.root) for at in truth), "none")
