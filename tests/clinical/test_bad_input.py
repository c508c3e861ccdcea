"""Input that contradicts itself or cannot be: it is said, it is not used, and nothing falls over."""

from dataclasses import replace
from math import inf, nan

import pytest

from service.clinical.admitted import NoSuchChoice, contradictions
from service.clinical.anatomy import Root, Side
from service.clinical.assess import assess
from service.clinical.findings import Finding, IssueKind, Order, Presence, Source
from service.clinical.imaging import ImagingFact, Kind, Relation
from tests.clinical.patients import NOON, found, lesion, person, root_fact, textbook


def issues_of(answer, kind):
    return [issue for issue in answer.issues if issue.kind is kind]


def contrary(id_="reduced-achilles-reflex", side="left"):
    """One sign that two records of one time call present and absent."""
    said = found(id_, side)
    other = found(id_, side, present=False)
    return said, replace(other, source=replace(other.source, reference="Observation/other"))


def test_a_finding_present_and_absent_at_one_time_and_place_is_an_issue(model):
    said, other = contrary()
    answer = assess(person(said, other), model)
    conflicts = issues_of(answer, IssueKind.CONFLICT)
    assert {i.reference for i in conflicts} == {said.source.reference, "Observation/other"}
    assert all("present and as absent" in issue.sentence for issue in conflicts)


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_contrary_records_the_one_that_says_present_counts(model, order):
    pair = contrary()[::order]
    alone = assess(person(pair[0] if order == 1 else pair[1]), model)
    both = assess(person(*pair), model)
    assert both.localisation.probabilities == alone.localisation.probabilities


def test_records_of_another_time_or_side_do_not_contradict(model):
    said = found("reduced-achilles-reflex")
    others = (
        found("reduced-achilles-reflex", present=False, hours=1),
        found("reduced-achilles-reflex", "right", present=False),
        found("reduced-achilles-reflex", present=None),
    )
    for other in others:
        assert contradictions((said, other)) == ()
        assert assess(person(said, other), model).issues == ()


def test_contrary_records_without_a_time_contradict_each_other():
    said, other = (replace(f, source=replace(f.source, recorded=None)) for f in contrary())
    assert len(contradictions((said, other))) == 2


@pytest.mark.parametrize(
    ("id_", "value"),
    [
        ("weakness-plantar-flexion", 7),
        ("weakness-plantar-flexion", -1),
        ("reduced-achilles-reflex", -1),
        ("reduced-achilles-reflex", 5),
        ("straight-leg-raise-positive", 400),
        ("leg-pain-nrs", 11),
        ("symptom-duration", -3),
        ("symptom-duration", inf),
        ("weakness-plantar-flexion", nan),
    ],
)
@pytest.mark.parametrize("present", [True, None])
def test_a_value_outside_its_scale_is_refused_and_moves_nothing(model, id_, value, present):
    impossible = found(id_, present=present, value=value)
    answer = assess(person(*textbook("L5"), impossible), model)
    (issue,) = issues_of(answer, IssueKind.REFUSED)
    assert issue.reference == impossible.source.reference
    assert str(value) not in issue.sentence
    without = assess(person(*textbook("L5")), model)
    assert answer.localisation == without.localisation
    assert answer.plan == without.plan


@pytest.mark.parametrize(
    ("id_", "value"),
    [
        ("weakness-plantar-flexion", 0),
        ("weakness-plantar-flexion", 5),
        ("reduced-achilles-reflex", 4),
        ("straight-leg-raise-positive", 0),
        ("straight-leg-raise-positive", 180),
        ("leg-pain-nrs", 10),
    ],
)
def test_the_ends_of_a_scale_are_on_it(model, id_, value):
    assert assess(person(found(id_, present=None, value=value)), model).issues == ()


