"""What must not wait, and what looks like a compressed root: published criteria over recorded items.

Nothing here is a computed risk: an item was recorded or it was not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from service.clinical.answer import FlagRaised
from service.clinical.criteria import Condition, Facts
from service.clinical.model import RedFlag, RivalPattern

_MEASURE = ".value"
_PART = re.compile(r"(@left|@right|\.value|\.bilateral)$")


def screen(facts: Facts, red_flags: Iterable[RedFlag]) -> tuple[FlagRaised, ...]:
    """Give every flag that is met, or suspected while its own items are unanswered, in file order."""
    raised: list[FlagRaised] = []
    for flag in red_flags:
        if flag.met.is_met(facts):
            raised.append(_raise(flag, facts, met=True))
        elif _is_suspected(flag, facts):
            raised.append(_raise(flag, facts, met=False))
    return tuple(raised)


def match_rivals(facts: Facts, rivals: Iterable[RivalPattern]) -> tuple[RivalPattern, ...]:
    """Give every pattern whose signs are all there; what was not recorded matches nothing."""
    return tuple(rival for rival in rivals if rival.when.is_met(facts))


def is_recorded(item: str, facts: Facts) -> bool:
    """Whether an item was answered, as present or absent or with a value."""
    return item in facts or f"{item}.value" in facts


def _raise(flag: RedFlag, facts: Facts, *, met: bool) -> FlagRaised:
    matched = (*_matched(flag.met, facts), *_matched(flag.suspected, facts))
    sentence, action = flag.sentence, flag.action
    if not met:
        sentence = flag.suspected_sentence or sentence
        action = flag.suspected_action or action
    return FlagRaised(
        id=flag.id,
        label=flag.label,
        status="met" if met else "suspected",
        stops=flag.stops,
        sentence=sentence,
        action=action,
        items=tuple(dict.fromkeys(matched)),
        unanswered=tuple(item for item in flag.asks if not is_recorded(item, facts)),
        sources=flag.sources,
    )


def _is_suspected(flag: RedFlag, facts: Facts) -> bool:
    """Whether the warning signs hold while what would decide was not asked.

    A flag without such signs is never suspected, and a measure that was not taken leaves none open.
    """
    signs = flag.suspected
    if not (signs.some or signs.every or signs.never) or not signs.is_met(facts):
        return False
    unanswered = flag.met.unanswered(facts) if flag.met.holds(facts) is None else ()
    return any(not name.endswith(_MEASURE) for name in unanswered)


def _matched(condition: Condition, facts: Facts) -> tuple[str, ...]:
    """Names of the recorded items that make the condition hold."""
    criteria = (*condition.every, *condition.some)
    return tuple(_PART.sub("", c.name) for c in criteria if c.holds(facts))
