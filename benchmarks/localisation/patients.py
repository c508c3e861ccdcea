"""Drawing patients: what is true, what was asked and answered, and what imaging shows."""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from benchmarks.localisation.cases import NOT_SEEN
from benchmarks.localisation.states import (
    HOLDS,
    NONE,
    STATE_BITS,
    Flags,
    Floats,
    Ints,
)
from benchmarks.localisation.world import SIGNS, Truth
from service.clinical.root_sets import ROOT_SIDES

ROOTS_SEEN = 6
"""How many of the eight roots imaging speaks of."""

_RIGHT_BITS = sum(1 << n for n, at in enumerate(ROOT_SIDES) if at.side == "right")
ON_LEFT: Flags = (STATE_BITS & ~_RIGHT_BITS) > 0
ON_RIGHT: Flags = (STATE_BITS & _RIGHT_BITS) > 0

quantile = np.vectorize(NormalDist().inv_cdf, otypes=[float])


class Patients(NamedTuple):
    """Patients of one world, one row each.

    ``label`` is the state the reference standard gives, ``state`` the true one. ``band`` indexes the
    priors and ``image_band`` the ages of imaging; ``age`` is -1 where unknown. ``painful`` is 0 for
    left, 1 for right. ``grades`` holds 0 to 3 for each of ROOT_SIDES, or NOT_SEEN. ``signs`` are
    those of mimics, in the order of SIGNS.
    """

    state: Ints
    label: Ints
    age: Ints
    band: Ints
    image_band: Ints
    painful: Ints
    present: Flags
    recorded: Flags
    grades: Ints
    signs: Flags


def draw(truth: Truth, number: int) -> Patients:
    """Draw so many patients; the same world and number give the same patients."""
    rng = np.random.default_rng([truth.world.seed, 11])
    age = rng.integers(22, 86, number)
    age[rng.random(number) < 0.1] = -1
    known = np.searchsorted(truth.ages, age, side="right") - 1
    band = np.where(age < 0, len(truth.ages), known)
    image_band = np.maximum(np.searchsorted(truth.imaging_ages, age, side="right") - 1, 0)
    state = _draw_rows(truth.priors[band], rng)
    painful = _painful(state, rng)
    return Patients(
        state=state,
        label=_labels(state, truth, band, rng),
        age=age,
        band=band,
        image_band=image_band,
        painful=painful,
        present=_present(state, truth, rng),
        recorded=_recorded(painful, truth, rng),
        grades=_grades(state, truth, image_band, rng),
        signs=_signs(state, truth, rng),
    )


def _draw_rows(chances: Floats, rng: np.random.Generator) -> Ints:
    """Draw one column for each row of probabilities."""
    edges = chances.cumsum(axis=1)
    return (rng.random((len(chances), 1)) * edges[:, -1:] > edges).sum(axis=1)


def _painful(state: Ints, rng: np.random.Generator) -> Ints:
    """The compressed side; either one where both or neither are."""
    left, right = ON_LEFT[state], ON_RIGHT[state]
    return np.where(left == right, rng.integers(0, 2, len(state)), right.astype(int))


def _labels(state: Ints, truth: Truth, band: Ints, rng: np.random.Generator) -> Ints:
    """The reference standard: sometimes it says what it might have said of anyone."""
    wrong = rng.random(len(state)) < truth.world.label_error
    return np.where(wrong, _draw_rows(truth.priors[band], rng), state)


def _present(state: Ints, truth: Truth, rng: np.random.Generator) -> Flags:
    """Whether each item is there; items of one group and side share a cause."""
    number, items = len(state), truth.items
    shared = rng.standard_normal((number, items.cause.max() + 1))[:, items.cause]
    own = rng.standard_normal((number, len(items.cause)))
    strength = truth.world.correlation
    drive = np.sqrt(strength) * shared + np.sqrt(1 - strength) * own
    return drive < quantile(truth.chances).T[state]


def _recorded(painful: Ints, truth: Truth, rng: np.random.Generator) -> Flags:
    """Which items were asked and answered: at random, on the painful leg or on both."""
    world, items = truth.world, truth.items
    number, findings = len(painful), len(items.findings)
    asked = world.asked // 2 if world.both_legs else world.asked
    order = rng.random((number, findings)) + (0 if world.overlapping else ~items.usual)
    place = order.argsort(axis=1).argsort(axis=1)
    on_leg = (items.side == 2) | (items.side == painful[:, None])
    recorded = (place < asked)[:, items.finding] & (on_leg | world.both_legs)
    return recorded & (rng.random(recorded.shape) < world.kept)


def _grades(state: Ints, truth: Truth, image_band: Ints, rng: np.random.Generator) -> Ints:
    """What imaging says of each root, perhaps one level off, of six roots taken at random."""
    held = HOLDS[state].astype(bool)
    tables = np.stack([truth.silent, truth.compressed])
    rows = tables[held.astype(int), image_band[:, None], np.arange(held.shape[1])]
    edges = rows.cumsum(axis=2)[:, :, :-1]
    grades = (rng.random((*held.shape, 1)) > edges).sum(axis=2)
    step = _steps(len(state), truth, rng)
    grades = shifted(grades, step, _draw_free(truth, image_band, rng))
    unseen = rng.random(held.shape).argsort(axis=1).argsort(axis=1) >= ROOTS_SEEN
    return np.where(unseen, NOT_SEEN, grades)


def _steps(number: int, truth: Truth, rng: np.random.Generator) -> Ints:
    off = rng.random(number) < truth.world.shift
    return np.where(off, rng.choice([-1, 1], number), 0)


def _draw_free(truth: Truth, image_band: Ints, rng: np.random.Generator) -> Ints:
    """Grades of roots beyond the four: what is seen there when the count is off."""
    places = range(len(ROOT_SIDES))
    return np.stack([_draw_rows(truth.silent[image_band, n], rng) for n in places], axis=1)


def source_of(step: int) -> Ints:
    """For each of ROOT_SIDES the one whose picture it is given when the count is off; -1 beyond."""
    roots = list(dict.fromkeys(at.root for at in ROOT_SIDES))
    found = []
    for at in ROOT_SIDES:
        place = roots.index(at.root) - step
        inside = 0 <= place < len(roots)
        found.append(ROOT_SIDES.index(at._replace(root=roots[place])) if inside else -1)
    return np.array(found)


def shifted(grades: Ints, step: Ints, beyond: Ints) -> Ints:
    """Move what is seen one level up or down, patient by patient."""
    moved = grades.copy()
    for way in (-1, 1):
        source = source_of(way)
        row = np.where(source >= 0, grades[:, source], beyond)
        moved = np.where((step == way)[:, None], row, moved)
    return moved


def _signs(state: Ints, truth: Truth, rng: np.random.Generator) -> Flags:
    rates = np.array(list(SIGNS.values()))
    chance = rates[:, 1] * (state == NONE)[:, None] + rates[:, 0] * (state != NONE)[:, None]
    return (rng.random(chance.shape) < chance) & truth.world.mimics