def test_an_impossible_grade_does_not_hide_the_grade_before_it(model):
    case = person(
        found("weakness-plantar-flexion", value=3),
        found("weakness-plantar-flexion", value=9, hours=1),
    )
    before = assess(person(found("weakness-plantar-flexion", value=3)), model)
    assert assess(case, model).localisation == before.localisation


@pytest.mark.parametrize(
    "fact",
    [
        ImagingFact(
            Kind.NERVE_ROOT,
            "L5-S1",
            root=Root.S2,
            side=Side.LEFT,
            relation=Relation.COMPRESS,
            reference="DiagnosticReport/r",
        ),
        lesion("extrusion", "T12-L1", "left"),
        lesion("extrusion", "S3", "left"),
        lesion("foraminal_stenosis", "S2-S3", severity="severe"),
    ],
)
def test_a_root_or_level_outside_the_model_is_said_and_not_used(model, fact):
    answer = assess(person(*textbook("L5"), imaging=[root_fact("L5"), fact]), model)
    (issue,) = issues_of(answer, IssueKind.REFUSED)
    assert issue.reference == "DiagnosticReport/r"
    without = assess(person(*textbook("L5"), imaging=[root_fact("L5")]), model)
    assert answer.localisation == without.localisation
    assert answer.concordance == without.concordance


@pytest.mark.parametrize("kind", ["facet_arthropathy", "bulge", "osteophyte"])
def test_what_shows_no_root_anywhere_is_not_complained_of_at_an_odd_level(model, kind):
    case = person(*textbook("L5"), imaging=[root_fact("L5"), lesion(kind, "T12-L1")])
    assert assess(case, model).issues == ()


@pytest.mark.parametrize(
    "named",
    [{"roots": ("T12",)}, {"roots": ("S3",)}, {"levels": ("T12-L1",)}, {"foramina": ("S3",)}],
)
@pytest.mark.parametrize("findings", [(), textbook("L5")])
def test_an_order_for_a_root_outside_the_model_is_said(model, named, findings):
    order = Order("injection", Source("ServiceRequest/o"), **named)
    answer = assess(person(*findings, orders=[order]), model)
    (issue,) = issues_of(answer, IssueKind.REFUSED)
    assert issue.reference == "ServiceRequest/o"
    raised = {d.kind.partition("-")[0] for d in answer.concordance.disagreements}
    assert raised == ({"order"} if findings else set())


def test_a_finding_that_is_not_in_the_vocabulary_moves_nothing(model):
    answer = assess(person(*textbook("L5"), found("no-such-sign")), model)
    without = assess(person(*textbook("L5")), model)
    assert answer.localisation.probabilities == without.localisation.probabilities


def test_a_sided_finding_without_a_side_and_without_a_time_is_taken_as_it_is(model):
    bare = Finding("reduced-achilles-reflex", Presence.PRESENT, Source("Observation/bare"))
    probabilities = dict(assess(person(bare), model).localisation.probabilities)
    by_root = {str(at): p for at, p in probabilities.items()}
    assert by_root["left S1"] == pytest.approx(by_root["right S1"])


def test_what_is_wrong_is_said_beside_what_was_said_before(model):
    said, other = contrary()
    case = person(said, other, found("weakness-plantar-flexion", value=7))
    answer = assess(case, model)
    again = assess(replace(case, issues=answer.issues), model)
    assert again.issues == answer.issues
    assert len(answer.issues) == 3


@pytest.mark.parametrize("choice", [{"population": "mars"}, {"profile": "mars"}, {"profile": ""}])
def test_a_population_or_profile_that_does_not_exist_is_refused_by_name(model, choice):
    (what,) = choice
    with pytest.raises(NoSuchChoice, match=f"no such {what}") as refused:
        assess(person(*textbook("L5")), model, **choice)
    assert refused.value.what == what
    assert "mars" not in str(refused.value)


def test_an_empty_case_is_answered_without_a_root_and_without_an_issue(model):
    answer = assess(person(), model)
    assert answer.localisation.named == ()
    assert answer.issues == ()
    assert answer.as_of == NOON
