"""The Bayes-optimal reader of a world: it knows every number of it, and how findings hang together."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

import numpy as np

from benchmarks.localisation.cases import NOT_SEEN
from benchmarks.localisation.patients import (
    ON_LEFT,
    ON_RIGHT,
    Patients,
    quantile,
    source_of,
)
from benchmarks.localisation.states import COLUMN, HOLDS, NONE, Flags, Floats
from benchmarks.localisation.world import SIGNS, Truth

NODES = 15
"""Points at which the shared cause of a group is integrated."""

cumulative = np.vectorize(NormalDist().cdf, otypes=[float])


def read(patients: Patients, truth: Truth, *, imaging: bool) -> Floats:
    """The posterior over what the reference standard will say, one row a patient."""
    prior = truth.priors[patients.band]
    logs = np.log(prior) + examination(patients, truth)
    if truth.knows_side:
        logs = logs + painful_side(patients)
    if truth.world.mimics:
        logs = logs + _mimics(patients)
    if imaging:
        logs = logs + image(patients, truth)
    posterior = normal(logs)
    error = truth.world.label_error
    return (1 - error) * posterior + error * prior


def normal(logs: Floats) -> Floats:
    """From logs to probabilities that add up to one."""
    raw = np.exp(logs - logs.max(axis=1, keepdims=True))
    return raw / raw.sum(axis=1, keepdims=True)


def painful_side(patients: Patients) -> Floats:
    """Log likelihood of the leg that hurts."""
    share = np.where(ON_LEFT == ON_RIGHT, 0.5, np.where(ON_LEFT, 1.0, 1e-12))
    other = np.where(ON_LEFT == ON_RIGHT, 0.5, np.where(ON_RIGHT, 1.0, 1e-12))
    return np.log(np.where(patients.painful[:, None] == 0, share, other))


def examination(patients: Patients, truth: Truth) -> Floats:
    """Log likelihood of the recorded findings in each state."""
    if not truth.world.correlation:
        return independent(patients.present, patients.recorded, truth.chances)
    total = np.zeros((len(patients.state), truth.chances.shape[1]))
    for cause in range(truth.items.cause.max() + 1):
        items = np.flatnonzero(truth.items.cause == cause)
        _, first, back = np.unique(
            COLUMN[truth.items.side[items[0]]], return_index=True, return_inverse=True
        )
        table = truth.chances[np.ix_(items, first)]
        present, recorded = patients.present[:, items], patients.recorded[:, items]
        total += _shared(present, recorded, table, truth.world.correlation)[:, back]
    return total


def independent(present: Flags, recorded: Flags, chances: Floats) -> Floats:
    """Log likelihood of findings that know nothing of one another."""
    yes, no = (present & recorded).astype(float), (~present & recorded).astype(float)
    return yes @ np.log(chances) + no @ np.log(1 - chances)


def _shared(present: Flags, recorded: Flags, table: Floats, strength: float) -> Floats:
    """Log likelihood of one group, averaged over how strong its shared cause may be."""
    points, weights = np.polynomial.hermite_e.hermegauss(NODES)
    total = np.zeros((len(present), table.shape[1]))
    limits = quantile(table)
    for point, weight in zip(points, weights / weights.sum(), strict=True):
        given = cumulative((limits - sqrt(strength) * point) / sqrt(1 - strength))
        given = np.clip(given, 1e-12, 1 - 1e-12)
        total += weight * np.exp(independent(present, recorded, given))
    return np.log(total)


def _mimics(patients: Patients) -> Floats:
    rates = np.array(list(SIGNS.values()))
    some, none = (
        np.where(patients.signs, np.log(rates[:, k]), np.log(1 - rates[:, k])).sum(axis=1)
        for k in (0, 1)
    )
    at_none = np.arange(len(HOLDS)) == NONE
    return np.where(at_none, none[:, None], some[:, None])


def image(patients: Patients, truth: Truth) -> Floats:
    """Log likelihood of what imaging shows, over the ways in which the count may be off."""
    off = truth.world.shift
    ways = ((0, 1 - off), (-1, off / 2), (1, off / 2)) if off else ((0, 1.0),)
    parts = [share * np.exp(_image_at(patients, truth, step)) for step, share in ways]
    return np.log(np.sum(parts, axis=0))


def _image_at(patients: Patients, truth: Truth, step: int) -> Floats:
    seen = patients.grades != NOT_SEEN
    roots = np.arange(seen.shape[1])
    rows = patients.image_band[:, None], roots, np.maximum(patients.grades, 0)
    gain = np.where(seen, np.log(truth.compressed[rows] / truth.silent[rows]), 0.0)
    source = source_of(step)
    moved = np.zeros_like(gain)
    for place, origin in enumerate(source):
        if origin >= 0:
            moved[:, origin] += gain[:, place]
    return moved @ HOLDS.T
