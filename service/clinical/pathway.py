"""Which guideline statements hold: for each topic the first rule that fits, and those marked ``also``.

What stops what is written in the rules' own conditions, never here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from service.clinical.anatomy import foramen_of
from service.clinical.answer import (
    Concordance,
    GoalSet,
    Localisation,
    Plan,
    Question,
    Step,
    Target,
)
from service.clinical.criteria import Condition, Facts, Sheet
from service.clinical.model import FindingModel, GoalTarget, Model, Rule
from service.clinical.red_flags import is_recorded

T = TypeVar("T")

SILENT = "none"
"""The action of a rule that closes its topic without a step."""

CONTEXT = frozenset({"condition", "allergy", "medicine", "treatment", "lab"})
"""Areas whose words are asked for by themselves; other facts are asked for by their whole name."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A rule made ready for one profile: all of it that no case can change.

    ``step`` is what it proposes, not yet aimed. ``deciding`` are the items that it asks for and
    that would decide it, and ``beside`` is what must hold whatever these items say.
    """

    rule: Rule
    step: Step | None
    deciding: tuple[str, ...]
    beside: Condition


@dataclass(frozen=True, slots=True)
class _Topic:
    """Which rules belong to one topic, a bit for each: alternatives, and those marked ``also``."""

    alternatives: int
    also: int


@dataclass(frozen=True, slots=True)
class _Guideline:
    """The rules of one profile in the order of the file, topic by topic, and the goals.

    The conditions of the rules come first on the sheet, then those of the goals. ``deciding`` and
    ``asking`` mark the rules that are decided by what they ask for, and those that ask at all.
    """

    sheet: Sheet
    rules: tuple[_Ready, ...]
    topics: tuple[_Topic, ...]
    goals: tuple[GoalSet, ...]
    deciding: int
    asking: int


def choose(
    facts: Facts,
    model: Model,
    profile: str,
    localisation: Localisation,
    concordance: Concordance,
) -> Plan:
    """Give the steps, goals and questions for one case under one profile of guidelines.

    ``facts`` are those of the case with those of the answer on top; what ``concordance`` says is
    among them. Topics come in the order of the file; a topic's last rule always holds, so each
    topic was thought of.
    """
    guideline = _guideline(model, profile)
    met = guideline.sheet.met(facts)
    topics = [_decide(topic, met) for topic in guideline.topics]
    holding = _those(guideline.rules, sum(holding for holding, _ in topics))
    facts = {**guideline.sheet.assumed, **facts}
    targets = tuple(Target(at, foramen_of(at.root)) for at in localisation.named)
    return Plan(
        profile=profile,
        steps=tuple(
            _step(one.rule, profile, targets) if one.rule.target else one.step
            for one in holding
            if one.step is not None
        ),
        goals=tuple(_those(guideline.goals, met >> len(guideline.rules))),
        questions=tuple(
            _question(item, rule, model.findings)
            for item, rule in _wanted(guideline, topics, facts).items()
            if not is_recorded(item, facts)
        ),
    )


@lru_cache(maxsize=64)
def _guideline(model: Model, profile: str) -> _Guideline:
    """Group the rules that serve a profile by topic, with all that they ask on one sheet."""
    topics: dict[str, list[Rule]] = {}
    for rule in model.rules:
        if not rule.profiles or profile in rule.profiles:
            topics.setdefault(rule.topic, []).append(rule)
    rules = [rule for topic in topics.values() for rule in topic]
    ready = tuple(_ready(rule, profile) for rule in rules)
    return _Guideline(
        sheet=Sheet([*(r.when for r in rules), *(g.when for g in model.goals)], _not_raised(model)),
        rules=ready,
        topics=tuple(
            _Topic(
                alternatives=_bits(rule.topic == topic and not rule.also for rule in rules),
                also=_bits(rule.topic == topic and rule.also for rule in rules),
            )
            for topic in topics
        ),
        goals=tuple(map(_goal, model.goals)),
        deciding=_bits(bool(one.deciding) for one in ready),
        asking=_bits(bool(one.rule.asks) for one in ready),
    )


def _bits(marked: Iterable[bool]) -> int:
    return sum(1 << place for place, each in enumerate(marked) if each)


def _those(items: Sequence[T], bits: int) -> list[T]:
    """The items whose bits are set, in order."""
    found: list[T] = []
    while bits:
        first = bits & -bits
        found.append(items[first.bit_length() - 1])
        bits ^= first
    return found


def _not_raised(model: Model) -> Facts:
    """What screening and comparing would have said; their answer goes on top.

    Unlike a finding that was not recorded, a flag that was not raised is known not to be.
    """
    return {
        **{f"flag.{flag.id}": "none" for flag in model.red_flags},
        **{f"rival.{rival.id}": False for rival in model.rivals},
        **{f"discordance.{kind}": False for kind in model.discordances},
    }


def _ready(rule: Rule, profile: str) -> _Ready:
    names = rule.when.names
    answering = {name for item in rule.asks for name in (item, f"{item}.value")}
    return _Ready(
        rule=rule,
        step=None if rule.action == SILENT else _step(rule, profile),
        deciding=tuple(item for item in rule.asks if item in names or f"{item}.value" in names),
        beside=Condition(tuple(c for c in rule.when.every if c.name not in answering)),
    )


def _decide(topic: _Topic, met: int) -> tuple[int, int]:
    """The rules of a topic that hold, and those that would if more were known, as bits.

    The first alternative that is met wins; behind it only ``also`` rules still matter.
    """
    winner = met & topic.alternatives
    winner &= -winner
    before = topic.alternatives & (winner - 1)
    return winner | met & topic.also, (before | topic.also) & ~met


def _wanted(
    guideline: _Guideline, topics: Iterable[tuple[int, int]], facts: Facts
) -> dict[str, Rule]:
    """Each item with the first rule that wants it: what deciding needs goes before what acting needs.

    No item decides a rule that waits for anything else.
    """
    asking: list[tuple[tuple[str, ...], Rule]] = []
    for holding, unmet in topics:
        if open_to := unmet & guideline.deciding:
            undecided = (
                one
                for one in _those(guideline.rules, open_to)
                if one.beside.is_met(facts) and one.rule.when.holds(facts) is None
            )
            asking += [(one.deciding, one.rule) for one in undecided]
        if acting := holding & guideline.asking:
            asking += [(one.rule.asks, one.rule) for one in _those(guideline.rules, acting)]
    wanted: dict[str, Rule] = {}
    for items, rule in asking:
        for item in items:
            wanted.setdefault(item, rule)
    return wanted


def _step(rule: Rule, profile: str, targets: tuple[Target, ...] = ()) -> Step:
    return Step(
        rule=rule.id,
        topic=rule.topic,
        action=rule.action,
        sentence=rule.sentence,
        reason=rule.reason,
        against=rule.against,
        urgency=rule.urgency,
        order=rule.order,
        detail=rule.detail,
        due_days=rule.due_days,
        targets=targets,
        source=rule.source,
        strength=rule.strength,
        population=rule.population,
        profile=profile,
    )


def _goal(goal: GoalTarget) -> GoalSet:
    return GoalSet(
        id=goal.id,
        label=goal.label,
        measure=goal.measure,
        target=goal.target,
        value=goal.value,
        unit=goal.unit,
        due_days=goal.due_days,
        source=goal.source,
    )


def _question(item: str, rule: Rule, findings: Mapping[str, FindingModel]) -> Question:
    area, _, rest = item.partition(".")
    word = rest if area in CONTEXT else item.replace(".", "-")
    label = findings[item].label if item in findings else word.replace("-", " ")
    return Question(word, f"Not recorded: {label}. {rule.reason or rule.sentence}")
