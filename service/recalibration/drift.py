"""Whether the newer half of the outcomes is of the same kind as the older half."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from math import erfc, exp, gamma, sqrt
from typing import NamedTuple

from service.recalibration.fit import fit, log_likelihood
from service.recalibration.sample import Outcome, Sample, kind_of

CHANCE = 0.01
"""A difference with a p-value under this is not put down to chance."""

_FITTED = 2
_FEW = 5


class Drift(NamedTuple):
    """P-values that the halves differ by chance: in the mix of outcomes, and in calibration."""

    since: date
    older: int
    newer: int
    mix: float
    calibration: float

    @property
    def found(self) -> bool:
        """Whether either differs beyond chance."""
        return min(self.mix, self.calibration) < CHANCE


def drift(sample: Sample) -> Drift | None:
    """Compare the halves; ``None`` where there are no dates, or one day only.

    The mix is compared by a chi-squared test on none, each root and several roots; calibration by
    the likelihood ratio of one fit for each half against one fit for both.
    """
    days = [o.day for o in sample.outcomes if o.day]
    since = _middle(days) if len(days) == len(sample.outcomes) else None
    if since is None:
        return None
    older = [o for o in sample.outcomes if o.day and o.day < since]
    newer = [o for o in sample.outcomes if o.day and o.day >= since]
    return Drift(
        since, len(older), len(newer), _mix(older, newer), _calibration(sample, older, newer)
    )


def _middle(days: Sequence[date]) -> date | None:
    """The day on which the newer half begins; outcomes of one day stay together."""
    best: tuple[float, date] | None = None
    counted, before = Counter(days), 0
    for day in sorted(counted):
        if before:
            off = abs(before - len(days) / 2)
            best = (off, day) if best is None or off < best[0] else best
        before += counted[day]
    return best[1] if best else None


def _mix(older: Sequence[Outcome], newer: Sequence[Outcome]) -> float:
    counts = [Counter(kind_of(o.truth) for o in half) for half in (older, newer)]
    sizes = [len(older), len(newer)]
    share = min(sizes) / sum(sizes)
    total = counts[0] + counts[1]
    rare = [kind for kind in sorted(total) if total[kind] * share < _FEW]
    kinds = [[kind] for kind in sorted(total) if kind not in rare] + ([rare] if rare else [])
    return chi_squared_tail(_distance(counts, sizes, kinds), len(kinds) - 1)


def _distance(
    counts: Sequence[Counter[str]], sizes: Sequence[int], kinds: Iterable[list[str]]
) -> float:
    found = 0.0
    for kind in kinds:
        seen = [sum(half[name] for name in kind) for half in counts]
        for number, size in zip(seen, sizes, strict=True):
            expected = sum(seen) * size / sum(sizes)
            found += (number - expected) ** 2 / expected
    return found


def _calibration(sample: Sample, older: Sequence[Outcome], newer: Sequence[Outcome]) -> float:
    both = log_likelihood(sample, sample.outcomes, fit(sample, sample.outcomes))
    apart = sum(log_likelihood(sample, half, fit(sample, half)) for half in (older, newer))
    return chi_squared_tail(max(2 * (apart - both), 0.0), _FITTED)


def chi_squared_tail(x: float, freedom: int) -> float:
    """P(a chi-squared variable of so many degrees of freedom is over x)."""
    if freedom < 1:
        return 1.0
    half = x / 2
    start = 0.5 if freedom % 2 else 0.0
    terms = [
        float(exp(-half) * half ** (i + start) / gamma(i + start + 1)) for i in range(freedom // 2)
    ]
    return sum(terms) + (erfc(sqrt(half)) if freedom % 2 else 0.0)
