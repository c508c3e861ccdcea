"""The one public function of the core: a case and a model in, an assessment out."""

from __future__ import annotations

from functools import lru_cache

from service.clinical.admitted import admitted, must_exist
from service.clinical.answer import Assessment
from service.clinical.concordance import compare
from service.clinical.facts import answer_facts, case_facts
from service.clinical.findings import Case
from service.clinical.lesions import seen_roots
from service.clinical.localise import localise, withhold
from service.clinical.model import Model
from service.clinical.pathway import ask_about, choose
from service.clinical.progression import course
from service.clinical.red_flags import watch


def assess(
    case: Case, model: Model, *, population: str = "", profile: str = "default"
) -> Assessment:
    """Think about one case: what must not wait, which root, whether it all agrees, what next.

    ``population`` is a key of ``model.populations`` (empty: their mixture) and ``profile`` one of
    ``model.profiles``. Raises NoSuchChoice for either when it does not exist. What cannot be, or
    contradicts itself, is among the issues of the answer.
    """
    must_exist(model, population, profile)
    case = admitted(case, model)
    worse = course(case.findings, model, case.as_of)
    recorded = case_facts(case, model, changed=worse.facts)
    flags, rivals, undecided = watch(recorded, model)
    seen = seen_roots(case.imaging, model.imaging)
    localisation = localise(case, model, population=population, rivals=rivals, seen=seen)
    withheld = [f.label for f in flags if f.status == "met" and f.id in _withholding(model)]
    if withheld:
        localisation = withhold(localisation, withheld[0])
    concordance = compare(case, localisation, model, seen)
    concluded = answer_facts(localisation, concordance, flags, profile, population, rivals=rivals)
    plan = choose(recorded | concluded, model, profile, localisation, concordance)
    return Assessment(
        patient=case.person.reference,
        as_of=case.as_of,
        population=population,
        edition=model.edition,
        digest=model.digest,
        localisation=localisation,
        flags=flags,
        rivals=tuple((r.id, r.label, r.sentence) for r in rivals),
        concordance=concordance,
        plan=ask_about(plan, undecided, model),
        issues=case.issues,
        progression=worse.changes,
        open_rivals=tuple((r.id, r.label, r.open_sentence) for r, _ in undecided),
    )


@lru_cache(maxsize=8)
def _withholding(model: Model) -> frozenset[str]:
    return frozenset(flag.id for flag in model.red_flags if flag.withholds)
