"""Simple readers to be better than: each gives a posterior, or one answer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.localisation import optimal
from benchmarks.localisation.patients import Patients
from benchmarks.localisation.states import COLUMN, Floats, Items
from benchmarks.localisation.world import Truth
from service.clinical.model import STATES
from service.clinical.root_sets import PAIRS, SINGLE

CASCADE = (
    ("reduced-achilles-reflex", "S1"),
    ("reduced-patellar-reflex", "L4"),
    ("weakness-great-toe-extension", "L5"),
    ("weakness-ankle-dorsiflexion", "L5"),
    ("foot-drop", "L5"),
    ("weakness-plantar-flexion", "S1"),
    ("weakness-knee-extension", "L4"),
    ("sensory-loss-dorsum-foot", "L5"),
    ("sensory-loss-lateral-foot", "S1"),
    ("sensory-loss-medial-malleolus", "L4"),
    ("sensory-loss-anterior-thigh", "L3"),
    ("pain-distribution-lateral-leg-dorsum-foot", "L5"),
    ("pain-distribution-posterior-calf-lateral-foot", "S1"),
    ("straight-leg-raise-positive", "L5"),
)
"""The order in which a textbook asks, and the root it then names."""


def read_all(patients: Patients, believed: Truth, *, imaging: bool) -> dict[str, Floats]:
    """Every baseline's answer, with the model's probabilities and the painful leg known to all."""
    log_prior = np.log(believed.priors[patients.band])
    if believed.knows_side:
        log_prior = log_prior + optimal.painful_side(patients)
    image = optimal.image(patients, believed) if imaging else 0.0
    pain = np.array([f.group == "pain_pattern" for f in believed.items.findings])
    drawing = patients.recorded & pain[believed.items.finding]
    found = {
        "prior alone": log_prior,
        "best single sign": log_prior + _best_sign(patients, believed),
        "pain drawing": log_prior
        + optimal.independent(patients.present, drawing, believed.chances),
        "textbook cascade": 1e-3 * log_prior + _votes(patients, believed.items, _cascade),
        "sign count": 1e-3 * log_prior + _votes(patients, believed.items, _counts),
        "naive Bayes": log_prior
        + optimal.independent(patients.present, patients.recorded, believed.chances),
    }
    if imaging:
        found = {f"{name}, with imaging": logs + image for name, logs in found.items()}
        found["imaging alone"] = log_prior + image
    return {name: optimal.normal(logs) for name, logs in found.items()}


def _best_sign(patients: Patients, truth: Truth) -> Floats:
    """The one sign that is there and speaks loudest for a state, against the mean over states."""
    seen = patients.present & patients.recorded
    logs = np.log(truth.chances)
    loud = logs.max(axis=1) - logs.mean(axis=1)
    best = np.where(seen, loud, -1.0).argmax(axis=1)
    return np.where(seen.any(axis=1)[:, None], logs[best], 0.0)


Rule = Callable[[Patients, Items], Floats]


def _votes(patients: Patients, items: Items, rule: Rule) -> Floats:
    """From votes for L3, L4, L5, S1 on the left and right, to a score for each single-root state."""
    votes = rule(patients, items)
    score = np.full((len(votes), len(PAIRS)), -1.0)
    for place, single in enumerate(SINGLE.values()):
        score[:, PAIRS.index((single, 0))] = votes[:, 0, place]
        score[:, PAIRS.index((0, single))] = votes[:, 1, place]
    score[:, 0] = 0.5
    return score


def _counts(patients: Patients, items: Items) -> Floats:
    """Count the signs that are there for the root in which each is commonest."""
    votes = np.zeros((len(patients.state), 2, len(SINGLE)))
    for k, (finding, side) in enumerate(zip(items.finding, items.side, strict=True)):
        given = items.findings[finding].given or {}
        root = int(np.argmax([given[state] for state in STATES]))
        if side < len(COLUMN) - 1 and root < len(SINGLE):
            votes[:, side, root] += patients.present[:, k] & patients.recorded[:, k]
    return votes


def _cascade(patients: Patients, items: Items) -> Floats:
    """Take the first sign of the cascade that is there."""
    votes = np.zeros((len(patients.state), 2, len(SINGLE)))
    ids = [items.findings[f].id for f in items.finding]
    for step, (finding, root) in enumerate(reversed(CASCADE), start=1):
        for k in (k for k, id_ in enumerate(ids) if id_ == finding):
            there = patients.present[:, k] & patients.recorded[:, k]
            place = votes[:, items.side[k], STATES.index(root)]
            votes[:, items.side[k], STATES.index(root)] = np.where(there, step, place)
    return votes
