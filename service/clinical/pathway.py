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
from service.clinical.red_flags import OpenRival, is_recorded

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
class _Guideline:
    """The rules of one profile, topic by topic in the order of the file, and the goals.

    ``places`` are those of the topics. On the sheet stand the conditions of the rules, then those
    of the goals. The numbers mark rules with a bit each: the ``first`` of every topic; the
    ``alternatives`` and those marked ``also``; those ``deciding``, which an item that they ask for would
    decide, and all ``asking`` for anything.
    """

    sheet: Sheet
    places: Mapping[str, int]
    rules: tuple[_Ready, ...]
    goals: tuple[GoalSet, ...]
    first: int
    alternatives: int
    also: int
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
    holding, undecided = _decide(guideline, met)
    facts = {**guideline.sheet.assumed, **facts}
    targets = tuple(Target(at, foramen_of(at.root)) for at in localisation.named)
    return Plan(
        profile=profile,
        steps=tuple(
            _step(one.rule, profile, targets) if one.rule.target else one.step
            for one in _those(guideline.rules, holding)
            if one.step is not None
        ),
        goals=tuple(_those(guideline.goals, met >> len(guideline.rules))),
        questions=tuple(
            _question(item, rule, model.findings)
            for item, rule in _wanted(guideline, holding, undecided, facts).items()
            if not is_recorded(item, facts)
        ),
    )


def ask_about(plan: Plan, undecided: Iterable[OpenRival], model: Model) -> Plan:
    """The plan with a question for each item that would decide an open rival, asked once."""
    asked = {question.item: question for question in plan.questions}
    for rival, items in undecided:
        for item in items:
            sentence = f"Not recorded: {model.findings[item].label}. {rival.open_sentence}"
            asked.setdefault(item, Question(item, sentence))
    return plan._replace(questions=tuple(asked.values()))


@lru_cache(maxsize=64)
def _guideline(model: Model, profile: str) -> _Guideline:
    """Group the rules that serve a profile by topic, with all that they ask on one sheet.

    Raises ValueError where no last rule closes a topic.
    """
    topics: dict[str, list[Rule]] = {}
    for rule in model.rules:
        if not rule.profiles or profile in rule.profiles:
            topics.setdefault(rule.topic, []).append(rule)
    for topic, found in topics.items():
        if not any(not rule.also and rule.when == Condition() for rule in found):
            raise ValueError(f"no rule of the topic {topic!r} always holds")
    rules = [rule for found in topics.values() for rule in found]
    ready = tuple(_ready(rule, profile) for rule in rules)
    return _Guideline(
        sheet=Sheet([*(r.when for r in rules), *(g.when for g in model.goals)], _not_raised(model)),
        places={topic: place for place, topic in enumerate(topics)},
        rules=ready,
        goals=tuple(map(_goal, model.goals)),
        first=_bits(rule is topics[rule.topic][0] for rule in rules),
        alternatives=_bits(not rule.also for rule in rules),
        also=_bits(rule.also for rule in rules),
        deciding=_bits(bool(one.deciding) for one in ready),
        asking=_bits(bool(rule.asks) for rule in rules),
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


def _decide(guideline: _Guideline, met: int) -> tuple[int, int]:
    """The rules that hold, and those that would if more were known, of all topics at once.

    In each topic the first alternative that is met wins, and behind it only ``also`` rules still
    matter. To find them all at once, one is taken away at the first place of every topic: that
    borrows from the first bit there is, which goes out while all places before it come on.
    """
    running = met & guideline.alternatives
    passed = running - guideline.first
    winners = running & ~passed
    before = passed & ~running
    holding = winners | met & guideline.also
    undecided = (before | guideline.also) & guideline.deciding & ~met
    return holding, undecided


def _wanted(guideline: _Guideline, holding: int, undecided: int, facts: Facts) -> dict[str, Rule]:
    """Each item with the first rule that wants it: in each topic, deciding goes before acting.

    No item decides a rule that waits for anything else.
    """
    deciding = [
        (one.rule, one.deciding)
        for one in _those(guideline.rules, undecided)
        if one.beside.is_met(facts) and one.rule.when.holds(facts) is None
    ]
    acting = [
        (one.rule, one.rule.asks) for one in _those(guideline.rules, holding & guideline.asking)
    ]
    wanted: dict[str, Rule] = {}
    for rule, items in sorted(deciding + acting, key=lambda pair: guideline.places[pair[0].topic]):
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
