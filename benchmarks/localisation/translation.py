"""From a published case, in fields and words, to a case of the core."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from benchmarks.localisation.cases import EXAMINED, NOW, REPORT
from service.clinical.anatomy import BOTH, Side
from service.clinical.findings import Case, Finding, Person, Presence, Source, Study
from service.clinical.model import Model
from service.reports.phrases import Phrases
from service.reports.read import read_report

Record = dict[str, Any]
Said = tuple[str, Side | None, bool, float | None]
"""A finding, its side, whether it is there, and its grade."""

MOVEMENTS = {
    "ankle_plantarflexion": "plantar-flexion",
    "lower_limb_unspecified": "lower-limb",
    "distal_lower_limb_unspecified": "lower-limb",
}
MAIN_MOVEMENTS = (
    "hip-flexion",
    "knee-extension",
    "ankle-dorsiflexion",
    "great-toe-extension",
    "hip-abduction",
    "plantar-flexion",
)
"""What "all other muscles" or "all tested muscles" is taken to mean."""

AREAS = {
    "dorsum of foot": "sensory-loss-dorsum-foot",
    "lateral border of foot (lesser)": "sensory-loss-lateral-foot",
    "medial calf": "sensory-loss-medial-malleolus",
}
REFLEXES = {
    "patellar": "reduced-patellar-reflex",
    "achilles": "reduced-achilles-reflex",
    "medial_hamstring": "reduced-medial-hamstring-reflex",
}
LOST = ("reduced", "absent", "reduced_or_absent")
TESTS = {
    "slr": "straight-leg-raise-positive",
    "crossed_slr": "crossed-straight-leg-raise-positive",
    "femoral_stretch": "femoral-nerve-stretch-positive",
    "crossed_femoral_stretch": "crossed-femoral-stretch-positive",
    "slump": "slump-positive",
}
SPHINCTER = (
    ("saddle_sensation", "anaesthesia", "saddle-sensory-loss"),
    ("bladder", "retention", "urinary-retention"),
    ("bladder", "dysfunction", "urinary-retention"),
    ("bladder", "difficulty", "urinary-retention"),
    ("bowel", "dysfunction", "bowel-incontinence"),
    ("anal_tone", "decreased", "reduced-anal-tone"),
)
WORDS = (
    ("anterior aspect", "pain-distribution-anterior-thigh"),
    ("anterior thigh", "pain-distribution-anterior-thigh"),
    ("to the left thigh", "pain-distribution-anterior-thigh"),
    ("to the right thigh", "pain-distribution-anterior-thigh"),
    ("lateral calf", "pain-distribution-lateral-leg-dorsum-foot"),
    ("dorsum of the foot", "pain-distribution-lateral-leg-dorsum-foot"),
    ("hyperreflexia", "brisk-reflexes"),
    ("babinski", "extensor-plantar-response"),
)
HISTORY = (
    ("bilateral radicular leg pain", "bilateral-leg-pain"),
    ("both legs", "bilateral-leg-pain"),
    ("menstruation", "cyclical-leg-pain"),
    ("bilateral leg weakness", "bilateral-leg-weakness"),
)
DERMATOMES = ("L2", "L3", "L4", "L5", "S1", "S2")


def to_case(record: Record, model: Model, phrases: Phrases) -> Case:
    """Make a case of a record: findings from its fields, imaging from its report as it is worded."""
    findings = [
        Finding(id_, Presence.PRESENT if there else Presence.ABSENT, EXAMINED, side, value)
        for id_, side, there, value in dict.fromkeys(said(record, model))
        if id_ in model.findings
    ]
    person = Person(
        "Patient/1",
        age=int(record["age"]) if record["age"] is not None else None,
        sex={"F": "female", "M": "male"}.get(record["sex"]),
        conditions=_conditions(record),
    )
    case = Case(person, NOW, tuple(findings))
    text = record["text"]["mri"]
    return _with_report(case, text, phrases) if text else case


def _with_report(case: Case, text: str, phrases: Phrases) -> Case:
    read = read_report(text, phrases)
    facts = tuple(replace(fact, reference=REPORT.reference) for fact in read.facts)
    modality = read.modality or "MR"
    study = Study(
        Source("ImagingStudy/1"), modality, NOW, REPORT, read.numbering, serious=read.serious
    )
    return replace(case, imaging=facts, studies=(study,))


def _conditions(record: Record) -> tuple[tuple[str, Source], ...]:
    """Diseases told in the history, in the words of the context table."""
    told = f"{record['symptoms']['context']} {record['red_flags']}".lower()
    known = (("diabetes", "diabetes"), ("lymphoma", "cancer"), ("cancer", "cancer"))
    return tuple((word, EXAMINED) for told_as, word in known if told_as in told)


def said(record: Record, model: Model) -> Iterator[Said]:
    """Everything the record says that is a finding."""
    own = _sides(None, record)
    exam = record["exam"]
    yield from _strength(exam["motor"], record)
    yield from _sensation(exam["sensation"], record)
    yield from _reflexes_and_tests(exam, own)
    yield from _gait(exam["gait"], own)
    for field, word, id_ in SPHINCTER:
        if word in (exam["sphincter"][field] or ""):
            yield id_, None, True, None
    yield from _symptoms(record, own, model)


def _sides(side: str | None, record: Record) -> tuple[Side, ...]:
    match side or record["side"]:
        case "left":
            return (Side.LEFT,)
        case "right":
            return (Side.RIGHT,)
        case "bilateral":
            return BOTH
    return ()


def _strength(motor: list[Record], record: Record) -> Iterator[Said]:
    spoken = {(m["movement"], side) for m in motor for side in _sides(m["side"], record)}
    for m in motor:
        name = MOVEMENTS.get(m["movement"], m["movement"].replace("_", "-"))
        for side in _sides(m["side"], record):
            if not m["movement"].startswith("all_"):
                yield f"weakness-{name}", side, m["finding"] == "weak", grade(m["mrc"])
                continue
            for other in MAIN_MOVEMENTS:
                words = {k for k, v in MOVEMENTS.items() if v == other} | {other.replace("-", "_")}
                if m["finding"] == "normal" and not any((w, side) in spoken for w in words):
                    yield f"weakness-{other}", side, False, None


def grade(mrc: str | None) -> float | None:
    """An MRC grade as a number: a range is its middle, plus and minus are a third."""
    if not mrc:
        return None
    text = mrc.split("/")[0]
    if "-" in text[:-1]:
        low, high = text.split("-")
        return (float(low) + float(high)) / 2
    third = 1 / 3 if text.endswith("+") else -1 / 3 if text.endswith("-") else 0.0
    return float(text.strip("+-")) + third


def _sensation(sensation: list[Record], record: Record) -> Iterator[Said]:
    for area in sensation:
        there = area["finding"] != "normal"
        kind = "paraesthesia" if "paraesthesia" in area["finding"] else "sensory-loss"
        for side in _sides(area["side"], record):
            for dermatome in area["dermatomes_as_stated"] or ():
                yield f"{kind}-dermatome-{dermatome.lower()}", side, there, None
            if area["area"] in AREAS:
                yield AREAS[area["area"]], side, there, None
            if not there and not area["dermatomes_as_stated"]:
                yield from ((id_, side, False, None) for id_ in AREAS.values())


def _reflexes_and_tests(exam: Record, own: tuple[Side, ...]) -> Iterator[Said]:
    for side in BOTH:
        for field, id_ in REFLEXES.items():
            answer = exam["reflexes"][field][side.value]
            if answer in (*LOST, "normal"):
                yield id_, side, answer in LOST, None
        if exam["reflexes"]["plantar_response"][side.value] == "extensor":
            yield "extensor-plantar-response", side, True, None
    for field, id_ in TESTS.items():
        for place, answer in exam["tension"][field].items():
            sides = own if place == "side_unspecified" else (Side(place),)
            if answer:
                yield from ((id_, s, answer["finding"] == "positive", None) for s in sides)


def _gait(gait: Record, own: tuple[Side, ...]) -> Iterator[Said]:
    told = gait["description"] or ""
    sides = tuple(s for s in BOTH if s in told) or own
    if "foot drop" in told:
        yield from (("foot-drop", side, True, None) for side in sides)
    for field, id_ in (("heel_walk", "heel-walk-unable"), ("toe_walk", "toe-walk-unable")):
        if gait[field] == "normal":
            yield from ((id_, side, False, None) for side in own or (None,))


def _symptoms(record: Record, own: tuple[Side, ...], model: Model) -> Iterator[Said]:
    told = record["symptoms"]
    pain, tingling = told["pain"] or "", told["paraesthesia_or_numbness"] or ""
    words = " ".join(filter(None, [pain, tingling, record["exam"]["other"]])).lower()
    mapped = any(word in pain.lower() for word in ("dermatom", "radicular", "distribution"))
    history = f"{words} {record['text']['exam'] or ''}".lower()
    yield from ((id_, None, True, None) for word, id_ in HISTORY if word in history)
    complaints = [id_ for id_, f in model.findings.items() if f.complaint]
    for side in own:
        if mapped or any(word in pain for word in ("leg", "thigh", "sciatica", "radiat")):
            yield from ((id_, side, True, None) for id_ in complaints)
        for dermatome in DERMATOMES:
            if mapped and dermatome in pain:
                yield f"pain-dermatome-{dermatome.lower()}", side, True, None
            if dermatome in tingling:
                yield f"paraesthesia-dermatome-{dermatome.lower()}", side, True, None
        yield from ((id_, side, True, None) for word, id_ in WORDS if word in words)
        if "foot drop" in (told["subjective_weakness"] or ""):
            yield "foot-drop", side, True, None
