"""What to record next: the findings expected to narrow the answer most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from math import log

from service.clinical.anatomy import RootSide, Side
from service.clinical.answer import NextItem
from service.clinical.evidence import meaning
from service.clinical.findings import Case, Presence
from service.clinical.model import MODEL_ROOTS, STATES, Model
from service.clinical.root_sets import SINGLE

NEXT_SHOWN = 3


def next_items(
    case: Case, marginals: Mapping[RootSide, float], none: float, model: Model
) -> tuple[NextItem, ...]:
    """List the unrecorded findings expected to narrow the answer most, on the leading side."""
    side = max(marginals, key=lambda at: (marginals[at], at)).side
    states = [*(marginals[RootSide(root, side)] for root in MODEL_ROOTS), none]
    recorded = {f.id for f in case.findings if f.presence is not Presence.UNKNOWN}
    best = sorted(_changes(states, recorded, model))[:NEXT_SHOWN]
    return tuple([_next_item(model, id_, -change, side) for change, id_ in best])


def _changes(
    states: Sequence[float], recorded: AbstractSet[str], model: Model
) -> list[tuple[float, str]]:
    """Expected change of entropy (nats) from learning each finding that is asked for and not recorded."""
    total = sum(states)
    a, b, c, d, e = [p / total for p in states]
    changes = []
    for id_, (p3, p4, p5, p1, p0), (h3, h4, h5, h1, h0) in _answers(model):
        if id_ not in recorded:
            yes = a * p3 + b * p4 + c * p5 + d * p1 + e * p0
            no = 1 - yes
            left = a * h3 + b * h4 + c * h5 + d * h1 + e * h0
            changes.append((left + yes * log(yes) + no * log(no), id_))
    return changes


@lru_cache(maxsize=8)
def _answers(model: Model) -> tuple[tuple[str, tuple[float, ...], tuple[float, ...]], ...]:
    """Give P(present | state) of each finding that is asked for, and how undecided each state leaves it."""
    rows = [
        (known.id, tuple([known.given[state] for state in STATES]))
        for known in model.findings.values()
        if known.given is not None and known.asked
    ]
    return tuple([(id_, given, tuple(map(_doubt, given))) for id_, given in rows])


def _doubt(p: float) -> float:
    """Entropy (nats) of an answer that is present with this probability."""
    return -p * log(p) - (1 - p) * log(1 - p)


def _next_item(model: Model, id_: str, gain: float, side: Side) -> NextItem:
    known = model.findings[id_]
    if_present, if_absent = _directions(model, id_)
    at = side if known.sided else None
    return NextItem(id_, known.label, at, gain, if_present, if_absent)


@lru_cache(maxsize=1024)
def _directions(model: Model, id_: str) -> tuple[str, str]:
    sided = model.findings[id_].sided
    present, absent = (meaning(model, id_, sided, answer).vector for answer in (True, False))
    return _direction(present, "If present"), _direction(absent, "If absent")


def _direction(vector: Sequence[float], prefix: str) -> str:
    root = max(MODEL_ROOTS, key=lambda r: (vector[SINGLE[r]], r))
    if vector[SINGLE[root]] <= 0:
        return f"{prefix}, every root becomes less likely."
    return f"{prefix}, {root} becomes more likely."
