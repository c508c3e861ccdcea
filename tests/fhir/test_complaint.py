"""The side of the complaint: which leg hurts, from diagnoses and from leg pain that was recorded."""

from __future__ import annotations

from typing import Any

import pytest

from service.clinical.anatomy import BOTH, Side
from service.clinical.findings import Finding, IssueKind, Presence
from tests.fhir.made import (
    FINDING,
    LEFT,
    RIGHT,
    SNOMED,
    case_of,
    concept,
    observation,
    only,
    reasons,
)
from tests.fhir.test_writing import resources, written

ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
NRS = "leg-pain-nrs"
SCIATICA = concept(SNOMED, "23056005")
LEFT_SCIATICA = concept(ICD10CM, "M54.32")
BODY_SITE = "http://hl7.org/fhir/StructureDefinition/bodySite"
LATERALITY = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier"
LEFT_LEG_HELD = {"resourceType": "BodyStructure", "id": "c", "locationQualifier": [LEFT]}
LEFT_LEG = {**LEFT_LEG_HELD, "id": "b", "patient": {"reference": "Patient/1"}}


def diagnosis(code: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": "d",
        "meta": {"versionId": "3"},
        "subject": {"reference": "Patient/1"},
        "clinicalStatus": concept("x", "active"),
        "recordedDate": "2026-11-01",
        "code": code,
        **more,
    }


def pain(findings: tuple[Finding, ...]) -> list[tuple[Side | None, Presence, float | None]]:
    assert {found.id for found in findings} <= {NRS}
    return [(found.side, found.presence, found.value) for found in findings]


@pytest.mark.parametrize(
    ("system", "code", "side"),
    [
        (ICD10CM, "M54.31", Side.RIGHT),
        (ICD10CM, "M54.32", Side.LEFT),
        (ICD10CM, "M54.41", Side.RIGHT),
        (ICD10CM, "M54.42", Side.LEFT),
        (SNOMED, "287047008", Side.LEFT),
        (SNOMED, "287048003", Side.RIGHT),
    ],
)
def test_a_diagnosis_with_a_side_in_its_code_says_which_leg_hurts(
    system: str, code: str, side: Side
) -> None:
    found = only(case_of(diagnosis(concept(system, code))))
    assert (found.id, found.presence, found.side, found.value) == (
        NRS,
        Presence.PRESENT,
        side,
        None,
    )
    assert found.source.versioned == "Condition/d/_history/3"
    assert found.source.recorded is not None
    assert found.source.recorded.date().isoformat() == "2026-11-01"


@pytest.mark.parametrize(
    "more",
    [
        {"bodySite": [LEFT]},
        {"bodySite": [{"text": "lumbar spine"}, concept(SNOMED, "32153003")]},
        {"bodySite": [{"extension": [{"url": LATERALITY, "valueCodeableConcept": LEFT}]}]},
        {"bodySite": [{"text": "left leg"}]},
        {"code": {**SCIATICA, "text": "left-sided sciatica"}},
        {"code": {**SCIATICA, "text": "left L5 radiculopathy"}},
        {"code": {"coding": [{**SCIATICA["coding"][0], "display": "Sciatica, left"}]}},
        {"code": {"coding": [*SCIATICA["coding"], *LEFT_SCIATICA["coding"]]}},
        {"extension": [{"url": BODY_SITE, "valueReference": {"reference": "BodyStructure/b"}}]},
        {
            "extension": [{"url": BODY_SITE, "valueReference": {"reference": "#c"}}],
            "contained": [LEFT_LEG_HELD],
        },
    ],
)
def test_the_side_of_a_diagnosis_is_read_from_every_encoding(more: dict[str, Any]) -> None:
    case = case_of(diagnosis(**{"code": SCIATICA, **more}), LEFT_LEG)
    assert only(case).side is Side.LEFT
    assert case.issues == ()


@pytest.mark.parametrize(
    "more",
    [
        {"bodySite": [concept(SNOMED, "51440002")]},
        {"bodySite": [LEFT, RIGHT]},
        {"code": {**SCIATICA, "text": "bilateral sciatica"}},
    ],
)
def test_a_complaint_of_both_legs_is_two_findings(more: dict[str, Any]) -> None:
    case = case_of(diagnosis(**{"code": SCIATICA, **more}))
    assert [found.side for found in case.findings] == list(BOTH)


@pytest.mark.parametrize(
    "more",
    [
        {"code": LEFT_SCIATICA, "bodySite": [RIGHT]},
        {"code": LEFT_SCIATICA, "bodySite": [LEFT, RIGHT]},
        {"code": {**LEFT_SCIATICA, "text": "right sciatica"}},
        {"code": {**LEFT_SCIATICA, "text": "right sciatica"}, "bodySite": [LEFT]},
        {"code": {"coding": [*LEFT_SCIATICA["coding"], *concept(ICD10CM, "M54.31")["coding"]]}},
        {"code": {**SCIATICA, "text": "left sciatica"}, "bodySite": [RIGHT]},
    ],
)
def test_a_diagnosis_whose_sides_disagree_is_reported_and_says_nothing(
    more: dict[str, Any],
) -> None:
    case = case_of(diagnosis(**more))
    assert case.findings == ()
    assert reasons(case) == [(IssueKind.CONFLICT, "Condition.bodySite")]


def test_a_diagnosis_whose_side_stands_in_a_missing_body_structure_is_not_read() -> None:
    gone = [{"url": BODY_SITE, "valueReference": {"reference": "BodyStructure/gone"}}]
    case = case_of(diagnosis(SCIATICA, extension=gone))
    assert case.findings == ()
    assert reasons(case) == [(IssueKind.NOT_READ, "Condition.bodySite")]


