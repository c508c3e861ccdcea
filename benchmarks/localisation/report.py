"""The report: every bar, every world, every baseline, every case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.localisation.bars import Bar, Measured, all_bars, readings
from benchmarks.localisation.run import Reading, Result

HEAD = """# How well it localises

Written by `make benchmark-localisation`; every figure comes from one run of it. Change the model, not this page.

**What this is and is not.** Simulated patients are drawn from the probabilities in [mappings/](../mappings/README.md) and from
worlds that depart from them; published cases are few and unusual by selection. Nothing here is accuracy on patients, and nothing
was fitted to patients.
"""
READING = """
## How to read it

- **Worlds.** Each person has no compressed root, or one or two neighbouring ones, on one side or both. Twenty findings are asked on
  the painful leg and which leg hurts is on record, unless the world says otherwise; imaging speaks of six roots of eight.
- **Known** worlds hold our own probabilities and one stated population; findings of a group share a cause of the strength given.
  **Missing** ones keep each answer with probability one half. In **other** worlds one thing differs. **Unknown** worlds draw every
  probability anew from a beta distribution worth as many people as the model counts for the grade of the finding, the frequencies of
  roots, how often imaging is silent or telling, and a share of people without a compressed root from 10 to 50 %.
- **Optimal** is the Bayes-optimal reader that knows all numbers of its world, the strength of shared causes, and the painful leg.
  **Regret** is points of accuracy below it: first for the answer shown (a root and side, or none), then for the exact set of roots.
  The **unavoidable** part is what a reader loses that knows everything but the drawn numbers.
- Whether an answer is right is taken from the optimal reader's posterior, which has the mean of drawn labels and less noise;
  *drawn* is the same accuracy from drawn labels. Calibration is of the top answer, in ten bins of equal width. A 90 % set holds the
  likeliest roots until the states made of them have about the mass the model names.
"""


def page(m: Measured) -> str:
    """The whole page as Markdown."""
    known = m.cases is not None
    return "\n".join(
        [
            HEAD,
            summary(m),
            "\n## The bars\n",
            bar_table(all_bars(m)),
            READING,
            "## Worlds, examination only\n",
            _worlds(m.results, 2),
            "\n## Worlds, with imaging\n",
            _worlds(m.results, 3),
            "\n![Regret by world](plots/regret.svg)\n\n![Coverage by world](plots/coverage.svg)\n",
            "![Calibration](plots/calibration.svg)\n",
            "## Margins over baselines, in points of accuracy\n",
            "The smallest and the mean over worlds; the baselines know our probabilities and the painful leg.\n",
            _margins(m),
            "\n## Published cases\n",
            _cases(m) if known else "**Not measured**: the file of cases was not there.\n",
        ]
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def bar_table(bars: Iterable[Bar]) -> str:
    """Every bar with its verdict."""
    verdict = {True: "reached", False: "**missed**", None: "**not measured**"}
    rows = [(b.measure, b.measured, b.bar, verdict[b.reached]) for b in bars]
    return table(("measure", "measured", "bar", ""), rows)


def _worlds(results: Sequence[Result], pick: int) -> str:
    head = (
        "world",
        "accuracy (optimal)",
        "drawn",
        "regret, exact +-",
        "unavoidable",
        "Brier",
        "ECE, exact",
        "slope",
        "covered",
        "size (optimal)",
        "top two",
        "named: share, right",
        "shown covers",
    )
    return table(head, [(r.world.name, *_cells(r[pick])) for r in results])


def _cells(x: Reading) -> tuple[str, ...]:
    s, best, named = x.ours, x.optimal, x.named
    return (
        f"{s.accuracy:.3f} ({best.accuracy:.3f})",
        f"{s.drawn:.3f}",
        f"{s.regret:.2f}, {s.regret_exact:.2f} +- {s.noise:.2f}",
        f"{x.unavoidable:.2f}",
        f"{s.brier:.3f}",
        f"{s.ece:.3f}, {s.ece_exact:.3f}",
        f"{s.slope:.2f}",
        f"{s.covered:.3f}",
        f"{s.size:.2f} ({best.size:.2f})",
        f"{s.top_two:.3f}",
        f"{named.share:.2f}, {named.right:.3f}",
        f"{named.shown_covered:.3f}",
    )


def _margins(m: Measured) -> str:
    found: dict[str, list[tuple[float, float, str]]] = {}
    for r in m.results:
        for reading in (r.examination, r.imaging):
            for name, margin in reading.margins.items():
                one = (margin.points, margin.noise, r.world.name)
                found.setdefault(name, []).append(one)
    rows = []
    for name, margins in found.items():
        points, noise, world = min(margins)
        mean = float(np.mean([p for p, _, _ in margins]))
        rows.append((name, f"{points:+.2f} +- {noise:.2f}", world, f"{mean:+.2f}"))
    return table(("baseline", "smallest", "in world", "mean"), rows)


def _cases(m: Measured) -> str:
    head = (
        "case",
        "class",
        "truth",
        "said",
        "first",
        "two",
        "side",
        "named",
        "flagged",
        "3+ items",
    )
    rows = [
        (
            *(line.id, line.kind, line.truth, line.said),
            *map(_tick, (line.first, line.top_two, line.side, line.named)),
            *map(_tick, (line.flagged, line.enough)),
        )
        for line in m.cases or ()
    ]
    return table(head, rows) + "\n"


def _tick(holds: bool | None) -> str:
    return "" if holds is None else "yes" if holds else "no"


def summary(m: Measured) -> str:
    """How many patients were read, and the mean noise of a regret."""
    patients = sum(r.patients for r in m.results)
    noise = float(np.mean([x.ours.noise for x in readings(m.results)]))
    return (
        f"{patients} simulated patients in {len(m.results)} worlds, each read without and with imaging; "
        f"standard error of a regret {noise:.2f} points on average."
    )
