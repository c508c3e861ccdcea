"""Simulated worlds: where our probabilities are right, and where they are not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np

from benchmarks.localisation.cases import ratios_at
from benchmarks.localisation.states import Floats, Items, chances, given_of, prior_of
from service.clinical.model import MODEL_ROOTS, Model

SILENT = ((0, 0.10, 0.05), (50, 0.13, 0.065), (70, 0.16, 0.08))
"""From an age on: how often a root that is not the cause looks displaced, and looks compressed.

At the commonest roots; rarer in proportion where the model holds such a sight for more telling.
"""

SIGNS = {
    "hip-rotation-pain": (0.05, 0.22),
    "vascular-claudication": (0.02, 0.20),
    "vesicular-rash": (0.005, 0.10),
}
"""Signs of mimics: how often with a compressed root and how often without."""


@dataclass(frozen=True, slots=True)
class World:
    """One way the world may be.

    ``kind`` is known, missing (known, with half of the findings missing), other (one thing differs
    from what the model holds) or unknown (probabilities drawn). ``population`` is what the reader is
    told; ``none`` the true share of people without a compressed root. ``asked`` findings are asked
    on the painful leg, or half of them on both legs where ``both_legs``; each answer is kept with
    probability ``kept``. Which leg hurts is recorded where ``side_told``. Where
    ``overlapping`` the findings that say the same again in other words are asked too. ``shift`` is
    how often imaging counts one level off; where ``doubtful`` the report says the count is in doubt.
    """

    name: str
    kind: str
    seed: int
    none: float
    population: str = ""
    correlation: float = 0.0
    asked: int = 20
    kept: float = 1.0
    both_legs: bool = False
    side_told: bool = True
    overlapping: bool = False
    two_roots: float | None = None
    both_sides: float | None = None
    label_error: float = 0.0
    shift: float = 0.0
    doubtful: bool = False
    mimics: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """The numbers of one world: what its Bayes-optimal reader knows.

    ``priors`` are by age band, the last one for an unknown age. ``chances`` are items by states;
    ``silent`` and ``compressed`` are age bands of imaging by roots by grades 0 to 3.
    """

    world: World
    items: Items
    ages: tuple[int, ...]
    priors: Floats
    chances: Floats
    imaging_ages: tuple[int, ...]
    silent: Floats
    compressed: Floats

    @property
    def knows_side(self) -> bool:
        """Whether anyone can tell which leg hurts: it was said, or only that one was examined."""
        return self.world.side_told or not self.world.both_legs


STATED = "specialist-clinic"


def worlds_of(model: Model, *, drawn: int) -> tuple[World, ...]:
    """All worlds, the known ones first, ``drawn`` unknown ones last."""
    stated = model.populations[STATED].none
    known = World("known, independent", "known", 1, stated, STATED)
    listed = [
        known,
        replace(known, name="known, shared causes 0.3", correlation=0.3),
        replace(known, name="known, shared causes 0.6", correlation=0.6),
        replace(known, name="half missing, independent", kind="missing", kept=0.5),
        replace(known, name="half missing, shared 0.3", kind="missing", kept=0.5, correlation=0.3),
        replace(known, name="both legs examined", kind="other", both_legs=True),
        replace(known, name="painful side not told", kind="other", both_legs=True, side_told=False),
        replace(known, name="the same asked twice", kind="other", overlapping=True),
        *(
            replace(known, name=f"{p.id}, not told", kind="other", none=p.none, population="")
            for p in model.populations.values()
        ),
        replace(known, name="two roots in one of five", kind="other", two_roots=0.2),
        replace(known, name="both sides in one of seven", kind="other", both_sides=0.15),
        replace(known, name="one label in twenty wrong", kind="other", label_error=0.05),
        replace(known, name="one in twenty miscounted", kind="other", shift=0.05),
        replace(known, name="count in doubt", kind="other", shift=0.4, doubtful=True),
        replace(known, name="mimics with their signs", kind="other", mimics=True, none=0.45),
    ]
    listed = [replace(w, seed=n + 1) for n, w in enumerate(listed)]
    rng = np.random.default_rng(99)
    strengths = cycle((0.0, 0.3, 0.6))
    for n in range(drawn):
        none = float(np.round(rng.uniform(0.1, 0.5), 2))
        name = f"unknown {n + 1}"
        listed.append(World(name, "unknown", 100 + n, none, correlation=next(strengths)))
    return tuple(listed)


def truth_of(world: World, model: Model, items: Items) -> Truth:
    """Work out, or draw, the numbers of a world."""
    rng = np.random.default_rng([world.seed, 7])
    drawn = world.kind == "unknown"
    given = given_of(model, items)
    if drawn:
        held = model.combination
        by_grade = {"high": held.count_high, "moderate": held.count_moderate, "low": held.count_low}
        counts = np.array([by_grade[f.grade] for f in items.findings])[:, None]
        given = np.clip(rng.beta(given * counts, (1 - given) * counts), 0.005, 0.98)
    ages, silent, compressed = _imaging(model, rng if drawn else None)
    return Truth(
        world,
        items,
        tuple(start for start, _ in model.priors.roots_by_age),
        _priors(world, model, rng if drawn else None),
        chances(given, items, model.combination.unaffected_leg),
        ages,
        silent,
        compressed,
    )


def believed_of(world: World, model: Model, items: Items) -> Truth:
    """What can be known of a world without seeing it: the model's numbers, and how strong causes are."""
    told = [model.populations[world.population]] if world.population else model.populations.values()
    none = sum(p.weight * p.none for p in told) / sum(p.weight for p in told)
    plain = replace(
        world,
        kind="known",
        none=none,
        two_roots=None,
        both_sides=None,
        label_error=0.0,
        shift=0.0,
        mimics=False,
    )
    return truth_of(plain, model, items)


def _priors(world: World, model: Model, rng: np.random.Generator | None) -> Floats:
    rules = model.priors
    bands = [roots for _, roots in rules.roots_by_age] + [rules.all_ages]
    rows = []
    for band in bands:
        roots = np.array([band[root] for root in MODEL_ROOTS])
        if rng is not None:
            roots = rng.dirichlet(model.combination.count_prior * roots + 0.5)
        two = rules.two_roots if world.two_roots is None else world.two_roots
        both = rules.both_sides if world.both_sides is None else world.both_sides
        rows.append(prior_of(world.none, roots, two, both))
    return np.array(rows)


def _imaging(
    model: Model, rng: np.random.Generator | None
) -> tuple[tuple[int, ...], Floats, Floats]:
    """Grades of roots that are not and that are compressed, whose ratios are those of the model."""
    more, steeper = (rng.uniform(0.6, 1.4), rng.uniform(0.7, 1.3)) if rng else (1.0, 1.0)
    ratios = np.array([ratios_at(start + 1, model) for start, *_ in SILENT]) ** steeper
    rates = more * np.array([rest for _, *rest in SILENT])[:, None, :]
    seen = rates * (ratios[:, :, 3].min(axis=1, keepdims=True) / ratios[:, :, 3])[:, :, None]
    gained = (seen * (ratios[:, :, 2:] - ratios[:, :, 1:2])).sum(axis=2) + ratios[:, :, 1] - 1
    free = gained / (ratios[:, :, 1] - ratios[:, :, 0])
    touched = 1 - free - seen.sum(axis=2)
    silent = np.concatenate([np.stack([free, touched], axis=2), seen], axis=2)
    if silent.min() < 0:
        raise ValueError("the share of silent findings does not fit the ratios of imaging")
    return tuple(start for start, *_ in SILENT), silent, silent * ratios