@pytest.mark.parametrize(
    "more",
    [
        {"clinicalStatus": concept("x", "resolved")},
        {"clinicalStatus": concept("x", "remission")},
        {"clinicalStatus": concept("x", "inactive")},
        {"verificationStatus": concept("x", "refuted")},
        {"verificationStatus": concept("x", "entered-in-error")},
        {"modifierExtension": [{"url": "http://example.org/not", "valueBoolean": True}]},
    ],
)
def test_a_complaint_that_is_not_there_now_says_nothing(more: dict[str, Any]) -> None:
    assert case_of(diagnosis(LEFT_SCIATICA, **more)).findings == ()


@pytest.mark.parametrize(
    "code",
    [
        SCIATICA,
        concept(ICD10CM, "M54.30"),
        {**concept(SNOMED, "73211009"), "text": "Diabetes, ulcer of the left foot"},
        {"text": "left-sided sciatica"},
    ],
)
def test_a_diagnosis_without_a_side_or_of_another_kind_says_nothing(code: dict[str, Any]) -> None:
    case = case_of(diagnosis(code))
    assert (case.findings, case.issues) == ((), ())


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("right L5 radiculopathy", [Side.RIGHT]),
        ("right radiculopathy from the L4/5 disc", [Side.RIGHT]),
        ("right C6 radiculopathy", []),
        ("right T11 radiculopathy", []),
        ("right radiculopathy", []),
    ],
)
def test_a_radiculopathy_is_of_the_leg_only_where_it_is_said_to_be_lumbar_or_sacral(
    text: str, sides: list[Side]
) -> None:
    case = case_of(diagnosis({**concept(ICD10, "M54.1"), "text": text}))
    assert [found.side for found in case.findings] == sides


def test_what_this_service_diagnosed_never_says_which_leg_hurts() -> None:
    ours = resources(written(), "Condition")
    assert ours
    for number, condition in enumerate(ours):
        sent = {**condition, "id": str(number), "subject": {"reference": "Patient/1"}}
        sent |= {"clinicalStatus": concept("x", "active"), "code": LEFT_SCIATICA}
        assert case_of(sent).findings == ()
        nobodys = {key: value for key, value in sent.items() if key != "identifier"}
        assert only(case_of(nobodys)).side is Side.LEFT
        assert case_of({**nobodys, "id": f"lasegue-{number}"}).findings == ()


def test_pain_that_was_measured_on_that_leg_is_kept_beside_a_later_diagnosis() -> None:
    measured = observation(NRS, bodySite=LEFT, valueInteger=7)
    later = diagnosis(LEFT_SCIATICA, recordedDate="2026-11-20")
    assert pain(case_of(measured, later).findings) == [(Side.LEFT, Presence.PRESENT, 7.0)]


def test_a_leg_that_was_later_said_not_to_hurt_is_not_contradicted_by_an_older_diagnosis() -> None:
    gone = observation(NRS, bodySite=LEFT, valueInteger=0, effectiveDateTime="2026-11-10")
    case = case_of(gone, diagnosis(LEFT_SCIATICA))
    assert pain(case.findings) == [(Side.LEFT, Presence.ABSENT, 0.0)]
    assert case.issues == ()


def test_a_diagnosis_after_a_leg_that_did_not_hurt_says_that_it_does_now() -> None:
    gone = observation(NRS, bodySite=LEFT, valueInteger=0)
    case = case_of(gone, diagnosis(LEFT_SCIATICA, recordedDate="2026-11-20"))
    assert pain(case.findings) == [
        (Side.LEFT, Presence.ABSENT, 0.0),
        (Side.LEFT, Presence.PRESENT, None),
    ]


def test_a_diagnosis_of_the_other_leg_stands_beside_what_was_measured() -> None:
    measured = observation(NRS, bodySite=RIGHT, valueInteger=7)
    sides = [found.side for found in case_of(measured, diagnosis(LEFT_SCIATICA)).findings]
    assert sorted(str(side) for side in sides) == ["left", "right"]


def test_a_diagnosis_recorded_after_the_imaging_report_is_marked() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "subject": {"reference": "Patient/1"},
        "code": concept("http://loinc.org", "24968-0"),
        "issued": "2026-11-05T12:00:00Z",
        "conclusion": "L5-S1: left disc extrusion compressing the left S1 nerve root.",
    }
    assert not only(case_of(diagnosis(LEFT_SCIATICA), report)).recorded_after_imaging
    later = diagnosis(LEFT_SCIATICA, recordedDate="2026-11-10")
    assert only(case_of(later, report)).recorded_after_imaging


@pytest.mark.parametrize(
    "more",
    [
        {"bodySite": LEFT},
        {"bodySite": {"extension": [{"url": LATERALITY, "valueCodeableConcept": LEFT}]}},
        {"code": concept(FINDING, f"{NRS}-left")},
        {"code": {**concept(FINDING, NRS), "text": "Pain in the left leg"}},
        {"extension": [{"url": BODY_SITE, "valueReference": {"reference": "BodyStructure/b"}}]},
    ],
)
@pytest.mark.parametrize(
    ("value", "presence"),
    [(0, Presence.ABSENT), (1, Presence.PRESENT), (10, Presence.PRESENT)],
)
def test_recorded_leg_pain_has_its_side_and_is_there_from_one_up(
    more: dict[str, Any], value: int, presence: Presence
) -> None:
    case = case_of(observation(NRS, valueInteger=value, **more), LEFT_LEG)
    assert pain(case.findings) == [(Side.LEFT, presence, float(value))]


def test_a_complaint_inside_a_panel_is_no_side_of_the_panels_finding() -> None:
    parts = [{"code": concept(SNOMED, "287047008"), "valueBoolean": True}]
    assert case_of(observation("straight-leg-raise-positive", component=parts)).findings == ()
