"""Sets of compressed roots: the hypotheses, and how several roots together explain a finding."""

from __future__ import annotations

from itertools import combinations
from math import prod

from service.clinical.anatomy import BOTH, Root, RootSide, Side
from service.clinical.model import MODEL_ROOTS

LARGEST = 2
"""The most roots that a hypothesis holds on one side."""


def _neighbours(roots: frozenset[Root]) -> bool:
    places = sorted(MODEL_ROOTS.index(root) for root in roots)
    return len(places) <= LARGEST and places == list(range(places[0], places[0] + len(places)))


_ALL = [
    frozenset(roots)
    for size in range(len(MODEL_ROOTS) + 1)
    for roots in combinations(MODEL_ROOTS, size)
]

HYPOTHESES = tuple(roots for roots in _ALL if not roots or _neighbours(roots))
"""The sets of roots that may be compressed on one side, the empty set first, then single roots.

Two roots of one side lie next to each other: one level meets its exiting and its traversing root.
"""

SETS = (*HYPOTHESES, *(roots for roots in _ALL if roots not in HYPOTHESES))
"""Every set of modelled roots, the hypotheses first: what both sides together can hold."""

SINGLE = {root: HYPOTHESES.index(frozenset({root})) for root in MODEL_ROOTS}
"""Index into :data:`HYPOTHESES` and :data:`SETS` of each root alone."""

PAIRS = tuple((i, j) for i in range(len(HYPOTHESES)) for j in range(len(HYPOTHESES)))
"""Every hypothesis of the whole person: indices of the sets of the left and of the right side."""

UNION = tuple(SETS.index(HYPOTHESES[i] | HYPOTHESES[j]) for i, j in PAIRS)
"""For each of :data:`PAIRS` the union of both sides: what a finding without a side depends on."""

ROOT_SIDES = tuple(sorted(RootSide(root, side) for root in MODEL_ROOTS for side in BOTH))
"""The units of the answer, in the order in which they are listed."""

_UPPER = (Root.L1, Root.L2)


def modelled(root: Root) -> Root | None:
    """Give the modelled root that stands for this one: L3 for the upper roots, ``None`` for S2."""
    if root in _UPPER:
        return Root.L3
    return root if root in MODEL_ROOTS else None


def on_side(roots: frozenset[Root], side: Side) -> frozenset[RootSide]:
    """Put a set of roots on one side."""
    return frozenset(RootSide(root, side) for root in roots)


def chance_given(roots: frozenset[Root], given: dict[str, float]) -> float:
    """P(finding | exactly these roots compressed), by noisy-OR over the roots with ``none`` as leak.

    A second root never makes a finding less likely than the likelier root alone does, and where
    every root makes it rarer than no compressed root does, it stays so.
    """
    if not roots:
        return given["none"]
    alone = [given[root] for root in roots]
    most, spared = max(alone), 1 - given["none"]
    if most <= given["none"]:
        return most
    return max(most, 1 - spared * prod(min((1 - p) / spared, 1.0) for p in alone))
