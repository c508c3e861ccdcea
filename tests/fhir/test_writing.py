"""The write-back Bundle as a whole: identity, order, references, bytes."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import uuid
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from service.clinical.assess import assess
from service.clinical.coding import Coding
from service.clinical.findings import Person
from service.fhir.concepts import as_json
from service.fhir.identity import identity, key, plan_of
from service.fhir.writing import to_transaction
from tests.builders import (
    AS_OF,
    LEFT_L5,
    PATIENT,
    RIGHT_S1,
    a_case,
    a_flag,
    a_localisation,
    a_model,
    an_abstention,
    an_assessment,
    an_eventful_assessment,
    an_issue,
    as_the_server_holds_it,
)

ROOT = Path(__file__).parents[2]
TYPES = {
    "CarePlan",
    "ClinicalImpression",
    "Condition",
    "DetectedIssue",
    "Flag",
    "Goal",
    "GuidanceResponse",
    "Provenance",
    "RiskAssessment",
    "ServiceRequest",
    "Task",
}


def written(assessment=None, case=None, **given):
    return to_transaction(assessment or an_assessment(), case or a_case(), a_model(), **given)


def resources(bundle, kind):
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def every_reference(node):
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "reference" and isinstance(value, str):
                yield value
            else:
                yield from every_reference(value)
    elif isinstance(node, list):
        for item in node:
            yield from every_reference(item)


def every_leaf(node):
    if isinstance(node, dict | list):
        for item in node.values() if isinstance(node, dict) else node:
            yield from every_leaf(item)
    else:
        yield node


def test_every_type_of_the_contract_is_written():
    bundle = written(an_eventful_assessment())
    assert {e["resource"]["resourceType"] for e in bundle["entry"]} == TYPES


def test_the_same_input_gives_the_same_bytes():
    first = json.dumps(written(an_eventful_assessment()))
    assert json.dumps(written(an_eventful_assessment())) == first


@pytest.mark.parametrize("seed", ["1", "20261122"])
def test_the_bytes_do_not_depend_on_the_hash_seed(seed):
    program = (
        "import json; from tests.builders import *; "
        "from service.fhir.writing import to_transaction; "
        "print(json.dumps(to_transaction(an_eventful_assessment(), a_case(), a_model())))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == written(an_eventful_assessment())
    assert done.stdout.strip() == json.dumps(written(an_eventful_assessment()))


def test_an_assessment_from_the_core_is_written_without_loss_of_determinism():
    case, model = a_case(), a_model()
    once, twice = (to_transaction(assess(case, model), case, model) for _ in range(2))
    assert json.dumps(once) == json.dumps(twice)


def test_every_entry_is_a_put_to_an_id_of_its_own():
    bundle = written(an_eventful_assessment())
    for entry in bundle["entry"]:
        resource, request = entry["resource"], entry["request"]
        assert request == {
            "method": "PUT",
            "url": f"{resource['resourceType']}/{resource['id']}",
        }
        assert entry["fullUrl"].startswith("urn:uuid:")
        assert resource["id"].startswith("lasegue-")
        assert len(resource["id"]) == 40
    assert len({e["fullUrl"] for e in bundle["entry"]}) == len(bundle["entry"])
    assert len({e["request"]["url"] for e in bundle["entry"]}) == len(bundle["entry"])


def test_every_resource_but_provenance_has_an_identifier_of_its_role():
    for entry in written(an_eventful_assessment())["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Provenance":
            assert "identifier" not in resource
            continue
        (identifier,) = resource["identifier"]
        assert identifier["system"].startswith("https://lasegue.example/fhir/identifier/")
        assert resource["id"] == f"lasegue-{identifier['value']}"


def test_identity_depends_on_patient_episode_and_role_only():
    later = an_assessment(as_of=AS_OF + timedelta(days=3), localisation=a_localisation(none=0.01))
    assert plan_of(written(later)) == plan_of(written())
    assert not set(plan_of(written(episode="2"))) & set(plan_of(written()))
    other = an_assessment(patient="Patient/p2")
    moved = written(other, a_case(person=Person("Patient/p2")))
    assert not set(plan_of(moved)) & set(plan_of(written()))


def test_a_key_cannot_be_made_from_other_parts():
    assert key("Patient/1", "1", "a", "b") != key("Patient/1", "1", "ab")
    assert len(key("Patient/1", "1")) == 32


def test_what_is_no_longer_produced_can_be_found():
    before = plan_of(written())
    after = plan_of(written(an_assessment(localisation=a_localisation(RIGHT_S1))))
    gone = set(before) - set(after)
    assert {place.partition("/")[0] for place in gone} == {"Condition"}
    assert all(before[place].split("|")[1] in place for place in gone)


def test_references_between_entries_resolve_to_their_places():
    bundle = written(an_eventful_assessment())
    known = {e["fullUrl"] for e in bundle["entry"]}
    inside = {r for r in every_reference(bundle) if r.startswith("urn:")}
    assert inside
    assert inside <= known
    resolved = as_the_server_holds_it(bundle)
    assert not [r for r in every_reference(resolved) if r.startswith("urn:")]
    assert set(plan_of(bundle)) >= {r for r in every_reference(resolved) if "/lasegue-" in r}
    assert [e["fullUrl"] for e in resolved["entry"]] == [e["fullUrl"] for e in bundle["entry"]]


def test_what_must_not_wait_comes_first():
    bundle = written(an_eventful_assessment())
    first, second = (e["resource"] for e in bundle["entry"][:2])
    assert (first["resourceType"], second["resourceType"]) == ("Flag", "Task")
    assert second["priority"] == "stat"


def test_every_resource_is_marked_as_a_draft_by_a_machine():
    for entry in written(an_eventful_assessment())["entry"]:
        meta = entry["resource"]["meta"]
        assert meta["security"][0]["code"] == "AIAST"
        assert meta["tag"][0]["code"] == "draft-by-lasegue"
        assert "profile" not in meta


def test_every_narrative_is_escaped_xhtml():
    odd = an_eventful_assessment(
        flags=(a_flag(label="<b>&\x0b\ufffe", sentence="a < b & c > d"),),
        issues=(an_issue(sentence='"<script>"'),),
    )
    for entry in written(odd)["entry"]:
        text = entry["resource"]["text"]
        assert text["status"] == "generated"
        root = ET.fromstring(text["div"])
        assert root.tag == "{http://www.w3.org/1999/xhtml}div"
        tags = {child.tag.rpartition("}")[2] for child in root.iter()}
        assert tags <= {"div", "p", "b", "ul", "li"}
        assert "".join(root.itertext()).strip()


def test_nothing_empty_is_written():
    bundle = written(an_eventful_assessment())
    assert all(leaf not in ("", None) for leaf in every_leaf(bundle))


def test_an_empty_case_is_written_too():
    found = an_abstention(ledger=(), statement="Too little is recorded to name a root.")
    bare = an_assessment(localisation=found)
    bundle = written(bare, a_case(findings=(), imaging=(), studies=()))
    assert not resources(bundle, "Condition")
    assert resources(bundle, "RiskAssessment")


def test_dates_are_relative_to_the_moment_of_the_assessment():
    bundle = written()
    (plan,) = resources(bundle, "CarePlan")
    assert plan["created"] == "2026-11-22T10:00:00Z"
    assert plan["activity"][1]["detail"]["scheduledPeriod"] == {
        "start": "2026-11-22",
        "end": "2027-01-03",
    }
    assert resources(bundle, "Goal")[0]["target"][0]["dueDate"] == "2027-01-03"


def test_a_zone_is_kept_as_it_was_given():
    zone = AS_OF.tzinfo
    moved = AS_OF.astimezone(type(zone)(timedelta(hours=13, minutes=45)))
    (plan,) = resources(written(an_assessment(as_of=moved)), "CarePlan")
    assert plan["created"] == "2026-11-22T23:45:00+13:45"


def test_a_local_name_becomes_a_logical_reference():
    local = "urn:uuid:11111111-1111-4111-8111-111111111111"
    case = a_case(person=Person(local))
    (plan,) = resources(written(an_assessment(patient=local), case), "CarePlan")
    assert plan["subject"] == {"identifier": {"system": "urn:ietf:rfc:3986", "value": local}}


def test_the_building_leaves_no_trace_of_the_case_between_two_people():
    first = json.dumps(written())
    written(an_eventful_assessment()._replace(patient="Patient/other"))
    assert json.dumps(written()) == first
    assert PATIENT in first
    assert str(LEFT_L5) in first


def emptied(node):
    """Spoil a whole tree in place, but for what is read-only."""
    for inner in list(node.values() if isinstance(node, dict) else node):
        if isinstance(inner, dict | list):
            emptied(inner)
    with suppress(TypeError):
        node.clear()


def test_spoiling_one_write_back_leaves_the_next_as_it_was():
    first = written(an_eventful_assessment())
    before = json.dumps(first)
    emptied(first)
    assert json.dumps(written(an_eventful_assessment())) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda code: code.update(text="x"),
        lambda code: code.pop("text"),
        lambda code: code.__setitem__("text", "x"),
        lambda code: code["coding"].append({}),
        lambda code: code["coding"].clear(),
        lambda code: code["coding"][0].clear(),
        lambda code: code["coding"][0].__delitem__("code"),
    ],
)
def test_what_write_backs_share_can_be_copied_but_not_changed(change):
    (plan,) = resources(written(), "CarePlan")
    code = plan["activity"][0]["detail"]["code"]
    with pytest.raises(TypeError, match="make a copy"):
        change(code)
    before = dict(code)
    change(copy.deepcopy(code))
    assert code == before


def test_two_words_for_one_code_are_both_written_as_they_were_given():
    said = [as_json(Coding("urn:s", "1", display))["display"] for display in ("one", "another")]
    assert said == ["one", "another"]


def test_a_full_url_is_the_name_based_uuid_of_the_identifier():
    who = identity("Flag", "Patient/é", "1", "red-flag", "x")
    address = "|".join(who.identifiers[0].values())
    assert who.full_url == uuid.uuid5(uuid.NAMESPACE_URL, address).urn
