"""The bars, each with what was measured and whether it is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.localisation.published import Line, share, single, special
from benchmarks.localisation.run import Margin, Reading, Result
from benchmarks.localisation.timing import Timing

BEYOND = 2.0
"""Standard errors that count as beyond noise."""


class Bar(NamedTuple):
    """One bar: what was measured, in words, and whether it is reached; None where it cannot be told."""

    measure: str
    measured: str
    bar: str
    reached: bool | None


class Measured(NamedTuple):
    """Everything one run of the benchmark measured."""

    results: tuple[Result, ...]
    timing: Timing
    places: tuple[int, int]
    cases: tuple[Line, ...] | None

    def of(self, *kinds: str) -> list[Result]:
        """The worlds of these kinds."""
        return [r for r in self.results if r.world.kind in kinds]


def readings(results: Iterable[Result]) -> list[Reading]:
    """Both readings of each world."""
    return [reading for r in results for reading in (r.examination, r.imaging)]


def regret(reading: Reading) -> float:
    """The larger of the two regrets: of the answer shown and of the exact state."""
    return max(reading.ours.regret, reading.ours.regret_exact)


def ece(reading: Reading) -> float:
    """The larger of the two calibration errors."""
    return max(reading.ours.ece, reading.ours.ece_exact)


def all_bars(m: Measured) -> list[Bar]:
    """Every bar, in the order in which the report lists them."""
    return [*_regrets(m), *_calibration(m), *_sets(m), *_others(m), *_published(m), _time(m)]


def _at_most(measure: str, value: float, bar: float, unit: str = "") -> Bar:
    digits = 3 if bar < 0.2 else 2
    return Bar(measure, f"{value:.{digits}f}{unit}", f"at most {bar:g}{unit}", value <= bar)


def _regrets(m: Measured) -> Iterable[Bar]:
    for r in m.of("known", "missing"):
        for name, reading in (("examination", r.examination), ("with imaging", r.imaging)):
            worst = regret(reading)
            noise = reading.ours.noise
            measured = f"{reading.ours.regret:.2f} / {reading.ours.regret_exact:.2f} +- {noise:.2f}"
            label = f"regret, {r.world.name}, {name} (answer / exact)"
            yield Bar(label, measured, "at most 0.5 points", worst <= 0.5)
    for name, pick in (("examination", 2), ("with imaging", 3)):
        drawn = [r[pick] for r in m.of("unknown")]
        told = float(np.mean([regret(reading) for reading in drawn]))
        floor = float(np.mean([reading.unavoidable for reading in drawn]))
        yield Bar(
            f"regret, mean of unknown worlds, {name}",
            f"{told:.2f}, of which {floor:.2f} unavoidable",
            "at most 1.0 points",
            told <= 1.0,
        )
        yield Bar(
            f"regret beyond the unavoidable, mean of unknown worlds, {name}",
            f"{told - floor:.2f}",
            "at most 1.0 points",
            told - floor <= 1.0,
        )


def _calibration(m: Measured) -> Iterable[Bar]:
    known = [ece(x) for x in readings(m.of("known"))]
    yield _at_most("calibration error, worst known world", max(known), 0.02)
    missing = [ece(x) for x in readings(m.of("missing"))]
    yield _at_most("calibration error, half of the findings missing", max(missing), 0.015)
    for name, pick, bar in (("examination", 2, 0.10), ("with imaging", 3, 0.04)):
        worst = max(m.results, key=lambda r: ece(r[pick]))
        label = f"calibration error, worst of all worlds ({worst.world.name}), {name}"
        yield _at_most(label, ece(worst[pick]), bar)


def _sets(m: Measured) -> Iterable[Bar]:
    known = [x.ours.covered for x in readings(m.of("known", "missing"))]
    low, high = min(known), max(known)
    yield Bar(
        "90 % sets cover, known worlds",
        f"{low:.3f} to {high:.3f}",
        "0.885 to 0.915",
        low >= 0.885 and high <= 0.915,
    )
    worst = min(m.results, key=lambda r: min(x.ours.covered for x in r[2:4]))
    covered = min(x.ours.covered for x in worst[2:4])
    name = f"90 % sets cover, worst world ({worst.world.name})"
    yield Bar(name, f"{covered:.3f}", "at least 0.85", covered >= 0.85)
    larger = [x.ours.size - x.optimal.size for x in readings(m.of("known", "missing"))]
    yield _at_most("90 % sets, size above the optimal reader's, known worlds", max(larger), 0.1)


def worst_margin(results: Sequence[Result]) -> tuple[str, str, Margin]:
    """World, baseline and margin where we do worst, in standard errors."""
    found = [
        (r.world.name, name, margin)
        for r in results
        for reading in (r.examination, r.imaging)
        for name, margin in reading.margins.items()
    ]
    return min(found, key=lambda one: one[2].points / max(one[2].noise, 1e-9))


def _others(m: Measured) -> Iterable[Bar]:
    world, name, margin = worst_margin(m.results)
    below = sum(
        margin.points < -BEYOND * margin.noise
        for x in readings(m.results)
        for margin in x.margins.values()
    )
    total = sum(len(x.margins) for x in readings(m.results))
    yield Bar(
        "against every baseline in every world",
        f"worse beyond noise in {below} of {total}; worst {margin.points:+.2f} +- "
        f"{margin.noise:.2f} points ({name}, {world})",
        "never worse beyond noise",
        below == 0,
    )
    for r in m.of("known"):
        level = r.wrong_level
        gap = level.optimal - level.ours
        yield Bar(
            f"wrong level from the examination alone, {r.world.name}: area under the curve",
            f"{level.ours:.3f}, optimal {level.optimal:.3f}, gap {gap:.3f} +- {level.noise:.3f}",
            "within 0.01",
            gap <= 0.01,
        )
    for swapped in [r.swapped for r in m.results if r.swapped]:
        yield Bar(
            "swapped sides found, where the examination points to one side",
            f"{swapped.found:.3f} of {swapped.pointed} (of {swapped.number} in all; "
            f"{swapped.concordant:.3f} of those pass as concordant)",
            "1",
            swapped.found == 1.0 and swapped.concordant == 0.0,
        )
    right, total = m.places
    yield Bar("anatomy truth table", f"{right} of {total}", "all", right == total)


def _published(m: Measured) -> Iterable[Bar]:
    if m.cases is None:
        yield Bar("published cases", "NOT MEASURED: no file of cases", "", None)
        return
    ones, others = single(m.cases), special(m.cases)
    held: tuple[tuple[str, list[Line], Callable[[Line], bool | None], float], ...] = (
        ("first root right", ones, lambda x: x.first, 0.92),
        ("among the first two", ones, lambda x: x.top_two, 0.99),
        ("side right", ones, lambda x: x.side, 1.0),
        ("mimics and emergencies flagged", others, lambda x: x.flagged, 0.95),
    )
    for name, lines, holds, bar in held:
        value = share(lines, holds)
        label = f"published, {name} ({len(lines)} cases)"
        yield Bar(label, f"{value:.2f}", f"at least {bar:g}", value >= bar)
    bad = sum(x.confident for x in others)
    yield Bar("published, mimics and emergencies confident and concordant", str(bad), "0", bad == 0)


def _time(m: Measured) -> Bar:
    t = m.timing
    said = f"{t.case:.3f} ms; floor {t.floor:.4f} ms ({t.additions} additions)"
    label = "time per case, 20 findings, 6 imaging facts"
    return Bar(label, said, "at most 0.3 ms", t.case <= 0.3)
