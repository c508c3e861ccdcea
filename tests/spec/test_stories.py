"""Every story at every seam: bundle to case, case to assessment, assessment to write-back."""

import json
from dataclasses import dataclass

import pytest

from tests.spec.stories import FOLDER, Story, stories

TOLD = {story.folder.name: story for story in stories()}
EMERGENCY = "emerg-mri"


@dataclass(frozen=True)
class Expected:
    """What the story itself says must come out, apart from any number."""

    named: tuple[str, ...] = ()
    agreement: str = "concordant"
    disagreements: tuple[str, ...] = ()
    steps: tuple[str, ...] = ("target",)
    never: tuple[str, ...] = (EMERGENCY,)
    flags: tuple[str, ...] = ()


UNTARGETED = ("target", "esi-consider", "surg-opinion", EMERGENCY)
EXPECTED = {
    "cauda-equina": Expected((), "undecided", (), (EMERGENCY, "safety-net"), ("physio", "esi-consider", "no-img-now"), ("cauda-equina",)),
    "l3-right-upper-lumbar": Expected(("l3-right",)),
    "l4-l5-left-two-roots": Expected(("l4-left", "l5-left"), steps=("urgent-spine", "target", "surg-opinion")),
    "l4-right-far-lateral": Expected(("l4-right",), steps=("urgent-spine", "target")),
    "l4-right-foraminal": Expected(("l4-right",)),
    "l5-bilateral-stenosis": Expected(("l5-left", "l5-right")),
    "l5-left-foot-drop": Expected(("l5-left",), steps=("urgent-spine", "target", "surg-opinion")),
    "l5-left-foraminal-l5-s1": Expected(("l5-left",), steps=("target", "surg-opinion")),
    "l5-left-injection-at-wrong-level": Expected(("l5-left",), "discordant", ("order-level",), ("discordant",)),
    "l5-left-transitional-numbering": Expected(("l5-left",), "discordant", ("numbering-uncertain",), ("discordant", "ask"), UNTARGETED),
    "l5-right-amended-report": Expected(("l5-right",)),
    "peroneal-nerve-mimic": Expected((), "undecided", (), ("edx",), UNTARGETED),
    "s1-left-ankle-jerk": Expected(("s1-left",), steps=("target", "esi-consider")),
    "s1-right-discordant-side": Expected(("s1-right",), "discordant", ("side",), ("discordant", "ask", "esi-blocked"), UNTARGETED),
    "too-little-recorded": Expected((), "undecided", (), ("abstain", "ask"), UNTARGETED),
}  # fmt: skip


@pytest.fixture(params=TOLD, ids=str)
def story(request: pytest.FixtureRequest) -> Story:
    return TOLD[request.param]


def test_there_is_an_expectation_for_every_story():
    assert set(EXPECTED) == set(TOLD)
    assert len(TOLD) >= 12


def test_a_story_ends_as_its_teller_says(story):
    expected, answer = EXPECTED[story.folder.name], story.assessment
    steps = {step.action for step in answer.plan.steps if not step.against}
    assert tuple(at.code for at in answer.localisation.named) == expected.named
    assert answer.concordance.status == expected.agreement
    kinds = tuple(d.kind for d in answer.concordance.disagreements)
    assert kinds == expected.disagreements
    assert set(expected.steps) <= steps
    assert steps.isdisjoint(expected.never)
    assert set(expected.flags) <= {f.id for f in answer.flags if f.status == "met"}


def test_no_mimic_is_given_as_a_compressed_root():
    answer = TOLD["peroneal-nerve-mimic"].assessment.localisation
    assert answer.named == ()
    assert "common-peroneal-neuropathy" in {
        r[0] for r in TOLD["peroneal-nerve-mimic"].assessment.rivals
    }


def test_only_the_amended_report_counts():
    case = TOLD["l5-right-amended-report"].case
    assert {fact.reference for fact in case.imaging} == {"DiagnosticReport/leo-report-2"}


@pytest.mark.parametrize("name", ["case.json", "assessment.json", "writeback.json"])
def test_what_follows_from_a_story_is_what_its_folder_holds(story, name):
    kept = (story.folder / name).read_text("utf-8")
    assert story.results()[name] == kept, (
        f"run python -m tests.regenerate and read the diff of {name}"
    )


def test_nothing_of_a_story_is_left_unread_without_a_reason(story):
    allowed = {"too-little-recorded"}
    assert not story.case.issues or story.folder.name in allowed


def test_every_folder_holds_one_story_in_four_files_and_a_page_for_people():
    wanted = {"README.md", "bundle.json", "case.json", "assessment.json", "writeback.json"}
    for folder in FOLDER.iterdir():
        assert {f.name for f in folder.iterdir()} == wanted


def test_the_writeback_names_only_the_patient_of_the_story(story):
    subjects = {
        reference
        for entry in story.writeback["entry"]
        for reference in [entry["resource"].get("subject", {}).get("reference")]
        if reference and reference.startswith("Patient/")
    }
    assert subjects == {story.assessment.patient}


def test_a_story_gives_the_same_bytes_when_it_is_told_in_another_order(story):
    bundle = json.loads(story.body)
    bundle["entry"].reverse()
    again = Story(story.folder, story.model, story.phrases)
    again.__dict__["body"] = json.dumps(bundle).encode()
    assert json.dumps(again.writeback) == json.dumps(story.writeback)
