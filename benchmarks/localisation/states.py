"""What can be true of a person, and how likely each finding then is, as arrays.

A state is one of PAIRS: the set of compressed roots on the left and on the right. Everything here
is worked out anew from the plain definitions, so that it can stand as a check of the core.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.clinical.anatomy import Side
from service.clinical.model import STATES, FindingModel, Model
from service.clinical.root_sets import HYPOTHESES, PAIRS, ROOT_SIDES, SETS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

NONE = PAIRS.index((0, 0))
OTHER_SIDE = len(HYPOTHESES)
BIT = {at: 1 << n for n, at in enumerate(ROOT_SIDES)}


def _bits(pair: tuple[int, int]) -> int:
    sides = zip((Side.LEFT, Side.RIGHT), pair, strict=True)
    return sum(BIT[at] for s, i in sides for at in BIT if at.side is s and at.root in HYPOTHESES[i])


STATE_BITS: Ints = np.array([_bits(pair) for pair in PAIRS])
"""For each state its roots as bits, in the order of ROOT_SIDES."""

HOLDS: Floats = ((STATE_BITS[:, None] >> np.arange(len(ROOT_SIDES))) & 1).astype(float)
"""States by roots: one where the root is compressed."""

COLUMN: tuple[Ints, Ints, Ints] = (
    np.array([i if i or not j else OTHER_SIDE for i, j in PAIRS]),
    np.array([j if j or not i else OTHER_SIDE for i, j in PAIRS]),
    np.array([SETS.index(HYPOTHESES[i] | HYPOTHESES[j]) for i, j in PAIRS]),
)
"""For findings of the left leg, the right leg and no side: which column each state depends on."""


class Items(NamedTuple):
    """Everything that can be asked: a finding on the left (0), on the right (1) or without side (2)."""

    findings: tuple[FindingModel, ...]
    finding: Ints
    side: Ints
    cause: Ints
    """Which shared cause an item hangs on: one for each group and side."""
    usual: Flags
    """For each finding, whether an examiner is ever asked for it; the rest say the same again."""
    side_finding: str
    """The finding that says which leg hurts and nothing of the root."""


def items_of(model: Model) -> Items:
    """List what can be asked of a person and says something about the root."""
    findings = tuple(f for f in model.findings.values() if f.given is not None)
    complaints = [f.id for f in model.findings.values() if f.complaint]
    placed = [
        (n, side)
        for n, f in enumerate(findings)
        for side in ((0, 1) if f.sided and not f.crossed else (2,))
    ]
    keys = [(findings[n].group, side) for n, side in placed]
    order = sorted(set(keys))
    return Items(
        findings,
        np.array([n for n, _ in placed]),
        np.array([side for _, side in placed]),
        np.array([order.index(key) for key in keys]),
        np.array([f.asked for f in findings]),
        complaints[0],
    )


def given_of(model: Model, items: Items) -> Floats:
    """P(present | state) of each finding, in the order of STATES, bounded as the model bounds it."""
    rows = [[f.given[s] for s in STATES] for f in items.findings if f.given is not None]
    return np.clip(np.array(rows), model.combination.floor, model.combination.roof)


def chances(given: Floats, items: Items, unaffected: float) -> Floats:
    """P(present) of each item in each state; several roots add up by noisy-OR."""
    legs = np.column_stack([_together(given, held) for held in HYPOTHESES])
    legs = np.column_stack([legs, unaffected * given[:, -1]])
    either = np.column_stack([_together(given, held) for held in SETS])
    tables = [legs[:, COLUMN[0]], legs[:, COLUMN[1]], either[:, COLUMN[2]]]
    pairs = zip(items.finding, items.side, strict=True)
    return np.array([tables[side][finding] for finding, side in pairs])


def _together(given: Floats, held: frozenset[str]) -> Floats:
    leak = given[:, -1]
    if not held:
        return leak
    alone = given[:, [STATES.index(root) for root in sorted(held)]]
    most = alone.max(axis=1)
    spared = np.minimum((1 - alone) / (1 - leak)[:, None], 1.0).prod(axis=1)
    return np.where(most > leak, np.maximum(most, 1 - (1 - leak) * spared), most)


def prior_of(none: float, roots: Floats, two_roots: float, both_sides: float) -> Floats:
    """P(state) before any finding; ``roots`` is the share of L3, L4, L5 and S1."""
    raw = np.array([np.prod([roots[STATES.index(r)] for r in held]) for held in HYPOTHESES])
    size = np.array([len(held) for held in HYPOTHESES])
    one = np.zeros(len(HYPOTHESES))
    for count, share in ((1, 1 - two_roots), (2, two_roots)):
        one[size == count] = share * raw[size == count] / raw[size == count].sum()
    prior = np.empty(len(PAIRS))
    for n, (i, j) in enumerate(PAIRS):
        if i and j:
            prior[n] = (1 - none) * both_sides * one[i] * one[j]
        elif i or j:
            prior[n] = (1 - none) * (1 - both_sides) * one[i or j] / 2
        else:
            prior[n] = none
    return prior


def answers(posterior: Floats) -> Floats:
    """From states to what is shown: the probability of each root and side, and last that of none."""
    return np.column_stack([posterior @ HOLDS, posterior[:, NONE]])
