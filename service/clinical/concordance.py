"""Whether examination, imaging and order agree, and the kind of disagreement where they do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from service.clinical.anatomy import RootSide, exiting_root, foramen_of, traversing_root
from service.clinical.answer import Concordance, Discordance, Lesion, Localisation
from service.clinical.findings import Case, Finding, Order, Presence, Source
from service.clinical.imaging import ImagingFact, Kind
from service.clinical.lesions import Seen, as_lesions, current, seen_roots
from service.clinical.model import Model

DEFICIT_GROUPS = ("sensory", "motor", "reflex")
"""Group names that begin so hold deficits: what a lesion is expected for."""

SIGN_GROUPS = (*DEFICIT_GROUPS, "tension")
"""Group names that begin so hold signs: what an examiner looks for at a root."""

AIMED = ("injection", "surgery")
"""Kinds of order that are aimed at one root."""


def compare(
    case: Case, answer: Localisation, model: Model, seen: tuple[Seen, ...] | None = None
) -> Concordance:
    """Hold the examination alone against imaging, and each draft order against the whole answer."""
    seen = seen_roots(case.imaging, model.imaging) if seen is None else seen
    lesions = as_lesions(seen, case.imaging, model.imaging)
    firm = tuple(x for x in lesions if x.grade >= model.imaging.lesion_grade)
    examined = answer.examination
    imaged = tuple(dict.fromkeys(x.root for x in firm))
    agree = not set(examined).isdisjoint(imaged)
    disagreements = (
        *(() if agree else _between(case, answer, firm, model)),
        *_numbering(case, imaged, model),
        *(d for order in case.orders for d in _order(order, answer.named, lesions, model)),
    )
    status = "discordant" if disagreements else "concordant" if agree else "undecided"
    return Concordance(status, examined, imaged, disagreements, lesions)


def _between(
    case: Case, answer: Localisation, lesions: Sequence[Lesion], model: Model
) -> Iterator[Discordance]:
    """What stands between an examination and lesions that share no root, once a report was read."""
    if not any(study.report for study in case.studies):
        return
    examined, imaged = answer.examination, tuple(dict.fromkeys(x.root for x in lesions))
    sources = tuple(dict.fromkeys(x.source for x in lesions))
    word = " and " if set(examined) <= set(answer.named) else " or "
    if examined and imaged:
        sides = {at.side for at in examined} & {at.side for at in imaged}
        kind = "root" if sides else "side"
        yield _disagree(kind, model, examined, imaged, sources=sources, word=word)
    elif imaged and _was_examined(case, model):
        yield _disagree("lesion-without-sign", model, examined, imaged, sources=sources)
    elif examined and _has_deficit(case, model) and not _may_be_seen(case, examined, model):
        reports = tuple(study.report for study in case.studies if study.report)
        yield _disagree("deficit-without-lesion", model, examined, sources=reports, word=word)


def _may_be_seen(case: Case, examined: Sequence[RootSide], model: Model) -> bool:
    """Whether the report may show these roots after all: it was read in part, or left the side open."""
    reports = {study.report.reference for study in case.studies if study.report}
    in_part = not case.imaging or any(issue.reference in reports for issue in case.issues)
    return in_part or any(
        _reaches(fact, at, model)
        for fact in current(case.imaging)
        if fact.present and fact.side is None
        for at in examined
    )


def _reaches(fact: ImagingFact, at: RootSide, model: Model) -> bool:
    """Whether a fact without a side would show this root, were it on its side."""
    if fact.kind is Kind.NERVE_ROOT and fact.root is None and fact.role is None:
        level = fact.disc
        return level is not None and at.root in (exiting_root(level), traversing_root(level))
    seen = seen_roots([replace(fact, side=at.side)], model.imaging)
    return any(s.root == at and s.grade >= model.imaging.lesion_grade for s in seen)


def _was_examined(case: Case, model: Model) -> bool:
    """Whether any sign was looked for; a history alone leaves signs unknown."""
    return any(
        f.presence is not Presence.UNKNOWN and _is_of(f, SIGN_GROUPS, model) for f in case.findings
    )


def _has_deficit(case: Case, model: Model) -> bool:
    return any(
        f.presence is Presence.PRESENT and _is_of(f, DEFICIT_GROUPS, model) for f in case.findings
    )


def _is_of(finding: Finding, groups: tuple[str, ...], model: Model) -> bool:
    known = model.findings.get(finding.id)
    return known is not None and known.group.startswith(groups)


def _numbering(case: Case, imaged: Sequence[RootSide], model: Model) -> Iterator[Discordance]:
    doubtful = tuple(s.report or s.source for s in case.studies if s.numbering == "doubtful")
    if doubtful:
        yield _disagree("numbering-uncertain", model, (), imaged, sources=doubtful)


def _order(
    order: Order, named: Sequence[RootSide], lesions: Sequence[Lesion], model: Model
) -> Iterator[Discordance]:
    if order.kind not in AIMED or not named:
        return
    roots, sides = {at.root for at in named}, {at.side for at in named}
    source = (order.source,)
    if order.sides and not set(order.sides) <= sides:
        yield _disagree("order-side", model, named, order=order.sides, sources=source)
    if order.roots and not set(order.roots) <= {str(root) for root in roots}:
        yield _disagree("order-root", model, named, order=order.roots, sources=source)
    foramina = [foramen_of(root) for root in roots]
    expected = foramina if order.kind == "injection" else _levels(named, lesions)
    if order.levels and expected and not set(order.levels) <= set(expected):
        kind = "order-level"
        yield _disagree(kind, model, named, order=order.levels, expected=expected, sources=source)
    if order.foramina and not set(order.foramina) <= set(foramina):
        kind = "order-foramen"
        yield _disagree(kind, model, named, order=order.foramina, expected=foramina, sources=source)


def _levels(named: Sequence[RootSide], lesions: Sequence[Lesion]) -> list[str]:
    return [x.level for x in lesions if x.root in named and x.level]


def _disagree(
    kind: str,
    model: Model,
    examined: Iterable[RootSide],
    imaged: Iterable[RootSide] = (),
    *,
    order: Iterable[str] = (),
    expected: Iterable[str] = (),
    sources: tuple[Source, ...] = (),
    word: str = " and ",
) -> Discordance:
    known = model.discordances[kind]
    sentence = known.sentence.format(
        examination=_said(examined, word),
        imaging=_said(imaged),
        order=_said(order),
        expected=_said(expected),
    )
    return Discordance(kind, sentence, known.action, known.severity, sources)


def _said(items: Iterable[object], word: str = " and ") -> str:
    return word.join(str(item) for item in items) or "no root"
