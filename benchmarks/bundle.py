"""From the bytes of a Bundle with 60 entries to those of its write-back. ``python -m benchmarks.bundle``

The bar is 8 ms of CPU time. The floor is orjson reading and writing the same body, which any service
must do. ``--profile`` shows where the time goes.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import sys
import time
from base64 import b64decode
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from benchmarks.floor import Action, measured, show
from service.clinical.assess import assess
from service.clinical.model import Model
from service.fhir.bundles import Entry, split
from service.fhir.outgoing import check_outgoing
from service.fhir.reading import to_case
from service.fhir.writing import to_transaction
from service.knowledge.files import load_model
from service.knowledge.wording import load_phrases
from service.memory import settle_memory
from service.reports.phrases import Phrases
from service.reports.read import read_report
from service.workflow import assess_bundle

STORY = Path(__file__).parents[1] / "fixtures" / "cases" / "l5-left-foot-drop" / "bundle.json"
ENTRIES = 60
BAR_MS = 8.0
VITALS = (
    ("8867-4", "Heart rate", "/min", 72),
    ("8310-5", "Body temperature", "Cel", 36.8),
    ("9279-1", "Respiratory rate", "/min", 14),
    ("29463-7", "Body weight", "kg", 74),
    ("8302-2", "Body height", "cm", 168),
)


def the_body() -> bytes:
    """A story with vital signs beside it, which say nothing of any root, up to sixty entries."""
    bundle = json.loads(STORY.read_bytes())
    patient = next(
        e["resource"]["id"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient"
    )
    missing = ENTRIES - len(bundle["entry"])
    bundle["entry"] += [_vital_sign(number, patient) for number in range(missing)]
    return orjson.dumps(bundle)


def _vital_sign(number: int, patient: str) -> dict[str, Any]:
    code, words, unit, value = VITALS[number % len(VITALS)]
    taken = f"2026-09-{number % 28 + 1:02d}T07:00:00Z"
    category = "http://terminology.hl7.org/CodeSystem/observation-category"
    resource = {
        "resourceType": "Observation",
        "id": f"vital-{number}",
        "meta": {"versionId": "1", "lastUpdated": taken},
        "status": "final",
        "category": [{"coding": [{"system": category, "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": words}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": taken,
        "valueQuantity": {
            "value": value,
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
    }
    base = "https://hospital.example/fhir/Observation"
    return {"fullUrl": f"{base}/vital-{number}", "resource": resource}


def whole(body: bytes, model: Model, phrases: Phrases) -> bytes:
    """What a caller of the service pays for."""
    return orjson.dumps(assess_bundle(body, model=model, phrases=phrases))


def stages(body: bytes, model: Model, phrases: Phrases) -> dict[str, float]:
    """CPU seconds of each piece of one run, each with the fresh result of the one before.

    Run on its own again and again, a piece would find its data and code in the processor's caches,
    and what the gate notes on a Bundle noted already: the pieces would not add up to the whole.
    """
    ticks = [("", time.process_time())]

    def done(name: str) -> None:
        ticks.append((name, time.process_time()))

    parts = split(body)
    done("split")
    case = to_case(parts.entries, model, as_of=parts.timestamp, phrases=phrases)
    done("read, with the report")
    assessment = assess(case, model)
    done("think")
    bundle = to_transaction(assessment, case, model)
    done("write")
    check_outgoing(bundle)
    done("check")
    orjson.dumps(bundle)
    done("encode")
    return {name: then - before for (_, before), (name, then) in pairwise(ticks)}


def report_alone(body: bytes, phrases: Phrases) -> Action:
    """Reading the wording of the body's reports, and nothing else."""
    texts = [text for text in map(_wording, split(body).entries) if text]
    return lambda: [read_report(text, phrases) for text in texts]


def _wording(entry: Entry) -> str:
    if entry.type != "DiagnosticReport":
        return ""
    forms = orjson.loads(entry.resource).get("presentedForm", [])
    return "".join(b64decode(form["data"]).decode() for form in forms)


def run(*, rounds: int = 15, each: int = 5) -> None:
    """Measure and print, with the knowledge out of the garbage collector's rounds as in the service."""
    model, phrases, body = load_model(), load_phrases(), the_body()
    settle_memory()
    found = measured(
        {
            "body to write-back": lambda: whole(body, model, phrases),
            "floor": lambda: orjson.dumps(orjson.loads(body)),
            "report alone": report_alone(body, phrases),
        },
        rounds=rounds,
        each=each,
    )
    print(f"bundle: {ENTRIES} entries, {len(body)} bytes; floor: orjson reads and writes the body")
    floor = found.pop("floor")
    show("body to write-back", found.pop("body to write-back"), floor, bar_ms=BAR_MS)
    passes = [stages(body, model, phrases) for _ in range(rounds * each)]
    found |= {name: median(one[name] for one in passes) for name in passes[0]}
    for name, seconds in found.items():
        show(f"  {name}", seconds, floor)


def profile(times: int = 100, lines: int = 30) -> None:
    """Print what took the most time of its own, over many runs."""
    model, phrases, body = load_model(), load_phrases(), the_body()
    whole(body, model, phrases)
    with cProfile.Profile() as profiler:
        for _ in range(times):
            whole(body, model, phrases)
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(lines)


if __name__ == "__main__":
    profile() if "--profile" in sys.argv else run()
