"""Measuring: medians of CPU time over rounds in which the figure and its floor take turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

Action = Callable[[], object]


def measured(actions: Mapping[str, Action], *, rounds: int, each: int) -> dict[str, float]:
    """The median CPU seconds of one call of each action; they take turns, round by round."""
    for action in actions.values():
        action()
    times: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            times[name].append(_seconds(action, each))
    return {name: median(found) for name, found in times.items()}


def _seconds(action: Action, each: int) -> float:
    start = time.process_time()
    for _ in range(each):
        action()
    return (time.process_time() - start) / each


def added(floats: int) -> Action:
    """The floor of arithmetic: so many additions of floats in plain Python, and nothing else."""
    numbers = [1.0 / (n + 1) for n in range(floats)]

    def add() -> float:
        total = 0.0
        for number in numbers:
            total += number
        return total

    return add


def show(name: str, seconds: float, floor: float, *, bar_ms: float | None = None) -> None:
    """One line: the figure, its floor, their ratio and the bar, where there is one."""
    bar = f"   bar {bar_ms:g} ms" if bar_ms is not None else ""
    print(
        f"  {name:<24}{seconds * 1e3:9.3f} ms   floor {floor * 1e3:8.4f} ms"
        f"   x{seconds / floor:7.1f}{bar}"
    )
