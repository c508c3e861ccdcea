"""Which root, which side, how sure: the posterior over root sets of both sides, and its ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import exp, log, prod
from operator import itemgetter, mul
from typing import NamedTuple

from service.clinical import explain
from service.clinical.anatomy import RootSide, Side
from service.clinical.answer import Localisation, Weight
from service.clinical.evidence import OTHER_SIDE, Overlap, Vector, Weighed, overlaps, weigh
from service.clinical.findings import Case, Presence
from service.clinical.lesions import Seen, ratio, seen_roots, spread_by_numbering
from service.clinical.model import MODEL_ROOTS, Model, RivalPattern
from service.clinical.root_sets import HYPOTHESES, PAIRS, ROOT_SIDES, SINGLE, UNION, on_side

TIED = 1e12
"""Probabilities that agree in so many digits are equal: what is left is the order of adding up."""

Chances = Sequence[float]
"""One probability for each of PAIRS; the first is that of no compressed root."""

_ROOTS_OF = tuple(
    on_side(HYPOTHESES[i], Side.LEFT) | on_side(HYPOTHESES[j], Side.RIGHT) for i, j in PAIRS
)
_HOLDING = {
    at: itemgetter(*[n for n, roots in enumerate(_ROOTS_OF) if at in roots]) for at in ROOT_SIDES
}
_SETS_WITH = {
    root: tuple(i for i, roots in enumerate(HYPOTHESES) if root in roots) for root in MODEL_ROOTS
}
_ALONE = {at: _ROOTS_OF.index(frozenset({at})) for at in ROOT_SIDES}
_LEFT = itemgetter(*[i if i or not j else OTHER_SIDE for i, j in PAIRS])
_RIGHT = itemgetter(*[j if j or not i else OTHER_SIDE for i, j in PAIRS])
_EITHER = itemgetter(*UNION)


class _Evidence(NamedTuple):
    """Everything that moves the answer, before it is added up."""

    weighed: tuple[Weighed, ...]
    overlaps: tuple[Overlap, ...]
    seen: tuple[Seen, ...]
    image: Mapping[RootSide, float]
    rivals: tuple[RivalPattern, ...]


class _Prior(NamedTuple):
    """What is believed before anything was found."""

    chances: Chances
    marginals: Mapping[RootSide, float]
    odds: tuple[tuple[RootSide, float], ...]


class _Belief(NamedTuple):
    """The answer in numbers: the chance of each of PAIRS and of each root and side.

    ``free`` are the chances before a ceiling drew them back, where one did.
    """

    chances: Chances
    marginals: Mapping[RootSide, float]
    free: Chances | None = None


def localise(
    case: Case,
    model: Model,
    *,
    population: str = "",
    rivals: tuple[RivalPattern, ...] = (),
    seen: tuple[Seen, ...] | None = None,
) -> Localisation:
    """Give the posterior over roots, sides and none, and every weight that led to it.

    ``population`` is a key of ``model.populations``; empty is the default mixture of all of them.
    ``seen`` is what imaging shows of the roots, where that was worked out before. Raises KeyError
    for a population that does not exist.
    """
    if seen is None:
        seen = seen_roots(case.imaging, model.imaging)
    evidence = _gather(case, model, rivals, seen)
    prior = _prior(model, population, _age_band(case.person.age, model))
    found = _found(prior.chances, evidence)
    ceiling = model.combination.ceiling
    examined = _belief(found, prior, ceiling)
    belief = examined
    if evidence.image:
        belief = _belief(_with_image(found, evidence.image), prior, ceiling)
    ledger = _ledger(prior, belief, evidence, case, model)
    pointed = tuple([at for at in _pointed_at(examined, model) if _supported(at, evidence.weighed)])
    return _answer(belief, ledger, case, model, pointed=pointed)


def withhold(answer: Localisation, why: str) -> Localisation:
    """Name no root, whatever the probabilities: ``why`` comes first and may explain the signs."""
    said = f"No root is named while this stands: {why}."
    return answer._replace(named=(), would_change="", statement=said)


def _gather(
    case: Case, model: Model, rivals: tuple[RivalPattern, ...], seen: tuple[Seen, ...]
) -> _Evidence:
    image = {s.root: ratio(s, case.person.age, model.imaging) for s in seen}
    if any(study.numbering == "doubtful" for study in case.studies):
        image = spread_by_numbering(image, model.imaging)
    weighed = weigh(case.findings, model)
    return _Evidence(weighed, overlaps(weighed, model), seen, image, rivals)


def _age_band(age: int | None, model: Model) -> int:
    """Index of the age band; -1 when the age is not known."""
    starts = [start for start, _ in model.priors.roots_by_age]
    return -1 if age is None else max((i for i, s in enumerate(starts) if age >= s), default=-1)


@lru_cache(maxsize=128)
def _prior(model: Model, population: str, band: int) -> _Prior:
    """P(hypothesis) before any finding: none, one side, or both."""
    none = _chance_of_none(model, population)
    one = _one_side(model, band)
    both = model.priors.both_sides
    chances = tuple(
        (1 - none) * both * one[i] * one[j]
        if i and j
        else (1 - none) * (1 - both) * one[i or j] / 2
        if i or j
        else none
        for i, j in PAIRS
    )
    return _Prior(chances, _marginals(chances), tuple(_odds(chances).items()))


def _chance_of_none(model: Model, population: str) -> float:
    if population:
        return model.populations[population].none
    mixture = model.populations.values()
    return sum(p.weight * p.none for p in mixture) / sum(p.weight for p in mixture)


def _one_side(model: Model, band: int) -> dict[int, float]:
    """P(set of roots | this side is compressed), for the sets that are hypotheses."""
    priors = model.priors
    roots = priors.all_ages if band < 0 else priors.roots_by_age[band][1]
    sizes = {1: 1 - priors.two_roots, 2: priors.two_roots}
    raw = {i: prod(roots[r] for r in held) for i, held in enumerate(HYPOTHESES) if held}
    totals = {n: sum(p for i, p in raw.items() if len(HYPOTHESES[i]) == n) for n in sizes}
    return {i: sizes[len(HYPOTHESES[i])] * p / totals[len(HYPOTHESES[i])] for i, p in raw.items()}


def _found(prior: Chances, evidence: _Evidence) -> Chances:
    """Weigh the examination into the prior; not yet adding up to one."""
    by_side: dict[Side | None, list[Vector]] = {}
    for finding, _, (vector, _) in evidence.weighed:
        by_side.setdefault(finding.side, []).append(vector)
    for overlap in evidence.overlaps:
        by_side[overlap.side].append(overlap.vector)
    chances = prior
    for side, pick in ((Side.LEFT, _LEFT), (Side.RIGHT, _RIGHT), (None, _EITHER)):
        if vectors := by_side.get(side):
            chances = list(
                map(mul, chances, pick(list(map(exp, map(sum, zip(*vectors, strict=True))))))
            )
    against = prod([rival.lr_none for rival in evidence.rivals])
    return [chances[0] * against, *chances[1:]]


def _with_image(chances: Chances, image: Mapping[RootSide, float]) -> Chances:
    for side, pick in ((Side.LEFT, _LEFT), (Side.RIGHT, _RIGHT)):
        factors = [1.0] * (OTHER_SIDE + 1)
        for at, weight in image.items():
            if at.side is side:
                times = exp(weight)
                for i in _SETS_WITH[at.root]:
                    factors[i] *= times
        chances = list(map(mul, chances, pick(factors)))
    return chances


def _belief(chances: Chances, prior: _Prior, ceiling: float) -> _Belief:
    """Make chances add up to one, and draw them back to the prior until none is over the ceiling."""
    total = sum(chances)
    free = [p / total for p in chances]
    marginals = _marginals(free)
    kept = 1.0
    for at, after in marginals.items():
        if after > ceiling:
            before = prior.marginals[at]
            kept = min(kept, (ceiling - before) / (after - before))
    if kept == 1.0:
        return _Belief(free, marginals)
    lost = 1 - kept
    held = [kept * p + lost * q for p, q in zip(free, prior.chances, strict=True)]
    drawn = {at: kept * p + lost * prior.marginals[at] for at, p in marginals.items()}
    return _Belief(held, drawn, free)


def _marginals(chances: Chances) -> dict[RootSide, float]:
    return {at: sum(holding(chances)) for at, holding in _HOLDING.items()}


def _odds(chances: Chances) -> dict[RootSide, float]:
    """Log odds of each root alone against none."""
    return {at: log(chances[alone] / chances[0]) for at, alone in _ALONE.items()}


def _ledger(
    prior: _Prior, belief: _Belief, evidence: _Evidence, case: Case, model: Model
) -> tuple[Weight, ...]:
    """Write one line for each thing that moved the answer.

    For every root and side the lines add up to the log odds of that root alone against none.
    """
    lines = [explain.prior_line(prior.odds, case.person.age, model)]
    lines += [explain.finding_line(w, model) for w in evidence.weighed]
    lines += [explain.overlap_line(o, model) for o in evidence.overlaps]
    lines += explain.imaging_lines(evidence.seen, evidence.image, model)
    lines += [explain.rival_line(r, ROOT_SIDES) for r in evidence.rivals]
    if belief.free is not None:
        free, held = _odds(belief.free), _odds(belief.chances)
        lines.append(explain.cap_line({at: held[at] - free[at] for at in held}, model))
    return tuple(lines)


def _answer(
    belief: _Belief,
    ledger: tuple[Weight, ...],
    case: Case,
    model: Model,
    *,
    pointed: tuple[RootSide, ...],
) -> Localisation:
    posterior, marginals, _ = belief
    ranked = tuple(sorted(marginals.items(), key=lambda item: (-int(item[1] * TIED), item[0])))
    informed = any(line.kind in ("finding", "imaging") for line in ledger)
    named = _named(belief, ranked, model) if informed else ()
    candidates = named or _credible(posterior, ranked, model.combination.credible)
    none = posterior[0]
    places = [p * TIED // 1 for p in posterior]
    order = sorted(range(len(PAIRS)), key=places.__getitem__, reverse=True)
    return Localisation(
        probabilities=ranked,
        none=none,
        hypotheses=tuple([(_ROOTS_OF[n], posterior[n]) for n in order]),
        named=named,
        candidates=candidates,
        ledger=ledger,
        next_items=explain.next_items(case, marginals, none, model),
        would_change=explain.would_change(ledger, ranked, named, _odds(posterior)),
        statement=explain.statement(ranked, none, named, candidates, model, informed=informed),
        examination=pointed,
    )


def _named(
    belief: _Belief, ranked: Sequence[tuple[RootSide, float]], model: Model
) -> tuple[RootSide, ...]:
    """Name the roots that are likely enough, if without any of them no other root comes near."""
    rules = model.combination
    likely = [item for item in ranked if item[1] >= rules.name_at]
    if not likely:
        return ()
    named = frozenset([at for at, _ in likely])
    least = likely[-1][1] / rules.name_ratio
    if len(likely) == len(ranked) or ranked[len(likely)][1] <= least:
        return tuple(sorted(named))
    without = [
        p if roots.isdisjoint(named) else 0.0
        for p, roots in zip(belief.chances, _ROOTS_OF, strict=True)
    ]
    if max(_marginals(without).values()) > least:
        return ()
    return tuple(sorted(named))


def _pointed_at(examined: _Belief, model: Model) -> tuple[RootSide, ...]:
    """Take the roots the examination alone names, or those still in contention; none if none leads."""
    ranked = sorted(examined.marginals.items(), key=lambda item: (-item[1], item[0]))
    top = ranked[0][1]
    if named := _named(examined, ranked, model):
        return named
    if examined.chances[0] >= top:
        return ()
    return tuple(sorted(at for at, p in ranked if p * model.combination.name_ratio >= top))


def _supported(at: RootSide, weighed: Iterable[Weighed]) -> bool:
    """Tell whether a sign that is present on this side, and not the prior alone, speaks for this root."""
    return any(
        w.finding.presence is Presence.PRESENT
        and w.finding.side in (at.side, None)
        and w.meaning.vector[SINGLE[at.root]] > 0
        for w in weighed
    )


def _credible(
    posterior: Chances, ranked: Sequence[tuple[RootSide, float]], share: float
) -> tuple[RootSide, ...]:
    """Take the likeliest roots until the hypotheses made of them alone hold about this share."""
    chosen: list[RootSide] = []
    held = posterior[0]
    for at, _ in ranked:
        more = sum(
            [p for p, s in zip(posterior, _ROOTS_OF, strict=True) if s.issubset((*chosen, at))]
        )
        if abs(held - share) <= abs(more - share):
            break
        chosen.append(at)
        held = more
    return tuple(chosen)
