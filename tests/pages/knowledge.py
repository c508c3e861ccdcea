"""What the knowledge says, as tables for clinicians."""

from __future__ import annotations

import tomllib

from service.clinical.criteria import Condition, Criterion
from service.clinical.model import STATES, FindingModel, Model
from service.knowledge.files import load_model, read_contents
from tests.pages.tables import table


def shown(condition: Condition) -> str:
    """A condition as a clinician may read it."""
    parts = []
    if condition.every:
        parts.append("all of: " + ", ".join(map(_criterion, condition.every)))
    if condition.some:
        enough = "any" if condition.enough == 1 else f"at least {condition.enough}"
        parts.append(f"{enough} of: " + ", ".join(map(_criterion, condition.some)))
    if condition.never:
        parts.append("none of: " + ", ".join(map(_criterion, condition.never)))
    return "; ".join(parts) or "always"


def _criterion(one: Criterion) -> str:
    if isinstance(one.value, bool):
        word = one.name if one.value == (one.op == "=") else f"not {one.name}"
        return f"`{word}`"
    value = " or ".join(one.value) if isinstance(one.value, tuple) else one.value
    number = f"{value:g}" if isinstance(value, float) else value
    return f"`{one.name} {one.op} {number}`"


def findings_block() -> str:
    """Findings with the probability that they are present for each state."""
    model = load_model()
    weighed = sorted(
        (f for f in model.findings.values() if f.given is not None), key=lambda f: (f.group, f.id)
    )
    heads = ("Group", "Finding", *STATES, "Present at", "Basis", "Checked", "Grade", "Sources")
    others = sorted((f for f in model.findings.values() if f.given is None), key=lambda f: f.id)
    said = table(("Finding", "Says", "Kind"), ((f"`{f.id}`", f.label, f.kind) for f in others))
    return (
        f"{table(heads, map(_finding, weighed))}\n\n"
        f"These are understood and weigh on no root; flags, rivals, rules and goals use them:\n\n{said}"
    )


def _finding(f: FindingModel) -> list[object]:
    limit = f"≤ {f.at_most:g}" if f.at_most is not None else ""
    limit = f"≥ {f.at_least:g}" if f.at_least is not None else limit
    chances = [f"{(f.given or {})[state]:g}" for state in STATES]
    name = f"{f.label} (`{f.id}`)"
    return [f.group, name, *chances, limit, f.basis, f.checked, f.grade, ", ".join(f.sources)]


def combination_block() -> str:
    """Constants of the arithmetic with their reasons."""
    constants = tomllib.loads(read_contents()["evidence/combination.toml"])
    rows = (
        (f"`{name}`", f"{c['value']:g}", c["basis"], ", ".join(c["sources"]), c["why"])
        for name, c in constants.items()
    )
    return table(("Constant", "Value", "Basis", "Sources", "Why"), rows)


def populations_block() -> str:
    """Populations, and the priors of the roots by age."""
    model = load_model()
    people = table(
        ("Population", "P(no compressed root)", "Share of the mixture", "Sources", "How"),
        (
            (f"{p.label} (`{p.id}`)", f"{p.none:g}", f"{p.weight:g}", ", ".join(p.sources), p.how)
            for p in model.populations.values()
        ),
    )
    bands = [("not known", model.priors.all_ages)]
    bands += [(f"from {start}", roots) for start, roots in model.priors.roots_by_age]
    roots = table(
        ("Age", *STATES[:-1]), ((age, *(f"{r[s]:.3f}" for s in STATES[:-1])) for age, r in bands)
    )
    return f"{people}\n\nWhich root, given that one is compressed:\n\n{roots}"


def flags_block() -> str:
    """Red flags with their criteria."""
    return table(
        ("Flag", "Met by", "Suspected by", "Stops localisation", "Action", "Sources"),
        (
            (
                f"{f.label} (`{f.id}`)",
                shown(f.met),
                shown(f.suspected) if f.suspected.names else "",
                "yes" if f.stops else "no",
                f.action,
                ", ".join(f.sources),
            )
            for f in load_model().red_flags
        ),
    )


def rivals_block() -> str:
    """What looks like a compressed root."""
    rows = (
        (f"{r.label} (`{r.id}`)", shown(r.when), f"{r.lr_none:g}", r.basis, ", ".join(r.sources))
        for r in load_model().rivals
    )
    return table(("Rival", "When", "Ratio for none", "Basis", "Sources"), rows)


def rules_block() -> str:
    """Rules by topic, in the order in which they are tried."""
    model = load_model()
    topics = dict.fromkeys(rule.topic for rule in model.rules)
    return "\n\n".join(f"### {topic.capitalize()}\n\n{_topic(model, topic)}" for topic in topics)


def _topic(model: Model, topic: str) -> str:
    return table(
        ("Rule", "Action", "Profiles", "When", "Says", "Source", "Strength"),
        (
            (
                f"`{r.id}`" + (" (also)" if r.also else ""),
                ("not: " if r.against else "") + f"`{r.action}`",
                ", ".join(sorted(r.profiles)) or "all",
                shown(r.when),
                r.sentence,
                r.source,
                r.strength,
            )
            for r in model.rules
            if r.topic == topic
        ),
    )


def sources_block() -> str:
    """Every source by its key."""
    rows = (
        (f"`{c.key}`", c.text, c.identifier, c.checked) for c in load_model().citations.values()
    )
    return table(("Key", "Source", "Identifier", "Checked"), rows)
