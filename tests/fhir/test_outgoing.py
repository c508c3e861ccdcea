"""Nothing wrong leaves: what is built passes four validators, and every kind of fault is refused."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta, timezone

import fhirkit
import fhirpathpy
import pytest
import requests
from fhir.resources.R4B.bundle import Bundle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pyrofile_validator import Validator

from service.clinical.anatomy import DiscLevel, Zone
from service.clinical.findings import Person
from service.clinical.imaging import Kind
from service.errors import PermanentError
from service.fhir import shape
from service.fhir.exclusions import clashes, dropped
from service.fhir.identity import plan_of
from service.fhir.outgoing import NotSendable, check_outgoing, faults
from service.fhir.transaction import same
from service.fhir.withdrawal import withdraw
from service.fhir.writing import to_transaction
from tests.builders import (
    ROOT_SIDES,
    a_case,
    a_concordance,
    a_discordance,
    a_flag,
    a_lesion,
    a_localisation,
    a_model,
    a_plan,
    a_step,
    a_weight,
    an_abstention,
    an_assessment,
    an_eventful_assessment,
    an_imaging_fact,
    an_injection,
    an_issue,
    as_the_server_holds_it,
)

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
VER_STATUS = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
CON_3 = (
    "clinicalStatus.exists() or verificationStatus.coding.where(system="
    f"'{VER_STATUS}' and code='entered-in-error').exists() or "
    "category.select($this='problem-list-item').empty()"
)
CON_5 = (
    f"verificationStatus.coding.where(system='{VER_STATUS}' and code='entered-in-error').empty() "
    "or clinicalStatus.empty()"
)

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40)
moments = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 - the zone is drawn beside it
    datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))]),
)
lesions = st.builds(
    a_lesion,
    st.sampled_from(ROOT_SIDES),
    cause=st.sampled_from(["disc", "stenosis", "spur", "cyst", "slip", "unspecified"]),
    level=st.sampled_from([None, *DiscLevel]),
    zone=st.sampled_from([None, *Zone]),
    certain=st.booleans(),
)
steps = st.one_of(
    st.builds(
        a_step,
        st.sampled_from(sorted(a_model().actions)),
        sentence=words,
        reason=words,
        detail=words,
        against=st.booleans(),
        urgency=st.sampled_from(["routine", "urgent", "asap", "stat", ""]),
        order=st.sampled_from(["", "imaging", "physiotherapy", "referral", "orthosis", "other"]),
        due_days=st.none() | st.integers(0, 4000),
        source=st.sampled_from(["", "suri2011", "unknown"]),
        strength=words,
        profile=st.sampled_from(["default", "UK", "US-CMS"]),
    ),
    st.builds(an_injection, st.sampled_from(ROOT_SIDES)),
)
flags = st.builds(
    a_flag,
    st.sampled_from(["cauda-equina", "fracture", "cancer"]),
    label=words,
    status=st.sampled_from(["met", "suspected"]),
    stops=st.booleans(),
    sentence=words,
)
roots = st.lists(st.sampled_from(ROOT_SIDES), min_size=1, max_size=4, unique=True)
ledgers = st.lists(
    st.builds(
        a_weight,
        st.sampled_from(ROOT_SIDES),
        st.floats(-4, 4),
        kind=st.sampled_from(["prior", "finding", "overlap", "leg", "imaging", "rival", "cap"]),
        sentence=words,
    ),
    max_size=4,
)


@st.composite
def assessments(draw):
    named = draw(roots)
    found = draw(st.sampled_from([a_localisation, an_abstention]))(
        *named, none=draw(st.floats(0, 1)), ledger=tuple(draw(ledgers)), statement=draw(words)
    )
    disagreements = st.builds(
        a_discordance, st.sampled_from(["side", "root", "numbering-uncertain"]), sentence=words
    )
    return an_assessment(
        as_of=draw(moments),
        population=draw(st.sampled_from(["", "primary-care", "unknown"])),
        localisation=found,
        flags=tuple(draw(st.lists(flags, max_size=3, unique_by=lambda f: f.id))),
        rivals=(("hip", draw(words), draw(words)),),
        concordance=a_concordance(
            *draw(st.lists(lesions, max_size=4)),
            disagreements=tuple(draw(st.lists(disagreements, max_size=2))),
        ),
        plan=a_plan(steps=tuple(draw(st.lists(steps, max_size=5)))),
        issues=tuple(draw(st.lists(st.builds(an_issue, sentence=words), max_size=2))),
    )


cases = st.builds(
    a_case,
    imaging=st.lists(
        st.builds(an_imaging_fact, st.sampled_from(list(Kind)), level=st.sampled_from(DiscLevel)),
        max_size=4,
    ).map(tuple),
)


@pytest.fixture
def bundle():
    return copy.deepcopy(to_transaction(an_eventful_assessment(), a_case(), a_model()))


def resource(bundle, kind, place=0):
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind][place]


def refused(bundle, *said):
    with pytest.raises(NotSendable) as raised:
        check_outgoing(bundle)
    for part in said:
        assert part in str(raised.value)
    return raised.value


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(assessments(), cases)
def test_whatever_was_thought_can_be_sent(assessment, case):
    bundle = to_transaction(assessment, case, a_model())
    assert list(faults(bundle)) == []
    assert json.dumps(bundle) == json.dumps(to_transaction(assessment, case, a_model()))
    assert not [i for e in bundle["entry"] for i in fhirkit.validate(e["resource"])]


def test_a_full_write_back_passes_every_validator(bundle):
    check_outgoing(bundle)
    Bundle.model_validate(bundle)
    assert fhirkit.validate(bundle) == []
    assert [i.message for i in Validator().validate_resource(bundle).errors] == []


@pytest.mark.parametrize("rule", [CON_3, CON_5])
def test_conditions_keep_the_invariants_also_when_taken_back(bundle, rule):
    ours = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Condition"]
    for condition in (*ours, *map(withdraw, ours)):
        assert fhirpathpy.evaluate(condition, rule) == [True]


def test_looking_changes_nothing(bundle):
    before = json.dumps(bundle)
    check_outgoing(bundle)
    assert json.dumps(bundle) == before


def test_what_is_taken_back_may_leave(bundle):
    for entry in bundle["entry"]:
        entry["resource"] = withdraw(entry["resource"]) or entry["resource"]
    check_outgoing(bundle)


@pytest.mark.parametrize(
    ("kind", "element", "code"),
    [
        ("CarePlan", "status", "nonsense"),
        ("CarePlan", "intent", "nonsense"),
        ("ClinicalImpression", "status", "preliminary"),
        ("DetectedIssue", "status", "draft"),
        ("DetectedIssue", "severity", "severe"),
        ("Flag", "status", "on"),
        ("Goal", "lifecycleStatus", "draft"),
        ("GuidanceResponse", "status", "done"),
        ("RiskAssessment", "status", "draft"),
        ("ServiceRequest", "priority", "now"),
        ("Task", "priority", "emergency"),
        ("Task", "status", "open"),
    ],
)
def test_a_code_outside_the_required_set_is_refused(bundle, kind, element, code):
    resource(bundle, kind)[element] = code
    refused(bundle, f"{kind}.{element}", "required value set")


def test_a_code_is_checked_inside_lists_and_concepts_too(bundle):
    inside = copy.deepcopy(bundle)
    resource(inside, "CarePlan")["activity"][2]["detail"]["status"] = "later"
    refused(inside, "CarePlan.activity.detail.status")
    resource(bundle, "Condition")["verificationStatus"]["coding"][0]["code"] = "likely"
    refused(bundle, "Condition.verificationStatus")


@pytest.mark.parametrize(
    ("kind", "element", "code"),
    [
        ("CarePlan", "status", "active"),
        ("CarePlan", "intent", "order"),
        ("ServiceRequest", "status", "active"),
        ("ServiceRequest", "intent", "order"),
        ("Task", "intent", "order"),
    ],
)
def test_nothing_but_drafts_and_proposals_leaves(bundle, kind, element, code):
    resource(bundle, kind)[element] = code
    refused(bundle, "more than a draft may say")


def test_nothing_is_ever_confirmed(bundle):
    resource(bundle, "Condition")["verificationStatus"]["coding"][0]["code"] = "confirmed"
    refused(bundle, "more than a draft may say")


def test_a_level_is_never_a_stage(bundle):
    resource(bundle, "Condition")["stage"] = [{"summary": {"text": "L5"}}]
    refused(bundle, "stage")


def test_a_dangling_reference_is_refused(bundle):
    resource(bundle, "CarePlan")["addresses"][0]["reference"] = f"urn:uuid:{'0' * 32}"
    refused(bundle, "CarePlan.addresses", "refers to nothing")


@pytest.mark.parametrize("name", ["nowhere", "#nobody", "Patient/", "../Patient/1"])
def test_a_reference_that_cannot_be_followed_is_refused(bundle, name):
    resource(bundle, "CarePlan")["subject"]["reference"] = name
    refused(bundle)


def test_a_dangling_reference_is_refused_also_beside_an_odd_text(bundle):
    plan = resource(bundle, "CarePlan")
    plan["title"] = "12:30"
    check_outgoing(bundle)
    plan["goal"] = [{"reference": "urn:uuid:0"}]
    refused(bundle, "CarePlan.goal: refers to nothing")


def test_a_contained_resource_must_be_used(bundle):
    resource(bundle, "GuidanceResponse").pop("evaluationMessage")
    refused(bundle, "dom-3")


def test_an_excluded_pair_of_codes_is_refused(bundle):
    plain = {"system": ICD, "code": "M54.16", "display": "Radiculopathy, lumbar region"}
    resource(bundle, "Condition", 1)["code"]["coding"].append(plain)
    refused(bundle, "Excludes1: M54.16 stands beside M51.16")


def test_a_code_that_was_split_is_refused(bundle):
    split = {"system": ICD, "code": "M48.06"}
    resource(bundle, "Condition", 1)["code"]["coding"].append(split)
    refused(bundle, "M48.06")


def test_a_taken_back_condition_excludes_nothing(bundle):
    plain = {"system": ICD, "code": "M54.16"}
    resource(bundle, "Condition", 1)["code"]["coding"].append(plain)
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "Condition":
            entry["resource"] = withdraw(entry["resource"])
            break
    check_outgoing(bundle)


@pytest.mark.parametrize(
    ("general", "special"),
    [
        ("M54.17", "M51.16"),
        ("M54.16", "M47.26"),
        ("M54.31", "M51.17"),
        ("M54.32", "M51.361"),
        ("M54.30", "G57.00"),
        ("M54.31", "M54.41"),
        ("M54.41", "M51.16"),
        ("M54.42", "M51.372"),
        ("M51.26", "M51.16"),
    ],
)
def test_the_exclusions_are_those_of_the_tabular_list(general, special):
    assert clashes([special, general]) == ((general, special),)
    assert dropped([special, general]) == {general}


def test_codes_that_may_stand_together_do():
    assert clashes(["M51.16", "M51.17", "M48.061", "M99.73"]) == ()


def test_clinical_status_on_what_is_in_error_is_refused(bundle):
    resource(bundle, "Condition")["verificationStatus"]["coding"][0]["code"] = "entered-in-error"
    refused(bundle, "con-5")


def test_a_problem_without_clinical_status_is_refused(bundle):
    resource(bundle, "Condition").pop("clinicalStatus")
    refused(bundle, "con-3")


def test_an_abated_problem_that_is_active_is_refused(bundle):
    resource(bundle, "Condition")["abatementDateTime"] = "2026-11-01"
    refused(bundle, "con-4")


def _add_reference(bundle):
    activity = resource(bundle, "CarePlan")["activity"][0]
    activity["reference"] = {"reference": "ServiceRequest/1"}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (_add_reference, "cpl-3"),
        (lambda b: resource(b, "Goal")["target"][0].pop("measure"), "gol-1"),
        (
            lambda b: resource(b, "RiskAssessment")["prediction"][0].update(
                probabilityDecimal=1.01
            ),
            "ras-2",
        ),
        (
            lambda b: resource(b, "GuidanceResponse")["dataRequirement"][0]["codeFilter"][0].pop(
                "path"
            ),
            "drq-1",
        ),
        (lambda b: resource(b, "Task").update(lastModified="2020-01-01"), "inv-1"),
        (lambda b: resource(b, "Condition").update(evidence=[{"id": "x"}]), "con-2"),
        (
            lambda b: resource(b, "CarePlan")["activity"][0]["detail"]["extension"][0].pop(
                "valueCodeableConcept"
            ),
            "ext-1",
        ),
    ],
)
def test_a_broken_invariant_is_refused_by_name(bundle, change, rule):
    change(bundle)
    refused(bundle, rule)


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b.update(type="batch"),
        lambda b: b.pop("entry"),
        lambda b: b["entry"][0].pop("request"),
        lambda b: b["entry"][0]["request"].update(method="GET"),
        lambda b: b["entry"][0]["request"].update(url="Flag/another"),
        lambda b: b["entry"][0].update(fullUrl=b["entry"][1]["fullUrl"]),
        lambda b: b["entry"][0].update(fullUrl="Flag/1"),
        lambda b: b["entry"].append(b["entry"][0]),
        lambda b: b["entry"][0].pop("resource"),
        lambda b: b["entry"][2]["resource"].update(
            identifier=b["entry"][3]["resource"]["identifier"]
        ),
    ],
)
def test_a_transaction_that_breaks_the_rules_of_bundles_is_refused(bundle, change):
    change(bundle)
    refused(bundle)


def test_an_update_without_full_url_and_a_delete_may_leave(bundle):
    flag = bundle["entry"][0]["fullUrl"]
    place = bundle["entry"][0]["request"]["url"]
    bundle = json.loads(
        json.dumps(bundle).replace(f'"reference": "{flag}"', f'"reference": "{place}"')
    )
    bundle["entry"][0].pop("fullUrl")
    bundle["entry"].append({"request": {"method": "DELETE", "url": "Goal/old"}})
    check_outgoing(bundle)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.pop("subject"),
        lambda r: r.pop("status"),
        lambda r: r.update(unknown="element"),
        lambda r: r.update(created="2026-02-31"),
        lambda r: r.update(created="2026-11-22T10:00:00"),
        lambda r: r.update(category="text"),
        lambda r: r["subject"].update(reference=7),
    ],
)
def test_what_is_not_fhir_is_refused_also_after_its_like_was_accepted(bundle, change):
    check_outgoing(bundle)
    change(resource(bundle, "CarePlan"))
    refused(bundle, "not FHIR")


def test_a_refusal_says_where_and_not_what(bundle):
    resource(bundle, "CarePlan")["category"] = "Mrs Canary, 1950-01-01"
    error = refused(bundle, "category")
    assert "Canary" not in str(error)
    assert isinstance(error, PermanentError)
    assert error.expression.startswith("Bundle.entry[")


leaves = st.one_of(
    words,
    st.booleans(),
    st.none(),
    st.integers(-3, 3),
    st.floats(-3, 3),
    st.sampled_from(
        [
            "2026",
            "2026-02",
            "2026-02-31",
            "2026-02-28",
            "10:00",
            "1.5",
            "true",
            "a b",
            "a  b",
            "urn:x",
        ]
    ),
)


def every_place(node):
    for name, value in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(value, dict | list):
            yield from every_place(value)
        else:
            yield node, name


def shape_of(entry):
    used = set()
    try:
        return shape.form(entry, used), used
    except shape.Unsure:
        return "unsure"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(assessments(), cases)
def test_what_is_read_only_has_the_shape_and_the_references_of_its_copy(assessment, case):
    for entry in to_transaction(assessment, case, a_model())["entry"]:
        first, again, copied = map(shape_of, (entry, entry, copy.deepcopy(entry)))
        assert first == again == copied


@pytest.mark.parametrize(("fine", "wrong"), [("0", "0:"), ("t", "t_"), ("1.5", "1,5")])
def test_an_id_that_is_wrong_is_refused_though_one_of_its_form_was_accepted(fine, wrong):
    bundle = to_transaction(an_eventful_assessment(), a_case(), a_model())
    entry = bundle["entry"][0]
    entry["resource"]["id"] = fine
    assert list(shape.misshapen([entry])) == []
    entry["resource"]["id"] = wrong
    assert list(shape.misshapen([entry])) != []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_remembered_shape_gets_the_verdict_it_would_get_afresh(data):
    bundle = copy.deepcopy(to_transaction(an_eventful_assessment(), a_case(), a_model()))
    assert list(shape.misshapen(bundle["entry"])) == []
    entry = data.draw(st.sampled_from(bundle["entry"]))
    holder, name = data.draw(st.sampled_from(list(every_place(entry["resource"]))))
    holder[name] = data.draw(leaves)
    try:
        Bundle.model_validate({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
        afresh = True
    except (ValidationError, KeyError, TypeError):
        afresh = False
    extensions = [rule for _, rule in shape.misshapen([entry]) if rule.startswith("ext-1")]
    assert extensions or (not list(shape.misshapen([entry]))) == afresh


def test_the_memory_of_shapes_is_bounded_and_holds_no_words(bundle, monkeypatch):
    monkeypatch.setattr(shape, "LIMIT", 3)
    monkeypatch.setattr(shape, "_accepted", set())
    check_outgoing(bundle)
    assert len(shape._accepted) <= 3
    assert "Left L5" not in repr(shape._accepted)
    assert "Patient/p1" not in repr(shape._accepted)


def test_every_entry_is_in_the_plan(bundle):
    assert list(plan_of(bundle)) == [e["request"]["url"] for e in bundle["entry"]]


@pytest.mark.server
def test_a_real_server_takes_the_write_back_and_holds_it_unchanged(fhir_server):
    patient = fhir_server.patient()
    case = a_case(person=Person(patient))
    bundle = to_transaction(an_eventful_assessment(patient=patient), case, a_model())
    for _ in range(2):
        answer = requests.post(fhir_server.url, json=bundle, timeout=30)
        assert answer.status_code == 200
    for entry in as_the_server_holds_it(bundle)["entry"]:
        assert same(fhir_server.get(entry["request"]["url"]), entry["resource"])
