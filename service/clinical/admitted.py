"""What of a case is thought about: what cannot be is refused, what contradicts itself is said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import inf

from service.clinical.anatomy import DiscLevel, Root
from service.clinical.findings import Case, Finding, IssueKind, Order, Presence, ReadingIssue
from service.clinical.imaging import ImagingFact
from service.clinical.lesions import current, seen_roots
from service.clinical.model import FindingModel, Model
from service.clinical.ordered import AIMED
from service.clinical.root_sets import modelled

TOPS = {"strength": 5.0, "reflex": 4.0, "angle": 180.0}
"""The highest number on each kind of scale that ends; the lowest is nought."""

IMPOSSIBLE = "A value outside its scale was not used."
CONTRADICTION = (
    "The same finding was recorded as present and as absent at the same time; it counts as present."
)
OUTSIDE = "Imaging names a root or level that is not judged here; it was not used."
ORDERED_OUTSIDE = "The order names a root or level that is not judged here."

_CONTRARY = frozenset({Presence.PRESENT, Presence.ABSENT})
_LEVELS = frozenset(disc.value for disc in DiscLevel)
_ROOTS = frozenset(root.value for root in Root if modelled(root))
_PLACES = _LEVELS | {"S1 dorsal sacral"}


class NoSuchChoice(KeyError):
    """A population or a profile that the model does not hold; ``what`` says which of the two."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return f"there is no such {self.what}"


def must_exist(model: Model, population: str, profile: str) -> None:
    """Raise NoSuchChoice unless the model holds both; an empty population is the mixture of all."""
    if profile not in model.profiles:
        raise NoSuchChoice("profile")
    if population and population not in model.populations:
        raise NoSuchChoice("population")


def admitted(case: Case, model: Model) -> Case:
    """Give the case without impossible values, and with an issue for all that was not used as it came."""
    known = model.findings
    refused = [
        f for f in case.findings if f.value is not None and not is_possible(f, known.get(f.id))
    ]
    issues = [
        *(ReadingIssue(IssueKind.REFUSED, f.source.reference, IMPOSSIBLE) for f in refused),
        *contradictions(case.findings),
        *_outside(case, model),
    ]
    if not issues:
        return case
    found = tuple(f for f in case.findings if f not in refused) if refused else case.findings
    return replace(case, findings=found, issues=tuple(dict.fromkeys((*case.issues, *issues))))


def is_possible(finding: Finding, known: FindingModel | None) -> bool:
    """Whether a value lies on the scale of its finding."""
    most = top(known) if known else None
    return 0 <= (finding.value or 0.0) < inf and (most is None or (finding.value or 0.0) <= most)


def top(known: FindingModel) -> float | None:
    """The highest number on the scale of a finding, if it ends; the lowest is nought."""
    if known.unit == "%":
        return 100.0
    return 10.0 if known.id.endswith("-nrs") else TOPS.get(known.kind)


def contradictions(findings: Iterable[Finding]) -> tuple[ReadingIssue, ...]:
    """Say which findings are both present and absent on one side at one time, one issue a record."""
    findings = tuple(findings)
    if len({(f.id, f.side) for f in findings}) == len(findings):
        return ()
    groups: dict[tuple[object, ...], list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.id, finding.side, finding.source.recorded].append(finding)
    references = [
        finding.source.reference
        for group in groups.values()
        if {finding.presence for finding in group} >= _CONTRARY
        for finding in group
    ]
    return tuple(
        ReadingIssue(IssueKind.CONFLICT, reference, CONTRADICTION)
        for reference in sorted(set(references))
    )


def _outside(case: Case, model: Model) -> Iterator[ReadingIssue]:
    for fact in current(case.imaging):
        if _is_odd(fact) and _is_lost(fact, model):
            yield ReadingIssue(IssueKind.REFUSED, fact.reference, OUTSIDE)
    for order in case.orders:
        if order.kind in AIMED and _names_other(order):
            yield ReadingIssue(IssueKind.REFUSED, order.source.reference, ORDERED_OUTSIDE)


def _is_odd(fact: ImagingFact) -> bool:
    """Whether a fact names a root or a level that is not one of the usual ones."""
    odd_root = fact.root is not None and fact.root not in _ROOTS
    return fact.present and (odd_root or not (fact.level is None or fact.level in _LEVELS))


def _is_lost(fact: ImagingFact, model: Model) -> bool:
    """Whether a fact shows no root, and would show one elsewhere."""
    elsewhere = replace(fact, level=DiscLevel.L4_L5.value, root=Root.L5 if fact.root else None)
    return not seen_roots((fact,), model.imaging) and bool(seen_roots((elsewhere,), model.imaging))


def _names_other(order: Order) -> bool:
    return not (
        _ROOTS.issuperset(order.roots) and _PLACES.issuperset(order.levels + order.foramina)
    )
