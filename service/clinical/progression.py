"""What changed between examinations: whether strength fell, and by how much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from service.clinical.anatomy import Side
from service.clinical.findings import Finding, Presence

FULL_STRENGTH = 5.0
"""The top of the MRC scale: what an examiner means who says that a weakness is absent."""

PRESENT, ABSENT, UNKNOWN = Presence.PRESENT, Presence.ABSENT, Presence.UNKNOWN

Series = list[tuple[datetime, float]]


def latest(findings: Iterable[Finding]) -> dict[tuple[str, Side | None], Finding]:
    """Give the newest record of each finding on each side that says anything.

    Records without a time count as the oldest. Of two records of one time the one that says
    present is kept: a sign that was seen is not unseen by a second note.
    """
    newest: dict[tuple[str, Side | None], Finding] = {}
    for finding in findings:
        if finding.value is None and finding.presence is UNKNOWN:
            continue
        key = finding.id, finding.side
        held = newest.setdefault(key, finding)
        if held is not finding and _rank(finding) > _rank(held):
            newest[key] = finding
    return newest


def _rank(finding: Finding) -> tuple[bool, float, bool]:
    when = finding.source.recorded
    present = finding.presence is PRESENT
    return when is not None, when.timestamp() if when else 0.0, present


def largest_fall(strengths: Iterable[Finding]) -> float | None:
    """Give the largest loss of strength, in MRC grades, of any movement and side over time.

    A loss counts from the best earlier grade to the newest, unless the newest is better than the
    one before it. ``None`` when no movement was graded at two times.
    """
    series: dict[tuple[str, Side | None], Series] = defaultdict(list)
    for finding in strengths:
        grade = _grade(finding)
        if grade is not None and finding.source.recorded is not None:
            series[finding.id, finding.side].append((finding.source.recorded, grade))
    falls = [fall for found in series.values() if (fall := _fall(sorted(found))) is not None]
    return max(falls, default=None)


def _grade(finding: Finding) -> float | None:
    if finding.presence is ABSENT and finding.value is None:
        return FULL_STRENGTH
    return finding.value


def _fall(series: Series) -> float | None:
    """Loss from the best earlier grade; 0 when strength held or is recovering."""
    if len({when for when, _ in series}) == 1:
        return None
    *earlier, (_, now) = series
    before = earlier[-1][1]
    return 0.0 if now > before else max(grade for _, grade in earlier) - now
