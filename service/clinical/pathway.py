"""Which guideline statements hold: for each topic the first rule that fits, and those marked ``also``.

What stops what is written in the rules' own conditions, never here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

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
from service.clinical.criteria import Fact, Facts
from service.clinical.model import FindingModel, GoalTarget, Model, Rule
from service.clinical.red_flags import is_recorded

SILENT = "none"
"""The action of a rule that closes its topic without a step."""

CONTEXT = frozenset({"condition", "allergy", "medicine", "treatment", "lab"})
"""Areas whose words are asked for by themselves; other facts are asked for by their whole name."""


@dataclass(frozen=True, slots=True)
class _Topic:
    """The rules of one topic that hold, and those that what is missing would decide."""

    holding: tuple[Rule, ...]
    undecided: tuple[Rule, ...]


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
    facts = {**_not_raised(model), **facts}
    topics = [_decide(rules, facts) for rules in _by_topic(model, profile)]
    steps = (
        _step(rule, profile, localisation)
        for topic in topics
        for rule in topic.holding
        if rule.action != SILENT
    )
    asking = [pair for topic in topics for pair in _asking(topic, facts)]
    return Plan(
        profile=profile,
        steps=tuple(steps),
        goals=tuple(_goal(goal) for goal in model.goals if goal.when.holds(facts)),
        questions=_questions(asking, facts, model.findings),
    )


@lru_cache(maxsize=8)
def _not_raised(model: Model) -> Mapping[str, Fact]:
    """What screening and comparing would have said; their answer goes on top.

    Unlike a finding that was not recorded, a flag that was not raised is known not to be.
    """
    return {
        **{f"flag.{flag.id}": "none" for flag in model.red_flags},
        **{f"rival.{rival.id}": False for rival in model.rivals},
        **{f"discordance.{kind}": False for kind in model.discordances},
    }


@lru_cache(maxsize=64)
def _by_topic(model: Model, profile: str) -> tuple[tuple[Rule, ...], ...]:
    """Group the rules that serve a profile by topic, in the order of the file."""
    topics: dict[str, list[Rule]] = {}
    for rule in model.rules:
        if not rule.profiles or profile in rule.profiles:
            topics.setdefault(rule.topic, []).append(rule)
    return tuple(map(tuple, topics.values()))


def _decide(rules: Iterable[Rule], facts: Facts) -> _Topic:
    """Hold each rule against the facts; once a rule has won, only ``also`` rules still matter."""
    holding: list[Rule] = []
    undecided: list[Rule] = []
    won = False
    for rule in rules:
        if won and not rule.also:
            continue
        holds = rule.when.holds(facts) if rule.asks else rule.when.is_met(facts)
        if holds is None:
            undecided.append(rule)
        elif holds:
            holding.append(rule)
            won = won or not rule.also
    return _Topic(tuple(holding), tuple(undecided))


def _step(rule: Rule, profile: str, localisation: Localisation) -> Step:
    named = localisation.named if rule.target else ()
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
        targets=tuple(Target(at, foramen_of(at.root)) for at in named),
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


def _asking(topic: _Topic, facts: Facts) -> list[tuple[str, Rule]]:
    """Each item with the rule that wants it: first what deciding needs, then what acting needs."""
    deciding = [(item, rule) for rule in topic.undecided for item in _deciding(rule, facts)]
    return [*deciding, *((item, rule) for rule in topic.holding for item in rule.asks)]


def _deciding(rule: Rule, facts: Facts) -> tuple[str, ...]:
    """Give the items that would decide this rule; none while more than these is unknown."""
    answers = {name for item in rule.asks for name in (item, f"{item}.value")}
    if any(c.name not in facts and c.name not in answers for c in rule.when.every):
        return ()
    names = rule.when.names
    return tuple(item for item in rule.asks if item in names or f"{item}.value" in names)


def _questions(
    asking: Iterable[tuple[str, Rule]], facts: Facts, findings: Mapping[str, FindingModel]
) -> tuple[Question, ...]:
    """Ask once for each missing item, for the first rule that wants it."""
    wanted: dict[str, Rule] = {}
    for item, rule in asking:
        if not is_recorded(item, facts):
            wanted.setdefault(item, rule)
    return tuple(_question(item, rule, findings) for item, rule in wanted.items())


def _question(item: str, rule: Rule, findings: Mapping[str, FindingModel]) -> Question:
    area, _, rest = item.partition(".")
    word = rest if area in CONTEXT else item.replace(".", "-")
    label = findings[item].label if item in findings else word.replace("-", " ")
    return Question(word, f"Not recorded: {label}. {rule.reason or rule.sentence}")
