"""A story patient of ``fixtures/cases``: what is put on the server, and what must come back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.errors import LasegueError

STORIES = ("l4-right-foraminal", "l5-left-foot-drop", "s1-left-ankle-jerk")
_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Story:
    """One story: its title, its patient, its resources in order, and the root it must end with."""

    title: str
    patient: str
    resources: tuple[dict[str, Any], ...]
    expected: str


def stories() -> tuple[Story, ...]:
    """Read the stories of the demonstration. Raises LasegueError outside a checkout."""
    folder = next(
        (top / "fixtures" / "cases" for top in (Path.cwd(), _CHECKOUT) if _holds_stories(top)), None
    )
    if folder is None:
        raise LasegueError("fixtures/cases is not here: run the demonstration from a checkout")
    return tuple(_read(folder / name) for name in STORIES)


def _holds_stories(top: Path) -> bool:
    return (top / "fixtures" / "cases" / STORIES[0] / "bundle.json").is_file()


def _read(folder: Path) -> Story:
    bundle = json.loads((folder / "bundle.json").read_text("utf-8"))
    resources = tuple(entry["resource"] for entry in bundle["entry"])
    assessment = json.loads((folder / "assessment.json").read_text("utf-8"))
    (named,) = assessment["localisation"]["named"]
    title = (folder / "README.md").read_text("utf-8").splitlines()[0].lstrip("# ")
    patient = next(r["id"] for r in resources if r["resourceType"] == "Patient")
    return Story(title, f"Patient/{patient}", resources, named)
