"""Which root, which side, how sure: the posterior over root sets of both sides, and its ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from service.clinical import explain
from service.clinical.anatomy import RootSide, Side
from service.clinical.answer import Localisation, Weight
from service.clinical.change import Leader, would_change
from service.clinical.evidence import Overlap, Weighed, overlaps, painful_leg, weigh
from service.clinical.findings import Case, Presence
from service.clinical.image_ratios import doubted, ratio
from service.clinical.lesions import Seen, seen_roots
from service.clinical.model import Model, RivalPattern
from service.clinical.posterior import (
    ROOTS_OF,
    Belief,
    Chances,
    Prior,
    Sums,
    belief_of,
    marginals_of,
    odds_of,
    prior_of,
    sums_of,
    weighed_in,
    with_image,
    without,
)
from service.clinical.root_sets import PAIRS, ROOT_SIDES, SINGLE
from service.clinical.worth_recording import next_items

TIED = 1e12
"""Probabilities that agree in so many digits are equal: what is left is the order of adding up."""


class _Evidence(NamedTuple):
    """Everything that moves the answer, before it is added up."""

    weighed: tuple[Weighed, ...]
    overlaps: tuple[Overlap, ...]
    leg: Side | None
    seen: tuple[Seen, ...]
    image: Mapping[RootSide, float]
    rivals: tuple[RivalPattern, ...]


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
    prior = prior_of(model, population, _age_band(case.person.age, model))
    sums = sums_of(evidence.weighed, evidence.overlaps, evidence.leg, model)
    found = weighed_in(prior.chances, sums, rivals)
    ceiling = model.combination.ceiling
    examined = belief_of(found, prior, ceiling)
    belief = examined
    if evidence.image:
        belief = belief_of(with_image(found, evidence.image), prior, ceiling)
    ledger = _ledger(prior, belief, evidence, case, model)
    pointed = tuple([at for at in _pointed_at(examined, model) if _supported(at, evidence.weighed)])
    answer = _answer(belief, ledger, case, model, pointed=pointed, examined=examined)
    if not answer.named:
        return answer
    leader = _leader(prior, evidence, sums, model)
    return answer._replace(would_change=_would_change(answer, odds_of(belief.free), leader))


def withhold(answer: Localisation, why: str) -> Localisation:
    """Name no root, whatever the probabilities: ``why`` comes first and may explain the signs."""
    said = f"No root is named while this stands: {why}."
    return answer._replace(named=(), would_change="", statement=said)


def _gather(
    case: Case, model: Model, rivals: tuple[RivalPattern, ...], seen: tuple[Seen, ...]
) -> _Evidence:
    weighed = weigh(case.findings, model)
    age = case.person.age
    image = doubted(
        {s.root: ratio(s, age, model.imaging) for s in seen}, case.studies, model.imaging
    )
    return _Evidence(
        weighed,
        overlaps(weighed, model),
        painful_leg(case.findings, weighed, model),
        seen,
        image,
        rivals,
    )


def _age_band(age: int | None, model: Model) -> int:
    """Index of the age band; -1 when the age is not known."""
    if age is None:
        return -1
    return sum([age >= start for start, _ in model.priors.roots_by_age]) - 1


def _ledger(
    prior: Prior, belief: Belief, evidence: _Evidence, case: Case, model: Model
) -> tuple[Weight, ...]:
    """Write one line for each thing that moved the answer.

    For every root and side the lines add up to the log odds of that root alone against none.
    """
    lines = [explain.prior_line(prior.odds, case.person.age, model)]
    lines += [explain.finding_line(w, model) for w in evidence.weighed]
    lines += [explain.overlap_line(o, model) for o in evidence.overlaps]
    if evidence.leg is not None:
        lines.append(explain.leg_line(evidence.leg, model))
    lines += explain.imaging_lines(evidence.seen, evidence.image, model)
    lines += [explain.rival_line(r, ROOT_SIDES) for r in evidence.rivals]
    if belief.free is not belief.chances:
        free, held = odds_of(belief.free), odds_of(belief.chances)
        lines.append(explain.cap_line({at: held[at] - free[at] for at in held}, model))
    return tuple(lines)


def _would_change(answer: Localisation, odds: Mapping[RootSide, float], leader: Leader) -> str:
    ranked = [at for at, _ in answer.probabilities]
    rival = next((at for at in ranked if at not in answer.named), None)
    gap = odds[ranked[0]] - (odds[rival] if rival else 0.0)
    return would_change(answer.ledger, ranked[0], rival, gap, leader)


def _leader(prior: Prior, evidence: _Evidence, sums: Sums, model: Model) -> Leader:
    """Work out which root leads without some lines of the ledger."""

    def leader(taken: Sequence[Weight]) -> RootSide | None:
        gone = {(line.id, line.side) for line in taken}
        less = without(sums, evidence.weighed, evidence.overlaps, gone, model)
        left = weighed_in(prior.chances, less, evidence.rivals)
        image = {
            at: x
            for at, x in evidence.image.items()
            if (explain.imaging_id(at), at.side) not in gone
        }
        chances = with_image(left, image) if image else left
        marginals = marginals_of(chances)
        most = max(marginals, key=lambda at: (marginals[at], at))
        return most if marginals[most] > chances[0] else None

    return leader


def _answer(
    belief: Belief,
    ledger: tuple[Weight, ...],
    case: Case,
    model: Model,
    *,
    pointed: tuple[RootSide, ...],
    examined: Belief,
) -> Localisation:
    posterior, marginals, _ = belief
    ranked = tuple(sorted(marginals.items(), key=lambda item: (-int(item[1] * TIED), item[0])))
    informed = any(line.informs for line in ledger)
    named = _named(belief, ranked, model) if informed else ()
    if named and any(line.kind == "rival" for line in ledger) and not _imaged(named, ledger):
        named = ()
    candidates = named or _credible(posterior, ranked, model.combination.credible)
    none = posterior[0]
    places = [p * TIED // 1 for p in posterior]
    order = sorted(range(len(PAIRS)), key=places.__getitem__, reverse=True)
    return Localisation(
        probabilities=ranked,
        none=none,
        hypotheses=tuple([(ROOTS_OF[n], posterior[n]) for n in order]),
        named=named,
        candidates=candidates,
        ledger=ledger,
        next_items=next_items(case, marginals, none, model),
        would_change="",
        statement=explain.statement(ranked, none, named, candidates, model, informed=informed),
        examination=pointed,
        examined=tuple(examined.marginals.items()),
    )


def _imaged(named: Iterable[RootSide], ledger: Iterable[Weight]) -> bool:
    """Whether imaging speaks for every one of these roots: what a fitting rival asks for."""
    shown = {at for line in ledger if line.kind == "imaging" for at, x in line.towards if x > 0}
    return shown.issuperset(named)


def _named(
    belief: Belief, ranked: Sequence[tuple[RootSide, float]], model: Model
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
    of_others = [
        p if roots.isdisjoint(named) else 0.0
        for p, roots in zip(belief.chances, ROOTS_OF, strict=True)
    ]
    if max(marginals_of(of_others).values()) > least:
        return ()
    return tuple(sorted(named))


def _pointed_at(examined: Belief, model: Model) -> tuple[RootSide, ...]:
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
            [p for p, s in zip(posterior, ROOTS_OF, strict=True) if s.issubset((*chosen, at))]
        )
        if abs(held - share) <= abs(more - share):
            break
        chosen.append(at)
        held = more
    return tuple(chosen)
