"""One sentence to facts: heads, then what is bound to each, then one fact for each place and side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from service.clinical.anatomy import Migration, Role, Root, Side, Zone
from service.clinical.imaging import ImagingFact, Kind
from service.reports.clauses import Sentence
from service.reports.heads import NARROWED, Head, heads_in
from service.reports.marks import Mark, marks_of
from service.reports.negation import denied_in, doubted_in
from service.reports.phrases import Phrases
from service.reports.placing import Carry, discs_for
from service.reports.roots import Mention, RootName, meetings_in, mentions_in
from service.reports.slots import Grade, Region, grades_of, regions_of
from service.reports.times import PRIOR, change_in, gone_in

DISC = (Kind.BULGE, Kind.PROTRUSION, Kind.EXTRUSION, Kind.SEQUESTRATION, Kind.HERNIATION)
_ZONED = (*DISC, Kind.ANNULAR_FISSURE)
_PAIRED = (Kind.LATERAL_RECESS_STENOSIS, Kind.FORAMINAL_STENOSIS, Kind.FACET_ARTHROPATHY)
_SIDELESS = (Kind.CANAL_STENOSIS, Kind.SPONDYLOLISTHESIS, Kind.STENOSIS_UNSPECIFIED)
_GRADELESS = (Kind.NERVE_ROOT, Kind.SPONDYLOLISTHESIS, Kind.SURGERY, Kind.EPIDURAL_SCAR)
_SUBJECTS = (*DISC, Kind.OSTEOPHYTE, Kind.SYNOVIAL_CYST, Kind.FACET_ARTHROPATHY, Kind.EPIDURAL_SCAR)
_GRADES = ("mild", "mild-moderate", "moderate", "moderate-severe", "severe")
_ROOTS = frozenset(Root)

Unread = tuple[int, int, str]


@dataclass(slots=True)
class _Parsed:
    """A sentence while it is read: its marks, its heads and what reaches each mark."""

    sentence: Sentence
    marks: tuple[Mark, ...]
    heads: tuple[Head, ...]
    regions: list[Region]
    denied: list[bool]
    doubted: list[bool]
    gone: list[bool]
    subject: str = ""
    time: str = "current"


def read_sentence(
    sentence: Sentence, phrases: Phrases, carry: Carry
) -> tuple[list[ImagingFact], list[Unread]]:
    """The facts of a sentence and what of it was not understood; spans are those of the text read."""
    marks = marks_of(sentence.text, phrases)
    carry.enter(sentence)
    if any(mark.has("request") for mark in marks):
        return [], []
    parsed = _parse(sentence, marks, carry)
    facts: list[ImagingFact] = []
    unread: list[Unread] = []
    for head, region in zip(parsed.heads, parsed.regions, strict=True):
        for fact in _facts_of(head, region, parsed, carry):
            _sort_in(fact, facts, unread)
    carry.leave(marks, parsed.heads)
    carry.topic = tuple(h for h in parsed.heads if h.topic) or carry.topic
    carry.side = parsed.subject or carry.side
    return facts, unread


def _parse(sentence: Sentence, marks: tuple[Mark, ...], carry: Carry) -> _Parsed:
    mentions = mentions_in(marks, sentence.text)
    heads = heads_in(marks, mentions, meetings_in(marks, mentions))
    if not heads and carry.topic and any(m.has("severity", "none") for m in marks):
        heads = tuple(replace(h, first=-1, last=-1, at=()) for h in carry.topic)
    stating = frozenset(at for head in heads for at in head.at)
    first = min((head.first for head in heads), default=0)
    leading = any(mark.discs for mark in marks[: max(first, 0)])
    anaphor = bool(marks) and marks[0].has("anaphor")
    return _Parsed(
        sentence,
        marks,
        heads,
        regions_of(marks, heads, leading),
        denied_in(marks, stating),
        doubted_in(marks, stating),
        gone_in(marks, sentence.text),
        subject=carry.side if anaphor else "",
    )


def _sort_in(fact: ImagingFact, facts: list[ImagingFact], unread: list[Unread]) -> None:
    """Keep a fact, or say why it cannot be used."""
    start, end = fact.span or (0, 0)
    if fact.kind is Kind.STENOSIS_UNSPECIFIED and fact.present:
        unread.append((start, end, "stenosis without a place"))
        return
    if fact.level is None:
        unread.append((start, end, "finding without level"))
    facts.append(fact)


def _facts_of(head: Head, region: Region, parsed: _Parsed, carry: Carry) -> Iterator[ImagingFact]:
    denied = any(parsed.denied[at] for at in head.at)
    if head.normal and denied and head.kind is not Kind.NERVE_ROOT:
        return
    absent = denied or head.normal
    base = _base(head, region, parsed, absent)
    usual = discs_for(parsed.marks, head, region, carry, absent)
    if head.kind is Kind.NERVE_ROOT:
        drafts = _root_facts(head, region, parsed, carry, base)
    else:
        drafts = _graded(head, region, parsed, base, usual)
    drafts = [_timed(d, f) for f in drafts for d in _gone(head, parsed, absent)]
    for draft in drafts:
        yield from _at_levels(draft, usual, region, head)
    if head.kind is Kind.SURGERY:
        carry.operated = tuple(dict.fromkeys((*carry.operated, *usual)))


def _base(head: Head, region: Region, parsed: _Parsed, absent: bool) -> ImagingFact:
    """What does not depend on side or level."""
    marks, offset = parsed.marks, parsed.sentence.start
    time = change_in(region)
    if head.kind is Kind.NERVE_ROOT:
        time = time if time != "current" else parsed.time
    else:
        parsed.time = time
    return ImagingFact(
        head.kind,
        present=not absent,
        possible=any(parsed.doubted[at] for at in head.at),
        time="current" if absent else time,
        zones=_zones(region) if head.kind in _ZONED else (),
        migration=_migration(region) if head.kind in DISC else Migration.NONE,
        detail=_detail(head, region, absent),
        span=_span(marks, head, offset),
        rule=head.rule,
        relation=head.relation,
    )


def _span(marks: Sequence[Mark], head: Head, offset: int) -> tuple[int, int]:
    if head.last < 0:
        return offset + marks[0].start, offset + marks[-1].end
    return offset + marks[head.first].start, offset + marks[head.last].end


def _gone(head: Head, parsed: _Parsed, absent: bool) -> tuple[str, ...]:
    """The times to state: what has gone is stated as gone, and denied for today if the text does."""
    if not any(parsed.gone[at] for at in head.at) or head.kind is Kind.SURGERY:
        return ("today",)
    return ("gone", "today") if absent and not head.normal else ("gone",)


def _timed(when: str, fact: ImagingFact) -> ImagingFact:
    return replace(fact, present=True, time=PRIOR) if when == "gone" else fact


def _zones(region: Region) -> tuple[Zone, ...]:
    found = [mark.get("zone") for mark in region.before + region.within]
    spaces = {"recess": "subarticular", "foramen": "foraminal"}
    for mark in region.behind:
        found.append(mark.get("zone") or spaces.get(mark.get("space") or mark.get("spaces"), ""))
    return tuple(dict.fromkeys(Zone(zone) for zone in found if zone))


def _migration(region: Region) -> Migration:
    return next(
        (Migration(m.get("migration")) for m in region.marks if m.has("migration")), Migration.NONE
    )


def _detail(head: Head, region: Region, absent: bool) -> str:
    """Direction and grade of a slip, the operation, or the grade that a denial starts at."""
    if head.kind is Kind.SPONDYLOLISTHESIS:
        grade = next((m.get("slip_grade") for m in region.marks if m.has("slip_grade")), "")
        return f"{head.detail} grade {grade}" if grade else head.detail
    if absent and not head.normal and head.kind is not Kind.NERVE_ROOT:
        said = _denied_grades(region)
        return f"at or above {min(said, key=_GRADES.index)}" if said else ""
    return head.detail


def _denied_grades(region: Region) -> list[str]:
    """The grades behind a denial: ``no moderate or high-grade``."""
    cue = next((i for i, m in enumerate(region.before) if m.get("negation") == "pre"), None)
    behind = region.before[cue:] if cue is not None else ()
    return [m.get("severity") for m in behind if m.has("severity")]


def _graded(
    head: Head, region: Region, parsed: _Parsed, base: ImagingFact, usual: tuple[str, ...]
) -> list[ImagingFact]:
    """One draft for each side and grade; drafts with levels of their own carry them in ``level``."""
    shared = _shared(head, parsed)
    grades = [_filled(g, shared) for g in grades_of(region, head.kind in _PAIRED)]
    named = {disc for grade in grades for disc in grade.discs}
    first = next((g.discs for g in grades if g.discs), usual)
    spread = any(g.discs for g in grades) and (len(named) > len(first) or len(grades) > 1)
    drafts: list[ImagingFact] = []
    for n, grade in enumerate(grades):
        levels: tuple[str | None, ...] = (None,)
        if spread:
            levels = _levels_of(grade, n, grades, named, first)
        for level in levels:
            drafts += _sided(head, grade, replace(base, level=level))
    _remember_side(head, grades, parsed)
    return drafts


def _levels_of(
    grade: Grade, n: int, grades: list[Grade], named: set[str], first: tuple[str, ...]
) -> tuple[str, ...]:
    """The levels of one grade of a list; later, more exact ones take theirs from the first."""
    if grade.discs:
        later = {d for g in grades[n + 1 :] if g.discs != grade.discs for d in g.discs}
        return tuple(d for d in grade.discs if d not in later or not _exact(grades[n + 1 :]))
    if grade.rest == "otherwise":
        exact = {d for g in grades if g.severity for d in g.discs}
        return tuple(d for d in first if d not in exact)
    if grade.rest == "elsewhere":
        usual = ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")
        return tuple(d for d in usual if d not in named)
    return first if n == 0 else ()


def _exact(later: list[Grade]) -> bool:
    return any(g.discs and g.severity for g in later)


def _shared(head: Head, parsed: _Parsed) -> Grade:
    """What heads of one predicate share: an earlier grade or side, or one after the last of them."""
    if head.group < 0:
        return Grade()
    mates = [
        (h, r) for h, r in zip(parsed.heads, parsed.regions, strict=True) if h.group == head.group
    ]
    shared = Grade()
    for mate, region in mates:
        part = region if mate.first < head.first else Region(behind=region.behind)
        if mate is not head and (mate.first < head.first or mate is mates[-1][0]):
            grade = grades_of(part, True)[0]
            shared = Grade(grade.side or shared.side, grade.severity or shared.severity)
    return shared


def _filled(grade: Grade, shared: Grade) -> Grade:
    return replace(
        grade, side=grade.side or shared.side, severity=grade.severity or shared.severity
    )


def _sided(head: Head, grade: Grade, draft: ImagingFact) -> Iterator[ImagingFact]:
    """The draft on its side or sides, with its grade; "none" in a list is a denial."""
    if grade.severity in ("none", "normal"):
        draft = replace(draft, present=False, time="current")
    elif draft.present and head.kind not in _GRADELESS:
        draft = replace(draft, severity=grade.severity or None)
    side = "" if head.kind in _SIDELESS else grade.side
    if not side and head.plural and head.kind in _PAIRED:
        side = "both"
    for each in _sides(side):
        yield replace(draft, side=each)


def _sides(side: str) -> tuple[Side | None, ...]:
    if side == "both":
        return (Side.LEFT, Side.RIGHT)
    return (Side(side),) if side else (None,)


def _remember_side(head: Head, grades: list[Grade], parsed: _Parsed) -> None:
    if head.kind in _SUBJECTS:
        sides = {grade.side for grade in grades}
        parsed.subject = sides.pop() if len(sides) == 1 else ""


def _root_facts(
    head: Head, region: Region, parsed: _Parsed, carry: Carry, base: ImagingFact
) -> list[ImagingFact]:
    """One draft for each root and side that a relation meets."""
    drafts: list[ImagingFact] = []
    for mention in head.mentions:
        meant = _meant(mention, carry)
        for root in meant.roots:
            side = root.side or _side_behind(region) or _inherited(meant, root, parsed)
            role = root.role or next((m.get("role") for m in region.behind if m.has("role")), "")
            for each in _sides(side):
                drafts.append(_rooted(base, root.name, role, each))
    return drafts


def _meant(mention: Mention, carry: Carry) -> Mention:
    """``the root`` is the one named before; a mention that names roots is remembered."""
    if any(root.name for root in mention.roots):
        carry.mention = mention
        return mention
    before = carry.mention
    if mention.definite and not mention.plural and before and len(before.roots) == 1:
        return replace(mention, roots=before.roots)
    return mention


def _side_behind(region: Region) -> str:
    """``on the left`` or ``bilaterally`` behind the root."""
    lean = False
    for mark in region.behind:
        if mark.has("side") and (lean or mark.get("side") == "both"):
            return mark.get("side")
        lean = mark.has("lean")
    return ""


def _inherited(mention: Mention, root: RootName, parsed: _Parsed) -> str:
    """The side of what meets the root, or both for a plural."""
    if mention.plural:
        return "both"
    return parsed.subject if parsed.subject != "both" else ""


def _rooted(base: ImagingFact, name: str, role: str, side: Side | None) -> ImagingFact:
    known = name in _ROOTS
    return replace(
        base,
        side=side,
        root=Root(name) if known else None,
        role=Role(role) if role else None,
        detail=base.detail if known else name,
    )


def _at_levels(
    draft: ImagingFact, usual: tuple[str, ...], region: Region, head: Head
) -> Iterator[ImagingFact]:
    """The draft at each of its levels."""
    if draft.level:
        yield draft
        return
    if not usual and head.kind in (Kind.SPONDYLOLISTHESIS, Kind.SURGERY):
        usual = tuple(m.name for m in region.marks if m.name)
    for level in usual or (None,):
        sideless = level == "all" and not draft.present and head.kind in NARROWED.values()
        yield replace(draft, level=level, side=None if sideless else draft.side)
