"""One list of facts out of findings, impression and addendum: nothing twice, the fuller one wins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from service.clinical.anatomy import Migration
from service.clinical.imaging import Kind
from service.reports.changes import NARROWED
from service.reports.levels import USUAL
from service.reports.placing import ELSEWHERE
from service.reports.statement import Statement
from service.reports.times import PRIOR

_NAMED = (Kind.PROTRUSION, Kind.EXTRUSION, Kind.SEQUESTRATION)
_DETAILED = (Kind.NERVE_ROOT, Kind.SURGERY)
_NARROW = tuple(NARROWED.values())
_FILLED = ("zones", "severity", "root", "role", "detail")

Key = tuple[object, ...]


def merged(
    facts: Sequence[Statement], corrections: Sequence[Statement]
) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    """The facts without repeats, and those of them that contradict another one."""
    kept = [fact for fact in facts if not any(_corrects(c, fact) for c in corrections)]
    spread = [each for fact in (*kept, *corrections) for each in _elsewhere(fact, kept)]
    found: dict[Key, Statement] = {}
    clashing: list[Statement] = []
    for fact in spread:
        key = _key(fact)
        if key in found:
            if _grades_differ(found[key], fact):
                clashing.append(fact)
            found[key] = _fuller(found[key], fact)
        else:
            found[key] = fact
    distinct = list(found.values())
    at_level: dict[str | None, list[Statement]] = {}
    for fact in distinct:
        at_level.setdefault(fact.level, []).append(fact)
    left = tuple(fact for fact in distinct if not _said_better(fact, at_level[fact.level]))
    return left, tuple(clashing) + tuple(fact for fact in left if _denied_too(fact, left))


def _corrects(correction: Statement, fact: Statement) -> bool:
    """A correction replaces what was said of the same finding at the same level."""
    same = correction.level == fact.level and correction.kind == fact.kind
    if not same or fact.kind is not Kind.NERVE_ROOT:
        return same
    return correction.root == fact.root or correction.relation == fact.relation


def _elsewhere(fact: Statement, facts: Sequence[Statement]) -> Iterator[Statement]:
    """A denial "elsewhere" is one for each usual level where the finding was not stated."""
    if fact.level != ELSEWHERE:
        yield fact
    elif not fact.present:
        kinds = _NARROW if fact.kind is Kind.STENOSIS_UNSPECIFIED else (fact.kind,)
        stated = {f.level for f in facts if f.kind in kinds and f.present}
        for level in USUAL:
            if level not in stated:
                yield fact._replace(level=level)


def _key(fact: Statement) -> Key:
    gone = fact.time == PRIOR
    key: Key = (fact.level, fact.kind, fact.present, gone, fact.side)
    if fact.kind is Kind.NERVE_ROOT:
        return (*key, fact.root, fact.relation, "" if fact.root else fact.detail)
    if fact.kind is Kind.SURGERY:
        return (*key, fact.detail)
    return key


def _fuller(first: Statement, second: Statement) -> Statement:
    """The first fact with what only the second one says."""
    added: dict[str, Any] = {
        name: getattr(second, name) for name in _FILLED if not getattr(first, name)
    }
    if first.migration is Migration.NONE:
        added["migration"] = second.migration
    if first.time == "current":
        added["time"] = second.time
    if first.possible and not second.possible:
        added["possible"] = False
    added = {name: value for name, value in added.items() if value != getattr(first, name)}
    return first._replace(**added) if added else first


def _grades_differ(first: Statement, second: Statement) -> bool:
    return bool(first.severity and second.severity and first.severity != second.severity)


def _said_better(fact: Statement, facts: Sequence[Statement]) -> bool:
    """Whether another fact says the same with a side, a named kind or a named root."""
    return any(other is not fact and _covers(other, fact) for other in facts)


def _covers(other: Statement, fact: Statement) -> bool:
    """Whether the other fact of this level says all that this one says, and more."""
    if other.present != fact.present or (other.time == PRIOR) != (fact.time == PRIOR):
        return False
    if (other.possible and not fact.possible) or fact.side not in (None, other.side):
        return False
    if fact.kind is Kind.HERNIATION and other.kind in _NAMED and fact.present:
        return True
    if other.kind != fact.kind:
        return False
    sided = fact.side is None and other.side is not None
    return _names_more(other, fact, sided) if fact.kind in _DETAILED else sided


def _names_more(other: Statement, fact: Statement, sided: bool) -> bool:
    """The same for facts that have a root or an operation."""
    if fact.relation != other.relation:
        return False
    if (fact.root, fact.detail) == (other.root, other.detail):
        return sided
    bare = fact.root is None and not fact.detail
    return bare and (other.root is not None or bool(other.detail))


def _denied_too(fact: Statement, facts: Sequence[Statement]) -> bool:
    if fact.present or fact.detail or fact.level in (None, "all"):
        return False
    return any(
        other.present
        and other.time != PRIOR
        and (other.level, other.kind) == (fact.level, fact.kind)
        and (other.root, other.relation) == (fact.root, fact.relation)
        and (other.side == fact.side or fact.side is None)
        for other in facts
    )
