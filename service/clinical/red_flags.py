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
    raised = (_raise(flag, facts) for flag in red_flags)
    return tuple(flag for flag in raised if flag is not None)


def match_rivals(facts: Facts, rivals: Iterable[RivalPattern]) -> tuple[RivalPattern, ...]:
    """Give every pattern whose signs are all there; what was not recorded matches nothing."""
    return tuple(rival for rival in rivals if rival.when.holds(facts))


def is_recorded(item: str, facts: Facts) -> bool:
    """Whether an item was answered, as present or absent or with a value."""
    return item in facts or f"{item}.value" in facts


def _raise(flag: RedFlag, facts: Facts) -> FlagRaised | None:
    met = flag.met.holds(facts)
    if met is False or (met is None and not (_suspected(flag, facts) and _is_open(flag, facts))):
        return None
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


def _suspected(flag: RedFlag, facts: Facts) -> bool:
    """Whether the warning signs hold; a flag without any is never suspected."""
    return bool(flag.suspected.names) and flag.suspected.holds(facts) is True


def _is_open(flag: RedFlag, facts: Facts) -> bool:
    """Whether anything but a measure is unanswered: one that was not taken leaves no flag open."""
    return any(not name.endswith(_MEASURE) for name in flag.met.unanswered(facts))


def _matched(condition: Condition, facts: Facts) -> tuple[str, ...]:
    """Names of the recorded items that make the condition hold."""
    criteria = (*condition.every, *condition.some)
    return tuple(_PART.sub("", c.name) for c in criteria if c.holds(facts))
