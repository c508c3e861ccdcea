"""Rules that span files. Each problem is a sentence for people that names file, row and rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from math import isclose

from service.clinical.imaging import Kind, Relation
from service.clinical.model import Combination
from service.knowledge.code_checks import code_problems
from service.knowledge.imaging_schemas import further_sources
from service.knowledge.pages import Pages
from service.knowledge.rule_checks import rule_problems

ROUNDING = 0.002
"""How far printed frequencies may be from a sum of one."""


def problems(pages: Pages) -> tuple[str, ...]:
    """Every broken rule, subject by subject; empty when the knowledge is sound."""
    findings = {entry.value.id for entry in pages.findings}
    return (
        *_ids(pages),
        *_sources(pages),
        *_sums(pages),
        *_constants(pages),
        *_imaging(pages),
        *code_problems(pages.codes, findings),
        *rule_problems(pages),
    )


def _ids(pages: Pages) -> Iterator[str]:
    """An id, or another name of a finding, stands for one thing."""
    seen: dict[str, str] = {}
    for entry in pages.findings:
        for name in (entry.value.id, *entry.value.aliases):
            first = seen.setdefault(name, entry.where)
            if first != entry.where:
                yield f"{entry.where}: {name!r} is taken, see {first}"
    for part in (pages.rules, pages.goals):
        counted = Counter(entry.value.id for entry in part)
        yield from (f"{e.where}: this id is there twice" for e in part if counted[e.value.id] > 1)


def _sources(pages: Pages) -> Iterator[str]:
    known = {entry.value.key for entry in pages.sources}
    for where, keys in cited(pages):
        for key in keys:
            if key not in known:
                yield f"{where}: there is no source {key!r}"


def cited(pages: Pages) -> Iterator[tuple[str, Iterable[str]]]:
    """Each place that cites sources, with their keys."""
    for part in (pages.findings, pages.populations, pages.red_flags, pages.rivals):
        yield from ((entry.where, entry.value.sources) for entry in part)
    yield from ((entry.where, entry.value.sources) for entry in pages.discordances)
    yield from ((entry.where, entry.value.sources) for entry in pages.progression)
    yield from ((rule.where, (rule.value.source,)) for rule in pages.rules)
    yield from ((goal.where, (goal.value.source,)) for goal in pages.goals)
    for entry in (pages.priors, pages.imaging, *pages.combination):
        yield entry.where, entry.value["sources"]
    yield pages.imaging.where, further_sources(pages.imaging.value)


def _sums(pages: Pages) -> Iterator[str]:
    priors, where = pages.priors.value, pages.priors.where
    named = [("roots", priors["roots"])]
    named += [(f"age-band from {band['starts']}", band["roots"]) for band in priors["bands"]]
    for name, roots in named:
        if not isclose(sum(roots.values()), 1.0, abs_tol=ROUNDING):
            yield f"{where} [{name}]: the roots do not sum to one"
    starts = [band["starts"] for band in priors["bands"]]
    if len(set(starts)) < len(starts) or 0 not in starts:
        yield f"{where}: the age bands must start at 0 and each at its own age"
    total = sum(entry.value.weight for entry in pages.populations)
    if not isclose(total, 1.0, abs_tol=ROUNDING):
        yield "evidence/populations.toml: the weights do not sum to one"


def _constants(pages: Pages) -> Iterator[str]:
    asked = {field.name for field in fields(Combination)}
    given = {entry.value["id"] for entry in pages.combination}
    for name in sorted(asked - given):
        yield f"evidence/combination.toml: {name} is missing"
    for name in sorted(given - asked):
        yield f"evidence/combination.toml [{name}]: no such constant"


def _imaging(pages: Pages) -> Iterator[str]:
    table, where = pages.imaging.value, pages.imaging.where
    worded: tuple[tuple[str, Iterable[str], set[str]], ...] = (
        ("kind_grade", table["kind_grade"], set(Kind)),
        ("relation_grade", table["relation_grade"], set(Relation)),
        ("silent.percent", table["silent"]["percent"], set(Kind)),
    )
    for part, names, words in worded:
        for name in sorted(set(names) - words):
            yield f"{where} [{part}]: {name!r} is no word of imaging"
    for name in sorted(set(Relation) - set(table["relation_grade"])):
        yield f"{where} [relation_grade]: {name} is missing"
    ratios, top = table["grade_lr"], len(table["grade_lr"]) - 1
    if top < 1 or sorted(ratios) != ratios:
        yield f"{where}: grade_lr must not fall from one grade to the next"
    graded = {part: table[part] for part in ("kind_grade", "severity_grade", "relation_grade")}
    graded |= {f"scale.{name}": scale["grades"] for name, scale in table["scale"].items()}
    for part, grades in graded.items():
        for name, grade in grades.items():
            if not 0 <= grade <= top:
                yield f"{where} [{part}]: {name} is beyond the grades"
