"""What a trial showed, in words and numbers for the people who decide whether to use it."""

from __future__ import annotations

from collections.abc import Iterator

from service.recalibration.fit import LEAST, MOST
from service.recalibration.plot import text_plot
from service.recalibration.reliability import Figure
from service.recalibration.table import Read, listed
from service.recalibration.trial import Trial

CAVEATS = """\
What this cannot show: outcomes are confirmed in a selected few, and a truth read from the imaging
that was also assessed agrees with itself. Nothing here is a claim of accuracy on other people."""

APPROXIMATE = """\
Fitted to probabilities, not to findings: every root counts by itself, imaging and rivals are scaled
together with the examination, and what was cut at the ceiling stays cut. Use Bundles to be exact."""


def report(read: Read, trial: Trial) -> str:
    """The whole report, ending with a line break."""
    return "\n".join(
        [*_head(read, trial), "", *_table(trial), "", *_plots(trial), *_foot(read)]
    ) + ("\n")


def days_of(trial: Trial) -> str:
    """From when to when, in words."""
    if trial.days is None:
        return "dates not given"
    return " to ".join(day.isoformat() for day in trial.days)


def _head(read: Read, trial: Trial) -> Iterator[str]:
    rows, share = trial.people + len(read.faults), trial.nones / trial.people
    yield f"Outcomes read: {trial.people} of {rows} rows, {days_of(trial)}"
    if read.faults:
        yield f"Not read: {listed(read.faults)}"
    yield f"No compressed root in {trial.nones} of them ({share:.1%})"
    if trial.drift is None:
        yield "Drift: not tested, for want of dates on more than one day"
    else:
        yield (
            f"Drift: {trial.drift.older} outcomes before {trial.drift.since.isoformat()} against "
            f"{trial.drift.newer} since: p = {trial.drift.mix:.2g} for their mix, "
            f"{trial.drift.calibration:.2g} for calibration"
        )
    if trial.fitted.temper in (LEAST, MOST):
        yield f"The temper is at its bound, {trial.fitted.temper:g}: findings may be recorded amiss"


def _table(trial: Trial) -> Iterator[str]:
    before, after = trial.before, trial.after
    yield f"{'':<28}{'before':<26}after (on people it was not fitted to)"
    yield f"{'log loss':<28}{_figure(before.loss):<26}{_figure(after.loss)}"
    yield f"{'  change':<54}{_figure(trial.change)}"
    yield f"{'calibration error':<28}{_figure(before.error):<26}{_figure(after.error)}"
    yield f"{'calibration slope':<28}{_figure(before.slope):<26}{_figure(after.slope)}"
    yield f"{'calibration intercept':<28}{_figure(before.intercept):<26}{_figure(after.intercept)}"
    yield f"{'temper':<28}{trial.used.temper:<26.3f}{trial.fitted.temper:.3f}"
    yield f"{'share with no root':<28}{trial.used.none:<26.3f}{trial.fitted.none:.3f}"
    yield "In brackets: 95 % bootstrap intervals. Calibration is that of the likeliest answer."


def _figure(figure: Figure) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _plots(trial: Trial) -> Iterator[str]:
    for words, told in (("before", trial.before), ("after", trial.after)):
        yield f"Reliability {words}: o found, | said, 0 both, --- 95 % interval of what was found"
        yield from text_plot(told.bins)
        yield ""


def _foot(read: Read) -> Iterator[str]:
    if not read.exact:
        yield APPROXIMATE
    yield CAVEATS
