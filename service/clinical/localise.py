"""Which root, which side, how sure: the posterior over root sets of both sides, and its ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log

from service.clinical import explain
from service.clinical.anatomy import BOTH, Root, RootSide, Side
from service.clinical.answer import Localisation, Weight
from service.clinical.evidence import Weighed, weigh
from service.clinical.findings import Case
from service.clinical.lesions import Seen, ratio, seen_roots, spread_by_numbering
from service.clinical.model import MODEL_ROOTS, Model, RivalPattern
from service.clinical.root_sets import HYPOTHESES, SETS, SINGLE, UNION, on_side

Pair = tuple[int, int]
"""One hypothesis: the index of the left and of the right set in SETS."""

NO_ROOT: Pair = (0, 0)
ROOT_SIDES = tuple(RootSide(root, side) for root in MODEL_ROOTS for side in BOTH)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Everything that moves the answer, before it is added up."""

    weighed: tuple[Weighed, ...]
    seen: tuple[Seen, ...]
    image: Mapping[RootSide, float]
    rivals: tuple[RivalPattern, ...]


def localise(
    case: Case, model: Model, *, population: str = "", rivals: tuple[RivalPattern, ...] = ()
) -> Localisation:
    """Give the posterior over roots, sides and none, and every weight that led to it.

    ``population`` is a key of ``model.populations``; empty is the default mixture of all of them.
    Raises KeyError for a population that does not exist.
    """
    evidence = _gather(case, model, rivals)
    prior = _prior(model, population, _age_band(case.person.age, model))
    posterior = _posterior(prior, evidence)
    image_read = bool(evidence.seen)
    posterior = _capped(posterior, prior, model, image_read=image_read)
    ledger = _ledger(prior, posterior, evidence, case, model)
    return _answer(posterior, ledger, case, model, informed=bool(evidence.weighed or image_read))


def _gather(case: Case, model: Model, rivals: tuple[RivalPattern, ...]) -> _Evidence:
    seen = seen_roots(case.imaging, model.imaging)
    image = {s.root: ratio(s, case.person.age, model.imaging) for s in seen}
    if any(study.numbering == "doubtful" for study in case.studies):
        image = spread_by_numbering(image, model.imaging)
    return _Evidence(weigh(case.findings, model), seen, image, rivals)


def _age_band(age: int | None, model: Model) -> int:
    """Index of the age band; -1 when the age is not known."""
    starts = [start for start, _ in model.priors.roots_by_age]
    return -1 if age is None else max((i for i, s in enumerate(starts) if age >= s), default=-1)


@lru_cache(maxsize=128)
def _prior(model: Model, population: str, band: int) -> Mapping[Pair, float]:
    """P(hypothesis) before any finding: none, one side, or both."""
    none = _chance_of_none(model, population)
    one = _one_side(model, band)
    both = model.priors.both_sides
    prior = {NO_ROOT: none}
    for i in HYPOTHESES[1:]:
        prior[i, 0] = prior[0, i] = (1 - none) * (1 - both) * one[i] / 2
        for j in HYPOTHESES[1:]:
            prior[i, j] = (1 - none) * both * one[i] * one[j]
    return prior


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
    raw = {i: _product(SETS[i], roots) for i in HYPOTHESES[1:]}
    totals = {n: sum(p for i, p in raw.items() if len(SETS[i]) == n) for n in sizes}
    return {i: sizes[len(SETS[i])] * p / totals[len(SETS[i])] for i, p in raw.items()}


def _product(chosen: Iterable[Root], roots: Mapping[Root, float]) -> float:
    chance = 1.0
    for root in chosen:
        chance *= roots[root]
    return chance


def _posterior(prior: Mapping[Pair, float], evidence: _Evidence) -> dict[Pair, float]:
    left, right = (_side_total(evidence, side) for side in BOTH)
    either = _total(w.vector for w in evidence.weighed if w.finding.side is None)
    rival = sum(log(r.lr_none) for r in evidence.rivals)
    score = {
        (i, j): log(p) + left[i] + right[j] + either[UNION[i][j]] for (i, j), p in prior.items()
    }
    score[NO_ROOT] += rival
    top = max(score.values())
    raw = {pair: exp(s - top) for pair, s in score.items()}
    total = sum(raw.values())
    return {pair: p / total for pair, p in raw.items()}


def _side_total(evidence: _Evidence, side: Side) -> list[float]:
    total = _total(w.vector for w in evidence.weighed if w.finding.side is side)
    for at, weight in evidence.image.items():
        if at.side is side:
            for i, roots in enumerate(SETS):
                if at.root in roots:
                    total[i] += weight
    return total


def _total(vectors: Iterable[Sequence[float]]) -> list[float]:
    columns = list(vectors)
    return [sum(column) for column in zip(*columns, strict=True)] if columns else [0.0] * len(SETS)


