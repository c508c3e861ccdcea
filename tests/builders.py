"""Cases and assessments as values: defaults in one place, everything else by keyword."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from service.clinical.anatomy import BOTH, DiscLevel, Root, RootSide, Side, Zone, foramen_of
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
from service.clinical.findings import (
    Case,
    Finding,
    IssueKind,
    Person,
    Presence,
    ReadingIssue,
    Source,
    Study,
)
from service.clinical.imaging import ImagingFact, Kind
from service.clinical.model import MODEL_ROOTS, Model
from service.fhir.transaction import refer
from service.knowledge.files import load_model

AS_OF = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PATIENT = "Patient/p1"
LEFT_L5 = RootSide(Root.L5, Side.LEFT)
LEFT_S1 = RootSide(Root.S1, Side.LEFT)
RIGHT_S1 = RootSide(Root.S1, Side.RIGHT)
ROOT_SIDES = tuple(RootSide(root, side) for root in MODEL_ROOTS for side in BOTH)
REPORT = Source("DiagnosticReport/r1", "3")


@cache
def a_model() -> Model:
    """The knowledge that ships with the service."""
    return load_model()


def a_finding(id_: str = "weakness-great-toe-extension", **given: Any) -> Finding:
    """A present finding on the left, read from its own Observation."""
    source = given.pop("source", Source(f"Observation/{id_}", "1"))
    return Finding(
        **{"id": id_, "presence": Presence.PRESENT, "source": source, "side": Side.LEFT, **given}
    )


def an_imaging_fact(kind: Kind = Kind.EXTRUSION, **given: Any) -> ImagingFact:
    """An extrusion at L4-L5 on the left, read from the report."""
    return ImagingFact(
        **{
            "kind": kind,
            "level": "L4-L5",
            "zones": (Zone.SUBARTICULAR,),
            "side": Side.LEFT,
            "reference": REPORT.reference,
            "version": REPORT.version,
            **given,
        }
    )


def a_case(**given: Any) -> Case:
    """A left L5 with an extrusion at L4-L5."""
    study = Study(Source("ImagingStudy/s1", "1"), "MR", AS_OF, REPORT)
    person = Person(PATIENT, age=47, onset=date(2026, 10, 1), source=Source(PATIENT, "2"))
    return Case(
        **{
            "person": person,
            "as_of": AS_OF,
            "findings": (
                a_finding(),
                a_finding("sensory-loss-dorsum-foot"),
                a_finding("reduced-achilles-reflex", presence=Presence.ABSENT),
            ),
            "imaging": (an_imaging_fact(),),
            "studies": (study,),
            **given,
        }
    )


def a_weight(
    root: RootSide = LEFT_L5, by: float = 1.2, finding: Finding | None = None, **given: Any
) -> Weight:
    """A ledger line that moves one root."""
    finding = finding or a_finding()
    return Weight(
        **{
            "kind": "finding",
            "id": finding.id,
            "sentence": f"{finding.id} on the {finding.side}: {finding.presence}.",
            "towards": ((root, by),),
            "group": "motor",
            "side": finding.side,
            "presence": finding.presence,
            "sources": ("suri2011",),
            "grade": "moderate",
            "source": finding.source,
            **given,
        }
    )


def a_lesion(root: RootSide = LEFT_L5, **given: Any) -> Lesion:
    """A disc at L4-L5 that surely presses on the left L5 root."""
    return Lesion(
        **{
            "root": root,
            "cause": "disc",
            "level": DiscLevel.L4_L5,
            "zone": Zone.SUBARTICULAR,
            "grade": 2.5,
            "certain": True,
            "source": REPORT,
            **given,
        }
    )


def a_localisation(*named: RootSide, **given: Any) -> Localisation:
    """The left L5 root, named with 0.82, unless other roots are given."""
    named = named or (LEFT_L5,)
    chances = {at: 0.82 if at in named else 0.0123456 for at in ROOT_SIDES}
    return Localisation(
        **{
            "probabilities": tuple(sorted(chances.items(), key=lambda item: (-item[1], item[0]))),
            "none": 0.08,
            "hypotheses": ((frozenset(named), 0.82), (frozenset(), 0.08)),
            "named": named,
            "candidates": named,
            "ledger": tuple(a_weight(root) for root in named),
            "next_items": (
                NextItem(
                    "reduced-achilles-reflex",
                    "Ankle reflex reduced",
                    Side.LEFT,
                    0.1,
                    "If present, left S1 becomes more likely.",
                    "If absent, left L5 becomes more likely.",
                ),
            ),
            "would_change": "Without weakness-great-toe-extension (left) the answer none would lead.",
            "statement": "Left L5 (0.82); no compressed root 0.08.",
            **given,
        }
    )


def an_abstention(*candidates: RootSide, **given: Any) -> Localisation:
    """No root named; two remain unless others are given."""
    candidates = candidates or (LEFT_L5, LEFT_S1)
    chances = {at: 0.4 if at in candidates else 0.02 for at in ROOT_SIDES}
    return a_localisation(
        *candidates,
        **{
            "probabilities": tuple(chances.items()),
            "none": 0.2,
            "named": (),
            "candidates": candidates,
            "statement": "Undecided.",
            **given,
        },
    )


def a_step(action: str = "physio", **given: Any) -> Step:
    """A step that the DK profile proposes."""
    return Step(
        **{
            "rule": f"rule-{action}",
            "topic": "physiotherapy",
            "action": action,
            "sentence": "Supervised exercise may be added to usual care.",
            "reason": "Pain for five weeks with usual care only",
            "against": False,
            "urgency": "routine",
            "order": "",
            "detail": "",
            "due_days": 42,
            "targets": (),
            "source": "suri2011",
            "strength": "weak for",
            "population": "adults with recent lumbar radiculopathy",
            "profile": "default",
            **given,
        }
    )


def an_injection(root: RootSide = LEFT_L5, **given: Any) -> Step:
    """A step aimed at one root."""
    target = Target(root, foramen_of(root.root))
    return a_step(
        "esi-consider",
        **{"topic": "injection", "order": "injection", "targets": (target,), **given},
    )


def a_goal(id_: str = "leg-pain", **given: Any) -> GoalSet:
    """Leg pain lower by two points in six weeks."""
    return GoalSet(
        **{
            "id": id_,
            "label": "Less leg pain",
            "measure": "leg-pain-nrs",
            "target": "Leg pain lower by at least 2 points of 10",
            "value": 2,
            "unit": "{score}",
            "due_days": 42,
            "source": "suri2011",
            **given,
        }
    )


def a_plan(**given: Any) -> Plan:
    """Seven steps of every sort, three goals and a question."""
    steps = (
        a_step("self", topic="advice", due_days=None),
        a_step(order="physiotherapy"),
        a_step("mri-plain", topic="imaging", order="imaging"),
        an_injection(),
        a_step("surg-opinion", topic="surgery", order="referral", urgency="urgent"),
        a_step("drug-avoid", topic="drug", against=True, sentence="Gabapentinoids not offered."),
        a_step("conflict", topic="injection", sentence="Two sources disagree on injection."),
    )
    goals = (
        a_goal(),
        a_goal("disability", label="Less disability", measure="oswestry-disability-index"),
        a_goal("strength", label="Strength regained", measure="weakness-lower-limb", unit="{MRC}"),
    )
    questions = (Question("start-back-total", "Not recorded: STarT Back. It sets the risk group."),)
    return Plan(
        **{"profile": "default", "steps": steps, "goals": goals, "questions": questions} | given
    )


def a_flag(id_: str = "cauda-equina", **given: Any) -> FlagRaised:
    """A red flag that is met and stops."""
    return FlagRaised(
        **{
            "id": id_,
            "label": "Possible cauda equina syndrome",
            "status": "met",
            "stops": True,
            "sentence": "Recorded items match published emergency criteria.",
            "action": "Arrange emergency lumbar MRI the same day.",
            "items": ("weakness-great-toe-extension",),
            "unanswered": ("urinary-retention",),
            "sources": ("girft-2023",),
            **given,
        }
    )


def a_discordance(kind: str = "side", **given: Any) -> Discordance:
    """Examination on one side, lesion on the other."""
    return Discordance(
        **{
            "kind": kind,
            "sentence": "The examination points to left L5, imaging shows a lesion at right L5.",
            "action": "Have the images reviewed for laterality.",
            "severity": "high",
            "sources": (REPORT,),
            **given,
        }
    )


def a_concordance(*lesions: Lesion, **given: Any) -> Concordance:
    """Examination and imaging agree on the roots of the lesions."""
    lesions = lesions or (a_lesion(),)
    roots = tuple(lesion.root for lesion in lesions)
    return Concordance(
        **{
            "status": "concordant",
            "examination": roots,
            "imaging": roots,
            "lesions": lesions,
            **given,
        }
    )


def an_issue(**given: Any) -> ReadingIssue:
    """A resource that was not understood."""
    return ReadingIssue(
        **{
            "kind": IssueKind.NOT_UNDERSTOOD,
            "reference": "Observation/odd",
            "sentence": "The code is not in the vocabulary.",
            "expression": "Observation.code",
            **given,
        }
    )


def an_assessment(**given: Any) -> Assessment:
    """A left L5, named, concordant with imaging, with a full plan."""
    return Assessment(
        **{
            "patient": PATIENT,
            "as_of": AS_OF,
            "population": "primary-care",
            "edition": a_model().edition,
            "digest": a_model().digest,
            "localisation": a_localisation(),
            "flags": (),
            "rivals": (),
            "concordance": a_concordance(),
            "plan": a_plan(),
            "issues": (),
            **given,
        }
    )


def an_eventful_assessment(**given: Any) -> Assessment:
    """Everything at once: a flag that is met, one suspected, discordances, rivals, issues."""
    return an_assessment(
        **{
            "flags": (
                a_flag("fracture", label="Fracture", status="suspected", stops=False),
                a_flag(),
            ),
            "rivals": (("hip", "Hip disease", "Hip rotation is painful."),),
            "concordance": a_concordance()._replace(
                status="discordant",
                disagreements=(a_discordance(), a_discordance("numbering-uncertain")),
            ),
            "issues": (an_issue(), an_issue(kind=IssueKind.CONFLICT, reference="Observation/both")),
            **given,
        }
    )


def as_the_server_holds_it(bundle: dict[str, Any]) -> dict[str, Any]:
    """The Bundle with references between its entries written as ``Type/id``."""
    places = {entry["fullUrl"]: entry["request"]["url"] for entry in bundle["entry"]}
    held: dict[str, Any] = refer(bundle, places)
    return held
