"""The knowledge that ships: complete, and as its own rules ask."""

import json
import re
from pathlib import Path

import pytest

from service.clinical.model import Model
from service.knowledge.files import load_model

ROOT = Path(__file__).parents[1]
FINDING = "https://lasegue.example/fhir/CodeSystem/finding"
DERMATOMES = ("l2", "l3", "l4", "l5", "s1", "s2")
MOVEMENTS = [
    "hip-flexion",
    "hip-adduction",
    "hip-abduction",
    "hip-extension",
    "knee-extension",
    "knee-flexion",
    "ankle-dorsiflexion",
    "plantar-flexion",
    "ankle-inversion",
    "ankle-eversion",
    "great-toe-extension",
    "great-toe-flexion",
    "toe-extension",
    "lower-limb",
]
OTHERS = [
    "heel-walk-unable",
    "toe-walk-unable",
    "foot-drop",
    "trendelenburg-positive",
    "antalgic-gait",
    "reduced-patellar-reflex",
    "reduced-achilles-reflex",
    "reduced-medial-hamstring-reflex",
    "brisk-reflexes",
    "extensor-plantar-response",
    "saddle-sensory-loss",
    "urinary-retention",
    "urinary-incontinence",
    "bowel-incontinence",
    "reduced-anal-tone",
    "bilateral-leg-pain",
    "bilateral-leg-weakness",
    "sexual-dysfunction",
    "fever",
    "unexplained-weight-loss",
    "night-pain",
    "significant-trauma",
    "pulsatile-abdominal-mass",
    "post-void-residual",
    "leg-pain-nrs",
    "back-pain-nrs",
    "oswestry-disability-index",
    "start-back-total",
    "start-back-psychosocial",
    "symptom-duration",
    "mri-done-before-examination",
    "hip-rotation-pain",
    "fabre-positive",
    "sacroiliac-provocation-positive",
    "piriformis-tenderness",
    "fibular-head-tinel-positive",
    "absent-foot-pulses",
    "vesicular-rash",
    "glove-and-stocking-loss",
    "neurogenic-claudication",
    "vascular-claudication",
    "age-under-40",
    "age-40-to-59",
    "age-60-or-over",
    "straight-leg-raise-positive",
    "crossed-straight-leg-raise-positive",
    "slump-positive",
    "femoral-nerve-stretch-positive",
    "crossed-femoral-stretch-positive",
    "cough-impulse-leg-pain",
    "leg-pain-worse-than-back-pain",
    "pain-below-knee",
    "paraesthesia-leg",
    "forward-flexion-limited",
    "calf-wasting",
    "sit-to-stand-single-leg-unable",
]


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


def test_every_finding_that_examiners_state_can_be_said(model: Model) -> None:
    kinds = ("sensory-loss-dermatome", "paraesthesia-dermatome", "pain-dermatome")
    dermatomes = [f"{kind}-{root}" for kind in kinds for root in DERMATOMES]
    weaknesses = [f"weakness-{movement}" for movement in MOVEMENTS]
    assert set(dermatomes) | set(weaknesses) | set(OTHERS) <= set(model.findings)


def test_a_dermatome_points_most_at_its_own_root(model: Model) -> None:
    own = {"l2": "L3", "l3": "L3", "l4": "L4", "l5": "L5", "s1": "S1", "s2": "S1"}
    for kind in ("sensory-loss", "paraesthesia", "pain"):
        for dermatome, root in own.items():
            given = model.findings[f"{kind}-dermatome-{dermatome}"].given
            assert given
            assert max(given, key=given.__getitem__) == root


def test_stop_conditions_and_measures_never_weigh_on_a_root(model: Model) -> None:
    silent = {"cauda_equina", "serious_disease", "measure", "circumstance", "age", "gait"}
    for finding in model.findings.values():
        if finding.group in silent | {"upper_motor_neuron"}:
            assert finding.given is None, finding.id


def test_age_counts_once_as_the_prior(model: Model) -> None:
    young, old = model.priors.roots_by_age[0][1], model.priors.roots_by_age[-1][1]
    assert young["S1"] > old["S1"]
    assert young["L4"] < old["L4"]
    assert all(f.given is None for f in model.findings.values() if f.group == "age")


def test_a_sign_that_alone_makes_a_rival_pattern_does_not_weigh_again(model: Model) -> None:
    for rival in model.rivals:
        if len(rival.when.every) == 1 and not rival.when.some:
            sign = rival.when.every[0].name
            known = model.findings.get(sign)
            assert known is None or known.given is None, rival.id


def test_figures_nobody_published_are_marked_as_judged_and_of_low_grade(model: Model) -> None:
    for finding in model.findings.values():
        if finding.given is not None and finding.basis == "expert":
            assert finding.grade == "low", finding.id


def test_strength_reflex_and_angle_become_presence_by_a_threshold(model: Model) -> None:
    assert model.findings["weakness-knee-extension"].at_most == 4.9
    assert model.findings["reduced-achilles-reflex"].at_most == 1
    assert model.findings["straight-leg-raise-positive"].at_most == 70
    assert model.findings["brisk-reflexes"].at_least == 3


def test_the_clinical_changelog_tells_of_this_edition(model: Model) -> None:
    log = (ROOT / "mappings/CHANGELOG.md").read_text("utf-8")
    assert f"## {model.edition} (" in log


def test_the_folder_holds_data_and_no_code() -> None:
    code = [p.name for p in (ROOT / "mappings").rglob("*.py")]
    assert code == ["__init__.py"]


def test_every_file_of_knowledge_opens_with_its_grammar() -> None:
    for file in (ROOT / "mappings").rglob("*"):
        if file.suffix in (".toml", ".csv"):
            assert file.read_text("utf-8").startswith("#"), file.name


def test_every_finding_of_the_stories_is_in_the_vocabulary(model: Model) -> None:
    said = {name for f in model.findings.values() for name in (f.id, *f.aliases)}
    told = set()
    for file in (ROOT / "fixtures/cases").rglob("bundle.json"):
        text = json.dumps(json.loads(file.read_text("utf-8")))
        told |= set(re.findall(rf'"{re.escape(FINDING)}", "code": "([^"]+)"', text))
    assert told
    assert told <= said
