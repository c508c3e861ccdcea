"""DetectedIssues: what disagrees, what must not wait, what stands against a step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.clinical.answer import Discordance, FlagRaised, Step
from service.clinical.findings import IssueKind, ReadingIssue
from service.fhir.canonical import own
from service.fhir.draft import Draft, Written, titled
from service.fhir.elements import AUTHOR, capital, concept, reference_to, sentences
from service.fhir.pruning import Shared
from service.fhir.steps import Planned

CONTRAINDICATIONS = {
    "esi-blocked": "high",
    "esi-limit": "moderate",
    "drug-avoid": "moderate",
    "drug-caution": "moderate",
    "drug-review": "low",
}
"""The pathway actions that stand against a step, and how gravely."""

PERSONAL = frozenset({"medicine", "allergy", "condition", "lab", "pregnant", "treatment", "order"})
"""What a rule must ask about for its step to speak of this person, not of everybody."""

SEVERITIES = frozenset({"high", "moderate", "low"})


@dataclass(frozen=True, slots=True)
class _Issue:
    """One issue in the making; ``role`` tells it from its like."""

    kind: str
    role: str
    severity: str
    sentence: str
    action: str
    evidence: tuple[str, ...] = ()
    code: tuple[Shared, ...] = ()


def detected_issues(draft: Draft, steps: Sequence[Planned]) -> list[Written]:
    """Every issue, the red flags first; two of one kind and role are told apart by their number."""
    answer = draft.assessment
    issues = [
        *(_of_flag(draft, flag) for flag in answer.flags),
        *(_of_discordance(d) for d in answer.concordance.disagreements),
        *(_of_step(p.step) for p in steps if _is_contraindication(draft, p.step)),
        *(_of_conflict(group) for group in _conflicts(draft, steps)),
        *(_of_record(issue) for issue in answer.issues if issue.kind is IssueKind.CONFLICT),
    ]
    seen: dict[tuple[str, str], int] = {}
    written: list[Written] = []
    for issue in issues:
        name = (issue.kind, issue.role)
        seen[name] = seen.get(name, 0) + 1
        again = () if seen[name] == 1 else (str(seen[name]),)
        written.append(_write(draft, issue, again))
    return written


def flag_sources(draft: Draft, flag: FlagRaised) -> tuple[str, ...]:
    """The versions of the records that a red flag's items were read from."""
    return tuple(
        dict.fromkeys(
            f.source.versioned
            for f in draft.case.findings
            if f.id in flag.items and f.source.reference
        )
    )


def _of_flag(draft: Draft, flag: FlagRaised) -> _Issue:
    asked = ", ".join(titled(draft.model, item) for item in flag.unanswered)
    action = sentences(flag.action, f"Not recorded: {asked}" if asked else "")
    met = flag.status == "met"
    return _Issue(
        kind="red-flag",
        role=flag.id,
        severity="high" if met and flag.stops else "moderate",
        sentence=sentences(flag.sentence, "" if met else "Suspected, not yet met"),
        action=action,
        evidence=flag_sources(draft, flag),
        code=(own("red-flag", flag.id, flag.label),),
    )


def _of_discordance(found: Discordance) -> _Issue:
    sources = tuple(s.versioned for s in found.sources if s.reference)
    return _Issue(
        kind=found.kind,
        role="|".join(sorted(s.reference for s in found.sources)),
        severity=found.severity,
        sentence=found.sentence,
        action=found.action,
        evidence=tuple(dict.fromkeys(sources)),
    )


def _names(draft: Draft, step: Step) -> frozenset[str]:
    """The facts that a step's rule asks about; its id alone when the knowledge has no such rule."""
    rule = draft.rules.get(step.rule)
    return rule.when.names if rule else frozenset({step.rule})


def _is_contraindication(draft: Draft, step: Step) -> bool:
    if step.action not in CONTRAINDICATIONS:
        return False
    rule = draft.rules.get(step.rule)
    if rule is None:
        return True
    asked = (*rule.when.every, *rule.when.some)
    return any(criterion.name.partition(".")[0] in PERSONAL for criterion in asked)


def _conflicts(draft: Draft, steps: Sequence[Planned]) -> Iterable[list[Step]]:
    """The steps that disagree, together: those whose rules ask about the same facts."""
    groups: dict[frozenset[str], list[Step]] = {}
    for item in steps:
        if item.step.action == "conflict":
            groups.setdefault(_names(draft, item.step), []).append(item.step)
    return groups.values()


def _of_step(step: Step) -> _Issue:
    return _Issue(
        kind="contraindication",
        role=step.rule,
        severity=CONTRAINDICATIONS[step.action],
        sentence=step.sentence,
        action=step.reason or step.detail,
        code=(own("pathway-action", step.action),),
    )


def _of_conflict(steps: Sequence[Step]) -> _Issue:
    """Sources that disagree, each with its strength and whom it speaks of."""
    bases = ("; ".join(filter(None, (s.source, s.strength, s.population))) for s in steps)
    said = (f"{s.sentence.rstrip('.')} ({basis})" for s, basis in zip(steps, bases, strict=True))
    return _Issue(
        kind="guideline-conflict",
        role=steps[0].rule,
        severity="low",
        sentence=sentences(*said),
        action=steps[0].reason,
        code=(own("pathway-action", "conflict"),),
    )


def _of_record(issue: ReadingIssue) -> _Issue:
    return _Issue(
        kind="conflicting-record",
        role=f"{issue.reference}|{issue.expression}",
        severity="moderate",
        sentence=issue.sentence,
        action="Correct the record, or record the item again.",
        evidence=(issue.reference,) if issue.reference else (),
    )


def _write(draft: Draft, issue: _Issue, again: Iterable[str]) -> Written:
    who = draft.identity("DetectedIssue", "detected-issue", issue.kind, issue.role, *again)
    words = capital(issue.kind.replace("-", " "))
    severity = issue.severity if issue.severity in SEVERITIES else "moderate"
    body = {
        "status": "preliminary",
        "code": concept(own("detected-issue", issue.kind, words), *issue.code, text=words),
        "severity": severity,
        "patient": draft.subject,
        "identifiedDateTime": draft.when,
        "author": AUTHOR,
        "evidence": [{"detail": [reference_to(name) for name in issue.evidence]}],
        "detail": issue.sentence,
        "mitigation": [{"action": concept(text=issue.action)}],
    }
    return draft.write(who, body, words, [issue.sentence, issue.action])
