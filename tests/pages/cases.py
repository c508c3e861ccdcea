"""The stories, each as it was read, thought about and written."""

from __future__ import annotations

from functools import cache
from math import exp

from service.clinical.answer import Assessment, Weight
from service.clinical.findings import Case, Presence
from service.clinical.imaging import ImagingFact
from service.picture import picture
from tests.spec.stories import Story, stories

STRONGEST = 3
FIRST = 5


def cases_block() -> str:
    """Every story: told, read, thought about, written."""
    return "\n\n".join(map(_story, _told()))


def pictures() -> dict[str, str]:
    """The picture of every story, by the name of its file; they do not name the digest."""
    return {
        f"{story.folder.name}.svg": picture(story.assessment._replace(digest=""), story.model)
        for story in _told()
    }


@cache
def _told() -> tuple[Story, ...]:
    return tuple(stories())


def _story(story: Story) -> str:
    title, _, told = (story.folder / "README.md").read_text("utf-8").strip().partition("\n")
    folder = f"../fixtures/cases/{story.folder.name}"
    parts = (
        f"## {title.lstrip('# ')}",
        told.strip(),
        f"**Read** ([bundle]({folder}/bundle.json), [case]({folder}/case.json)): {_read(story.case)}",
        f"**Thought** ([assessment]({folder}/assessment.json)): {_thought(story.assessment)}",
        f"![Which root, and why](pictures/{story.folder.name}.svg)",
        _strongest(story.assessment),
        f"**Written** ([write-back]({folder}/writeback.json)): first steps of the CarePlan",
        "\n".join(f"- {step}" for step in _steps(story)[:FIRST]),
    )
    return "\n\n".join(part for part in parts if part)


def _read(case: Case) -> str:
    by = {
        p: [_found(f.id, f.side, f.value) for f in case.findings if f.presence is p]
        for p in Presence
    }
    seen = [_seen(fact) for fact in case.imaging if fact.present]
    counts = [
        f"present: {', '.join(by[Presence.PRESENT])}"
        if by[Presence.PRESENT]
        else "nothing present",
        f"{len(by[Presence.ABSENT])} absent",
        f"{len(by[Presence.UNKNOWN])} unknown",
        f"imaging: {', '.join(seen)}" if seen else "no lesion on imaging",
        f"{len(case.issues)} not used" if case.issues else "",
    ]
    return "; ".join(filter(None, counts)) + "."


def _found(name: str, side: object, value: float | None) -> str:
    graded = f" ({value:g})" if value is not None else ""
    return f"{name}{f' {side}' if side else ''}{graded}"


def _seen(fact: ImagingFact) -> str:
    words = (
        "possible" if fact.possible else "",
        fact.severity,
        fact.side,
        *fact.zones,
        fact.kind.replace("_", " "),
        f"at {fact.level}" if fact.level else "",
        f"({fact.relation} {fact.root or 'root'})" if fact.relation else "",
        f"[{fact.time.replace('_', ' ')}]" if fact.time != "current" else "",
    )
    return " ".join(str(word) for word in words if word)


def _thought(answer: Assessment) -> str:
    found = answer.localisation
    named = ", ".join(f"{at} {found.probability(at):.2f}" for at in found.named)
    left = ", ".join(f"{at} {found.probability(at):.2f}" for at in found.candidates)
    lead = f"named {named}" if named else f"no root named; candidates {left or 'none'}"
    flags = ", ".join(f"{f.label} ({f.status})" for f in answer.flags) or "none"
    kinds = ", ".join(d.kind for d in answer.concordance.disagreements)
    agreement = answer.concordance.status + (f" ({kinds})" if kinds else "")
    rivals = ", ".join(label for _, label, _ in answer.rivals)
    return (
        f"{lead}; no compressed root {found.none:.2f}. Agreement: {agreement}. Flags: {flags}."
        + (f" Rivals: {rivals}." if rivals else "")
    )


def _strongest(answer: Assessment) -> str:
    found = answer.localisation
    at = next(iter((*found.named, *found.candidates)), None)
    if at is None:
        return ""

    def force(line: Weight) -> float:
        return abs(line.for_root(at))

    lines = sorted((w for w in found.ledger if w.kind != "prior"), key=force, reverse=True)
    rows = [f"- x{exp(w.for_root(at)):.2f} {w.sentence}" for w in lines[:STRONGEST] if force(w)]
    return f"Strongest for or against {at}:\n\n" + "\n".join(rows) if rows else ""


def _steps(story: Story) -> list[str]:
    plans = (e["resource"] for e in story.writeback["entry"])
    details = [
        activity["detail"]
        for plan in plans
        if plan["resourceType"] == "CarePlan"
        for activity in plan.get("activity", ())
    ]
    return [
        f"`{d['code']['coding'][0]['code']}` {d['description'].partition(' Reason: ')[0]}"
        for d in details
        if not d.get("doNotPerform")
    ]
