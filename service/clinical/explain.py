"""The words for the weights: the lines of the ledger, and the answer in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import exp, log
from typing import NamedTuple

from service.clinical.anatomy import RootSide, Side
from service.clinical.answer import Weight
from service.clinical.evidence import (
    OTHER_SIDE,
    Answers,
    Overlap,
    Weighed,
    meaning,
    of_painful_leg,
    together,
)
from service.clinical.findings import Presence, Source
from service.clinical.imaging import Kind, Relation
from service.clinical.lesions import Seen
from service.clinical.model import Model, RivalPattern
from service.clinical.root_sets import ROOT_SIDES, SINGLE

ROUNDING = 1e-9
"""Log odds below this are rounding, not evidence."""


def prior_line(
    towards: tuple[tuple[RootSide, float], ...], age: int | None, model: Model
) -> Weight:
    """Write the line for how common each root is before anything was found."""
    known = "at this age" if age is not None else "in adults of any age"
    sentence = f"How often each root is compressed {known}."
    return Weight("prior", "prior", sentence, towards, sources=_prior_sources(model))


@lru_cache(maxsize=8)
def _prior_sources(model: Model) -> tuple[str, ...]:
    return tuple(dict.fromkeys(s for p in model.populations.values() for s in p.sources))


def finding_line(weighed: Weighed, model: Model) -> Weight:
    """Write the line for one finding."""
    finding, known = weighed.finding, weighed.model
    said = _said_of(model, finding.id, finding.presence, finding.side)
    graded = f", {finding.value:g} {known.unit}".rstrip() if finding.value is not None else ""
    return Weight(  # by position: one line for each finding, and keywords cost twice as much
        "finding",
        finding.id,
        f"{said.found}{graded}; {said.speaks}.",
        said.towards,
        known.group,
        finding.side,
        finding.presence,
        known.sources,
        known.grade,
        finding.source,
    )


class _Said(NamedTuple):
    """What a finding says in whomever it is found."""

    found: str
    speaks: str
    towards: tuple[tuple[RootSide, float], ...]


@lru_cache(maxsize=4096)
def _said_of(model: Model, id_: str, presence: Presence, side: Side | None) -> _Said:
    vector, _, _ = meaning(model, id_, side is not None, presence is Presence.PRESENT)
    where = f" on the {side}" if side else ""
    return _Said(
        found=f"{model.findings[id_].label}{where}: {presence}",
        speaks=_speaks(vector),
        towards=alone(vector, side),
    )


def alone(vector: Sequence[float], side: Side | None) -> tuple[tuple[RootSide, float], ...]:
    """Set each root alone against none, whatever is zero left out."""
    towards = [
        (at, vector[SINGLE[at.root] if side in (at.side, None) else OTHER_SIDE])
        for at in ROOT_SIDES
    ]
    return tuple([pair for pair in towards if pair[1]])


def _speaks(vector: Sequence[float]) -> str:
    ranked = sorted([(vector[alone], root) for root, alone in SINGLE.items()])
    (least, against), (most, towards) = ranked[0], ranked[-1]
    if most > ROUNDING:
        return f"speaks most for {towards} (x{exp(most):.1f} against none)"
    if least < -ROUNDING:
        return f"speaks most against {against} (x{exp(least):.2f} against none)"
    return "moves no root"


def overlap_line(overlap: Overlap, model: Model) -> Weight:
    """Write the line for what findings of one group say together beyond what each says alone."""
    return _overlap_line(model, overlap.group, overlap.side, overlap.answers)


@lru_cache(maxsize=8192)
def _overlap_line(model: Model, group: str, side: Side | None, answers: Answers) -> Weight:
    where = f" on the {side}" if side else ""
    return Weight(
        kind="overlap",
        id=f"overlap-{group}",
        sentence=f"{len(answers)} findings of {group.replace('_', ' ')}{where} rise and fall together: what they share counts once.",
        towards=alone(together(model, answers, side is not None), side),
        group=group,
        side=side,
    )


@lru_cache(maxsize=16)
def leg_line(leg: Side, model: Model) -> Weight:
    """Write the line for what the painful leg says of the side."""
    here, there = of_painful_leg(model)
    towards = [
        (at, here[SINGLE[at.root]] if at.side is leg else here[OTHER_SIDE] + there[SINGLE[at.root]])
        for at in ROOT_SIDES
    ]
    sentence = f"The {leg} leg is the one that hurts, or the only one recorded: a compressed root is nearly always on that side."
    return Weight("leg", "painful-leg", sentence, tuple(towards), side=leg)


_IMAGING_IDS = {at: f"imaging-{at.code}" for at in ROOT_SIDES}


def imaging_id(at: RootSide) -> str:
    """Name the ledger line of what imaging says of one root."""
    return _IMAGING_IDS[at]


def imaging_lines(
    seen: Iterable[Seen], image: Mapping[RootSide, float], model: Model
) -> list[Weight]:
    """Write one line for each root that imaging speaks of."""
    by_root = {s.root: s for s in seen}
    return [
        _imaging_line(at, weight, by_root.get(at), model) for at, weight in sorted(image.items())
    ]


def _imaging_line(at: RootSide, weight: float, seen: Seen | None, model: Model) -> Weight:
    fact = seen.fact if seen else None
    return Weight(  # by position, as for findings
        "imaging",
        imaging_id(at),
        f"{_imaging_sentence(at, seen)} (x{exp(weight):.1f} against none).",
        ((at, weight),) if weight else (),
        "imaging",
        at.side,
        Presence.PRESENT if fact and fact.present else None,
        model.imaging.sources,
        model.imaging.grade,
        Source(fact.reference, fact.version) if fact else None,
    )


def _imaging_sentence(at: RootSide, seen: Seen | None) -> str:
    if seen is None:
        return f"Imaging: {at} root, a neighbour of the lesion that may be the one it meets"
    fact = seen.fact
    place = f" at {fact.level}" if fact.level else ""
    return f"Imaging{place}: {_shown(at, seen)}{_scaled(seen)}{_denied(seen)}"


def _shown(at: RootSide, seen: Seen) -> str:
    fact = seen.fact
    if fact.probability is not None:
        return f"{at} root compressed with probability {fact.probability:.2f} by a device"
    if fact.kind is Kind.NERVE_ROOT:
        what = _MET.get(fact.relation, "spoken of") if fact.present else "said to be free"
        return f"{at} root {what}"
    what = fact.kind.replace("_", " ") if fact.present else "no narrowing"
    return f"{what} where the {at} root passes"


def _scaled(seen: Seen) -> str:
    fact = seen.fact
    scale = f" ({fact.scale} {fact.score})" if fact.scale and fact.probability is None else ""
    return f", grade {round(seen.grade, 2):g} of 3{scale}"


def _denied(seen: Seen) -> str:
    """Say that reports disagree on this root."""
    if seen.denial is None:
        return ""
    same = seen.denial.reference == seen.fact.reference
    who = "the same report" if same else "another report"
    return f"; {who} denies it, and the mean of both counts"


_MET: Mapping[Relation | None, str] = {
    Relation.PROXIMITY: "approached",
    Relation.CONTACT: "touched",
    Relation.DISPLACE: "displaced",
    Relation.IMPINGE: "impinged on",
    Relation.COMPRESS: "compressed",
    Relation.ENCASE: "encased",
    Relation.AFFECT: "affected",
}


def rival_line(rival: RivalPattern, roots: Iterable[RootSide]) -> Weight:
    """Write the line for signs of something other than a compressed root."""
    against = dict.fromkeys(roots, -log(rival.lr_none))
    return Weight("rival", rival.id, rival.sentence, _kept(against), sources=rival.sources)


def cap_line(rest: Mapping[RootSide, float], model: Model) -> Weight:
    """Write the line for what the ceiling took away."""
    sentence = f"No root is claimed beyond {model.combination.ceiling:g}."
    return Weight("cap", "ceiling", sentence, _kept(rest))


def _kept(towards: Mapping[RootSide, float]) -> tuple[tuple[RootSide, float], ...]:
    return tuple([(at, x) for at, x in sorted(towards.items()) if x])


def statement(
    ranked: Sequence[tuple[RootSide, float]],
    none: float,
    named: tuple[RootSide, ...],
    candidates: tuple[RootSide, ...],
    model: Model,
    *,
    informed: bool,
) -> str:
    """Say the answer in one sentence: a root, an abstention, or that too little is known."""
    chances = dict(ranked)
    if not informed:
        return "Too little is recorded to name a root."
    if named:
        roots = " and ".join(f"{at} ({chances[at]:.2f})" for at in named)
        return f"{roots[0].upper()}{roots[1:]}; no compressed root {none:.2f}."
    if none >= model.combination.name_at:
        return f"A compressed root is unlikely (no compressed root {none:.2f})."
    roots = " or ".join(f"{at} ({chances[at]:.2f})" for at in candidates)
    return f"Undecided: {roots or 'no root stands out'}; no compressed root {none:.2f}."
