"""How far what is seen of a root speaks for it: grade, age, place, doubt and variants of anatomy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import exp, log

from service.clinical.anatomy import BOTH, Root, RootSide
from service.clinical.findings import Study
from service.clinical.imaging import ImagingFact
from service.clinical.lesions import Seen
from service.clinical.model import MODEL_ROOTS, ImagingModel

ROUNDING = 1e-12
"""A mixed ratio this near to one says nothing."""


def ratio(seen: Seen, age: int | None, model: ImagingModel) -> float:
    """Log likelihood ratio that this root is the compressed one, discounted by age and by doubt.

    Where reports disagree it is the mean of what both say.
    """
    weight = _weight(seen.grade, seen, seen.fact, age, model)
    if seen.denial is None:
        return weight
    return (weight + _weight(seen.denied_as, seen, seen.denial, age, model)) / 2


def _weight(
    grade: float, seen: Seen, fact: ImagingFact, age: int | None, model: ImagingModel
) -> float:
    below = min(int(grade), len(model.grade_lr) - 2)
    low, high = log(model.grade_lr[below]), log(model.grade_lr[below + 1])
    weight = low + (grade - below) * (high - low)
    if weight > 0:
        weight = _aged(weight, fact, age, model)
    full = model.lesion_grade - model.grade_of_contact
    beyond = min((grade - model.grade_of_contact) / full, 1.0)
    if beyond > 0:
        rarity = model.rarity.get(seen.root.root, 1.0) * (
            model.rarity_lateral if seen.lateral else 1
        )
        weight = min(weight + beyond * log(rarity), log(model.most))
    return weight * model.possible_discount if fact.possible else weight


def _aged(weight: float, fact: ImagingFact, age: int | None, model: ImagingModel) -> float:
    """What is left of a weight at this age, when more painless people show the same; never below zero."""
    if age is None:
        return weight
    shares = model.silent.get(fact.kind)
    if shares is not None:
        return max(weight - log(_share(shares, age) / _share(shares, model.silent_at)), 0.0)
    for start, factor in reversed(model.age_discount):
        if age >= start:
            return weight * factor
    return weight


def _share(shares: Sequence[tuple[int, float]], age: int) -> float:
    """Per cent of painless people of this age, between the ages of the table by straight lines."""
    before, share = shares[0]
    for at, following in shares:
        if age < at:
            part = (age - before) / (at - before) if at > before else 0.0
            return share + max(part, 0.0) * (following - share)
        before, share = at, following
    return share


def doubted(
    ratios: Mapping[RootSide, float], studies: Iterable[Study], model: ImagingModel
) -> Mapping[RootSide, float]:
    """Share each log ratio among the roots it may be of, where the count or a variant leaves it open.

    A variant that is known says which way; a doubtful count alone goes both ways.
    """
    doubtful, stated = False, set[str]()
    for study in studies:
        doubtful = doubtful or study.numbering == "doubtful"
        stated.update(study.variants)
    if not ratios or not (doubtful or stated):
        return ratios
    known = [v for name, v in model.variants.items() if name in stated]
    counting = [v for v in known if v.counts]
    if len(counting) > 1 or (doubtful and not counting):
        ratios = _spread_by_numbering(ratios, model)
        known = [v for v in known if not v.counts]
    for variant in known:
        ratios = _read_as(ratios, variant.reads)
    return ratios


def _spread_by_numbering(
    ratios: Mapping[RootSide, float], model: ImagingModel
) -> dict[RootSide, float]:
    """Share each ratio with the neighbours when the count of vertebrae is in doubt."""
    keep = model.numbering_keep
    reads: dict[Root, dict[Root, float]] = {}
    for i, root in enumerate(MODEL_ROOTS):
        near = MODEL_ROOTS[max(i - 1, 0) : i] + MODEL_ROOTS[i + 1 : i + 2]
        reads[root] = {root: keep, **dict.fromkeys(near, (1 - keep) / len(near))}
    return _read_as(ratios, reads)


def _read_as(
    ratios: Mapping[RootSide, float], reads: Mapping[Root, Mapping[Root, float]]
) -> dict[RootSide, float]:
    """Mix the ratios of the roots that may do the work of each; what is left speaks for nothing."""
    mixed: dict[RootSide, float] = {}
    for root in MODEL_ROOTS:
        shares = reads.get(root, {root: 1.0})
        rest = 1 - sum(shares.values())
        for side in BOTH:
            named = [(share, ratios.get(RootSide(at, side), 0.0)) for at, share in shares.items()]
            chance = rest + sum(share * exp(weight) for share, weight in named)
            if abs(chance - 1) > ROUNDING:
                mixed[RootSide(root, side)] = log(chance)
    return mixed
