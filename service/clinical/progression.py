"""What changed between examinations: which findings became worse, by the table of what counts."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import takewhile
from operator import itemgetter
from typing import NamedTuple

from service.clinical.anatomy import BOTH, Side
from service.clinical.answer import Change
from service.clinical.criteria import Fact
from service.clinical.findings import Finding, Presence
from service.clinical.model import FindingModel, Model, Worsening

PRESENT, ABSENT, UNKNOWN = Presence.PRESENT, Presence.ABSENT, Presence.UNKNOWN

WEEK = 7 * 24 * 60 * 60.0
"""In seconds."""

ROUNDING = 1e-6
"""What two grades written in thirds may be off."""

Key = tuple[str, Side | None]
Series = Sequence["_Point"]
Records = Sequence[tuple[float, datetime, Finding]]


class Course(NamedTuple):
    """What became worse, the newest first, and what that says by name.

    A name is False where records of two times were compared, and missing where none were.
    """

    changes: tuple[Change, ...]
    facts: Mapping[str, Fact]


class _Point(NamedTuple):
    """What was recorded at one time: how bad it was, and in which words."""

    bad: float
    said: str
    moment: float
    when: datetime


SIDES = (*BOTH, None)


def latest(findings: Iterable[Finding]) -> dict[Key, Finding]:
    """Give the newest record of each finding on each side that says anything.

    Records without a time count as the oldest. Of two records of one time the one that says
    present is kept: a sign that was seen is not unseen by a second note.
    """
    newest: dict[Key, Finding] = {}
    for finding in findings:
        if finding.value is None and finding.presence is UNKNOWN:
            continue
        key = finding.id, finding.side
        held = newest.setdefault(key, finding)
        if held is not finding and _rank(finding) > _rank(held):
            newest[key] = finding
    return newest


def is_present(finding: Finding, model: FindingModel | None) -> bool | None:
    """What the examiner said; where only a grade was given, what the grade means."""
    if finding.presence is not UNKNOWN:
        return finding.presence is PRESENT
    if finding.value is None or model is None:
        return None
    if model.at_most is not None:
        return finding.value <= model.at_most
    return None if model.at_least is None else finding.value >= model.at_least


def course(findings: Sequence[Finding], model: Model, as_of: datetime) -> Course:
    """Compare the records of each finding and side over time.

    Records of one time are one record, the worst of them. Records without a time are in no order
    and are not compared.
    """
    told: dict[tuple[str, str], Change] = {}
    facts: dict[str, Fact] = {}
    rules = _rules(model)
    for (name, side), records in _repeated(findings, rules):
        for rule in rules.get(name, ()):
            points = _points(rule, records, model.findings[name])
            if len(points) == 1 or not points:
                continue
            before = _before(points, rule, as_of.timestamp())
            loss = points[-1].bad - before.bad if before else 0.0
            worse = loss >= rule.by - ROUNDING
            if rule.measure:
                facts[rule.measure] = max(loss, float(facts.get(rule.measure, 0.0)))
            for fact in rule.facts:
                facts[fact] = worse or facts.get(fact, False)
            if before and worse:
                where = model.findings[name].label + (f" ({side})" if side else "")
                change = _change(rule, (name, side), where, before, points[-1])
                told.setdefault((name, side or ""), change)
    changes = [change for _, change in sorted(told.items())]
    changes.sort(key=lambda change: change.when, reverse=True)
    return Course(tuple(changes), facts)


def _rank(finding: Finding) -> tuple[bool, float, bool]:
    when = finding.source.recorded
    present = finding.presence is PRESENT
    return when is not None, when.timestamp() if when else 0.0, present


def _repeated(findings: Sequence[Finding], names: Container[str]) -> Iterator[tuple[Key, Records]]:
    """What was recorded at more than one time, in order of time."""
    named: dict[str, list[Finding]] = {}
    for finding in findings:
        named.setdefault(finding.id, []).append(finding)
    if len(named) == len(findings):
        return
    for name, same in named.items():
        for side in SIDES if len(same) > 1 and name in names else ():
            dated = [
                (when.timestamp(), when, f)
                for f in same
                if f.side is side and (when := f.source.recorded) is not None
            ]
            if len({moment for moment, _, _ in dated}) > 1:
                yield (name, side), sorted(dated, key=itemgetter(0))


@lru_cache(maxsize=8)
def _rules(model: Model) -> Mapping[str, tuple[Worsening, ...]]:
    """The rules for each finding, in the order of the table."""
    return {
        known.id: found
        for known in model.findings.values()
        if (found := tuple(rule for rule in model.progression if _covers(rule, known)))
    }


def _covers(rule: Worsening, known: FindingModel) -> bool:
    named = any(
        known.id.startswith(name[:-1]) if name.endswith("*") else known.id == name
        for name in rule.findings
    )
    return named or known.kind in rule.kinds


def _points(rule: Worsening, records: Records, known: FindingModel) -> Series:
    """The records in order of time, one a time; what says nothing under this rule is left out."""
    points: list[_Point] = []
    at, before = 0.0, None
    for moment, when, record in records:
        if points and moment > at:
            before = points[-1].bad
        bad = _badness(rule, record, known, before)
        if bad is None:
            continue
        point = _Point(bad, _words(rule, record, bad), moment, when)
        if not points or moment > at:
            points.append(point)
        elif point[:2] > points[-1][:2]:
            points[-1] = point
        at = moment
    return points


def _badness(
    rule: Worsening, record: Finding, known: FindingModel, before: float | None
) -> float | None:
    """How bad a record is, the higher the worse; a sign without a grade is no better than it was."""
    if rule.worse == "present":
        present = is_present(record, known)
        return None if present is None else float(present)
    sign = -1.0 if rule.worse == "lower" else 1.0
    if record.value is not None:
        return sign * record.value
    if record.presence is ABSENT:
        return None if rule.absent is None else sign * rule.absent
    if record.presence is UNKNOWN or rule.present is None or before is None:
        return None
    return max(before, sign * rule.present)


def _words(rule: Worsening, record: Finding, bad: float) -> str:
    if rule.worse == "present":
        return str(PRESENT if bad else ABSENT)
    return str(record.presence) if record.value is None else f"{record.value:.3g}"


def _before(points: Series, rule: Worsening, as_of: float) -> _Point | None:
    """The best record that the newest is worse than, where that is news.

    ``None`` when it holds, recovers, never got as bad as the rule asks, has been this bad for
    longer than the rule calls recent, or was better only too long before.
    """
    *earlier, now = points
    if rule.reaches is not None and now.bad < rule.reaches * (-1 if rule.worse == "lower" else 1):
        return None
    best = min(point.bad for point in earlier)
    if now.bad <= best or now.bad < earlier[-1].bad - ROUNDING:
        return None
    run = list(takewhile(lambda point: point.bad >= now.bad - ROUNDING, reversed(points)))
    since = run[-1].moment
    if as_of - since > rule.recent_weeks * WEEK:
        return None
    apart = since - rule.apart_weeks * WEEK
    better = [point for point in points[: -len(run)] if point.moment >= apart]
    return min(reversed(better), key=itemgetter(0), default=None)


def _change(rule: Worsening, key: Key, where: str, before: _Point, now: _Point) -> Change:
    return Change(
        finding=key[0],
        side=key[1],
        before=before.said,
        after=now.said,
        when=now.when,
        sentence=rule.sentence.format(finding=where, before=before.said, after=now.said),
        kind=rule.id,
        sources=rule.sources,
    )
