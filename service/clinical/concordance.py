"""Whether examination, imaging and order agree, and the kind of disagreement where they do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from service.clinical.anatomy import RootSide, exiting_root, traversing_root
from service.clinical.answer import Concordance, Discordance, Lesion, Localisation
from service.clinical.disagreement import AND, OR, disagree
from service.clinical.findings import Case, Finding, IssueKind, Presence, Source
from service.clinical.imaging import ImagingFact, Kind
from service.clinical.lesions import Seen, as_lesions, current, seen_roots
from service.clinical.misplaced import misplaced
from service.clinical.model import Model
from service.clinical.ordered import against, reached

DEFICIT_GROUPS = ("sensory", "motor", "reflex")
"""Group names that begin so hold deficits: what a lesion is expected for."""

SIGN_GROUPS = (*DEFICIT_GROUPS, "tension")
"""Group names that begin so hold signs: what an examiner looks for at a root."""

LIKELIER_THAN_NOT = 0.5

PLAIN_FILM = "XR"
"""The modality that shows no root, so that a film without a lesion says nothing of one."""

_UNREAD = frozenset({IssueKind.NOT_UNDERSTOOD, IssueKind.NOT_READ})


def compare(
    case: Case, answer: Localisation, model: Model, seen: tuple[Seen, ...] | None = None
) -> Concordance:
    """Hold the examination alone against imaging, and each draft order against the whole answer.

    Signs that a rival explains, or that leave "no compressed root" likelier than not, never agree.
    """
    seen = seen_roots(case.imaging, model.imaging) if seen is None else seen
    lesions = as_lesions(seen, case.imaging, model.imaging)
    least = model.imaging.lesion_grade
    firm = [lesion for lesion in lesions if lesion.grade >= least]
    examined = answer.examination
    imaged = tuple(dict.fromkeys([lesion.root for lesion in firm]))
    shared = [at for at in imaged if at in examined]
    found: list[Discordance] = []
    if shared:
        found += misplaced(seen, shared, case, model)
    else:
        found += _between(case, answer, firm, imaged, model)
    found += _contradicted(seen, model)
    found += _numbering(case, imaged, model)
    doubted = imaged
    if case.orders:
        found += _orders(case, answer, imaged, model)
        sides = sorted({at.side for at in answer.named or examined})
        doubted += tuple(at for order in case.orders for at in reached(order, sides))
    agree = bool(shared) and answer.none < LIKELIER_THAN_NOT and not _is_explained(answer)
    status = "discordant" if found else "concordant" if agree else "undecided"
    return Concordance(status, examined, imaged, tuple(found), lesions, _doubt(answer, doubted))


def _doubt(answer: Localisation, doubted: Sequence[RootSide]) -> tuple[tuple[RootSide, float], ...]:
    """Say how surely the examination alone leaves each of these roots free, the surest first."""
    if not doubted:
        return ()
    doubt = [(at, 1 - p) for at, p in answer.examined if at in doubted]
    return tuple(sorted(doubt, key=lambda each: -each[1]) if len(doubt) > 1 else doubt)


def _is_explained(answer: Localisation) -> bool:
    """Whether a rival pattern explains the signs; its line stands near the end of the ledger."""
    return "rival" in [line.kind for line in answer.ledger]


def _between(
    case: Case,
    answer: Localisation,
    lesions: Sequence[Lesion],
    imaged: Sequence[RootSide],
    model: Model,
) -> Iterator[Discordance]:
    """What stands between an examination and lesions that share no root, once imaging was read."""
    examined = answer.examination
    sources = tuple(dict.fromkeys(x.source for x in lesions))
    word = AND if set(examined) <= set(answer.named) else OR
    if examined and imaged:
        sides = {at.side for at in examined} & {at.side for at in imaged}
        kind = "root" if sides else "side"
        yield disagree(kind, model, examined, imaged, sources=sources, word=word)
    elif imaged and _was_examined(case, model) and not _has_a_sign(answer, imaged):
        yield disagree("lesion-without-sign", model, examined, imaged, sources=sources)
    elif examined and _has_deficit(case, model) and not _may_be_seen(case, examined, model):
        reports = tuple(study.report for study in case.studies if study.report)
        yield disagree("deficit-without-lesion", model, examined, sources=reports, word=word)


def _may_be_seen(case: Case, examined: Sequence[RootSide], model: Model) -> bool:
    """Whether these roots may be compressed for all that was read: not read, in part, or no side said."""
    if not _was_read(case):
        return True
    reports = {study.report.reference for study in case.studies if study.report}
    return any(x.kind in _UNREAD and x.reference in reports for x in case.issues) or any(
        _reaches(fact, at, model)
        for fact in current(case.imaging)
        if fact.present and fact.side is None
        for at in examined
    )


def _was_read(case: Case) -> bool:
    """Whether a report that can show a root said something, or said that nothing is there."""
    films = {s.report.reference for s in case.studies if s.report and s.modality == PLAIN_FILM}
    return any(fact.reference not in films for fact in case.imaging) or any(
        study.clear and study.modality != PLAIN_FILM for study in case.studies
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


def _has_a_sign(answer: Localisation, imaged: Sequence[RootSide]) -> bool:
    """Whether a sign that is there speaks for a root that imaging shows compressed."""
    return any(
        line.presence is Presence.PRESENT
        and line.group.startswith(SIGN_GROUPS)
        and line.side in (at.side, None)
        and line.for_root(at) > 0
        for line in answer.ledger
        for at in imaged
    )


def _has_deficit(case: Case, model: Model) -> bool:
    return any(
        f.presence is Presence.PRESENT and _is_of(f, DEFICIT_GROUPS, model) for f in case.findings
    )


def _is_of(finding: Finding, groups: tuple[str, ...], model: Model) -> bool:
    known = model.findings.get(finding.id)
    return known is not None and known.group.startswith(groups)


def _contradicted(seen: Sequence[Seen], model: Model) -> list[Discordance]:
    """Whether one statement calls a root compressed and another one says that it is not."""
    opposed = [s for s in seen if s.denial is not None]
    if not opposed:
        return []
    facts = [fact for s in opposed for fact in (s.fact, s.denial) if fact]
    sources = tuple(dict.fromkeys(Source(fact.reference, fact.version) for fact in facts))
    return [disagree("reports-conflict", model, (), [s.root for s in opposed], sources=sources)]


def _numbering(case: Case, imaged: Sequence[RootSide], model: Model) -> list[Discordance]:
    doubtful = [s.report or s.source for s in case.studies if s.numbering == "doubtful"]
    if not doubtful:
        return []
    return [disagree("numbering-uncertain", model, (), imaged, sources=tuple(doubtful))]


def _orders(
    case: Case, answer: Localisation, imaged: Sequence[RootSide], model: Model
) -> Iterator[Discordance]:
    """Hold orders against the named roots; while none is named, against all that are pointed to."""
    aim: Sequence[RootSide] = answer.named
    if not aim and answer.none < LIKELIER_THAN_NOT:
        aim = tuple(dict.fromkeys((*answer.examination, *imaged)))
    word = AND if answer.named else OR
    for order in case.orders:
        yield from against(order, aim, case.imaging, model, word)
