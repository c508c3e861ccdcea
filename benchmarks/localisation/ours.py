"""Our reader: every patient becomes a real case, and the core thinks about it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmarks.localisation.cases import CaseMaker
from benchmarks.localisation.patients import Patients
from benchmarks.localisation.states import BIT, Floats, Ints, Items
from benchmarks.localisation.world import SIGNS, World
from service.clinical.answer import Localisation
from service.clinical.facts import case_facts
from service.clinical.localise import localise
from service.clinical.model import Model
from service.clinical.posterior import ROOTS_OF
from service.clinical.red_flags import watch
from service.clinical.root_sets import PAIRS

PLACE = {roots: n for n, roots in enumerate(ROOTS_OF)}
"""From the roots of a hypothesis to its place among the states."""


class Answers(NamedTuple):
    """What the core said of each patient: P(state), and the roots named and shown, as bits."""

    posterior: Floats
    named: Ints
    shown: Ints


def read(patients: Patients, items: Items, world: World, model: Model) -> tuple[Answers, Answers]:
    """Ask the core about every patient, without imaging and with it, as the whole assessment does."""
    maker = CaseMaker(
        items,
        doubtful=world.doubtful,
        side_told=world.side_told,
        signs=tuple(SIGNS) if world.mimics else (),
    )
    both = _blank(len(patients.state)), _blank(len(patients.state))
    for n in range(len(patients.state)):
        bare = maker.case(patients, n, imaging=False)
        rivals = watch(case_facts(bare, model), model).rivals
        for answers, case in zip(both, (bare, maker.with_imaging(bare, patients, n)), strict=True):
            said = localise(case, model, population=world.population, rivals=rivals)
            _note(answers, n, said)
    return both


def _blank(number: int) -> Answers:
    bits = np.zeros(number, dtype=int)
    return Answers(np.zeros((number, len(PAIRS))), bits, bits.copy())


def _note(answers: Answers, n: int, said: Localisation) -> None:
    places = [PLACE[roots] for roots, _ in said.hypotheses]
    answers.posterior[n, places] = [p for _, p in said.hypotheses]
    answers.named[n] = sum(BIT[at] for at in said.named)
    answers.shown[n] = sum(BIT[at] for at in said.candidates)
