"""What must not wait, and what looks like a compressed root: published criteria over recorded items.

Nothing here is a computed risk: an item was recorded or it was not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from service.clinical.answer import FlagRaised
from service.clinical.criteria import Condition, Facts
from service.clinical.model import Easing, Model, RedFlag, RivalPattern, Standing

_MEASURE = ".value"
_PART = re.compile(r"(@left|@right|\.value|\.bilateral)$")


class OpenRival(NamedTuple):
    """A pattern that is not excluded, and the items that were not recorded and would decide."""

    rival: RivalPattern
    unasked: tuple[str, ...]


def screen(facts: Facts, red_flags: Iterable[RedFlag]) -> tuple[FlagRaised, ...]:
    """Give every flag that is met, or suspected while its own items are unanswered, in file order.

    A flag may also be suspected under circumstances that no answer takes back, and suspected where
    it would be met, when the items that meet it are of a kind that the circumstances ease.
    """
    raised: list[FlagRaised] = []
    for flag in red_flags:
        if flag.met.is_met(facts):
            eased = flag.eased if flag.eased and _is_eased(flag, flag.eased, facts) else None
            raised.append(_raise(flag, facts, eased) if eased else _met(flag, facts))
        elif flag.suspected.some and _is_suspected(flag, facts):
            raised.append(_raise(flag, facts))
        elif flag.standing:
            circumstance = next((s for s in flag.standing if s.when.is_met(facts)), None)
            if circumstance:
                raised.append(_raise(flag, facts, circumstance))
    return tuple(raised)


def match_rivals(facts: Facts, rivals: Iterable[RivalPattern]) -> tuple[RivalPattern, ...]:
    """Give every pattern whose signs are all there; what was not recorded matches nothing."""
    return tuple(rival for rival in rivals if rival.when.is_met(facts))


def open_rivals(facts: Facts, model: Model) -> tuple[OpenRival, ...]:
    """Give every pattern that fits so far and whose deciding items were not all recorded.

    A pattern whose signs are there is not open, nor one that what was recorded rules out.
    """
    found: list[OpenRival] = []
    for rival in _open_patterns(model):
        if rival.open and rival.open.is_met(facts) and rival.when.holds(facts) is None:
            unasked = tuple(item for item in rival.asks if not is_recorded(item, facts))
            if unasked:
                found.append(OpenRival(rival, unasked))
    return tuple(found)


@lru_cache(maxsize=8)
def _open_patterns(model: Model) -> tuple[RivalPattern, ...]:
    return tuple(rival for rival in model.rivals if rival.open is not None)


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
    return tuple(_PART.sub("", c.name) for c in criteria if c.holds(facts))
