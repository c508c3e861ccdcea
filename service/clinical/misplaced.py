"""Imaging that shows a root where that root does not pass, or in a foramen that it does not leave by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.clinical.anatomy import (
    DiscLevel,
    Migration,
    Role,
    Root,
    RootSide,
    Zone,
    crossing_level,
    exiting_root,
    foramen_of,
    traversing_root,
)
from service.clinical.answer import Discordance
from service.clinical.disagreement import disagree
from service.clinical.findings import Case
from service.clinical.imaging import ImagingFact, Kind
from service.clinical.lesions import Seen, current
from service.clinical.model import Model

FRAGMENTS = frozenset({Kind.EXTRUSION, Kind.SEQUESTRATION})
"""What leaves its disc space, and may meet the next root below."""


def misplaced(
    seen: Sequence[Seen], shared: Sequence[RootSide], case: Case, model: Model
) -> Iterator[Discordance]:
    """Give each of the ``shared`` roots that imaging shows at a wrong level or in a wrong foramen.

    Where roots or vertebrae are unusual, or their count is in doubt, no place is a wrong one.
    """
    for one in seen:
        at, fact = one.root, one.fact
        root, level = fact.root, fact.disc
        if one.grade < model.imaging.lesion_grade or at not in shared or not (root and level):
            continue
        kind = _misplacement(root, level, fact, case)
        if kind and not any(s.variants or s.numbering == "doubtful" for s in case.studies):
            yield disagree(
                kind,
                model,
                (),
                (at,),
                order=(level,),
                expected=_passed(root) if kind == "level" else (foramen_of(root),),
                sources=tuple(s.report for s in case.studies if s.report),
            )


def _misplacement(root: Root, level: DiscLevel, fact: ImagingFact, case: Case) -> str:
    exits, crosses = exiting_root(level) is root, traversing_root(level) is root
    in_foramen = fact.role is Role.EXITING or set(fact.zones) == {Zone.FORAMINAL}
    if exits or crosses:
        return "foramen" if in_foramen and not exits else ""
    return "" if _is_met_from_afar(root, level, case.imaging) else "level"


def _is_met_from_afar(root: Root, level: DiscLevel, facts: Sequence[ImagingFact]) -> bool:
    """Whether a fragment that left its disc, or a narrow canal, meets a root that passes elsewhere."""
    below = root > traversing_root(level)
    there = [fact for fact in current(facts) if fact.present and fact.level == level]
    return any(
        fact.migration is not Migration.NONE
        or (below and (fact.kind in FRAGMENTS or fact.kind is Kind.CANAL_STENOSIS))
        for fact in there
    )


def _passed(root: Root) -> tuple[str, ...]:
    crossing = crossing_level(root)
    return (*((crossing,) if crossing else ()), foramen_of(root))
