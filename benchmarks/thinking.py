"""From a case to its assessment: 20 findings and a few imaging facts. ``python -m benchmarks.thinking``

The bar is half a millisecond. The floor is a loop of float additions in plain Python: one for every
hypothesis and every item that can weigh on it, and one for every hypothesis and root that is added up.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.floor import added, measured, show
from service.clinical.assess import assess
from service.clinical.findings import Case
from service.clinical.localise import localise
from service.clinical.model import Model
from service.knowledge.files import load_model
from service.knowledge.wording import load_phrases
from service.memory import settle_memory
from service.workflow import think

STORY = Path(__file__).parents[1] / "fixtures" / "cases" / "l5-left-foot-drop" / "bundle.json"
FINDINGS, FACTS, HYPOTHESES, ROOTS = 20, 4, 64, 8
BAR_MS = 0.5


def the_case(model: Model) -> Case:
    """A story, cut to twenty findings and four imaging facts."""
    case, _ = think(STORY.read_bytes(), model=model, phrases=load_phrases())
    case = replace(case, findings=case.findings[:FINDINGS], imaging=case.imaging[:FACTS])
    if (len(case.findings), len(case.imaging)) != (FINDINGS, FACTS):
        raise SystemExit("the story has become too short for this benchmark")
    return case


def run(*, rounds: int = 21, each: int = 100) -> None:
    """Measure and print."""
    model = load_model()
    case = the_case(model)
    settle_memory()
    additions = (FINDINGS + FACTS + ROOTS) * HYPOTHESES
    found = measured(
        {
            "assess": lambda: assess(case, model),
            "localise": lambda: localise(case, model),
            "floor": added(additions),
        },
        rounds=rounds,
        each=each,
    )
    print(
        f"thinking: {FINDINGS} findings, {FACTS} imaging facts; floor: {additions} float additions"
    )
    show("case to assessment", found["assess"], found["floor"], bar_ms=BAR_MS)
    show("localisation alone", found["localise"], found["floor"])


if __name__ == "__main__":
    run()
