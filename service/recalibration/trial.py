"""Whether a recalibration may be believed: fitted on nine tenths, judged on the tenth left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from math import log
from typing import NamedTuple

from service.recalibration.drift import CHANCE, Drift, drift
from service.recalibration.fit import Fit, answers, chances, fit, in_use
from service.recalibration.reliability import (
    SEED,
    Figure,
    Reliability,
    Told,
    change,
    reliability,
)
from service.recalibration.sample import Outcome, Refused, Sample

FOLDS = 10
FEWEST = 100
FEWEST_OF_EACH = 10


class Trial(NamedTuple):
    """What recalibrating these outcomes would do. ``after`` is judged on people not fitted to."""

    people: int
    nones: int
    days: tuple[date, date] | None
    used: Fit
    fitted: Fit
    before: Reliability
    after: Reliability
    change: Figure
    drift: Drift | None

    @property
    def against(self) -> tuple[str, ...]:
        """Why nothing should be recalibrated by these outcomes; empty when nothing speaks against."""
        return tuple(_against(self))


def try_out(sample: Sample, seed: int = SEED) -> Trial:
    """Fit, cross-validate and look for drift; raises Refused when there are too few outcomes."""
    outcomes = sample.outcomes
    nones = sum(not o.truth for o in outcomes)
    _check_size(len(outcomes), nones)
    before = [told(sample, o, in_use(sample)) for o in outcomes]
    after = _left_out(sample)
    days = sorted(o.day for o in outcomes if o.day)
    return Trial(
        people=len(outcomes),
        nones=nones,
        days=(days[0], days[-1]) if days else None,
        used=in_use(sample),
        fitted=fit(sample, outcomes),
        before=reliability(before, seed),
        after=reliability(after, seed),
        change=change(before, after, seed),
        drift=drift(sample),
    )


def told(sample: Sample, outcome: Outcome, by: Fit) -> Told:
    """What a fit says of one person, held against what was true."""
    believed = chances(sample, outcome, by)
    said = answers(sample, believed)
    at, chance = max(said, key=lambda answer: answer[1])
    loss = -sum(share * log(believed[i]) for i, share in outcome.right)
    return Told(loss, chance, at in outcome.truth if at else not outcome.truth)


def _left_out(sample: Sample) -> list[Told]:
    """Each person told by a fit to the others' folds. Neighbours in order go to different folds."""
    outcomes = sample.outcomes
    fits = [
        fit(sample, [o for i, o in enumerate(outcomes) if i % FOLDS != fold])
        for fold in range(FOLDS)
    ]
    return [told(sample, o, fits[i % FOLDS]) for i, o in enumerate(outcomes)]


def _check_size(count: int, nones: int) -> None:
    if count < FEWEST:
        raise Refused(f"There are {count} outcomes; it takes at least {FEWEST}.")
    for number, words in ((nones, "no compressed root"), (count - nones, "a compressed root")):
        if number < FEWEST_OF_EACH:
            raise Refused(f"{number} outcomes have {words}; it takes at least {FEWEST_OF_EACH}.")


def _against(trial: Trial) -> Iterator[str]:
    if trial.change.value >= 0:
        yield (
            "Refitting does not improve the log loss on people it was not fitted to "
            f"({trial.before.loss.value:.4f} before, {trial.after.loss.value:.4f} after)."
        )
    if trial.drift:
        halves = f"outcomes from {trial.drift.since.isoformat()} on differ from the older ones"
        for p, what in ((trial.drift.mix, "mix"), (trial.drift.calibration, "calibration")):
            if p < CHANCE:
                yield f"Drift: {halves} in their {what} beyond chance (p = {p:.2g})."
