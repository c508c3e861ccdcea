"""Finding a wrong level or a swapped side from the examination."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmarks.localisation.cases import CaseMaker, fact, study
from benchmarks.localisation.patients import Patients
from benchmarks.localisation.states import HOLDS, Flags, Floats, Ints, Items
from service.clinical.assess import assess
from service.clinical.findings import Case
from service.clinical.model import Model
from service.clinical.root_sets import ROOT_SIDES

COMPRESSED = 3
"""The grade of a root that is compressed."""

RESAMPLES = 100


def _beside() -> Flags:
    order = list(dict.fromkeys(at.root for at in ROOT_SIDES))
    place = np.array([order.index(at.root) for at in ROOT_SIDES])
    side = np.array([at.side for at in ROOT_SIDES])
    return (np.abs(place[:, None] - place) == 1) & (side[:, None] == side)


BESIDE = _beside()
"""Roots by roots: the next one above or below on the same side."""


class WrongLevel(NamedTuple):
    """How well a wrong level is told from a right one: area under the curve, ours and optimal."""

    ours: float
    optimal: float
    noise: float


def wrong_level(ours: Floats, optimal: Floats, state: Ints) -> WrongLevel:
    """Score claims about people with one compressed root: the right level, or one beside it."""
    single = np.flatnonzero(HOLDS[state].sum(axis=1) == 1)
    truth = HOLDS[state[single]].argmax(axis=1)
    doubts = [_doubts(reader[single]) for reader in (ours, optimal)]
    areas = [_area(doubt, truth) for doubt in doubts]
    rng = np.random.default_rng(5)
    spread = []
    for _ in range(RESAMPLES):
        take = rng.integers(0, len(single), len(single))
        one, other = (_area(doubt[take], truth[take]) for doubt in doubts)
        spread.append(one - other)
    return WrongLevel(areas[0], areas[1], float(np.std(spread)))


def _doubts(posterior: Floats) -> Floats:
    """For each claimed root, the odds that one beside it is meant."""
    chance = posterior @ HOLDS
    beside = chance @ (BESIDE / BESIDE.sum(axis=1, keepdims=True)).T
    return beside / np.maximum(chance, 1e-12)


def _area(doubt: Floats, truth: Ints) -> float:
    """Probability that a wrong claim is doubted more than a right one, over all such pairs."""
    right = doubt[np.arange(len(truth)), truth]
    rows, claims = np.nonzero(BESIDE[truth])
    wrong = doubt[rows, claims]
    weight = 1 / BESIDE[truth].sum(axis=1)[rows]
    ranked = np.sort(right)
    below = np.searchsorted(ranked, wrong, side="left")
    upto = np.searchsorted(ranked, wrong, side="right")
    return float(((below + upto) / 2 * weight).sum() / weight.sum() / len(right))


class Swapped(NamedTuple):
    """Reports that show the compressed root on the other side.

    ``found`` is the share told as a matter of side among the ``pointed``, those whose examination
    points to the compressed side alone; ``concordant`` the share of all ``number`` that pass.
    """

    number: int
    pointed: int
    found: float
    concordant: float


def swapped_sides(patients: Patients, items: Items, model: Model, *, most: int) -> Swapped:
    """Show the one compressed root of each patient on the other side."""
    single = np.flatnonzero(HOLDS[patients.state].sum(axis=1) == 1)[:most]
    maker = CaseMaker(items)
    pointed = found = concordant = 0
    for n in single:
        at = ROOT_SIDES[int(HOLDS[patients.state[n]].argmax())]
        wrong = ROOT_SIDES.index(at._replace(side=at.side.other))
        bare = maker.case(patients, int(n), imaging=False)
        case = Case(bare.person, bare.as_of, bare.findings, (fact(wrong, COMPRESSED),), (study(),))
        said = assess(case, model)
        sides = {x.side for x in said.localisation.examination}
        kinds = {d.kind for d in said.concordance.disagreements}
        concordant += said.concordance.status == "concordant"
        if sides == {at.side}:
            pointed += 1
            found += "side" in kinds
    return Swapped(len(single), pointed, found / max(pointed, 1), concordant / max(len(single), 1))
