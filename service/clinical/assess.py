"""The one public function of the core: a case and a model in, an assessment out."""

from __future__ import annotations

from service.clinical.answer import (
    Assessment,
    Concordance,
    Discordance,
    FlagRaised,
    GoalSet,
    Lesion,
    Localisation,
    NextItem,
    Plan,
    Question,
    Step,
    Target,
    Weight,
)

__all__ = [
    "Assessment",
    "Concordance",
    "Discordance",
    "FlagRaised",
    "GoalSet",
    "Lesion",
    "Localisation",
    "NextItem",
    "Plan",
    "Question",
    "Step",
    "Target",
    "Weight",
]
