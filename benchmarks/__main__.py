"""``python -m benchmarks``: every benchmark of this folder, shortly."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module

import benchmarks


def main() -> None:
    """Run what can be run; a benchmark is a module with a function ``run``."""
    for module in pkgutil.iter_modules(benchmarks.__path__):
        run = None if module.name == "__main__" else _run_of(module.name)
        if run is not None:
            run()
            print(flush=True)


def _run_of(name: str) -> Callable[[], object] | None:
    return getattr(import_module(f"benchmarks.{name}"), "run", None)


if __name__ == "__main__":
    main()
