"""Scores of a reader. Whether an answer is right is taken from the optimal reader's posterior.

That is the probability that it is right given all that was recorded, so a score has the same mean as
one from drawn labels and much less noise. ``drawn`` holds what the drawn labels say, as a check.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmarks.localisation.states import HOLDS, STATE_BITS, Flags, Floats, Ints, answers

BINS = 10


class Scores(NamedTuple):
    """Scores of one reader over the patients of one world; every one a mean over patients.

    ``accuracy`` and ``top_two`` are of the answers shown (a root and side, or none). ``regret`` and
    ``regret_exact`` are points below the optimal reader, of the answer shown and of the whole state,
    with the standard error ``noise``. ``ece`` is of the top answer shown, ``ece_exact`` of the top state.
    ``covered`` and ``size`` are of 90 % sets of roots.
    """

    accuracy: float
    top_two: float
    regret: float
    regret_exact: float
    noise: float
    brier: float
    ece: float
    ece_exact: float
    slope: float
    covered: float
    size: float
    drawn: float


def score(posterior: Floats, optimal: Floats, label: Ints, share: float) -> Scores:
    """Score a reader; ``share`` is the mass that 90 % sets aim at."""
    shown, true = answers(posterior), answers(optimal)
    rows = np.arange(len(label))
    top, state = shown.argmax(axis=1), posterior.argmax(axis=1)
    hit, exact = true[rows, top], optimal[rows, state]
    lost, lost_exact = true.max(axis=1) - hit, optimal.max(axis=1) - exact
    inside, size = sets(posterior, optimal, share)
    return Scores(
        accuracy=hit.mean(),
        top_two=_top_two(shown, optimal),
        regret=100 * lost.mean(),
        regret_exact=100 * lost_exact.mean(),
        noise=100 * max(standard_error(lost), standard_error(lost_exact)),
        brier=_brier(shown, true),
        ece=calibration_error(shown[rows, top], hit),
        ece_exact=calibration_error(posterior[rows, state], exact),
        slope=slope(shown[rows, top], hit),
        covered=inside.mean(),
        size=size.mean(),
        drawn=answers(np.eye(len(HOLDS))[label])[rows, top].mean(),
    )


def standard_error(values: Floats) -> float:
    """The standard error of a mean."""
    return float(values.std() / np.sqrt(len(values)))


def _top_two(shown: Floats, optimal: Floats) -> float:
    """How often the truth is met by one of the two likeliest answers."""
    first, second = np.argsort(-shown, axis=1)[:, :2].T
    met = np.column_stack([HOLDS, HOLDS.sum(axis=1) == 0]).astype(bool)
    either = met[:, first] | met[:, second]
    return float((optimal * either.T).sum(axis=1).mean())


def _brier(shown: Floats, true: Floats) -> float:
    """Squared error over the eight roots and none, expected over what is true."""
    return float((shown**2 - 2 * shown * true + true).sum(axis=1).mean())


def bins(confidence: Floats, hit: Floats) -> list[tuple[float, float, float]]:
    """Mean confidence, share right and share of patients, for each tenth that has patients."""
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    members = [place == n for n in range(BINS)]
    return [
        (float(confidence[m].mean()), float(hit[m].mean()), float(m.mean()))
        for m in members
        if m.any()
    ]


def calibration_error(confidence: Floats, hit: Floats) -> float:
    """Expected calibration error over ten bins of equal width."""
    return sum(abs(said - right) * share for said, right, share in bins(confidence, hit))


def slope(confidence: Floats, hit: Floats) -> float:
    """Slope of what is right on the log odds that were said; one is calibrated, less is too sure."""
    x = np.clip(confidence, 1e-6, 1 - 1e-6)
    design = np.column_stack([np.ones_like(x), np.log(x / (1 - x))])
    beta = np.array([0.0, 1.0])
    for _ in range(25):
        p = 1 / (1 + np.exp(-design @ beta))
        weight = np.maximum(p * (1 - p), 1e-9)
        beta = beta + np.linalg.solve(design.T @ (design * weight[:, None]), design.T @ (hit - p))
    return float(beta[1])


def sets(posterior: Floats, optimal: Floats, share: float) -> tuple[Floats, Floats]:
    """90 % sets: the likeliest roots until the states made of them hold about ``share``.

    Gives for each patient the probability that the truth is inside, and how many roots it holds.
    """
    chosen = root_sets(posterior, share)
    inside = within(chosen)
    size = np.array([int(bits).bit_count() for bits in chosen], dtype=float)
    return (optimal * inside).sum(axis=1), size


def within(chosen: Ints) -> Flags:
    """Patients by states: whether every root of the state is among the chosen ones."""
    return (STATE_BITS[None, :] & ~chosen[:, None]) == 0


def root_sets(posterior: Floats, share: float) -> Ints:
    """The roots of each patient's set, as bits."""
    order = np.argsort(-np.round(posterior @ HOLDS, 12), axis=1, kind="stable")
    chosen = np.zeros(len(posterior), dtype=int)
    held = posterior[:, 0].copy()
    growing = np.ones(len(posterior), dtype=bool)
    for root in order.T:
        more_bits = chosen | (1 << root)
        more = (posterior * within(more_bits)).sum(axis=1)
        growing &= np.abs(held - share) > np.abs(more - share)
        chosen = np.where(growing, more_bits, chosen)
        held = np.where(growing, more, held)
    return chosen


class Named(NamedTuple):
    """How often a root is named and how often that is right; how often what is shown holds the truth."""

    share: float
    right: float
    shown_covered: float


def naming(named: Ints, shown: Ints, optimal: Floats) -> Named:
    """Score what the core names and shows."""
    holds = (named[:, None] & ~STATE_BITS[None, :]) == 0
    right = (optimal * holds).sum(axis=1)
    some = named > 0
    covered = (optimal * within(shown)).sum(axis=1)
    return Named(
        float(some.mean()),
        float(right[some].mean()) if some.any() else float("nan"),
        float(covered.mean()),
    )
