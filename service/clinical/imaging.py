"""What a report or an imaging result says of one place in the spine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from service.clinical.anatomy import DiscLevel, Migration, Role, Root, Side, Zone


class Kind(StrEnum):
    """What was seen."""

    BULGE = "bulge"
    PROTRUSION = "protrusion"
    EXTRUSION = "extrusion"
    SEQUESTRATION = "sequestration"
    HERNIATION = "herniation"
    ANNULAR_FISSURE = "annular_fissure"
    OSTEOPHYTE = "osteophyte"
    FACET_ARTHROPATHY = "facet_arthropathy"
    LIGAMENTUM_FLAVUM_THICKENING = "ligamentum_flavum_thickening"
    SYNOVIAL_CYST = "synovial_cyst"
    SPONDYLOLISTHESIS = "spondylolisthesis"
    CANAL_STENOSIS = "canal_stenosis"
    LATERAL_RECESS_STENOSIS = "lateral_recess_stenosis"
    FORAMINAL_STENOSIS = "foraminal_stenosis"
    STENOSIS_UNSPECIFIED = "stenosis_unspecified"
    NERVE_ROOT = "nerve_root"
    EPIDURAL_SCAR = "epidural_scar"
    SURGERY = "surgery"


class Relation(StrEnum):
    """How something meets a root, in the word used. Contact is not compression."""

    PROXIMITY = "proximity"
    CONTACT = "contact"
    DISPLACE = "displace"
    IMPINGE = "impinge"
    COMPRESS = "compress"
    ENCASE = "encase"
    AFFECT = "affect"


_DISCS: Mapping[str | None, DiscLevel] = {disc.value: disc for disc in DiscLevel}


@dataclass(frozen=True, slots=True)
class ImagingFact:
    """One statement about the study at hand.

    ``level`` is the level as written (``L4-L5``, also ``L5-L6`` or ``L2``); ``disc`` is that level
    where it is one of the five usual ones. ``present`` is the polarity. ``time`` is one of current,
    resolved_or_prior, new, stable, recurrent, increased, decreased. ``span`` are the character
    offsets in the text read and ``rule`` the name of the rule that read it. ``reference`` and
    ``version`` name the resource the fact came from. ``scale`` and ``score`` are a published grading
    and the grade in it, as given: ``lee`` and ``2``. ``probability`` is what a device makes of the
    image: P(this root, or the root that this lesion reaches, is compressed); it then stands for
    polarity, relation and severity.
    """

    kind: Kind
    level: str | None = None
    present: bool = True
    possible: bool = False
    time: str = "current"
    zones: tuple[Zone, ...] = ()
    side: Side | None = None
    severity: str | None = None
    root: Root | None = None
    role: Role | None = None
    relation: Relation | None = None
    migration: Migration = Migration.NONE
    detail: str = ""
    span: tuple[int, int] | None = None
    rule: str = ""
    reference: str = ""
    version: str | None = None
    scale: str = ""
    score: str = ""
    probability: float | None = None

    @property
    def disc(self) -> DiscLevel | None:
        """The disc space, when the level is one of the five usual ones."""
        return _DISCS.get(self.level)
