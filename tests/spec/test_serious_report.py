"""A report that names something worse than a compressed root."""

import base64
import json

import pytest

from service.knowledge.files import load_model
from service.knowledge.wording import load_phrases
from service.workflow import think
from tests.spec.stories import FOLDER

ROUTINE = {"physio", "esi-consider", "surg-opinion", "no-img-now", "self", "target"}


@pytest.mark.parametrize(
    ("wording", "flag"),
    [
        ("L4-L5: discitis with epidural abscess compressing the left L5 root.", "serious-finding-on-imaging"),
        ("Deposit in L3 suspicious for metastasis. Left L4-L5 protrusion.", "serious-finding-on-imaging"),
        ("Large L4-L5 extrusion with cauda equina compression.", "cauda-equina-on-imaging"),
    ],
)  # fmt: skip
def test_the_disease_that_a_report_names_goes_before_every_step_for_a_root(wording, flag):
    bundle = json.loads((FOLDER / "l5-left-foot-drop" / "bundle.json").read_text("utf-8"))
    report = next(
        e["resource"]
        for e in bundle["entry"]
        if e["resource"]["resourceType"] == "DiagnosticReport"
    )
    text = f"MRI LUMBAR SPINE\n\nFindings: {wording}"
    report["presentedForm"][0]["data"] = base64.b64encode(text.encode()).decode()
    body = json.dumps(bundle).encode()
    _, assessment = think(body, model=load_model(), phrases=load_phrases())
    assert assessment.flags[0].stops
    assert flag in {f.id for f in assessment.flags if f.status == "met"}
    steps = {step.action for step in assessment.plan.steps if not step.against}
    assert steps.isdisjoint(ROUTINE)
    assert steps & {"urgent-spine", "emerg-mri"}
