"""Rules about rules: that each can be reached, speaks of known facts, and cites what exists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from service.clinical.criteria import Condition
from service.clinical.facts import is_known
from service.clinical.model import RedFlag, Rule
from service.knowledge.pages import Entry, Pages

Known = Callable[[str, frozenset[str]], bool]
"""Tells whether a criterion may speak of a name, given the ids of the vocabulary."""


def rule_problems(pages: Pages, known: Known = is_known) -> Iterator[str]:
    """Every broken rule about red flags, rivals, pathway rules and goals."""
    findings = frozenset(entry.value.id for entry in pages.findings)
    for where, condition in _conditions(pages):
        for name in sorted(condition.names):
            if not known(name, findings):
                yield f"{where}: there is no fact {name!r}"
            yield from _points_at(where, name, pages)
        if condition.some and condition.enough > len(condition.some):
            yield f"{where}: enough is more than there are criteria in some"
    for flag in pages.red_flags:
        yield from _asks(flag.where, flag.value.asks, findings)
        yield from _eases(flag)
    for rival in pages.rivals:
        yield from _asks(rival.where, rival.value.asks, findings)
    yield from _progression(pages, findings, known)
    for goal in pages.goals:
        yield from _asks(goal.where, (goal.value.measure,), findings)
    yield from _rules(pages, findings)


def _conditions(pages: Pages) -> Iterator[tuple[str, Condition]]:
    for flag in pages.red_flags:
        yield flag.where, flag.value.met
        yield flag.where, flag.value.suspected
        yield from ((flag.where, standing.when) for standing in flag.value.standing)
        if flag.value.eased:
            yield flag.where, flag.value.eased.when
    yield from ((rival.where, rival.value.when) for rival in pages.rivals)
    yield from ((rival.where, rival.value.open) for rival in pages.rivals if rival.value.open)
    yield from ((rule.where, rule.value.when) for rule in pages.rules)
    yield from ((goal.where, goal.value.when) for goal in pages.goals)


def _points_at(where: str, name: str, pages: Pages) -> Iterator[str]:
    """A fact about a flag or a rival pattern must name one that exists."""
    area, _, word = name.partition(".")
    there = {
        "flag": {"any", "open", "stops", *(entry.value.id for entry in pages.red_flags)},
        "rival": {"any", *(entry.value.id for entry in pages.rivals)},
    }
    if area in there and word and word not in there[area]:
        yield f"{where}: there is no {area} {word!r}"


def _asks(where: str, asked: Iterable[str], findings: frozenset[str]) -> Iterator[str]:
    for item in asked:
        if item not in findings:
            yield f"{where}: asks for {item!r}, which is no finding"


def _eases(flag: Entry[RedFlag]) -> Iterator[str]:
    """Only what meets a flag can be eased."""
    eased = flag.value.eased.of if flag.value.eased else frozenset[str]()
    for name in sorted(eased - flag.value.met.names):
        yield f"{flag.where}: {name!r} is eased and does not meet the flag"


def _progression(pages: Pages, findings: frozenset[str], known: Known) -> Iterator[str]:
    """A rule of progression speaks of findings and facts that exist."""
    for entry in pages.progression:
        for name in entry.value.findings:
            begins = name.removesuffix("*")
            if not any(f.startswith(begins) if begins != name else f == name for f in findings):
                yield f"{entry.where}: {name!r} is no finding"
        for fact in (*entry.value.facts, entry.value.measure):
            if fact and not known(fact, findings):
                yield f"{entry.where}: there is no fact {fact!r}"


def _rules(pages: Pages, findings: frozenset[str]) -> Iterator[str]:
    actions, profiles = pages.vocabulary["actions"], pages.vocabulary["profiles"]
    for entry in pages.rules:
        if entry.value.action not in actions:
            yield f"{entry.where}: {entry.value.action!r} is no word of the pathway"
        for profile in sorted(entry.value.profiles - set(profiles)):
            yield f"{entry.where}: there is no profile {profile!r}"
    ordered = sorted(pages.rules, key=lambda entry: entry.value.topic)
    for topic, rules in groupby(ordered, key=lambda entry: entry.value.topic):
        yield from _order(topic, tuple(rules))


def _order(topic: str, rules: tuple[Entry[Rule], ...]) -> Iterator[str]:
    """The last rule of a topic always wins, and no other rule stands behind one that does.

    Rules marked ``also`` hold beside the winner wherever they stand, so they are left out.
    """
    exclusive = [entry for entry in rules if not entry.value.also]
    if not exclusive or not _always(exclusive[-1].value):
        yield f"{rules[-1].where}: topic {topic!r} needs a last rule that always holds"
    winner: Entry[Rule] | None = None
    for entry in exclusive:
        if winner is not None:
            yield f"{entry.where}: is never reached behind {winner.value.id!r}, which always holds"
        elif _always(entry.value):
            winner = entry


def _always(rule: Rule) -> bool:
    return not rule.when.names and not rule.profiles
