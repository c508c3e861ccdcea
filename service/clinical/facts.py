"""The flat names that every criterion in ``mappings/`` speaks in, and what each is for one case.

A fact that was not recorded is missing: unknown is never False.

From the examination, per finding id:

==========================  ====================================================================
``<id>``                    True if present on any side, False if every record says absent
``<id>@left``, ``@right``   the same for one side
``<id>.value``              a measure or an angle; for strength and reflexes the lowest grade
``<id>.bilateral``          present on both sides
``motor.deficit``           any strength finding present
``motor.bilateral``         strength findings present on both sides
``mrc.min``                 the lowest strength grade, 0 to 5
``sensory.deficit``         any ``sensory-loss-`` finding present; ``.bilateral`` as above
``leg-pain.bilateral``      ``pain-`` findings or complaints present on both sides
``reflex.max``              the highest reflex grade, 0 to 4
==========================  ====================================================================

From records of more than one time, by the table ``mappings/progression.toml``: ``motor.progressive``
(strength fell) with ``motor.fall`` (the largest loss, in MRC grades), ``reflex.progressive``,
``pain.progressive``, ``disability.progressive``, ``bladder.progressive`` and ``deficit.new`` (a
sign that was recorded absent before). Missing where nothing was recorded twice.

From the person: ``age`` (years), ``sex``, ``pregnant``, ``duration.weeks``, ``condition.<word>``,
``allergy.<word>``, ``lab.<kind>``; ``medicine.<class>`` (taken or proposed), ``.active``,
``.proposed`` and ``.weeks`` (taken for); ``treatment.<kind>``, ``.count``, ``.year`` (number in
the last 365 days), ``.weeks`` (since the last) and ``.failed``.

From imaging and orders: ``imaging.recorded`` and ``imaging.report`` (a report was read), ``imaging.unread``,
``imaging.outdated`` (every study is older than the episode), ``imaging.mr``, ``imaging.numbering``
(stated, doubtful, unstated), ``imaging.<kind>``, ``imaging.serious-<kind>``;
``order.<kind>``, ``order.<kind>.levels``, ``order.levels.count`` and ``order.<kind>.unaimed`` (an
order of this kind does not name both a side and a root or level).

From the answer: ``roots.count``, ``root``, ``root.<root>``, ``side``, ``localised``,
``none-likely``, ``p.top``, ``p.none``; ``concordance``, ``discordance.<kind>``, ``lesion.cause``,
``lesion.zone``, ``lesion.level``; ``flag.<id>`` (met, suspected), ``flag.any`` and ``flag.stops``
(met, suspected, none), ``flag.open`` (any is suspected, whatever others are); ``rival.<id>``, ``rival.any``; ``profile``, ``population``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import TypeVar

from service.clinical.answer import Concordance, FlagRaised, Localisation
from service.clinical.concordance import LIKELIER_THAN_NOT
from service.clinical.criteria import Fact
from service.clinical.examined import examination_facts
from service.clinical.findings import Case, Medicine, Order, Person, Study, Treatment
from service.clinical.imaging import ImagingFact
from service.clinical.lesions import current
from service.clinical.model import FindingModel, Model, RivalPattern
from service.clinical.progression import course

T = TypeVar("T")

DURATION = "symptom-duration"
DAYS_IN: Mapping[str, float] = {
    **dict.fromkeys(("d", "day", "days"), 1.0),
    **dict.fromkeys(("wk", "week", "weeks"), 7.0),
    **dict.fromkeys(("mo", "month", "months"), 365.25 / 12),
    **dict.fromkeys(("a", "year", "years"), 365.25),
}
"""Days in the units that a duration is recorded in: UCUM codes and their names."""

PROPOSED = frozenset({"draft", "proposed", "proposal", "plan", "intended"})
ENDED = frozenset({"completed", "stopped", "cancelled", "ended", "not-taken", "entered-in-error"})
YEAR = 365
RECALL = 4.0
"""How many weeks a remembered onset may be off."""

_NAMES = re.compile(
    r"age|sex|pregnant|duration\.weeks|mrc\.min|motor\.(deficit|bilateral|fall|progressive)"
    r"|(reflex|pain|disability|bladder)\.progressive|deficit\.new"
    r"|sensory\.(deficit|bilateral)|leg-pain\.bilateral|reflex\.max|p\.(top|none)"
    r"|roots\.count|root|side|localised|none-likely|concordance|lesion\.(cause|zone|level)"
    r"|profile|population"
    r"|(condition|allergy|lab|imaging|root|discordance|flag|rival)\.[a-z0-9-]+"
    r"|medicine\.[a-z0-9-]+(\.(active|proposed|weeks))?"
    r"|treatment\.[a-z0-9-]+(\.(count|year|weeks|failed))?"
    r"|order\.[a-z0-9-]+(\.(levels|count|unaimed))?"
)
_OF_FINDING = re.compile(r"(@left|@right|\.value|\.bilateral)$")


def is_known(name: str, findings: Collection[str]) -> bool:
    """Whether a criterion may speak of this name; ``findings`` are the ids of the vocabulary."""
    return bool(_NAMES.fullmatch(name)) or item_of(name) in findings


def item_of(name: str) -> str:
    """The item that a fact was recorded as: its name without side, value or both sides."""
    return _OF_FINDING.sub("", name)


def case_facts(
    case: Case, model: Model, *, changed: Mapping[str, Fact] | None = None
) -> dict[str, Fact]:
    """Everything that was recorded, by name; ``changed`` is what :func:`course` said, if at hand."""
    duration = _duration(case, model.findings)
    facts = examination_facts(case.findings, model.findings)
    facts |= course(case.findings, model, case.as_of).facts if changed is None else changed
    facts |= _person(case.person, case.as_of.date())
    facts |= duration
    facts |= _imaging(case.studies, case.imaging)
    facts |= _outdated(case, duration)
    facts |= _orders(case.orders)
    return facts


def answer_facts(
    localisation: Localisation,
    concordance: Concordance,
    flags: Iterable[FlagRaised] = (),
    profile: str = "default",
    population: str = "",
    *,
    rivals: Iterable[RivalPattern] = (),
) -> dict[str, Fact]:
    """What was concluded, by name; it goes on top of :func:`case_facts`."""
    matched = [f"rival.{rival.id}" for rival in rivals]
    facts: dict[str, Fact] = {
        "profile": profile,
        "concordance": concordance.status,
        "rival.any": bool(matched),
        **dict.fromkeys(matched, True),
        **_located(localisation, rival=bool(matched)),
        **_lesion(localisation, concordance),
        **_raised(flags),
    }
    if population:
        facts["population"] = population
    for each in concordance.disagreements:
        facts[f"discordance.{each.kind}"] = True
    return facts


def _person(person: Person, today: date) -> dict[str, Fact]:
    stated = {"age": person.age, "sex": person.sex, "pregnant": person.pregnant}
    facts: dict[str, Fact] = {name: fact for name, fact in stated.items() if fact is not None}
    for area, words in (("condition", person.conditions), ("allergy", person.allergies)):
        for word, _ in words:
            facts[f"{area}.{word}"] = True
    if "condition.pregnancy" in facts:
        facts.setdefault("pregnant", True)
    for measured in sorted(person.measurements, key=lambda m: _stamp(m.source.recorded)):
        facts[f"lab.{measured.kind}"] = measured.value
    for drug_class, same in _by(person.medicines, "drug_class").items():
        facts |= _medicine(f"medicine.{drug_class}", same, today)
    for kind, given in _by(person.treatments, "kind").items():
        facts |= _treatment(f"treatment.{kind}", given, today)
    return facts


def _by(items: Iterable[T], key: str) -> dict[str, list[T]]:
    """Group by an attribute, in order of appearance."""
    groups: dict[str, list[T]] = {}
    for item in items:
        groups.setdefault(getattr(item, key), []).append(item)
    return groups


def _medicine(name: str, same: Iterable[Medicine], today: date) -> dict[str, Fact]:
    running = [m for m in same if m.status not in ENDED]
    active = [m for m in running if m.status not in PROPOSED]
    facts: dict[str, Fact] = {
        name: bool(running),
        f"{name}.active": bool(active),
        f"{name}.proposed": len(active) < len(running),
    }
    starts = [m.since for m in active if m.since is not None]
    if starts:
        facts[f"{name}.weeks"] = (today - min(starts)).days / 7
    return facts


def _treatment(name: str, given: Collection[Treatment], today: date) -> dict[str, Fact]:
    facts: dict[str, Fact] = {name: True, f"{name}.count": len(given)}
    ago = [(today - t.on).days for t in given if t.on is not None]
    if ago:
        facts[f"{name}.weeks"] = min(ago) / 7
        facts[f"{name}.year"] = sum(days <= YEAR for days in ago)
    outcomes = {t.successful for t in given} - {None}
    if outcomes:
        facts[f"{name}.failed"] = True not in outcomes
    return facts


def _duration(case: Case, known: Mapping[str, FindingModel]) -> dict[str, Fact]:
    """Weeks since the symptoms began: as recorded, else counted from the onset."""
    told = [f for f in case.findings if f.id == DURATION and f.value is not None]
    unit = known[DURATION].unit if DURATION in known else ""
    if told and unit in DAYS_IN:
        newest = max(told, key=lambda f: _stamp(f.source.recorded))
        return {"duration.weeks": (newest.value or 0.0) * DAYS_IN[unit] / 7}
    if case.person.onset is None:
        return {}
    weeks = (case.as_of.date() - case.person.onset).days / 7
    return {"duration.weeks": weeks, f"{DURATION}.value": weeks}


def _imaging(studies: Collection[Study], seen: Collection[ImagingFact]) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    is_read = bool(seen) or any(study.report for study in studies)
    if is_read:
        facts["imaging.recorded"] = facts["imaging.report"] = True
    if studies:
        facts["imaging.unread"] = not is_read
        facts["imaging.mr"] = any(study.modality.startswith("MR") for study in studies)
        counted = [study.numbering for study in studies]
        stated = "stated" if "stated" in counted else "unstated"
        facts["imaging.numbering"] = "doubtful" if "doubtful" in counted else stated
    for study in studies:
        for kind in study.serious:
            facts[f"imaging.serious-{kind}"] = True
    for fact in current(seen):
        name = f"imaging.{fact.kind.replace('_', '-')}"
        facts[name] = bool(facts.get(name)) or (fact.present and not fact.possible)
    return facts


def _outdated(case: Case, duration: Mapping[str, Fact]) -> dict[str, Fact]:
    """Whether all studies were made before the episode; not known where a time is not."""
    ago = [(case.as_of - s.started).days / 7 for s in case.studies if s.started]
    weeks = duration.get("duration.weeks")
    if weeks is None or not ago or len(ago) < len(case.studies):
        return {}
    return {"imaging.outdated": min(ago) > float(weeks) + RECALL}


def _orders(orders: Collection[Order]) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    for order in orders:
        named = max(len(set(part)) for part in (order.roots, order.levels, order.foramina))
        facts[f"order.{order.kind}"] = True
        unaimed = f"order.{order.kind}.unaimed"
        facts[unaimed] = facts.get(unaimed) is True or not (named and order.sides)
        for name in (f"order.{order.kind}.levels", "order.levels.count"):
            facts[name] = max(named, int(facts.get(name, 0)))
    return facts


def _located(answer: Localisation, *, rival: bool) -> dict[str, Fact]:
    """What was named; without a rival, more than the share of the prior is asked of "no root"."""
    roots, sides = {at.root for at in answer.named}, {at.side for at in answer.named}
    top = max([p for _, p in answer.probabilities], default=0.0)
    least = top if rival else max(top, LIKELIER_THAN_NOT)
    facts: dict[str, Fact] = {
        "localised": bool(answer.named),
        "roots.count": len(answer.named),
        "none-likely": not answer.named and answer.none > least,
        "p.top": top,
        "p.none": answer.none,
    }
    facts |= {f"root.{root.lower()}": True for root in roots}
    if len(roots) == 1:
        facts["root"] = str(next(iter(roots)))
    if len(sides) == 1:
        facts["side"] = str(next(iter(sides)))
    return facts


def _lesion(answer: Localisation, concordance: Concordance) -> dict[str, Fact]:
    """Cause, zone and level of the strongest lesion on a named root; the lesions are in order."""
    lesion = next((each for each in concordance.lesions if each.root in answer.named), None)
    if lesion is None:
        return {}
    stated = {"cause": lesion.cause, "zone": lesion.zone, "level": lesion.level}
    return {f"lesion.{name}": str(fact) for name, fact in stated.items() if fact}


def _raised(flags: Iterable[FlagRaised]) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"flag.any": "none", "flag.stops": "none", "flag.open": False}
    for flag in flags:
        facts[f"flag.{flag.id}"] = flag.status
        facts["flag.open"] = facts["flag.open"] or flag.status == "suspected"
        for name in ("flag.any", "flag.stops") if flag.stops else ("flag.any",):
            facts[name] = "met" if "met" in (facts[name], flag.status) else flag.status
    return facts


def _stamp(when: datetime | None) -> float:
    return when.timestamp() if when else 0.0
