"""What keeps examination and imaging from agreeing, beside a lesion of another root or side."""

from dataclasses import replace
from itertools import product

import pytest

from service.clinical.anatomy import Role, Side, Zone
from service.clinical.assess import assess
from service.clinical.concordance import compare
from service.clinical.findings import Source, Study
from service.clinical.imaging import ImagingFact, Kind, Relation
from service.clinical.localise import localise
from tests.clinical.patients import NOON, found, lesion, person, root_fact, textbook

LEVELS = {"L4": "L3-L4", "L5": "L4-L5", "S1": "L5-S1"}
PERONEAL = (
    found("weakness-ankle-dorsiflexion"),
    found("sensory-loss-dorsum-foot"),
    found("weakness-ankle-inversion", present=False),
    found("weakness-hip-abduction", present=False),
)


def judged(model, case):
    return compare(case, localise(case, model), model)


def kinds(concordance):
    return {d.kind for d in concordance.disagreements}


def clear_report(modality="MR", reference="DiagnosticReport/r", **more):
    """A study whose report was read and says that nothing is compressed."""
    report = Source(reference, "1", NOON)
    return Study(
        Source(f"ImagingStudy/{reference[-1]}"), modality, NOON, report, clear=True, **more
    )


def two_reports(*facts):
    return replace(
        person(*textbook("L5"), imaging=facts),
        studies=tuple(
            Study(Source(f"ImagingStudy/{n}"), "MR", NOON, Source(f"DiagnosticReport/{n}"))
            for n in ("a", "b")
        ),
    )


@pytest.mark.parametrize(("root", "side"), list(product(LEVELS, Side)))
def test_a_deficit_with_a_report_that_says_nothing_is_compressed_has_no_lesion(model, root, side):
    case = replace(person(*textbook(root, side)), studies=(clear_report(),))
    result = judged(model, case)
    assert (result.status, kinds(result)) == ("discordant", {"deficit-without-lesion"})
    (one,) = result.disagreements
    assert one.sources == (Source("DiagnosticReport/r", "1", NOON),)


def test_a_plain_film_without_a_lesion_says_nothing_of_a_root(model):
    case = replace(person(*textbook("L5")), studies=(clear_report("XR"),))
    assert (judged(model, case).status, kinds(judged(model, case))) == ("undecided", set())


def test_pain_without_a_deficit_and_a_clear_report_disagree_in_nothing(model):
    findings = (found("pain-distribution-lateral-leg-dorsum-foot"), found("pain-below-knee"))
    case = replace(person(*findings), studies=(clear_report(),))
    assert kinds(judged(model, case)) == set()


def test_no_sign_and_a_clear_report_disagree_in_nothing(model):
    normal = [found(f.id, "left", present=False) for f in textbook("S1")]
    case = replace(person(*normal), studies=(clear_report(),))
    assert (judged(model, case).status, kinds(judged(model, case))) == ("undecided", set())


@pytest.mark.parametrize(("root", "side"), list(product(LEVELS, Side)))
def test_a_lesion_with_every_sign_absent_is_a_lesion_without_a_sign(model, root, side):
    signs = {f.id for name in LEVELS for f in textbook(name) if not f.id.startswith("pain")}
    absent = [found(id_, each, present=False) for id_ in sorted(signs) for each in Side]
    case = person(*absent, imaging=[root_fact(root, side=side, level=LEVELS[root])])
    assert kinds(judged(model, case)) == {"lesion-without-sign"}


def test_a_lesion_whose_root_has_one_sign_is_not_said_to_have_none(model):
    absent = [found(f.id, present=False) for f in textbook("S1")[:3]]
    case = person(
        *absent, found("reduced-achilles-reflex"), imaging=[root_fact("S1", level="L5-S1")]
    )
    assert kinds(judged(model, case)) == set()


def test_signs_that_a_rival_explains_never_agree_with_a_lesion(model):
    assert model.rivals
    for rival in model.rivals:
        case = person(*textbook("L5"), imaging=[root_fact("L5")])
        answer = localise(case, model, rivals=(rival,))
        assert compare(case, answer, model).status != "concordant"


def test_a_lesion_elsewhere_never_agrees_with_a_peroneal_nerve_palsy(model):
    for root, side in product(LEVELS, Side):
        fact = root_fact(root, side=side, level=LEVELS[root])
        answer = assess(person(*PERONEAL, imaging=[fact]), model)
        assert answer.rivals
        assert answer.concordance.status != "concordant"


def test_where_no_compressed_root_is_likelier_than_not_nothing_agrees(model):
    case = person(*textbook("L5"), imaging=[root_fact("L5")])
    answer = localise(case, model)
    assert compare(case, answer, model).status == "concordant"
    assert compare(case, answer._replace(none=0.5), model).status == "undecided"


