"""From FHIR to a Case: whose it is, what counts, what is said, on which side, and what is left out."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.clinical.anatomy import Side
from service.clinical.coding import Coding
from service.clinical.findings import IssueKind, Presence
from service.clinical.model import CodedFinding
from service.errors import LasegueError, NotUnderstood
from service.fhir.bundles import split
from service.fhir.reading import to_case
from tests.fhir.made import (
    DAY,
    FINDING,
    LEFT,
    LOINC,
    NOW,
    PRESENCE,
    RIGHT,
    SNOMED,
    bundle,
    case_of,
    concept,
    model,
    observation,
    only,
    patient,
    phrases,
    reasons,
)

ANKLE = "reduced-achilles-reflex"
DORSIFLEXION = "weakness-ankle-dorsiflexion"
SLR = "straight-leg-raise-positive"
REPORT = {
    "resourceType": "DiagnosticReport",
    "id": "r",
    "status": "final",
    "subject": {"reference": "Patient/1"},
    "code": concept(LOINC, "24968-0"),
    "issued": "2026-10-20T12:00:00Z",
    "conclusion": "L5-S1: left paracentral disc extrusion compressing the left S1 nerve root.",
}
STUDY = {
    "resourceType": "ImagingStudy",
    "id": "s",
    "status": "available",
    "subject": {"reference": "Patient/1"},
    "started": "2026-10-20T09:00:00Z",
    "description": "MRI lumbar spine",
    "series": [{"uid": "1.2", "modality": {"code": "MR"}}],
}


# Whose resources they are


def test_the_only_patient_of_a_bundle_is_the_person() -> None:
    case = case_of(patient(), observation(ANKLE))
    assert (case.person.reference, case.person.sex, case.person.age) == ("Patient/1", "female", 51)


def test_without_a_patient_resource_the_only_subject_is_the_person() -> None:
    assert case_of(observation(ANKLE)).person.reference == "Patient/1"


def test_several_patients_of_whom_none_is_named_are_not_understood() -> None:
    with pytest.raises(NotUnderstood, match="several patients"):
        case_of(patient(), patient(id="2"))
    with pytest.raises(NotUnderstood, match="several patients"):
        case_of(observation(ANKLE), observation(ANKLE, id="2", subject={"reference": "Patient/2"}))


def test_resources_that_are_about_nobody_are_not_understood() -> None:
    with pytest.raises(NotUnderstood, match="does not say"):
        case_of(observation(ANKLE, subject=None))


def test_findings_of_another_patient_are_left_out_and_reported() -> None:
    other = observation(ANKLE, id="2", subject={"reference": "Patient/2"})
    case = case_of(patient(), observation("fever"), other)
    assert [finding.id for finding in case.findings] == ["fever"]
    assert reasons(case) == [(IssueKind.OTHER_PATIENT, "Observation.subject")]


def test_a_finding_without_a_subject_is_left_out_and_reported() -> None:
    case = case_of(patient(), observation(ANKLE, subject=None))
    assert case.findings == ()
    assert reasons(case) == [(IssueKind.OTHER_PATIENT, "Observation.subject")]


@pytest.mark.parametrize(
    "pointer", ["Patient/1", "https://a.example/fhir/Patient/1", "Patient/1/_history/4"]
)
def test_a_patient_is_recognised_however_it_is_pointed_at(pointer: str) -> None:
    case = case_of(patient(), observation(ANKLE, subject={"reference": pointer}))
    assert only(case).id == ANKLE


def test_a_urn_leads_to_the_resource_of_that_full_url() -> None:
    person = {"fullUrl": "urn:uuid:p", "resource": patient()}
    case = case_of(person, observation(ANKLE, subject={"reference": "urn:uuid:p"}))
    assert only(case).id == ANKLE
    nameless = {"fullUrl": "urn:uuid:p", "resource": {"resourceType": "Patient"}}
    case = case_of(nameless, observation(ANKLE, subject={"reference": "urn:uuid:p"}))
    assert case.person.reference == "urn:uuid:p"
    assert only(case).id == ANKLE


@pytest.mark.parametrize("named", ["Patient/2", "2", "https://a.example/fhir/Patient/2"])
def test_the_patient_asked_for_wins(named: str) -> None:
    other = observation("fever", id="2", subject={"reference": "Patient/2"})
    case = case_of(patient(), patient(id="2"), observation(ANKLE), other, patient=named)
    assert case.person.reference == "Patient/2"
    assert only(case).id == "fever"


# Versions, status, time


def test_of_several_versions_only_the_newest_counts_whatever_the_order() -> None:
    old = observation(ANKLE, meta={"versionId": "9"}, valueBoolean=True)
    new = observation(ANKLE, meta={"versionId": "10"}, valueBoolean=False)
    for pair in ((old, new), (new, old)):
        found = only(case_of(*pair))
        assert (found.presence, found.source.version) == (Presence.ABSENT, "10")


def test_a_resource_that_was_deleted_is_not_there() -> None:
    gone = {"request": {"method": "DELETE", "url": "Observation/1"}}
    body = json.dumps({"resourceType": "Bundle", "type": "history", "entry": [gone]})
    entries = [*split(body.encode()).entries, *split(bundle(patient(), observation(ANKLE))).entries]
    assert to_case(entries, model(), as_of=NOW, phrases=phrases()).findings == ()


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "unknown", "nonsense", None])
def test_a_status_that_must_not_count_never_counts(status: str | None) -> None:
    case = case_of(observation(ANKLE, status=status))
    assert case.findings == ()
    assert reasons(case) == [(IssueKind.REFUSED, "Observation.status")]


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
def test_a_final_or_corrected_finding_counts(status: str) -> None:
    found = only(case_of(observation(ANKLE, status=status)))
    assert (found.presence, found.source.preliminary) == (Presence.PRESENT, False)


def test_a_preliminary_finding_counts_and_is_marked() -> None:
    found = only(case_of(observation(ANKLE, status="preliminary")))
    assert (found.presence, found.source.preliminary) == (Presence.PRESENT, True)


def test_a_registered_finding_is_unknown() -> None:
    assert only(case_of(observation(ANKLE, status="registered"))).presence is Presence.UNKNOWN


@pytest.mark.parametrize("more", [{}, {"valueBoolean": True}])
def test_a_reason_for_absent_data_means_unknown_even_beside_a_value(more: dict[str, Any]) -> None:
    reason = concept("http://terminology.hl7.org/CodeSystem/data-absent-reason", "not-performed")
    found = only(case_of(observation(ANKLE, dataAbsentReason=reason, **more)))
    assert found.presence is Presence.UNKNOWN


def test_a_modifier_that_nobody_here_understands_is_refused() -> None:
    modifier = [{"url": "https://x.example/negated", "valueBoolean": True}]
    case = case_of(observation(ANKLE, modifierExtension=modifier))
    assert case.findings == ()
    assert reasons(case) == [(IssueKind.REFUSED, "Observation.modifierExtension")]


def test_findings_come_the_oldest_first() -> None:
    case = case_of(
        observation("fever", id="1", effectiveDateTime="2026-11-03"),
        observation("fever", id="2", effectiveDateTime="2026-11-01T23:00:00-05:00"),
        observation("fever", id="3", effectiveDateTime=None, issued="2026-11-02T03:00:00Z"),
    )
    assert [f.source.reference[-1] for f in case.findings] == ["3", "2", "1"]


def test_the_time_of_the_case_is_the_latest_time_found() -> None:
    case = case_of(observation(ANKLE, issued="2026-11-05T00:00:00Z"), as_of=None)
    assert case.as_of == datetime(2026, 11, 5, tzinfo=UTC)


def test_a_case_without_any_time_is_not_understood() -> None:
    with pytest.raises(NotUnderstood, match="when"):
        case_of(observation(ANKLE, effectiveDateTime=None), as_of=None)


def test_present_and_absent_at_one_time_and_place_contradict_and_are_both_dropped() -> None:
    case = case_of(
        observation(ANKLE, id="1", bodySite=LEFT),
        observation(ANKLE, id="2", bodySite=LEFT, valueBoolean=False),
        observation(ANKLE, id="3", bodySite=RIGHT, valueBoolean=False),
    )
    assert [(f.side, f.presence) for f in case.findings] == [(Side.RIGHT, Presence.ABSENT)]
    assert [issue.reference for issue in case.issues] == ["Observation/1", "Observation/2"]
    assert {issue.kind for issue in case.issues} == {IssueKind.CONFLICT}


# What is said


@pytest.mark.parametrize(
    ("value", "presence"),
    [
        ({"valueBoolean": True}, Presence.PRESENT),
        ({"valueBoolean": False}, Presence.ABSENT),
        ({"valueCodeableConcept": concept(PRESENCE, "present")}, Presence.PRESENT),
        ({"valueCodeableConcept": concept(PRESENCE, "absent")}, Presence.ABSENT),
        ({"valueCodeableConcept": concept(PRESENCE, "unknown")}, Presence.UNKNOWN),
        ({"valueCodeableConcept": concept(SNOMED, "52101004")}, Presence.PRESENT),
        ({"valueCodeableConcept": concept(SNOMED, "2667000")}, Presence.ABSENT),
        ({"valueString": "Positive"}, Presence.PRESENT),
        ({"valueString": "not tested"}, Presence.UNKNOWN),
        ({"interpretation": [concept("http://x.example/v3", "POS")]}, Presence.PRESENT),
        ({"interpretation": [concept("http://x.example/v3", "N")]}, Presence.ABSENT),
    ],
)
def test_presence_is_read_from_every_kind_of_answer(
    value: dict[str, Any], presence: Presence
) -> None:
    assert only(case_of(observation("slump-positive", **value))).presence is presence


@pytest.mark.parametrize(
    ("value", "grade", "presence"),
    [
        ({"valueQuantity": {"value": 4, "unit": "/5"}}, 4, Presence.PRESENT),
        ({"valueQuantity": {"value": 5}}, 5, Presence.ABSENT),
        ({"valueInteger": 0}, 0, Presence.PRESENT),
        ({"valueString": "4-/5"}, 3.67, Presence.PRESENT),
        ({"valueString": "4+"}, 4.33, Presence.PRESENT),
        ({"valueString": "MRC 3/5"}, 3, Presence.PRESENT),
        ({"valueString": "5/5"}, 5, Presence.ABSENT),
        ({"valueString": "2-3/5"}, 2.5, Presence.PRESENT),
        ({"valueString": "4−"}, 3.67, Presence.PRESENT),  # noqa: RUF001
        ({"valueCodeableConcept": {"text": "4/5"}}, 4, Presence.PRESENT),
        ({"valueCodeableConcept": concept(PRESENCE, "present")}, None, Presence.PRESENT),
    ],
)
def test_strength_is_an_mrc_grade_however_it_is_written(
    value: dict[str, Any], grade: float | None, presence: Presence
) -> None:
    found = only(case_of(observation(DORSIFLEXION, **value)))
    assert (found.value, found.presence) == (grade, presence)


@pytest.mark.parametrize(
    ("value", "grade", "presence"),
    [
        ({"valueString": "absent"}, 0, Presence.PRESENT),
        ({"valueString": "1+"}, 1, Presence.PRESENT),
        ({"valueString": "trace"}, 0.5, Presence.PRESENT),
        ({"valueString": "2+"}, 2, Presence.ABSENT),
        ({"valueString": "++"}, 2, Presence.ABSENT),
        ({"valueInteger": 0}, 0, Presence.PRESENT),
        ({"valueQuantity": {"value": 3}}, 3, Presence.ABSENT),
        ({"valueCodeableConcept": concept(PRESENCE, "absent")}, None, Presence.ABSENT),
        ({"valueCodeableConcept": concept(SNOMED, "1250004")}, None, Presence.PRESENT),
    ],
)
def test_an_absent_reflex_is_a_grade_but_an_absent_finding_is_an_absence(
    value: dict[str, Any], grade: float | None, presence: Presence
) -> None:
    found = only(case_of(observation(ANKLE, **value)))
    assert (found.value, found.presence) == (grade, presence)


def test_absent_is_refused_where_the_code_may_mean_the_reflex_itself() -> None:
    code = concept(LOINC, "32392-3")
    case = case_of(observation(code, valueCodeableConcept=concept(SNOMED, "2667000")))
    assert case.findings == ()
    assert reasons(case) == [(IssueKind.NOT_UNDERSTOOD, "Observation.value")]
    assert only(case_of(observation(code, valueString="0"))).presence is Presence.PRESENT


@pytest.mark.parametrize(
    ("value", "degrees", "presence"),
    [
        ({"valueQuantity": {"value": 40, "code": "deg"}}, 40, Presence.PRESENT),
        ({"valueQuantity": {"value": 85, "unit": "degrees"}}, 85, Presence.ABSENT),
        ({"valueQuantity": {"value": 30, "comparator": "<", "code": "deg"}}, 30, Presence.PRESENT),
        ({"valueQuantity": {"value": 90, "comparator": "<", "code": "deg"}}, 90, Presence.UNKNOWN),
        ({"valueString": "positive at 45°"}, 45, Presence.PRESENT),
        ({"valueBoolean": True}, None, Presence.PRESENT),
    ],
)
def test_straight_leg_raising_is_degrees(
    value: dict[str, Any], degrees: float | None, presence: Presence
) -> None:
    found = only(case_of(observation(SLR, **value)))
    assert (found.value, found.presence) == (degrees, presence)


@pytest.mark.parametrize(
    ("code", "value", "measured"),
    [
        ("post-void-residual", {"valueQuantity": {"value": 350, "code": "mL"}}, 350),
        ("post-void-residual", {"valueQuantity": {"value": 0.35, "code": "L"}}, 350),
        ("symptom-duration", {"valueQuantity": {"value": 21, "code": "d"}}, 3),
        ("symptom-duration", {"valueString": "6 weeks"}, 6),
        ("leg-pain-nrs", {"valueInteger": 7}, 7),
        ("oswestry-disability-index", {"valueQuantity": {"value": 44, "code": "%"}}, 44),
    ],
)
def test_measures_are_brought_to_the_unit_of_the_vocabulary(
    code: str, value: dict[str, Any], measured: float
) -> None:
    assert only(case_of(observation(code, **value))).value == measured


@pytest.mark.parametrize(
    ("code", "value"),
    [
        (DORSIFLEXION, {"valueInteger": 7}),
        (DORSIFLEXION, {"valueQuantity": {"value": 40, "unit": "kg"}}),
        (DORSIFLEXION, {"valueString": "absent"}),
        (DORSIFLEXION, {"valueString": "fine, thank you"}),
        (SLR, {"valueQuantity": {"value": -10, "code": "deg"}}),
        ("post-void-residual", {"valueQuantity": {"value": 3, "code": "kg"}}),
        ("fever", {"valueInteger": 38}),
        ("leg-pain-nrs", {"valueInteger": 70}),
        ("oswestry-disability-index", {"valueQuantity": {"value": 120, "code": "%"}}),
        ("fever", {"valueDateTime": "2026-11-01"}),
        ("fever", {"valueBoolean": True, "valueString": "no"}),
        ("fever", {"valueQuantity": {"unit": "mL"}}),
        ("fever", {"interpretation": []}),
    ],
)
def test_an_answer_that_is_not_understood_is_reported_never_guessed(
    code: str, value: dict[str, Any]
) -> None:
    case = case_of(observation(code, **value))
    assert case.findings == ()
    assert [kind for kind, _ in reasons(case)] == [IssueKind.NOT_UNDERSTOOD]


def test_a_code_that_carries_its_presence_needs_no_value() -> None:
    absent_reflex = concept(SNOMED, "274818004")
    found = only(case_of(observation(absent_reflex, interpretation=[])))
    assert (found.id, found.presence) == (ANKLE, Presence.PRESENT)


def test_a_code_and_a_value_that_contradict_are_refused() -> None:
    absent_reflex = concept(SNOMED, "274818004")
    case = case_of(observation(absent_reflex, valueInteger=2))
    assert case.findings == ()
    assert reasons(case) == [(IssueKind.CONFLICT, "Observation.value")]


def test_the_components_of_a_panel_are_findings_of_their_own() -> None:
    panel = observation(
        {"text": "Motor examination"},
        bodySite=LEFT,
        component=[
            {"code": concept(FINDING, DORSIFLEXION), "valueString": "3/5"},
            {"code": concept(FINDING, "weakness-knee-extension"), "valueInteger": 5},
            {"code": concept(FINDING, "weakness-plantar-flexion"), "valueString": "weird"},
        ],
    )
    case = case_of(panel)
    assert [(f.id, f.side, f.value) for f in case.findings] == [
        (DORSIFLEXION, Side.LEFT, 3),
        ("weakness-knee-extension", Side.LEFT, 5),
    ]
    assert reasons(case) == [(IssueKind.NOT_UNDERSTOOD, "Observation.component[2].value")]


def test_components_that_are_sides_split_the_finding_of_the_panel() -> None:
    sides = [{"code": LEFT, "valueString": "0"}, {"code": RIGHT, "valueString": "2+"}]
    case = case_of(observation(ANKLE, bodySite={"text": "both ankles"}, component=sides))
    assert [(f.side, f.presence) for f in case.findings] == [
        (Side.LEFT, Presence.PRESENT),
        (Side.RIGHT, Presence.ABSENT),
    ]


def test_a_sites_own_code_means_what_its_map_says() -> None:
    site = {Coding("urn:site", "AJ-L"): CodedFinding(ANKLE, Side.LEFT)}
    found = only(case_of(observation(concept("urn:site", "AJ-L")), site_codes=site))
    assert (found.id, found.side, found.presence) == (ANKLE, Side.LEFT, Presence.PRESENT)


def test_an_unknown_code_is_reported_unless_it_is_plainly_of_another_kind() -> None:
    strange = concept("urn:site", "X")
    exam = concept("http://terminology.hl7.org/CodeSystem/observation-category", "exam")
    vital = concept("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs")
    case = case_of(
        observation(strange, id="1"),
        observation(strange, id="2", category=[exam]),
        observation(strange, id="3", category=[vital]),
    )
    assert [issue.reference for issue in case.issues] == ["Observation/1", "Observation/2"]


def test_an_element_of_a_wrong_type_costs_that_resource_and_is_named() -> None:
    case = case_of(observation(ANKLE, id="1", valueBoolean="yes"), observation("fever", id="2"))
    assert only(case).id == "fever"
    assert reasons(case) == [(IssueKind.NOT_UNDERSTOOD, "Observation.valueBoolean")]


def test_nothing_is_said_of_an_irrelevant_resource_that_does_not_count() -> None:
    lab = {"coding": [{"code": "laboratory"}]}
    strange = observation(concept("urn:site", "X"), category=[lab], status="cancelled")
    assert case_of(strange).issues == ()


def test_less_is_present_for_what_names_a_loss_and_not_for_anything_else() -> None:
    less = concept(SNOMED, "1250004")
    for code in ("sensory-loss-dorsum-foot", DORSIFLEXION, ANKLE):
        found = only(case_of(observation(code, valueCodeableConcept=less)))
        assert found.presence is Presence.PRESENT
    brisk = only(case_of(observation("brisk-reflexes", valueCodeableConcept=less)))
    assert brisk.presence is Presence.ABSENT
    assert case_of(observation("fever", valueCodeableConcept=less)).findings == ()


def test_a_condition_that_states_a_sign_is_a_finding_with_its_side() -> None:
    drop = concept("http://hl7.org/fhir/sid/icd-10-cm", "M21.371")
    found = only(case_of(about("Condition", code=drop, recordedDate="2026-11-01")))
    assert (found.id, found.side, found.presence) == ("foot-drop", Side.RIGHT, Presence.PRESENT)
    refuted = about("Condition", code=drop, verificationStatus=concept("x", "refuted"))
    assert only(case_of(refuted)).presence is Presence.ABSENT
    for over in (
        {"clinicalStatus": concept("x", "resolved")},
        {"verificationStatus": concept("x", "provisional")},
    ):
        assert case_of(about("Condition", code=drop, **over)).findings == ()


# On which side

SIDE_EXTENSION = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier"
BODY_SITE = "http://hl7.org/fhir/StructureDefinition/bodySite"


@pytest.mark.parametrize(
    "more",
    [
        {"bodySite": LEFT},
        {"bodySite": concept(SNOMED, "32153003")},
        {"bodySite": {"coding": [{"system": SNOMED, "code": "344001"}, LEFT["coding"][0]]}},
        {"bodySite": {"extension": [{"url": SIDE_EXTENSION, "valueCodeableConcept": LEFT}]}},
        {"bodySite": {"text": "left ankle"}},
        {"bodySite": {"text": "Lt ankle"}},
        {"bodySite": {"text": "ankle (L)"}},
        {"code": {**concept(FINDING, ANKLE), "text": "Ankle jerk, left"}},
        {"code": concept(FINDING, f"{ANKLE}-left")},
        {"extension": [{"url": BODY_SITE, "valueReference": {"reference": "BodyStructure/b"}}]},
        {"bodyStructure": {"reference": "BodyStructure/b"}},
        {
            "bodySite": {"extension": [{"url": BODY_SITE, "valueReference": {"reference": "#c"}}]},
            "contained": [
                {"resourceType": "BodyStructure", "id": "c", "locationQualifier": [LEFT]}
            ],
        },
    ],
)
def test_a_side_is_read_from_every_encoding(more: dict[str, Any]) -> None:
    structure = {
        "resourceType": "BodyStructure",
        "id": "b",
        "patient": {"reference": "Patient/1"},
        "includedStructure": [{"structure": {"text": "ankle"}, "laterality": LEFT}],
    }
    assert only(case_of(observation(ANKLE, **more), structure)).side is Side.LEFT


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"bodySite": {**LEFT, "text": "right ankle"}}, {}),
        ({"bodySite": RIGHT}, {"code": concept(FINDING, f"{ANKLE}-left")}),
        ({"bodySite": {"coding": [*LEFT["coding"], *RIGHT["coding"]]}}, {}),
        ({"bodySite": LEFT}, {"code": {**concept(FINDING, ANKLE), "text": "Right ankle jerk"}}),
        ({"bodySite": {"text": "right leg raised, pain on the left"}}, {}),
    ],
)
def test_sides_that_disagree_are_refused_never_guessed(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    case = case_of(observation(ANKLE, **{**first, **second}))
    assert case.findings == ()
    assert reasons(case) == [(IssueKind.CONFLICT, "Observation.bodySite")]


def test_encodings_that_agree_are_one_side() -> None:
    code = {**concept(FINDING, f"{ANKLE}-left"), "text": "Left ankle jerk"}
    assert only(case_of(observation(code, bodySite={**LEFT, "text": "L"}))).side is Side.LEFT


@pytest.mark.parametrize(
    "site",
    [concept(SNOMED, "51440002"), *({"text": t} for t in ("bilateral", "L>R", "left and right"))],
)
def test_bilateral_is_two_findings(site: dict[str, Any]) -> None:
    case = case_of(observation(ANKLE, bodySite=site))
    assert [finding.side for finding in case.findings] == [Side.LEFT, Side.RIGHT]


@pytest.mark.parametrize("text", ["ankle", "L5 dermatome", "L4/5", "leg"])
def test_words_that_name_no_side_give_none(text: str) -> None:
    assert only(case_of(observation(ANKLE, bodySite={"text": text}))).side is None


def test_a_side_that_stands_in_a_missing_body_structure_is_not_read_as_none() -> None:
    case = case_of(observation(ANKLE, bodyStructure={"reference": "BodyStructure/gone"}))
    assert case.findings == ()
    assert reasons(case) == [(IssueKind.NOT_READ, "Observation.bodySite")]


# Imaging


def test_a_lumbar_report_becomes_a_study_and_facts_with_their_source() -> None:
    report = {
        **REPORT,
        "imagingStudy": [{"reference": "ImagingStudy/s"}],
        "meta": {"versionId": "2"},
    }
    case = case_of(STUDY, report)
    (study,) = case.studies
    assert (study.source.reference, study.modality) == ("ImagingStudy/s", "MR")
    assert study.report is not None
    assert study.report.versioned == "DiagnosticReport/r/_history/2"
    assert {(f.reference, f.version) for f in case.imaging} == {("DiagnosticReport/r", "2")}
    assert any(f.side is Side.LEFT and f.level == "L5-S1" for f in case.imaging)


@pytest.mark.parametrize(
    "link",
    [
        {"study": [{"reference": "https://a.example/ImagingStudy/s"}]},
        {"basedOn": [{"reference": "ServiceRequest/o"}]},
        {"identifier": [{"system": "urn:acc", "value": "A1"}]},
    ],
)
def test_a_report_finds_its_study_by_reference_order_or_accession(link: dict[str, Any]) -> None:
    study = {
        **STUDY,
        "basedOn": [{"reference": "ServiceRequest/o"}],
        "identifier": [{"system": "urn:acc", "value": "A1"}],
    }
    (found,) = case_of(study, {**REPORT, "code": {"text": "Report"}, **link}).studies
    assert found.report is not None


def test_a_study_without_a_report_is_a_study_that_was_not_read() -> None:
    (study,) = case_of(STUDY).studies
    assert study.report is None


def test_the_modality_of_r5_is_a_concept() -> None:
    series = [
        {"modality": {"coding": [{"code": "CT"}]}, "bodySite": {"concept": {"text": "Lumbar"}}}
    ]
    (study,) = case_of({**STUDY, "description": None, "series": series}).studies
    assert study.modality == "CT"


@pytest.mark.parametrize("name", ["MRI brain", "Chest CT", "MRI cervical spine"])
def test_studies_of_other_places_are_left_aside(name: str) -> None:
    elsewhere = {
        **REPORT,
        "code": {"text": name},
        "imagingStudy": [{"reference": "ImagingStudy/s"}],
    }
    case = case_of({**STUDY, "description": name}, elsewhere)
    assert (case.studies, case.imaging, case.issues) == ((), (), ())


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered", "partial"])
def test_a_report_that_must_not_count_is_not_read(status: str) -> None:
    case = case_of(STUDY, {**REPORT, "status": status, "study": [{"reference": "ImagingStudy/s"}]})
    assert case.imaging == ()
    assert case.studies[0].report is None
    assert reasons(case) == [(IssueKind.REFUSED, "DiagnosticReport.status")]


def test_an_amended_report_replaces_the_one_before_and_a_preliminary_never_wins() -> None:
    link = {"study": [{"reference": "ImagingStudy/s"}]}
    final = {**REPORT, **link, "id": "a"}
    amended = {
        **final,
        "id": "b",
        "status": "amended",
        "issued": "2026-10-21T12:00:00Z",
        "conclusion": "L5-S1: right paracentral disc extrusion.",
    }
    draft = {**final, "id": "c", "status": "preliminary", "issued": "2026-10-22T12:00:00Z"}
    case = case_of(draft, amended, final, STUDY)
    assert {fact.side for fact in case.imaging} == {Side.RIGHT}
    (study,) = case.studies
    assert study.report is not None
    assert study.report.reference == "DiagnosticReport/b"
    alone = case_of(draft, STUDY).studies[0].report
    assert alone is not None
    assert alone.preliminary


def test_a_report_without_a_link_belongs_to_the_only_study_it_fits() -> None:
    case = case_of(STUDY, REPORT)
    (study,) = case.studies
    assert study.source.reference == "ImagingStudy/s"
    assert study.report is not None
    late = {**REPORT, "issued": "2026-12-24T12:00:00Z"}
    assert len(case_of(STUDY, late).studies) == 2
    assert len(case_of(STUDY, {**STUDY, "id": "s2"}, REPORT).studies) == 3


def test_what_an_older_study_showed_is_prior_once_a_later_one_shows_as_much() -> None:
    old = {**REPORT, "id": "old", "issued": "2024-01-01", "effectiveDateTime": "2024-01-01"}
    new = {**REPORT, "effectiveDateTime": "2026-10-20", "conclusion": "L5-S1: mild disc bulge."}
    times = {f.reference: f.time for f in case_of(new, old).imaging}
    assert times["DiagnosticReport/old"] == "resolved_or_prior"
    assert times["DiagnosticReport/r"] == "current"
    plain = {**new, "code": {"text": "X-ray lumbar spine"}}
    times = {f.reference: f.time for f in case_of(plain, old).imaging}
    assert times["DiagnosticReport/old"] == "current"


@pytest.mark.parametrize(
    "name", ["DXA lumbar spine", "Lumbar puncture", "CT guidance for injection of lumbar spine"]
)
def test_a_report_on_the_same_place_that_shows_nothing_of_it_is_no_study(name: str) -> None:
    assert case_of({**REPORT, "code": {"text": name}}).studies == ()


def test_resources_without_a_name_are_kept_apart_and_cited_by_nobody() -> None:
    case = case_of(
        patient(),
        observation(ANKLE, id=None, bodySite=LEFT),
        observation(ANKLE, id=None, bodySite=RIGHT),
    )
    assert [f.side for f in case.findings] == [Side.LEFT, Side.RIGHT]
    assert {f.source.reference for f in case.findings} == {""}


def test_an_examination_after_the_report_is_marked() -> None:
    before = observation(ANKLE, id="1", effectiveDateTime="2026-10-20")
    after = observation("fever", id="2", effectiveDateTime="2026-10-21")
    marks = {f.id: f.recorded_after_imaging for f in case_of(before, after, REPORT).findings}
    assert marks == {ANKLE: False, "fever": True}


def test_an_examination_that_says_the_mri_came_first_is_marked() -> None:
    said = observation("mri-done-before-examination", id="2")
    earlier = observation("fever", id="3", effectiveDateTime="2026-10-01")
    marks = {
        f.id: f.recorded_after_imaging
        for f in case_of(observation(ANKLE, id="1"), said, earlier).findings
    }
    assert (marks[ANKLE], marks["fever"]) == (True, False)


# The person

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def about(kind: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": kind.lower(), "subject": {"reference": "Patient/1"}, **more}


@pytest.mark.parametrize(
    ("born", "age"), [("1975-11-22", 51), ("1975-11-23", 50), ("1975", 51), ("2030", None)]
)
def test_age_is_completed_years(born: str, age: int | None) -> None:
    assert case_of(patient(birthDate=born)).person.age == age


def test_a_condition_counts_unless_it_was_refuted_and_is_history_when_it_is_over() -> None:
    diabetes = concept(SNOMED, "73211009")
    assert [w for w, _ in case_of(about("Condition", code=diabetes)).person.conditions] == [
        "diabetes"
    ]
    refuted = about("Condition", code=diabetes, verificationStatus=concept("x", "refuted"))
    assert case_of(refuted).person.conditions == ()
    over = about("Condition", code=diabetes, clinicalStatus=concept("x", "resolved"))
    assert [w for w, _ in case_of(over).person.conditions] == ["history-of-diabetes"]


def test_the_onset_is_that_of_the_complaint() -> None:
    sciatica = about("Condition", code=concept(SNOMED, "23056005"), onsetDateTime="2026-10-01")
    assert case_of(sciatica).person.onset == date(2026, 10, 1)


def test_medicines_are_read_by_class_with_their_status_and_start() -> None:
    warfarin = concept(RXNORM, "11289")
    taken = about(
        "MedicationStatement",
        status="active",
        medicationCodeableConcept=warfarin,
        effectivePeriod={"start": "2026-01-01"},
    )
    (medicine,) = case_of(taken).person.medicines
    assert (medicine.drug_class, medicine.status) == ("anticoagulant", "active")
    assert medicine.since == date(2026, 1, 1)
    drug = {"resourceType": "Medication", "id": "m", "code": warfarin}
    asked = about(
        "MedicationRequest",
        status="draft",
        intent="proposal",
        medicationReference={"reference": "Medication/m"},
    )
    (medicine,) = case_of(asked, drug).person.medicines
    assert (medicine.drug_class, medicine.status) == ("anticoagulant", "proposal")


def test_allergies_treatments_and_laboratory_values_are_read() -> None:
    person = case_of(
        patient(),
        {
            "resourceType": "AllergyIntolerance",
            "patient": {"reference": "Patient/1"},
            "code": concept(SNOMED, "372665008"),
        },
        about(
            "Procedure",
            status="completed",
            code=concept(SNOMED, "91251008"),
            performedDateTime="2026-09-01",
        ),
        observation(
            concept(LOINC, "6301-6"),
            category=[{"coding": [{"code": "laboratory"}]}],
            valueQuantity={"value": 2.5, "code": "{INR}"},
        ),
    ).person
    assert [word for word, _ in person.allergies] == ["nsaid"]
    assert [(t.kind, t.on) for t in person.treatments] == [("physiotherapy", date(2026, 9, 1))]
    assert [(m.kind, m.value) for m in person.measurements] == [("inr", 2.5)]


@pytest.mark.parametrize(
    ("code", "quantity", "read"),
    [
        ("777-3", {"value": 80000, "unit": "/uL"}, (80, "10*9/L")),
        ("777-3", {"value": 80, "code": "10*3/uL"}, (80, "10*9/L")),
        ("777-3", {"value": 80, "unit": "x10^9/L"}, (80, "10*9/L")),
        ("4548-4", {"value": 7.5, "code": "%"}, (7.5, "%")),
        ("4548-4", {"value": 53, "code": "mmol/mol"}, (7.0004, "%")),
        ("33914-3", {"value": 60, "comparator": ">", "unit": "mL/min"}, (60, "mL/min/{1.73_m2}")),
        ("1988-5", {"value": 1.2, "code": "mg/dL"}, (12, "mg/L")),
    ],
)
def test_laboratory_values_are_brought_to_one_unit(
    code: str, quantity: dict[str, Any], read: tuple[float, str]
) -> None:
    (found,) = case_of(
        observation(concept(LOINC, code), valueQuantity=quantity)
    ).person.measurements
    assert (found.value, found.unit) == read


def test_a_laboratory_value_in_a_strange_unit_is_reported_and_left_out() -> None:
    case = case_of(observation(concept(LOINC, "777-3"), valueQuantity={"value": 80}))
    assert case.person.measurements == ()
    assert reasons(case) == [(IssueKind.NOT_UNDERSTOOD, "Observation.valueQuantity.unit")]


def test_what_this_service_wrote_itself_is_never_evidence() -> None:
    own = [{"system": "https://lasegue.example/fhir/identifier/condition", "value": "x"}]
    sciatica = concept(SNOMED, "23056005")
    condition = about("Condition", code=sciatica, identifier=own, onsetDateTime="2026-10-01")
    order = about("ServiceRequest", status="draft", code={"text": "MRI L5"}, identifier=own)
    case = case_of(patient(), condition, order)
    assert (case.person.onset, case.person.conditions, case.orders) == (None, (), ())


def test_a_draft_order_is_understood_with_root_side_and_foramen() -> None:
    code = {"text": "Left transforaminal epidural injection"}
    order = about(
        "ServiceRequest", status="draft", code=code, bodySite=[{"text": "L5 root, L5-S1 foramen"}]
    )
    (read,) = case_of(order).orders
    assert (read.kind, read.sides) == ("injection", (Side.LEFT,))
    assert (read.roots, read.foramina, read.levels) == (("L5",), ("L5-S1",), ())


def test_an_order_that_is_no_draft_is_not_judged() -> None:
    assert case_of(about("ServiceRequest", status="active", code={"text": "MRI L5"})).orders == ()


def test_a_questionnaire_is_reported_as_not_read() -> None:
    case = case_of(about("QuestionnaireResponse", status="completed"))
    assert reasons(case) == [(IssueKind.NOT_READ, "QuestionnaireResponse")]


def test_issues_hold_no_words_of_the_patients_record() -> None:
    secret = "Mrs Example of Fountain Street"
    case = case_of(
        observation(ANKLE, id="1", valueString=secret),
        observation({"text": secret}, id="2"),
        observation(ANKLE, id="3", bodySite={"text": f"left right {secret}"}),
        {**REPORT, "conclusion": None, "presentedForm": [{"contentType": secret, "data": "eA=="}]},
    )
    assert len(case.issues) == 4
    assert secret not in repr(case.issues)


# Foreign and broken data

EXAMPLES = Path(__file__).parents[3] / "shared" / "fhir_examples"


@pytest.mark.parametrize("release", ["R4", "R4B", "R5"])
def test_every_official_example_is_read_or_refused(release: str) -> None:
    files = sorted((EXAMPLES / release).glob("*.json"))
    if not files and os.environ.get("CI", "").lower() != "true":
        pytest.skip(f"THE OFFICIAL EXAMPLES OF {release} ARE NOT THERE: nothing was checked")
    assert files
    read = 0
    for file in files:
        try:
            entries = split(file.read_bytes()).entries
            case = to_case(entries, model(), as_of=NOW, phrases=phrases())
        except LasegueError:
            continue
        read += 1
        assert case.person.reference
    assert read > len(files) / 4


WHOLE = [
    patient(),
    observation(ANKLE, bodySite=LEFT, component=[{"code": LEFT, "valueString": "2+"}]),
    STUDY,
    {**REPORT, "imagingStudy": [{"reference": "ImagingStudy/s"}]},
    about("Condition", code=concept(SNOMED, "23056005"), onsetDateTime=DAY),
    about("ServiceRequest", status="draft", code={"text": "MRI L5"}),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["coding", "text", "code", "reference"]), inner, max_size=2
        )
    ),
    max_leaves=6,
)


def mutated(value: Any, change: st.DataObject, junk: Any) -> Any:
    """The value with one random part of it replaced."""
    children = list(value.items()) if isinstance(value, dict) else []
    children = list(enumerate(value)) if isinstance(value, list) else children
    if not children or change.draw(st.integers(0, 4)) == 0:
        return junk
    key, child = change.draw(st.sampled_from(children))
    inner = mutated(child, change, junk)
    if isinstance(value, dict):
        return {**value, key: inner}
    return [*value[:key], inner, *value[key + 1 :]]


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data(), JSON)
def test_a_broken_resource_never_breaks_the_reader(change: st.DataObject, junk: Any) -> None:
    number = change.draw(st.integers(0, len(WHOLE) - 1))
    broken = mutated(WHOLE[number], change, junk)
    resources = [*WHOLE[:number], {"resource": broken}, *WHOLE[number + 1 :]]
    with suppress(LasegueError):
        case_of(*resources)
