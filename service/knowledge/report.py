"""What the knowledge holds and what it lacks, for people: ``check-mappings`` and ``findings``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from service.clinical.criteria import Condition
from service.clinical.model import FindingModel, Model
from service.knowledge.build import FINDING_SYSTEM
from service.knowledge.code_checks import without_code

VALUES: Mapping[str, str] = {
    "presence": "present or absent",
    "strength": "MRC grade 0 to 5",
    "reflex": "grade 0 to 4",
    "angle": "degrees",
}
"""The value that each kind of finding takes; a measure takes its unit."""

AREAS = {
    "condition": "condition",
    "allergy": "allergy",
    "medicine": "medicine",
    "lab": "measurement",
    "treatment": "treatment",
}
"""Names of facts and the area of the context table whose words they use."""

COLUMNS = ("id", "label", "kind", "side", "value", "group", "weighs", "codes")


def report(model: Model) -> str:
    """What was loaded, and notes on what an editor may want to look at; nothing in it is an error."""
    lines = [f"edition {model.edition}, digest {model.digest}", *_counts(model)]
    notes = tuple(_notes(model))
    lines += ["", "notes:", *(f"  {note}" for note in notes)] if notes else []
    return "\n".join(lines) + "\n"


def _counts(model: Model) -> Iterator[str]:
    weighed = [f for f in model.findings.values() if f.given is not None]
    basis = Counter(f.basis for f in weighed)
    recalled = sum(f.checked == "recalled" for f in weighed)
    codes = model.codes
    yield f"findings: {len(model.findings)}, of which {len(weighed)} weigh on a root"
    yield f"  basis: {', '.join(f'{n} {name}' for name, n in sorted(basis.items()))}"
    yield f"  to be read again before release: {recalled}"
    yield f"populations: {', '.join(model.populations)}"
    yield f"red flags: {len(model.red_flags)}, rival patterns: {len(model.rivals)}"
    yield f"rules: {len(model.rules)}, goals: {len(model.goals)}, sources: {len(model.citations)}"
    yield (
        f"codes: {len(codes.findings.meanings)} for findings,"
        f" {len(codes.context.meanings) + len(codes.context.families)} for context,"
        f" {len(codes.outward)} concepts to write"
    )


def _notes(model: Model) -> Iterator[str]:
    for word in sorted(_asked(model) - _sayable(model)):
        yield f"rules ask for {word}, which nothing can say"
    bare = without_code(model.findings, model.codes.findings.meanings, FINDING_SYSTEM)
    yield f"{len(bare)} findings have no standard code: {', '.join(bare)}"
    unused = sorted(set(model.citations) - _cited(model))
    if unused:
        yield f"{len(unused)} sources are not cited: {', '.join(unused)}"


def _asked(model: Model) -> set[str]:
    """The names of facts that rules ask for and only coded context or a disagreement can give."""
    conditions: list[Condition] = [flag.met for flag in model.red_flags]
    conditions += [flag.suspected for flag in model.red_flags]
    conditions += [s.when for flag in model.red_flags for s in flag.standing]
    conditions += [flag.eased.when for flag in model.red_flags if flag.eased]
    conditions += [rival.when for rival in model.rivals]
    conditions += [rival.open for rival in model.rivals if rival.open]
    conditions += [rule.when for rule in model.rules]
    conditions += [goal.when for goal in model.goals]
    names = {name for condition in conditions for name in condition.names}
    split = (name.split(".") for name in names)
    given = {*AREAS, "discordance"}
    return {".".join(parts[:2]) for parts in split if parts[0] in given and len(parts) > 1}


def _sayable(model: Model) -> set[str]:
    known = model.codes.context
    words = {*known.meanings.values(), *known.families.values()}
    fact_of = {area: name for name, area in AREAS.items()}
    said = {f"{fact_of[area]}.{word}" for area, word in words if area in fact_of}
    said |= {f"discordance.{kind}" for kind in model.discordances}
    former = {f"condition.history-of-{word}" for area, word in words if area == "condition"}
    return said | former


def _cited(model: Model) -> set[str]:
    cited = {rule.source for rule in model.rules} | {goal.source for goal in model.goals}
    lists = [f.sources for f in model.findings.values()]
    lists += [p.sources for p in model.populations.values()]
    lists += [flag.sources for flag in model.red_flags]
    lists += [rival.sources for rival in model.rivals]
    lists += [kind.sources for kind in model.discordances.values()]
    lists += [rule.sources for rule in model.progression]
    return cited.union(model.imaging.sources, model.imaging.further_sources, *lists)


def value_of(finding: FindingModel) -> str:
    """The value that a finding takes, in words."""
    unit = f"a number, {finding.unit}" if finding.unit else "a number"
    return VALUES.get(finding.kind, unit)


def finding_rows(model: Model) -> tuple[tuple[str, ...], ...]:
    """One row a finding, in the order of :data:`COLUMNS`; other names of it follow its id."""
    coded: dict[str, list[str]] = {}
    for coding, found in model.codes.findings.meanings.items():
        if coding.system != FINDING_SYSTEM:
            coded.setdefault(found.finding, []).append(f"{coding.system}|{coding.code}")
    return tuple(
        (
            " = ".join((f.id, *f.aliases)),
            f.label,
            f.kind,
            "left or right" if f.sided else "",
            value_of(f),
            f.group,
            "yes" if f.given is not None else "",
            " ".join(coded.get(f.id, ())),
        )
        for f in model.findings.values()
    )


def findings_table(model: Model) -> str:
    """Every finding that can be said, as tab-separated lines under a line of headings."""
    return "".join("\t".join(row) + "\n" for row in (COLUMNS, *finding_rows(model)))
