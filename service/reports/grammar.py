"""One sentence to facts: heads, then what is bound to each, then one fact for each place and side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from service.clinical.anatomy import Migration, Side, Zone
from service.clinical.imaging import Kind, Relation
from service.reports.changes import NARROWED, TOPIC
from service.reports.clauses import Sentence
from service.reports.grading import PAIRED, Variant, graded, rooted
from service.reports.heads import Head, heads_in
from service.reports.marks import Mark, tags_of
from service.reports.negation import denied_in, doubted_in
from service.reports.placing import EVERYWHERE, Carry, discs_for
from service.reports.roots import MEETING, Mention, meetings_in, mentions_in
from service.reports.slots import Region, regions_of
from service.reports.statement import Statement
from service.reports.times import PRIOR, change_in, gone_in

DISC = frozenset((Kind.BULGE, Kind.PROTRUSION, Kind.EXTRUSION, Kind.SEQUESTRATION, Kind.HERNIATION))
_ZONED = DISC | {Kind.ANNULAR_FISSURE, Kind.SYNOVIAL_CYST}
_SUBJECTS = DISC | {
    *(Kind.OSTEOPHYTE, Kind.SYNOVIAL_CYST, Kind.FACET_ARTHROPATHY, Kind.EPIDURAL_SCAR),
    *(Kind.FORAMINAL_STENOSIS, Kind.LATERAL_RECESS_STENOSIS),
}
_SPACES = {"recess": "subarticular", "foramen": "foraminal"}
_GRADES = ("mild", "mild-moderate", "moderate", "moderate-severe", "severe")
_ZONES = {zone.value: zone for zone in Zone}
_TIMED = frozenset(("time", "operation"))
_NARROW = frozenset(NARROWED.values())

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
    sentence: Sentence, marks: tuple[Mark, ...], carry: Carry
) -> tuple[list[Statement], list[Unread]]:
    """The facts of a sentence and what of it was not understood; spans are those of the text read."""
    carry.enter(sentence)
    said = tags_of(marks)
    if "colon" in said and not carry.leading and _opens_with_colon(marks):
        carry.discs = ()
    heads = () if "request" in said else _heads(sentence, marks, said, carry)
    facts: list[Statement] = []
    unread: list[Unread] = []
    if heads:
        parsed = _parse(sentence, marks, heads, said, carry)
        for n in range(len(heads)):
            for fact in _facts_of(n, parsed, carry):
                _sort_in(fact, facts, unread)
        carry.topic = _topics(marks, heads, said) or carry.topic
        carry.side = parsed.subject or carry.side
    carry.leave(marks, heads)
    return facts, unread


def _opens_with_colon(marks: tuple[Mark, ...]) -> bool:
    return any("colon" in mark.tags for mark in marks[:TOPIC])


def _heads(
    sentence: Sentence, marks: tuple[Mark, ...], said: frozenset[str], carry: Carry
) -> tuple[Head, ...]:
    """The heads of a sentence; one without any may go on with the topic of its line."""
    mentions = mentions_in(marks, sentence.text)
    meetings = () if MEETING.isdisjoint(said) else meetings_in(marks, mentions)
    heads = heads_in(marks, mentions, meetings, said)
    if heads or not carry.topic or not (carry.topic[0].topic or sentence.goes_on):
        return heads
    if "severity" in said or "none" in said:
        return tuple(replace(h, first=-1, last=-1, at=()) for h in carry.topic)
    return heads


def _topics(
    marks: tuple[Mark, ...], heads: tuple[Head, ...], said: frozenset[str]
) -> tuple[Head, ...]:
    """The places that what follows may go on about: those before a colon, else the last ones."""
    if "colon" in said:
        colon = next(at for at, mark in enumerate(marks) if "colon" in mark.tags)
        named = tuple([h for h in heads if h.topic or (h.last < colon and h.group >= 0)])
    else:
        named = tuple([h for h in heads if h.topic])
    return named or tuple([h for h in heads[-1:] if h.group >= 0 and not h.normal])


def _parse(
    sentence: Sentence,
    marks: tuple[Mark, ...],
    heads: tuple[Head, ...],
    said: frozenset[str],
    carry: Carry,
) -> _Parsed:
    stating = frozenset([at for head in heads for at in head.at])
    first = min([head.first for head in heads])
    leading = any(mark.discs for mark in marks[:first]) if first > 0 else False
    regions = regions_of(marks, heads, leading)
    nowhere = [False] * len(marks)
    return _Parsed(
        sentence,
        marks,
        tuple([_completed(n, heads, regions) for n in range(len(heads))]),
        regions,
        denied_in(marks, stating) if "negation" in said else nowhere,
        doubted_in(marks, stating) if "hedge" in said else nowhere,
        nowhere if _TIMED.isdisjoint(said) else gone_in(marks, sentence.text),
        subject=carry.side if "anaphor" in marks[0].tags else "",
    )


def _sort_in(fact: Statement, facts: list[Statement], unread: list[Unread]) -> None:
    """Keep a fact, or say why it cannot be used."""
    start, end = fact.span
    if fact.kind is Kind.STENOSIS_UNSPECIFIED and fact.present:
        unread.append((start, end, "stenosis without a place"))
        return
    if fact.level is None:
        unread.append((start, end, "finding without level"))
    facts.append(fact)


def _facts_of(n: int, parsed: _Parsed, carry: Carry) -> Iterator[Statement]:
    head, region = parsed.heads[n], parsed.regions[n]
    denied = True in [parsed.denied[at] for at in head.at]
    if head.normal and denied and head.kind is not Kind.NERVE_ROOT:
        return
    absent = denied or head.normal
    if head.kind is Kind.STENOSIS_UNSPECIFIED and not absent:
        yield Statement(head.kind, span=_span(parsed.marks, head, parsed.sentence.start))
        return
    usual = discs_for(parsed.marks, head, region, carry, absent)
    base = _base(head, region, parsed, absent)
    variants = _variants(n, parsed, carry, usual)
    if not usual and head.kind in (Kind.SPONDYLOLISTHESIS, Kind.SURGERY):
        usual = tuple(mark.name for mark in region.marks if mark.name)
    for variant in variants:
        for time in _times(head, parsed, base):
            for level in (variant.level,) if variant.level else usual or (None,):
                yield _built(base, variant, level, time)
    if head.kind is Kind.SURGERY:
        carry.operated = tuple(dict.fromkeys((*carry.operated, *usual)))


def _completed(n: int, heads: tuple[Head, ...], regions: list[Region]) -> Head:
    """``the right is moderately stenosed``: a stenosis with only a side is of the place beside it."""
    head = heads[n]
    if head.kind is Kind.STENOSIS_UNSPECIFIED and any("side" in m.tags for m in regions[n].marks):
        beside = [*reversed(heads[:n]), *heads[n + 1 :]]
        paired = next((other.kind for other in beside if other.kind in PAIRED), None)
        return replace(head, kind=paired) if paired else head
    return head


def _variants(n: int, parsed: _Parsed, carry: Carry, usual: tuple[str, ...]) -> list[Variant]:
    head, region = parsed.heads[n], parsed.regions[n]
    if head.kind is Kind.NERVE_ROOT:
        met = [_meant(mention, carry) for mention in head.mentions]
        return [v for mention in met for v in rooted(mention, head, region, parsed.subject)]
    variants, side = graded(n, parsed.heads, parsed.regions, usual)
    if head.kind in _SUBJECTS:
        parsed.subject = side or (parsed.subject if head.kind in _NARROW else "")
    if head.kind is Kind.EPIDURAL_SCAR and not side:
        variants = _sides_of_the_root(parsed.heads[n + 1 :]) or variants
    return variants


def _sides_of_the_root(heads: Sequence[Head]) -> list[Variant]:
    """A scar without a side is on that of the root that it surrounds."""
    if not heads or heads[0].relation is not Relation.ENCASE:
        return []
    sides = {root.side for mention in heads[0].mentions for root in mention.roots}
    return [Variant(Side(side)) for side in sorted(sides) if side in ("left", "right")]


def _base(head: Head, region: Region, parsed: _Parsed, absent: bool) -> Statement:
    time = change_in(region)
    if head.kind is Kind.NERVE_ROOT:
        time = time if time != "current" else parsed.time
    else:
        parsed.time = time
    return Statement(
        head.kind,
        present=not absent,
        possible=True in [parsed.doubted[at] for at in head.at],
        time="current" if absent else time,
        zones=_zones(region) if head.kind in _ZONED else (),
        migration=_migration(region) if head.kind in DISC else Migration.NONE,
        detail=_detail(head, region, absent),
        span=_span(parsed.marks, head, parsed.sentence.start),
        rule=head.rule,
        relation=head.relation,
    )


def _built(base: Statement, variant: Variant, level: str | None, time: str) -> Statement:
    """One fact of a head: its base with one variant, at one level, at one time."""
    gone = time == PRIOR
    present = gone or (base.present if variant.present is None else variant.present)
    level = level if level or present else EVERYWHERE
    sideless = level == EVERYWHERE and not present and base.kind in _NARROW
    return Statement(
        base.kind,
        level,
        present,
        base.possible,
        time if present else "current",
        base.zones,
        None if sideless else variant.side,
        variant.severity if present else None,
        variant.root,
        variant.role,
        base.relation,
        base.migration,
        variant.name or base.detail,
        base.span,
        base.rule,
    )


def _times(head: Head, parsed: _Parsed, base: Statement) -> tuple[str, ...]:
    """The times to state: what has gone is stated as gone, and denied for today if the text does."""
    if head.kind is Kind.SURGERY or True not in [parsed.gone[at] for at in head.at]:
        return (base.time,)
    return (PRIOR, "current") if not base.present and not head.normal else (PRIOR,)


def _span(marks: Sequence[Mark], head: Head, offset: int) -> tuple[int, int]:
    if head.last < 0:
        return offset + marks[0].start, offset + marks[-1].end
    return offset + marks[head.first].start, offset + marks[head.last].end


def _zones(region: Region) -> tuple[Zone, ...]:
    found = [m.tags["zone"] for m in region.before + region.within if "zone" in m.tags]
    for mark in region.behind:
        space = mark.get("space") or mark.get("spaces")
        found.append(mark.get("zone") or _SPACES.get(space, ""))
    return tuple(dict.fromkeys([_ZONES[zone] for zone in found if zone]))


def _migration(region: Region) -> Migration:
    said = [mark.tags["migration"] for mark in region.marks if "migration" in mark.tags]
    return Migration(said[0]) if said else Migration.NONE


def _detail(head: Head, region: Region, absent: bool) -> str:
    """Cause, direction and grade of a slip, the operation, or the grade that a denial starts at."""
    if head.kind is Kind.SPONDYLOLISTHESIS:
        grade = next((m.get("slip_grade") for m in region.marks if "slip_grade" in m.tags), "")
        why = next((m.get("mechanism") for m in region.within if "mechanism" in m.tags), "")
        direction = "" if head.detail == "unspecified" else head.detail
        words = (why, direction, f"grade {grade}" if grade else "")
        return " ".join([each for each in words if each])
    if absent and not head.normal and head.kind is not Kind.NERVE_ROOT:
        said = _denied_grades(region)
        return f"at or above {min(said, key=_GRADES.index)}" if said else ""
    return head.detail


def _denied_grades(region: Region) -> list[str]:
    """The grades behind a denial: ``no moderate or high-grade``."""
    cue = next((i for i, m in enumerate(region.before) if m.tags.get("negation") == "pre"), None)
    behind = region.before[cue:] if cue is not None else ()
    return [mark.get("severity") for mark in behind if "severity" in mark.tags]


def _meant(mention: Mention, carry: Carry) -> Mention:
    """``the root`` is the one named before; a mention that names roots is remembered."""
    if any(root.name for root in mention.roots):
        carry.mention = mention
        return mention
    before = carry.mention
    if mention.definite and not mention.plural and before and len(before.roots) == 1:
        return mention._replace(roots=before.roots)
    return mention
