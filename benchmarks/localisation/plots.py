"""Plots of the report as SVG: the same figures give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.localisation.run import Result

SETTINGS = {"svg.hashsalt": "lasegue", "svg.fonttype": "none", "font.size": 9}
WIDTH = 8.0


def draw_plots(results: Sequence[Result], folder: Path) -> None:
    """Write the three plots into a folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(SETTINGS):
        _save(_regret(results), folder / "regret.svg")
        _save(_coverage(results), folder / "coverage.svg")
        _save(_calibration(results), folder / "calibration.svg")


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    text = path.read_text(encoding="utf-8")
    path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", encoding="utf-8")


def _by_world(results: Sequence[Result]) -> Figure:
    figure = Figure(figsize=(WIDTH, 0.24 * len(results) + 1), layout="constrained")
    axes = figure.add_subplot()
    axes.set_yticks(range(len(results)), [r.world.name for r in results])
    axes.invert_yaxis()
    return figure


def _regret(results: Sequence[Result]) -> Figure:
    figure = _by_world(results)
    axes = figure.axes[0]
    for shift, pick, name in ((-0.15, 2, "examination"), (0.15, 3, "with imaging")):
        values = [r[pick].ours.regret for r in results]
        noise = [2 * r[pick].ours.noise for r in results]
        places = [n + shift for n in range(len(results))]
        axes.errorbar(values, places, xerr=noise, fmt="o", markersize=4, label=name)
    least = [r.examination.unavoidable for r in results]
    axes.plot(least, range(len(results)), "|", color="grey", markersize=9, label="unavoidable")
    axes.axvline(0.5, color="grey", linestyle=":")
    axes.set_xlabel("points of accuracy below the optimal reader, with two standard errors")
    axes.legend()
    return figure


def _coverage(results: Sequence[Result]) -> Figure:
    figure = _by_world(results)
    axes = figure.axes[0]
    axes.axvspan(0.885, 0.915, color="0.9")
    for pick, name in ((2, "examination"), (3, "with imaging")):
        values = [r[pick].ours.covered for r in results]
        axes.plot(values, range(len(results)), "o", markersize=4, label=name)
    axes.axvline(0.85, color="grey", linestyle=":")
    axes.set_xlabel("share of 90 % sets that hold the truth")
    axes.legend()
    return figure


def _calibration(results: Sequence[Result]) -> Figure:
    figure = Figure(figsize=(WIDTH, WIDTH / 2), layout="constrained")
    for place, pick, name in ((1, 2, "examination"), (2, 3, "with imaging")):
        axes = figure.add_subplot(1, 2, place)
        axes.plot([0, 1], [0, 1], ":", color="grey")
        for r in results:
            said, right = zip(*[(s, h) for s, h, _ in r[pick].curve], strict=True)
            known = r.world.kind in ("known", "missing")
            axes.plot(said, right, color="C0" if known else "0.75", zorder=2 if known else 1)
        axes.set_xlabel(f"said, {name} (blue: known worlds)")
        axes.set_ylabel("right")
    return figure
