"""What must not wait, and what looks like a compressed root: published criteria over recorded items.

Nothing here is a computed risk: an item was recorded or it was not.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from service.clinical.answer import FlagRaised
from service.clinical.criteria import Condition, Facts, Sheet
from service.clinical.facts import item_of
from service.clinical.model import Easing, Model, RedFlag, RivalPattern, Standing

_MEASURE = ".value"


class OpenRival(NamedTuple):
    """A pattern that is not excluded, and the items that were not recorded and would decide."""

    rival: RivalPattern
    unasked: tuple[str, ...]


class Watched(NamedTuple):
    """What stands or fits: flags in file order, rivals, and rivals that are not excluded."""

    flags: tuple[FlagRaised, ...]
    rivals: tuple[RivalPattern, ...]
    open: tuple[OpenRival, ...]


def watch(facts: Facts, model: Model) -> Watched:
    """Hold every flag and every rival against what was recorded.

    A flag is met, or suspected while its own items are unanswered. It may also be suspected under
    circumstances that no answer takes back, and suspected where it would be met, when the items
    that meet it are of a kind that the circumstances ease. A rival has all its signs there; what was
    not recorded matches nothing. An open one fits so far, and what would decide was not recorded.
    """
    watcher = _watcher(model)
    held = watcher.sheet.met(facts)
    raised = [_screened(flag, facts) for flag, bits in watcher.flags if held & bits]
    rivals = [rival for rival, bit in watcher.rivals if held & bit]
    fitting = [_opened(rival, facts) for rival, bit in watcher.open if held & bit]
    return Watched(
        tuple([flag for flag in raised if flag]),
        tuple(rivals),
        tuple([rival for rival in fitting if rival]),
    )


class _Watcher(NamedTuple):
    """The conditions of one model on one sheet, and the bits that call for a closer look."""

    sheet: Sheet
    flags: tuple[tuple[RedFlag, int], ...]
    rivals: tuple[tuple[RivalPattern, int], ...]
    open: tuple[tuple[RivalPattern, int], ...]


@lru_cache(maxsize=8)
def _watcher(model: Model) -> _Watcher:
    conditions: list[Condition] = []

    def bit(condition: Condition) -> int:
        conditions.append(condition)
        return 1 << len(conditions) - 1

    flags = [(flag, sum([bit(each) for each in _conditions(flag)])) for flag in model.red_flags]
    rivals = [(rival, bit(rival.when)) for rival in model.rivals]
    fitting = [(rival, bit(rival.open)) for rival in model.rivals if rival.open is not None]
    return _Watcher(Sheet(conditions, {}), tuple(flags), tuple(rivals), tuple(fitting))


def _conditions(flag: RedFlag) -> Iterator[Condition]:
    """Any of these must hold for the flag to be met or suspected."""
    yield flag.met
    if flag.suspected.some:
        yield flag.suspected
    yield from (circumstance.when for circumstance in flag.standing)


def _screened(flag: RedFlag, facts: Facts) -> FlagRaised | None:
    if flag.met.is_met(facts):
        eased = flag.eased if flag.eased and _is_eased(flag, flag.eased, facts) else None
        return _raise(flag, facts, eased) if eased else _met(flag, facts)
    if flag.suspected.some and _is_suspected(flag, facts):
        return _raise(flag, facts)
    circumstance = next((s for s in flag.standing if s.when.is_met(facts)), None)
    return _raise(flag, facts, circumstance) if circumstance else None


def _opened(rival: RivalPattern, facts: Facts) -> OpenRival | None:
    """The rival as open, unless its signs are there or what was recorded rules it out."""
    if rival.when.holds(facts) is not None:
        return None
    unasked = tuple(item for item in rival.asks if not is_recorded(item, facts))
    return OpenRival(rival, unasked) if unasked else None


def is_recorded(item: str, facts: Facts) -> bool:
    """Whether an item was answered, as present or absent or with a value."""
    return item in facts or f"{item}.value" in facts


def _met(flag: RedFlag, facts: Facts) -> FlagRaised:
    return _flag(flag, facts, "met", (flag.sentence, flag.action))


def _raise(flag: RedFlag, facts: Facts, why: Standing | Easing | None = None) -> FlagRaised:
    """The flag as suspected, in the words of the circumstances where these raise or ease it."""
    if why is not None:
        return _flag(flag, facts, "suspected", (why.sentence, why.action), why.when)
    words = flag.suspected_sentence or flag.sentence, flag.suspected_action or flag.action
    return _flag(flag, facts, "suspected", words)


def _flag(
    flag: RedFlag, facts: Facts, status: str, words: tuple[str, str], *more: Condition
) -> FlagRaised:
    sentence, action = words
    conditions = (flag.met, flag.suspected, *more)
    matched = [item for condition in conditions for item in _matched(condition, facts)]
    return FlagRaised(
        id=flag.id,
        label=flag.label,
        status=status,
        stops=flag.stops,
        sentence=sentence,
        action=action,
        items=tuple(dict.fromkeys(matched)),
        unanswered=tuple(item for item in flag.asks if not is_recorded(item, facts)),
        sources=flag.sources,
    )


def _is_eased(flag: RedFlag, easing: Easing, facts: Facts) -> bool:
    """Whether nothing but the items that may be eased meets the flag."""
    holding = {c.name for c in (*flag.met.every, *flag.met.some) if c.holds(facts)}
    return holding <= easing.of and easing.when.is_met(facts)


def _is_suspected(flag: RedFlag, facts: Facts) -> bool:
    """Whether the warning signs hold while what would decide was not asked.

    A measure that was not taken leaves none open.
    """
    if not flag.suspected.is_met(facts):
        return False
    unanswered = flag.met.unanswered(facts) if flag.met.holds(facts) is None else ()
    return any(not name.endswith(_MEASURE) for name in unanswered)


def _matched(condition: Condition, facts: Facts) -> tuple[str, ...]:
    """Names of the recorded items that make the condition hold."""
    criteria = (*condition.every, *condition.some)
    return tuple(item_of(c.name) for c in criteria if c.holds(facts))
