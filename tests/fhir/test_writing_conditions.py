"""Conditions: which are proposed, under which codes, and for which cause."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from service.clinical.anatomy import DiscLevel, Root, RootSide, Side, Zone
from service.clinical.imaging import Kind
from service.fhir.writing import to_transaction
from tests.builders import (
    LEFT_L5,
    LEFT_S1,
    a_case,
    a_concordance,
    a_discordance,
    a_finding,
    a_flag,
    a_lesion,
    a_localisation,
    a_model,
    a_weight,
    an_abstention,
    an_assessment,
    an_imaging_fact,
)
from tests.fhir.test_writing import resources, written

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
BASE = "https://lasegue.example/fhir"


def conditions(assessment=None, case=None):
    found = resources(written(assessment, case), "Condition")
    roots = [c for c in found if code_of(c, f"{BASE}/CodeSystem/radiculopathy")]
    return roots, [c for c in found if c not in roots]


def code_of(condition, system):
    codes = [c["code"] for c in condition["code"]["coding"] if c["system"] == system]
    return codes[0] if codes else None


def status_of(condition):
    return condition["verificationStatus"]["coding"][0]["code"]


def one_lesion(root=LEFT_L5, **given):
    return an_assessment(
        localisation=a_localisation(root), concordance=a_concordance(a_lesion(root, **given))
    )


def test_a_named_root_is_one_provisional_problem_with_its_cause():
    (root,), (cause,) = conditions()
    assert root["code"]["text"] == "Left L5 radiculopathy due to L4-L5 disc herniation"
    assert root["code"]["coding"][0] == {
        "system": f"{BASE}/CodeSystem/radiculopathy",
        "code": "radiculopathy-l5-left",
        "display": "Left L5 radiculopathy",
    }
    assert code_of(root, SNOMED) == "202735001"
    assert code_of(root, ICD) == "M51.16"
    assert status_of(root) == status_of(cause) == "provisional"
    assert root["clinicalStatus"]["coding"][0]["code"] == "active"
    assert root["category"][0]["coding"][0]["code"] == "problem-list-item"
    assert cause["code"]["text"] == "Left L4-L5 disc herniation"
    assert "stage" not in root


def test_the_body_site_is_root_and_side_in_one_concept():
    (root,), (cause,) = conditions()
    (site,) = root["bodySite"]
    assert [c["code"] for c in site["coding"]] == ["l5-left", "40958000", "7771000"]
    assert [c["code"] for c in cause["bodySite"][0]["coding"]] == ["l4-l5", "84020006", "7771000"]


def test_the_radiculopathy_is_due_to_the_cause():
    bundle = written()
    root, cause = resources(bundle, "Condition")
    (link,) = root["extension"]
    assert link["url"] == "http://hl7.org/fhir/StructureDefinition/condition-dueTo"
    places = {e["fullUrl"]: e["resource"]["id"] for e in bundle["entry"]}
    assert places[link["valueReference"]["reference"]] == cause["id"]


def test_the_evidence_is_the_versions_that_speak_for_the_root():
    against = a_weight(by=-0.4, finding=a_finding("reduced-achilles-reflex"))
    weak = a_weight(by=0.3, finding=a_finding("sensory-loss-dorsum-foot"))
    found = a_localisation(ledger=(against, weak, a_weight()))
    (root,), _ = conditions(an_assessment(localisation=found))
    (evidence,) = root["evidence"]
    assert [d["reference"] for d in evidence["detail"]] == [
        "Observation/weakness-great-toe-extension/_history/1",
        "Observation/sensory-loss-dorsum-foot/_history/1",
        "DiagnosticReport/r1/_history/3",
    ]


@pytest.mark.parametrize(
    ("root", "level", "zone", "code"),
    [
        (Root.L5, DiscLevel.L4_L5, Zone.SUBARTICULAR, "M51.16"),
        (Root.L5, DiscLevel.L5_S1, Zone.FORAMINAL, "M51.17"),
        (Root.S1, DiscLevel.L5_S1, Zone.SUBARTICULAR, "M51.17"),
        (Root.L4, DiscLevel.L3_L4, Zone.SUBARTICULAR, "M51.16"),
    ],
)
def test_the_icd_digit_follows_the_disc_level_not_the_root(root, level, zone, code):
    at = RootSide(root, Side.RIGHT)
    fact = an_imaging_fact(level=str(level), side=Side.RIGHT)
    (made,), (cause,) = conditions(one_lesion(at, level=level, zone=zone), a_case(imaging=(fact,)))
    assert code_of(made, ICD) == code
    assert code_of(cause, ICD) is None


@pytest.mark.parametrize(("root", "code"), [("L3", "M54.16"), ("L5", "M54.16"), ("S1", "M54.17")])
def test_without_a_lesion_the_plain_code_of_the_root_is_written(root, code):
    at = RootSide(Root(root), Side.LEFT)
    bare = an_assessment(
        localisation=a_localisation(at), concordance=a_concordance(status="undecided", lesions=())
    )
    (made,), causes = conditions(bare)
    assert code_of(made, ICD) == code
    assert made["code"]["text"] == f"Left {root} radiculopathy"
    assert "extension" not in made
    assert not causes


@pytest.mark.parametrize(
    ("cause", "zone", "kinds", "text", "codes"),
    [
        ("spur", None, (Kind.OSTEOPHYTE,), "bony spur", (None, "M25.78", "M47.26")),
        ("cyst", None, (Kind.SYNOVIAL_CYST,), "synovial cyst", ("240205003", "M71.38", "M54.16")),
        (
            "slip",
            None,
            (Kind.SPONDYLOLISTHESIS,),
            "spondylolisthesis",
            ("274152003", "M43.16", "M54.16"),
        ),
        ("disc", Zone.SUBARTICULAR, (Kind.BULGE,), "disc bulge", (None, None, "M51.16")),
        (
            "stenosis",
            Zone.SUBARTICULAR,
            (Kind.LATERAL_RECESS_STENOSIS,),
            "lateral recess stenosis",
            ("18347007", "M48.061", "M54.16"),
        ),
        (
            "stenosis",
            Zone.FORAMINAL,
            (Kind.FORAMINAL_STENOSIS, Kind.OSTEOPHYTE),
            "foraminal stenosis",
            (None, "M99.63", "M54.16"),
        ),
        (
            "stenosis",
            Zone.FORAMINAL,
            (Kind.FORAMINAL_STENOSIS, Kind.BULGE),
            "foraminal stenosis",
            (None, "M99.73", "M54.16"),
        ),
        (
            "stenosis",
            Zone.FORAMINAL,
            (Kind.FORAMINAL_STENOSIS,),
            "foraminal stenosis",
            (None, None, "M54.16"),
        ),
    ],
)
def test_each_cause_has_true_codes_and_words(cause, zone, kinds, text, codes):
    facts = tuple(an_imaging_fact(kind) for kind in kinds)
    (root,), (made,) = conditions(one_lesion(cause=cause, zone=zone), a_case(imaging=facts))
    assert root["code"]["text"] == f"Left L5 radiculopathy due to L4-L5 {text}"
    assert (code_of(made, SNOMED), code_of(made, ICD), code_of(root, ICD)) == codes


def test_stenosis_with_recorded_claudication_has_the_code_that_says_so():
    walking = a_case(findings=(a_finding("neurogenic-claudication", side=None),))
    _, (made,) = conditions(one_lesion(cause="stenosis", zone=Zone.CENTRAL), walking)
    assert code_of(made, ICD) == "M48.062"


def test_what_imaging_calls_possible_is_not_coded_as_sure():
    (root,), (cause,) = conditions(one_lesion(certain=False))
    assert root["code"]["text"] == "Left L5 radiculopathy possibly due to L4-L5 disc herniation"
    assert code_of(root, ICD) == "M54.16"
    assert code_of(root, SNOMED) == "128196005"
    assert status_of(cause) == "differential"


def test_an_abstention_is_one_differential_for_each_candidate():
    found = an_assessment(localisation=an_abstention(), concordance=a_concordance(lesions=()))
    roots, _ = conditions(found)
    assert [code_of(c, f"{BASE}/CodeSystem/radiculopathy") for c in roots] == [
        "radiculopathy-l5-left",
        "radiculopathy-s1-left",
    ]
    assert {status_of(c) for c in roots} == {"differential"}


def test_no_problem_is_written_when_no_root_is_likely():
    found = an_abstention(none=a_model().combination.name_at)
    assert conditions(an_assessment(localisation=found)) == ([], [])


def test_a_stopping_flag_leaves_the_root_a_differential():
    (root,), (cause,) = conditions(an_assessment(flags=(a_flag(),)))
    assert status_of(root) == status_of(cause) == "differential"


def test_a_suspected_flag_does_not_change_the_status():
    (root,), _ = conditions(an_assessment(flags=(a_flag(status="suspected"),)))
    assert status_of(root) == "provisional"


def test_excluded_codes_never_stand_side_by_side_for_one_person():
    found = an_assessment(localisation=an_abstention(LEFT_L5, LEFT_S1))
    roots, _ = conditions(found)
    assert [code_of(c, ICD) for c in roots] == ["M51.16", None]
    assert code_of(roots[1], SNOMED) == "2415007"


def test_a_level_in_doubt_is_written_as_reported():
    doubt = a_concordance(disagreements=(a_discordance("numbering-uncertain"),))
    (root,), (cause,) = conditions(an_assessment(concordance=doubt))
    assert "at the level reported as L4-L5 (numbering in doubt)" in root["code"]["text"]
    assert "numbering in doubt" in cause["code"]["text"]


def test_a_central_lesion_on_both_roots_is_one_cause():
    right = RootSide(Root.L5, Side.RIGHT)
    both = a_concordance(a_lesion(zone=Zone.CENTRAL), a_lesion(right, zone=Zone.CENTRAL))
    roots, causes = conditions(
        an_assessment(localisation=a_localisation(LEFT_L5, right), concordance=both)
    )
    assert len(roots) == 2
    assert [c["code"]["text"] for c in causes] == ["L4-L5 disc herniation"]


def test_the_strongest_lesion_of_a_root_is_its_cause():
    lesions = a_concordance(
        a_lesion(grade=1.2, cause="stenosis", zone=Zone.FORAMINAL, level=DiscLevel.L5_S1),
        a_lesion(grade=2.8),
    )
    (root,), (cause,) = conditions(an_assessment(concordance=lesions))
    assert "due to L4-L5 disc herniation" in root["code"]["text"]
    assert cause["code"]["coding"][0]["code"] == "disc-herniation"


def test_a_lesion_whose_kind_is_not_said_is_no_cause():
    (root,), causes = conditions(one_lesion(cause="unspecified"))
    assert root["code"]["text"] == "Left L5 radiculopathy"
    assert not causes


def test_every_outward_code_that_is_written_comes_from_the_reviewed_table():
    reviewed = {(c.system, c.code) for codings in a_model().codes.outward.values() for c in codings}
    for made in itertools.chain(*conditions()):
        for coding in made["code"]["coding"]:
            own = coding["system"].startswith(BASE)
            assert own or (coding["system"], coding["code"]) in reviewed


class Asked(dict):
    """The outward table, noting which concepts are asked for and not there."""

    def get(self, concept, default=None):
        if concept not in self and not concept.endswith("."):
            self.setdefault("missing", set()).add(concept)
        return super().get(concept, default)


def test_every_concept_the_writer_asks_for_is_in_the_reviewed_table():
    model = a_model()
    asked = Asked(model.codes.outward)
    watched = replace(model, codes=replace(model.codes, outward=asked))
    for cause, level, zone in itertools.product(
        ("disc", "stenosis", "spur", "cyst", "slip"), DiscLevel, Zone
    ):
        at = RootSide(Root.L5, Side.LEFT)
        assessment = one_lesion(at, cause=cause, level=level, zone=zone)
        for kind in (Kind.EXTRUSION, Kind.BULGE, Kind.OSTEOPHYTE):
            case = a_case(imaging=(an_imaging_fact(kind, level=str(level)),))
            to_transaction(assessment, case, watched)
    uncoded = {
        "category.order.injection",
        "category.order.physiotherapy",
        "category.order.referral",
    }
    unmeasured = {"measure.oswestry-disability-index", "measure.weakness-lower-limb"}
    assert asked.get("missing", set()) <= uncoded | unmeasured
