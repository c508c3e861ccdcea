"""``python -m benchmarks.localisation``: measure, print the bars and write docs/localisation.md."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from benchmarks.localisation import report
from benchmarks.localisation.anatomy_table import right_places
from benchmarks.localisation.bars import Measured, all_bars
from benchmarks.localisation.published import FILE, read_cases
from benchmarks.localisation.run import Task, run_all
from benchmarks.localisation.timing import time_cases
from benchmarks.localisation.world import worlds_of
from service.knowledge.files import load_model
from service.knowledge.wording import load_phrases
from service.memory import settle_memory

DOCS = Path(__file__).parents[2] / "docs"
PATIENTS, DRAWN, SWAPS, ROUNDS = 100_000, 12, 1000, 21
QUICK_PATIENTS, QUICK_DRAWN, QUICK_SWAPS, QUICK_ROUNDS = 4_000, 2, 50, 3

Say = Callable[[str], None]


def arguments_of(given: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.localisation")
    parser.add_argument("--quick", action="store_true", help="few patients; writes no report")
    parser.add_argument("--patients", type=int, default=None, help="in all worlds together")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--cases", type=Path, default=FILE, help="published cases, JSON lines")
    parser.add_argument("--docs", type=Path, default=None, help="folder the report goes into")
    return parser.parse_args(given)


def measure(arguments: argparse.Namespace, say: Say) -> Measured:
    """Run every world, the cases, the truth table and the clock."""
    quick = arguments.quick
    model = load_model()
    timing = time_cases(model, rounds=QUICK_ROUNDS if quick else ROUNDS)
    worlds = worlds_of(model, drawn=QUICK_DRAWN if quick else DRAWN)
    total = arguments.patients or (QUICK_PATIENTS if quick else PATIENTS)
    each = -(-total // len(worlds))
    tasks = [Task(world, each, QUICK_SWAPS if quick else SWAPS) for world in worlds]
    results = []
    for result in run_all(tasks, arguments.processes):
        results.append(result)
        said, best = result.examination.ours, result.examination.optimal
        seen = result.imaging.ours
        say(
            f"  {result.world.name:<28} accuracy {said.accuracy:.3f} of {best.accuracy:.3f}"
            f"  regret {said.regret:5.2f} / {seen.regret:5.2f} +- {said.noise:.2f}"
            f"  ECE {said.ece:.3f} / {seen.ece:.3f}  covered {said.covered:.3f} / {seen.covered:.3f}"
        )
    cases = read_cases(arguments.cases, model, load_phrases())
    if cases is None:
        say("\nNO PUBLISHED CASES: the file of cases is not there, so nothing is said of them.\n")
    return Measured(tuple(results), timing, right_places(model.imaging), cases)


def main(given: list[str] | None = None, *, say: Say = print) -> int:
    """Exit code 0 however many bars are missed: this measures, tests decide."""
    arguments = arguments_of(given)
    settle_memory()
    start = time.perf_counter()
    measured = measure(arguments, say)
    bars = all_bars(measured)
    say("\n" + report.bar_table(bars))
    missed = sum(bar.reached is not None and not bar.reached for bar in bars)
    say(f"\n{report.summary(measured)}\n{missed} of {len(bars)} bars missed.")
    folder = arguments.docs or (None if arguments.quick else DOCS)
    if folder is not None:
        write(measured, folder)
    say(f"{time.perf_counter() - start:.0f} seconds")
    return 0


def write(measured: Measured, folder: Path) -> None:
    """Write the report and its plots."""
    from benchmarks.localisation.plots import draw_plots

    draw_plots(measured.results, folder / "plots")
    (folder / "localisation.md").write_text(report.page(measured), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