@pytest.mark.parametrize("level", ["L1-L2", "L2-L3", "L3-L4"])
def test_a_root_shown_compressed_at_a_level_that_it_does_not_pass_is_a_wrong_level(model, level):
    result = judged(model, person(*textbook("L5"), imaging=[root_fact("L5", level=level)]))
    (one,) = result.disagreements
    assert (result.status, one.kind) == ("discordant", "level")
    assert level in one.sentence
    assert "L4-L5 or L5-S1" in one.sentence


@pytest.mark.parametrize("kind", ["extrusion", "sequestration", "canal_stenosis"])
def test_a_fragment_or_a_narrow_canal_above_may_meet_a_root_that_passes_below(model, kind):
    facts = [root_fact("L5", level="L3-L4"), lesion(kind, "L3-L4", "left", severity="severe")]
    assert kinds(judged(model, person(*textbook("L5"), imaging=facts))) == set()


@pytest.mark.parametrize("more", [{"role": Role.EXITING}, {"zones": (Zone.FORAMINAL,)}])
def test_a_root_shown_in_the_foramen_of_another_root_is_a_wrong_foramen(model, more):
    wrong = root_fact("L5", level="L4-L5", **more)
    (one,) = judged(model, person(*textbook("L5"), imaging=[wrong])).disagreements
    assert one.kind == "foramen"
    assert "it leaves at L5-S1" in one.sentence
    right = root_fact("L5", level="L5-S1", **more)
    assert kinds(judged(model, person(*textbook("L5"), imaging=[right]))) == set()


@pytest.mark.parametrize("more", [{"numbering": "doubtful"}, {"variants": ("conjoined-roots",)}])
def test_where_roots_are_unusual_or_the_count_is_in_doubt_no_level_is_a_wrong_one(model, more):
    case = person(*textbook("L5"), imaging=[root_fact("L5", level="L3-L4")])
    (study,) = case.studies
    unusual = replace(case, studies=(replace(study, **more),))
    assert "level" not in kinds(judged(model, unusual))


def test_two_reports_that_contradict_each_other_on_a_root_are_said_to(model):
    shown = replace(root_fact("L5"), reference="DiagnosticReport/a")
    denied = replace(shown, present=False, reference="DiagnosticReport/b")
    (one,) = judged(model, two_reports(shown, denied)).disagreements
    assert one.kind == "reports-conflict"
    assert "left L5" in one.sentence
    assert {s.reference for s in one.sources} == {"DiagnosticReport/a", "DiagnosticReport/b"}


def test_a_report_that_contradicts_itself_on_a_root_is_said_to(model):
    facts = [root_fact("L5"), replace(root_fact("L5"), present=False)]
    assert "reports-conflict" in kinds(judged(model, person(*textbook("L5"), imaging=facts)))


def test_reports_of_which_one_is_silent_or_speaks_of_another_side_do_not_contradict(model):
    shown = replace(root_fact("L5"), reference="DiagnosticReport/a")
    other = replace(shown, side=Side.RIGHT, present=False, reference="DiagnosticReport/b")
    silent = replace(lesion("bulge", "L2-L3"), reference="DiagnosticReport/b")
    before = replace(shown, present=False, time="resolved_or_prior", reference="DiagnosticReport/b")
    for second in (other, silent, before):
        assert kinds(judged(model, two_reports(shown, second))) == set()


def test_every_disagreement_has_one_sentence_and_one_action_with_nothing_left_open(model):
    facts = [
        replace(root_fact("L5", side="right"), reference="DiagnosticReport/a"),
        replace(root_fact("L5", side="right"), present=False, reference="DiagnosticReport/b"),
    ]
    result = judged(model, two_reports(*facts))
    assert kinds(result) == {"side", "reports-conflict"}
    for each in result.disagreements:
        assert each.sentence.count(". ") == 0
        assert not {"{", "}"} & set(each.sentence)
        assert each.action
        assert each.severity in {"low", "moderate", "high"}


@pytest.mark.parametrize(("root", "side"), list(product(LEVELS, Side)))
def test_a_lesion_on_the_wrong_root_is_doubted_more_than_one_on_the_right_root(model, root, side):
    def doubt(name, where):
        fact = ImagingFact(
            Kind.NERVE_ROOT,
            LEVELS[name],
            side=where,
            relation=Relation.COMPRESS,
            root=root_fact(name).root,
            reference="DiagnosticReport/r",
        )
        ((at, wrong),) = judged(model, person(*textbook(root, side), imaging=[fact])).doubt
        assert str(at) == f"{where} {name}"
        return wrong

    right = doubt(root, side)
    others = [x for x in product(LEVELS, Side) if x != (root, side)]
    assert right < 0.3
    assert all(doubt(name, where) > 0.7 for name, where in others)


def test_the_doubt_comes_from_the_examination_alone(model):
    signs = textbook("L5")
    case = person(*signs, imaging=[root_fact("S1", level="L5-S1")])
    alone = dict(localise(person(*signs), model).probabilities)
    ((at, doubt),) = judged(model, case).doubt
    assert doubt == pytest.approx(1 - alone[at])
