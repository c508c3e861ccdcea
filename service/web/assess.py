"""``POST /fhir/$assess``: resources of one person in, the write-back Bundle out; nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from service import log
from service.clinical.model import Model
from service.errors import NotUnderstood
from service.fhir.bundles import split
from service.fhir.moments import moment
from service.web import openapi
from service.web.answers import fhir
from service.web.auth import check_token
from service.web.bodies import read_json

FHIR_VERSIONS = ("4.0", "4.0.1", "4.3", "4.3.0")
"""The versions that what is written is valid in, alike."""

_NAMES = ("profile", "population", "asOf", "fhirVersion")
_IGNORED = ("_format", "_pretty")


@dataclass(frozen=True, slots=True)
class Wish:
    """How an assessment is wanted. What is empty is left to the knowledge and to the input."""

    profile: str = "default"
    population: str = ""
    as_of: datetime | None = None


Assess = Callable[[bytes, Wish], dict[str, Any]]
"""Assesses a body and gives the write-back Bundle."""


def blueprint(assess: Assess, model: Model, *, token: str, max_depth: int) -> Any:
    """The synchronous door."""
    made = Blueprint("assess", __name__, description="Assess at once, without storing anything")

    def assess_now() -> Response:
        """Assess the resources of one person and answer with the write-back Bundle.

        Takes a Bundle, or Parameters with `resource` and the same words as the query. Nothing is
        stored and nothing is sent anywhere.
        """
        check_token(token)
        body, _ = read_json()
        answer = assess(body, wish_for(body, _query(), model, max_depth=max_depth))
        log.note("assessed", entries=len(answer.get("entry", ())))
        return fhir(answer)

    openapi.route(made, "/fhir/$assess", assess_now, ["POST"], openapi.ASSESS)
    return made


def _query() -> dict[str, str]:
    return {name: text for name, text in request.args.items() if name not in _IGNORED}


def wish_for(body: bytes, words: Mapping[str, str], model: Model, *, max_depth: int) -> Wish:
    """How the assessment of a body is wanted; what Parameters in it say wins over ``words``."""
    if b'"Parameters"' not in body:
        return wish(words, model)
    return wish({**words, **split(body, max_depth=max_depth).parameters}, model)


def wish(words: Mapping[str, str], model: Model) -> Wish:
    """Read how an assessment is wanted; raises NotUnderstood and says what there is instead."""
    words = {_known("parameter", name, _NAMES): text for name, text in words.items()}
    profile = _known("profile", words.get("profile") or "default", model.profiles)
    population = words.get("population") or ""
    population = population and _known("population", population, model.populations)
    _known("fhirVersion", words.get("fhirVersion") or FHIR_VERSIONS[0], FHIR_VERSIONS)
    as_of = moment(words.get("asOf"))
    if words.get("asOf") and as_of is None:
        raise NotUnderstood("asOf is not a FHIR date or dateTime.", expression="asOf")
    return Wish(profile, population, as_of)


def _known(name: str, word: str, words: Iterable[str]) -> str:
    """The word as the knowledge spells it; upper and lower case make no difference."""
    spelt = {known.lower(): known for known in words}
    if word.lower() not in spelt:
        there = ", ".join(sorted(spelt.values()))
        raise NotUnderstood(f"There is no such {name}; there is {there}.", expression=name)
    return spelt[word.lower()]
