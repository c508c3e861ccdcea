"""Which guideline statements hold: for each topic the first rule that fits, and those marked ``also``.

What stops what is written in the rules' own conditions, never here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
from service.clinical.criteria import Answers, Facts, Marked, Sheet
from service.clinical.model import FindingModel, GoalTarget, Model, Rule
from service.clinical.red_flags import is_recorded

SILENT = "none"
"""The action of a rule that closes its topic without a step."""

CONTEXT = frozenset({"condition", "allergy", "medicine", "treatment", "lab"})
"""Areas whose words are asked for by themselves; other facts are asked for by their whole name."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A rule made ready for one profile: all of it that no case can change.

    ``step`` is what it proposes, not yet aimed. ``deciding`` are the items that it asks for and
    that would decide it, and ``beside`` the criteria that must hold and that no item answers.
    ``later`` are the rules that still matter once this one has won.
    """

    rule: Rule
    when: Marked
    step: Step | None
    deciding: tuple[str, ...]
    beside: int
    later: tuple[_Ready, ...]


@dataclass(frozen=True, slots=True)
class _Guideline:
    """The rules of one profile by topic, in the order of the file, and the goals."""

    assumed: Facts
    sheet: Sheet
    topics: tuple[tuple[_Ready, ...], ...]
    goals: tuple[tuple[Marked, GoalSet], ...]


_Topic = tuple[list[_Ready], list[_Ready]]
"""The rules of one topic that hold, and those that what is missing would decide."""


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
    answers = guideline.sheet.answers(facts)
    topics = [_decide(rules, answers) for rules in guideline.topics]
    targets = tuple(Target(at, foramen_of(at.root)) for at in localisation.named)
    known = (facts, guideline.assumed)
    return Plan(
        profile=profile,
        steps=tuple(_steps(topics, profile, targets)),
        goals=tuple(goal for when, goal in guideline.goals if when.is_met(answers)),
        questions=tuple(
            _question(item, rule, model.findings)
            for item, rule in _wanted(topics, answers).items()
            if not any(is_recorded(item, each) for each in known)
        ),
    )


@lru_cache(maxsize=64)
def _guideline(model: Model, profile: str) -> _Guideline:
    """Group the rules that serve a profile by topic, with all that they ask on one sheet."""
    rules = [rule for rule in model.rules if not rule.profiles or profile in rule.profiles]
    assumed = _not_raised(model)
    asking = [*(rule.when for rule in rules), *(goal.when for goal in model.goals)]
    sheet = Sheet(asking, assumed)
    topics: dict[str, tuple[_Ready, ...]] = {}
    for rule in reversed(rules):
        behind = topics.get(rule.topic, ())
        topics[rule.topic] = (_ready(rule, profile, sheet, behind), *behind)
    return _Guideline(
        assumed=assumed,
        sheet=sheet,
        topics=tuple(topics[topic] for topic in dict.fromkeys(rule.topic for rule in rules)),
        goals=tuple((sheet.mark(goal.when), _goal(goal)) for goal in model.goals),
    )


def _not_raised(model: Model) -> Facts:
    """What screening and comparing would have said; their answer goes on top.

    Unlike a finding that was not recorded, a flag that was not raised is known not to be.
    """
    return {
        **{f"flag.{flag.id}": "none" for flag in model.red_flags},
        **{f"rival.{rival.id}": False for rival in model.rivals},
        **{f"discordance.{kind}": False for kind in model.discordances},
    }


def _ready(rule: Rule, profile: str, sheet: Sheet, behind: tuple[_Ready, ...]) -> _Ready:
    names = rule.when.names
    answering = {name for item in rule.asks for name in (item, f"{item}.value")}
    return _Ready(
        rule=rule,
        when=sheet.mark(rule.when),
        step=None if rule.action == SILENT else _step(rule, profile),
        deciding=tuple(item for item in rule.asks if item in names or f"{item}.value" in names),
        beside=sheet.bits(c for c in rule.when.every if c.name not in answering),
        later=behind if rule.also else tuple(one for one in behind if one.rule.also),
    )


def _decide(rules: Iterable[_Ready], answers: Answers) -> _Topic:
    """Hold each rule against the answers; once a rule has won, only ``also`` rules still matter."""
    holding: list[_Ready] = []
    undecided: list[_Ready] = []
    for one in rules:
        if one.when.is_met(answers):
            holding.append(one)
            if not one.rule.also:
                holds_too, open_too = _decide(one.later, answers)
                return holding + holds_too, undecided + open_too
        elif one.deciding and one.when.is_open(answers):
            undecided.append(one)
    return holding, undecided


def _wanted(topics: Iterable[_Topic], answers: Answers) -> dict[str, Rule]:
    """Each item with the first rule that wants it: what deciding needs goes before what acting needs.

    No item decides a rule that waits for anything else.
    """
    wanted: dict[str, Rule] = {}
    for holding, undecided in topics:
        for one in undecided:
            if not one.beside & answers.untrue:
                for item in one.deciding:
                    wanted.setdefault(item, one.rule)
        for one in holding:
            for item in one.rule.asks:
                wanted.setdefault(item, one.rule)
    return wanted


def _steps(topics: Iterable[_Topic], profile: str, targets: tuple[Target, ...]) -> Iterator[Step]:
    for holding, _ in topics:
        for one in holding:
            if one.step is not None:
                yield _step(one.rule, profile, targets) if one.rule.target else one.step


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