def _capped(
    posterior: dict[Pair, float], prior: Mapping[Pair, float], model: Model, *, image_read: bool
) -> dict[Pair, float]:
    """Draw the posterior back towards the prior until no root is claimed beyond the ceiling."""
    rules = model.combination
    ceiling = rules.ceiling if image_read else rules.ceiling_without_imaging
    after, before = _marginals(posterior), _marginals(prior)
    kept = min(
        ((ceiling - before[r]) / (after[r] - before[r]) for r in after if after[r] > ceiling),
        default=1.0,
    )
    if kept < 1:
        posterior = {h: kept * p + (1 - kept) * prior[h] for h, p in posterior.items()}
    return posterior


def _marginals(posterior: Mapping[Pair, float]) -> dict[RootSide, float]:
    by_set = {side: [0.0] * len(SETS) for side in BOTH}
    for (i, j), p in posterior.items():
        by_set[Side.LEFT][i] += p
        by_set[Side.RIGHT][j] += p
    return {
        at: sum(p for p, roots in zip(by_set[at.side], SETS, strict=True) if at.root in roots)
        for at in ROOT_SIDES
    }


def _alone(at: RootSide) -> Pair:
    i = SINGLE[at.root]
    return (i, 0) if at.side is Side.LEFT else (0, i)


def _odds(chances: Mapping[Pair, float]) -> dict[RootSide, float]:
    """Log odds of each root alone against none."""
    return {at: log(chances[_alone(at)] / chances[NO_ROOT]) for at in ROOT_SIDES}


def _ledger(
    prior: Mapping[Pair, float],
    posterior: Mapping[Pair, float],
    evidence: _Evidence,
    case: Case,
    model: Model,
) -> tuple[Weight, ...]:
    """Write one line for each thing that moved the answer.

    For every root and side the lines add up to the log odds of that root alone against none.
    """
    lines = [explain.prior_line(_odds(prior), case, model)]
    lines += [_finding_line(w) for w in evidence.weighed]
    lines += explain.imaging_lines(evidence.seen, evidence.image, model)
    lines += [explain.rival_line(r, ROOT_SIDES) for r in evidence.rivals]
    odds = _odds(posterior)
    rest = {at: odds[at] - sum(line.for_root(at) for line in lines) for at in ROOT_SIDES}
    if any(abs(x) > explain.ROUNDING for x in rest.values()):
        lines.append(explain.cap_line(rest, model))
    return tuple(lines)


def _finding_line(weighed: Weighed) -> Weight:
    sides = (weighed.finding.side,) if weighed.finding.side else BOTH
    towards = {
        RootSide(root, side): weighed.vector[SINGLE[root]] for side in sides for root in MODEL_ROOTS
    }
    return explain.finding_line(weighed, towards)


def _answer(
    posterior: Mapping[Pair, float],
    ledger: tuple[Weight, ...],
    case: Case,
    model: Model,
    *,
    informed: bool,
) -> Localisation:
    marginals = _marginals(posterior)
    ranked = tuple(sorted(marginals.items(), key=lambda item: (-item[1], item[0])))
    none = posterior[NO_ROOT]
    named = _named(ranked, model) if informed else ()
    candidates = named or _credible(posterior, ranked, model.combination.credible)
    return Localisation(
        probabilities=ranked,
        none=none,
        hypotheses=_as_hypotheses(posterior),
        named=named,
        candidates=candidates,
        ledger=ledger,
        next_items=explain.next_items(case, marginals, none, model),
        would_change=explain.would_change(ledger, ranked, named),
        statement=explain.statement(ranked, none, named, candidates, model, informed=informed),
    )


def _as_hypotheses(
    posterior: Mapping[Pair, float],
) -> tuple[tuple[frozenset[RootSide], float], ...]:
    ordered = sorted(posterior.items(), key=lambda item: (-item[1], item[0]))
    return tuple((_ROOTS_OF[pair], p) for pair, p in ordered)


_ROOTS_OF = {
    (i, j): on_side(SETS[i], Side.LEFT) | on_side(SETS[j], Side.RIGHT)
    for i in HYPOTHESES
    for j in HYPOTHESES
}


def _named(ranked: Sequence[tuple[RootSide, float]], model: Model) -> tuple[RootSide, ...]:
    """Name the roots that are likely enough, if the best of the others is far enough behind."""
    rules = model.combination
    likely = [item for item in ranked if item[1] >= rules.name_at]
    runner_up = ranked[len(likely)][1] if len(likely) < len(ranked) else 0.0
    if not likely or likely[-1][1] < rules.name_ratio * runner_up:
        return ()
    return tuple(sorted(at for at, _ in likely))


def _credible(
    posterior: Mapping[Pair, float], ranked: Sequence[tuple[RootSide, float]], share: float
) -> tuple[RootSide, ...]:
    """Take the likeliest roots until the hypotheses made of them alone hold this share."""
    chosen: set[RootSide] = set()
    for at, _ in ranked:
        if sum(p for pair, p in posterior.items() if _ROOTS_OF[pair] <= chosen) >= share:
            break
        chosen.add(at)
    return tuple(at for at, _ in ranked if at in chosen)
