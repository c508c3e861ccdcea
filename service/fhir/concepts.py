"""Which outward concepts name a cause and the radiculopathy it makes, by kind of lesion and region.

The codes themselves are knowledge (``Model.codes.outward``); here is only which concept is meant. The
region follows the disc level of the lesion, not the root: the L5 root is lumbar when a lesion at
L4-L5 presses on it and lumbosacral when one at L5-S1 does. Without a level the root decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from service.clinical.anatomy import DiscLevel, Root, RootSide, Side, Zone
from service.clinical.answer import Lesion
from service.clinical.coding import Coding
from service.clinical.findings import Case, Presence
from service.clinical.imaging import ImagingFact, Kind
from service.clinical.model import Model
from service.fhir.pruning import Shared, shared

CLAUDICATION = "neurogenic-claudication"

CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "disc-herniation": "disc herniation",
        "disc-bulge": "disc bulge",
        "canal-stenosis": "spinal canal stenosis",
        "recess-stenosis": "lateral recess stenosis",
        "foraminal-stenosis": "foraminal stenosis",
        "spur": "bony spur",
        "cyst": "synovial cyst",
        "slip": "spondylolisthesis",
    }
)
"""The project's code of each kind of cause, and its words."""

_RADICULOPATHIES = {
    "disc-herniation": ("disc", "disc-radiculopathy"),
    "disc-bulge": ("{region}", "disc-radiculopathy"),
    "spur": ("{region}", "spondylosis-radiculopathy"),
}
"""SNOMED CT and ICD-10-CM concepts by cause; without a known cause both are the plain ones."""

_CAUSES = {
    "disc-herniation": "disc-herniation",
    "canal-stenosis": "stenosis.{region}",
    "recess-stenosis": "stenosis.{region}",
    "cyst": "synovial-cyst",
    "slip": "spondylolisthesis",
}

HERNIATIONS = frozenset({Kind.PROTRUSION, Kind.EXTRUSION, Kind.SEQUESTRATION, Kind.HERNIATION})
DISCS = HERNIATIONS | {Kind.BULGE}
BONES = frozenset({Kind.OSTEOPHYTE, Kind.FACET_ARTHROPATHY})
_STENOSES = {
    Zone.CENTRAL: "canal-stenosis",
    Zone.SUBARTICULAR: "recess-stenosis",
    Zone.FORAMINAL: "foraminal-stenosis",
    Zone.EXTRAFORAMINAL: "foraminal-stenosis",
}


def cause_of(lesion: Lesion, case: Case) -> str | None:
    """The code of a lesion's kind; ``None`` when imaging does not say what it is."""
    match lesion.cause:
        case "disc":
            seen = {fact.kind for fact in _beside(lesion, case)}
            return (
                "disc-bulge" if Kind.BULGE in seen and not seen & HERNIATIONS else "disc-herniation"
            )
        case "stenosis":
            return _STENOSES.get(lesion.zone or Zone.CENTRAL)
    return lesion.cause if lesion.cause in CAUSES else None


def _beside(lesion: Lesion, case: Case) -> Iterable[ImagingFact]:
    """What imaging shows at the lesion's level, on its side or on no side."""
    return (
        fact
        for fact in case.imaging
        if fact.present
        and fact.time != "resolved_or_prior"
        and fact.disc is lesion.level
        and fact.side in (lesion.root.side, None)
    )


def region_of(root: RootSide, lesion: Lesion | None) -> str:
    """``lumbar`` or ``lumbosacral``."""
    if lesion is not None and lesion.level is not None:
        return "lumbosacral" if lesion.level is DiscLevel.L5_S1 else "lumbar"
    return "lumbosacral" if root.root in (Root.S1, Root.S2) else "lumbar"


def radiculopathy_codings(
    model: Model, root: RootSide, lesion: Lesion | None, case: Case
) -> list[Coding]:
    """Standard codes that are true of this radiculopathy, though broader than it."""
    region = region_of(root, lesion)
    cause = cause_of(lesion, case) if lesion is not None and lesion.certain else None
    snomed, icd = _RADICULOPATHIES.get(cause or "", ("{region}", "radiculopathy"))
    return [
        *codings(model, f"condition.radiculopathy.{snomed.format(region=region)}")[:1],
        *codings(model, f"icd10cm.{icd}.{region}")[:1],
    ]


def cause_codings(model: Model, cause: str, lesion: Lesion, case: Case) -> list[Coding]:
    """Standard codes that are true of this cause.

    A disc has no ICD-10-CM code of its own here: that of the radiculopathy says it already. What is
    only possible has none either.
    """
    region = region_of(lesion.root, lesion)
    icd = _cause_icd(cause, region, lesion, case) if lesion.certain else ""
    snomed = _CAUSES.get(cause, "").format(region=region)
    if cause == "slip" and region == "lumbosacral":
        snomed = "spondylolisthesis.l5-s1"
    return [*codings(model, f"condition.{snomed}")[:1], *codings(model, f"icd10cm.{icd}")[:1]]


def _cause_icd(cause: str, region: str, lesion: Lesion, case: Case) -> str:
    match cause:
        case "canal-stenosis" | "recess-stenosis":
            return f"stenosis.{region}{_walking(case) if region == 'lumbar' else ''}"
        case "foraminal-stenosis":
            seen = {fact.kind for fact in _beside(lesion, case)}
            made_of = "osseous" if seen & BONES else "disc" if seen & DISCS else ""
            return f"foraminal-stenosis.{made_of}"
        case "spur":
            return "osteophyte"
        case "cyst":
            return "synovial-cyst"
        case "slip":
            return f"spondylolisthesis.{region}"
    return ""


def _walking(case: Case) -> str:
    here = (f.id == CLAUDICATION and f.presence is Presence.PRESENT for f in case.findings)
    return "-claudication" if any(here) else ""


def root_codings(model: Model, root: RootSide) -> list[Coding]:
    """Broader standard codes of a root and its side as a body site."""
    return [*codings(model, "bodysite.nerve-root")[:1], *side_codings(model, root.side)]


def disc_codings(model: Model, level: DiscLevel) -> list[Coding]:
    """Standard codes of a disc space as a body site."""
    return codings(model, f"bodysite.disc.{level.lower()}")[:1]


def side_codings(model: Model, side: Side | None) -> list[Coding]:
    """Standard codes of a side; none for no side."""
    return codings(model, f"side.{side}")[:1] if side else []


def codings(model: Model, concept: str) -> list[Coding]:
    """The codings to write for a concept, in order; none when it is not mapped."""
    return list(model.codes.outward.get(concept, ()))


def as_json(coding: Coding) -> Shared:
    """A coding of the core as FHIR writes it; remembered, and read-only."""
    return _coding(coding.system, coding.code, coding.display)


@lru_cache(maxsize=1024)
def _coding(system: str, code: str, display: str) -> Shared:
    return shared(system=system, code=code, display=display)
