from typing import Any

import pytest

from service.fhir.allowed import REQUIRED
from service.fhir.transaction import Current, digest, plan, same, seal_of, sealed, without_seal
from service.fhir.withdrawal import WITHDRAWN, withdraw

Json = dict[str, Any]
RISK: Json = {
    "resourceType": "RiskAssessment",
    "id": "lasegue-1",
    "meta": {"tag": [{"code": "draft"}]},
    "prediction": [{"probabilityDecimal": 1.0}],
}


def test_what_a_server_adds_is_no_difference() -> None:
    theirs = RISK | {
        "meta": {
            "versionId": "3",
            "lastUpdated": "2026-11-22T10:00:00Z",
            "tag": [{"code": "theirs"}, {"code": "draft"}],
        },
        "text": {"status": "generated"},
        "prediction": [{"probabilityDecimal": 1}],
    }
    assert same(theirs, RISK)
    assert same(sealed(theirs, "x"), RISK)


@pytest.mark.parametrize(
    "change", [{"status": "final"}, {"prediction": []}, {"meta": {}}, {"id": "lasegue-2"}]
)
def test_what_a_person_changes_is_a_difference(change: Json) -> None:
    assert not same(RISK | change, RISK)


def test_a_seal_fits_its_content_however_it_is_laid_out_and_nothing_else() -> None:
    code = digest(RISK)
    stored = dict(reversed(sealed(RISK, code).items())) | {"meta": {"versionId": "1"}}
    assert seal_of(stored) == digest(stored) == code
    assert digest(stored | {"status": "final"}) != code
    assert without_seal(sealed(RISK, code)) == RISK


def test_a_seal_stands_beside_other_extensions() -> None:
    marked = RISK | {"extension": [{"url": "http://a.example", "valueCode": "b"}]}
    assert without_seal(sealed(sealed(marked, "old"), "new")) == marked
    assert seal_of(sealed(marked, "new")) == "new"


def test_a_new_resource_carries_no_version_to_match_and_a_changed_one_does() -> None:
    entry = {"resource": RISK, "request": {"method": "PUT", "url": "RiskAssessment/lasegue-1"}}
    bundle = {"entry": [entry]}
    place = "RiskAssessment/lasegue-1"
    fresh = plan(bundle, {place: Current()}, {})
    assert fresh.entries[0]["request"] == {"method": "PUT", "url": place}
    held = Current(sealed(RISK | {"status": "final"}, digest(RISK | {"status": "final"})), "4")
    changed = plan(bundle, {place: held}, {})
    assert changed.entries[0]["request"]["ifMatch"] == 'W/"4"'


@pytest.mark.parametrize(("kind", "said"), WITHDRAWN.items())
def test_every_withdrawal_uses_a_code_that_fhir_allows(kind: str, said: tuple[str, str]) -> None:
    element, code = said
    if kind in REQUIRED:
        assert code in REQUIRED[kind][element]


def test_a_withdrawn_condition_has_no_clinical_status_and_keeps_its_evidence() -> None:
    evidence = [{"detail": [{"reference": "Observation/1"}]}]
    condition = {"resourceType": "Condition", "clinicalStatus": {}, "evidence": evidence}
    withdrawn = withdraw(condition) or {}
    assert "clinicalStatus" not in withdrawn
    assert withdrawn["evidence"] == evidence
    assert withdrawn["verificationStatus"]["coding"][0]["code"] == "entered-in-error"


def test_a_provenance_stays_what_it_was() -> None:
    assert withdraw({"resourceType": "Provenance"}) is None
