"""What would change the answer: the fewest recorded findings without which another one leads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter

from service.clinical.anatomy import RootSide
from service.clinical.answer import Weight

MOST = 5
"""More findings than these are not listed: nothing recorded alone decides the answer then."""

REMOVABLE = frozenset({"finding", "imaging"})
"""Kinds of ledger lines that were recorded, and could have been recorded otherwise."""

Leader = Callable[[Sequence[Weight]], RootSide | None]
"""Works out anew which root leads without some lines of the ledger; ``None`` where none does."""


def would_change(
    ledger: Iterable[Weight], first: RootSide, rival: RootSide | None, gap: float, leader: Leader
) -> str:
    """Name the findings whose loss puts another answer ahead of ``first``, the weightiest first.

    ``gap`` is the log odds of ``first`` over ``rival``, its nearest other root or ``None`` for no
    root. The ledger says how many lines may suffice; whether they do is worked out anew.
    """
    taken: list[Weight] = []
    for margin, line in _removable(ledger, first, rival):
        gap -= margin
        taken.append(line)
        if len(taken) > MOST:
            break
        if gap < 0 and (ahead := leader(taken)) != first:
            named = ", ".join([x.id if x.side is None else f"{x.id} ({x.side})" for x in taken])
            return f"Without {named} the {ahead or 'answer none'} root would lead."
    return f"No {MOST} of the recorded findings decide it alone."


def _removable(
    ledger: Iterable[Weight], first: RootSide, rival: RootSide | None
) -> list[tuple[float, Weight]]:
    """List the lines that speak for ``first`` over ``rival``, with how far, the farthest first."""
    found = []
    for line in ledger:
        if line.kind in REMOVABLE:
            margin = _margin(line, first, rival)
            if margin > 0:
                found.append((-margin, line.id, line))
    return [(-margin, line) for margin, _, line in sorted(found, key=itemgetter(0, 1))]


def _margin(line: Weight, first: RootSide, rival: RootSide | None) -> float:
    margin = 0.0
    for at, weight in line.towards:
        if at == first:
            margin += weight
        elif at == rival:
            margin -= weight
    return margin
