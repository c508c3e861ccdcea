"""Time of one localisation in pure Python on one core, beside a floor measured in the same run."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.floor import added, measured
from benchmarks.localisation.cases import CaseMaker
from benchmarks.localisation.patients import ROOTS_SEEN, draw
from benchmarks.localisation.states import items_of
from benchmarks.localisation.world import truth_of, worlds_of
from service.clinical.localise import localise
from service.clinical.model import Model
from service.clinical.root_sets import PAIRS, ROOT_SIDES

CASES = 50


class Timing(NamedTuple):
    """Milliseconds of CPU time: the median of one case and of the floor, and what the floor adds."""

    case: float
    floor: float
    additions: int


def time_cases(model: Model, *, rounds: int) -> Timing:
    """Time cases of 20 findings and 6 imaging facts; each case is another patient."""
    items = items_of(model)
    world = worlds_of(model, drawn=0)[0]
    patients = draw(truth_of(world, model, items), CASES)
    maker = CaseMaker(items, side_told=False)
    cases = [maker.case(patients, n, imaging=True) for n in range(CASES)]
    turn = iter(range(10**9))
    additions = (world.asked + ROOTS_SEEN + len(ROOT_SIDES)) * len(PAIRS)
    found = measured(
        {
            "case": lambda: localise(cases[next(turn) % CASES], model),
            "floor": added(additions),
        },
        rounds=rounds,
        each=CASES,
    )
    return Timing(1e3 * found["case"], 1e3 * found["floor"], additions)
