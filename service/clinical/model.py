"""Everything the core must be told, as frozen values. ``knowledge`` builds it from ``mappings/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.clinical.anatomy import Root, Side
from service.clinical.coding import CodeMap, Coding
from service.clinical.criteria import Condition

MODEL_ROOTS = (Root.L3, Root.L4, Root.L5, Root.S1)
"""The roots that hypotheses are made of; L3 stands for L1 to L3, the upper lumbar roots."""

STATES = (*MODEL_ROOTS, "none")


@dataclass(frozen=True, slots=True)
class Citation:
    """One source, cited once."""

    key: str
    text: str
    identifier: str
    checked: str


@dataclass(frozen=True, slots=True)
class FindingModel:
    """One finding of the vocabulary.

    ``kind`` is presence, strength (MRC 0 to 5), reflex (0 to 4), angle (degrees) or measure.
    ``group`` names the dependence group; findings of one group are not independent. ``given`` maps
    each state (``L3 L4 L5 S1 none``) to P(present | state), or is ``None`` where the finding says
    nothing about the root. ``at_most`` and ``at_least`` turn a graded value into presence.
    ``grade`` is high, moderate or low. ``aliases`` are other ids by which the same finding is said;
    only ``id`` is used inside. ``crossed`` marks a test of one leg that brings on pain in the
    other: its side is written either way. ``asked`` is false for what is never proposed as the
    next thing to record. ``complaint`` marks what says which leg hurts.
    """

    id: str
    label: str
    group: str
    kind: str
    sided: bool
    given: Mapping[str, float] | None
    at_most: float | None
    at_least: float | None
    unit: str
    basis: str
    checked: str
    grade: str
    sources: tuple[str, ...]
    how: str = ""
    aliases: tuple[str, ...] = ()
    crossed: bool = False
    asked: bool = True
    complaint: bool = False


@dataclass(frozen=True, slots=True)
class Population:
    """A named population: how often leg pain there has no compressed root, and its share by default."""

    id: str
    label: str
    none: float
    weight: float
    sources: tuple[str, ...]
    how: str


@dataclass(frozen=True, slots=True)
class Priors:
    """Root frequencies by age band, and how often two roots or both sides are compressed."""

    roots_by_age: tuple[tuple[int, Mapping[Root, float]], ...]
    all_ages: Mapping[Root, float]
    two_roots: float
    both_sides: float


@dataclass(frozen=True, slots=True)
class Combination:
    """How weights are added up, and what may be claimed.

    ``temper`` multiplies every log ratio. ``floor`` and ``roof`` bound the probability of a finding.
    ``correlation`` is how far findings of one group share a cause, ``pull_limit`` bounds what one
    finding says of it and ``overlap_limit`` what a group may gain or lose by it, as a ratio.
    ``unaffected_leg`` is how often a sign is found on a leg while a root is compressed on the other
    side only, as a share of how often it is found when no root is, and ``contralateral`` how often the
    compressed root lies on the side that does not hurt. ``count_high``,
    ``count_moderate`` and ``count_low`` are how many people the probabilities of a finding are worth
    by grade, ``count_prior`` those of how common each root is: they set how wide intervals are.
    """

    temper: float
    correlation: float
    pull_limit: float
    overlap_limit: float
    floor: float
    roof: float
    ceiling: float
    name_at: float
    name_ratio: float
    credible: float
    unaffected_leg: float
    contralateral: float
    count_high: float
    count_moderate: float
    count_low: float
    count_prior: float


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant of anatomy: ``reads`` maps a root in the way of the textbook to the roots as named.

    ``{S1: {S1: 0.5}, L5: {L5: 0.5, S1: 0.5}}``: what does the work of L5 is called L5 or S1, equally
    likely; shares that do not add up to one leave the rest to roots that imaging does not speak of.
    ``counts`` says that it is a matter of counting vertebrae.
    """

    reads: Mapping[Root, Mapping[Root, float]]
    counts: bool


@dataclass(frozen=True, slots=True)
class ImagingModel:
    """How imaging facts become evidence.

    ``grade_lr`` gives the likelihood ratio at root grades 0 to 3; ``kind_grade``, ``severity_grade``
    and ``relation_grade`` turn words into that grade; ``age_discount`` multiplies the log ratio from
    an age on. ``grade_of_contact`` is where contact without compression stands, ``denied_grade``
    what "not compressed" leaves open, ``possible_discount`` what a hedge leaves of a log ratio, and
    ``lesion_grade`` the least grade at which a root counts as compressed for comparison.

    ``scales`` turns grades of published scales into root grades. ``silent`` gives, for kinds, how
    often (per cent) painless people of an age show them; such kinds are held against the share at
    the age ``silent_at`` instead of ``age_discount``. ``rarity`` multiplies the ratio of a lesion
    by how rare silent ones are at the places of its root, ``rarity_lateral`` of one in or beyond a
    foramen; ``most`` bounds the ratio of one root. ``device_base`` is how often a root that a device
    judges is compressed. ``further_sources`` are those of the tables.
    """

    grade_lr: tuple[float, ...]
    kind_grade: Mapping[str, float]
    severity_grade: Mapping[str, float]
    relation_grade: Mapping[str, float]
    age_discount: tuple[tuple[int, float], ...]
    numbering_keep: float
    sources: tuple[str, ...]
    grade: str
    grade_of_contact: float = 1.0
    denied_grade: float = 0.5
    possible_discount: float = 0.5
    lesion_grade: float = 1.5
    scales: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    silent: Mapping[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    silent_at: int = 40
    rarity: Mapping[Root, float] = field(default_factory=dict)
    rarity_lateral: float = 1.0
    most: float = 30.0
    device_base: float = 0.14
    variants: Mapping[str, Variant] = field(default_factory=dict)
    further_sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Worsening:
    """What counts as worse between two examinations of one finding on one side.

    ``findings`` are ids, or how they begin with a star at the end; ``kinds`` adds all findings of a
    kind. ``worse`` says which way: ``lower``, ``higher`` or ``present`` (a sign that was absent).
    ``by`` is the least loss that counts, ``reaches`` the grade that it must reach. ``absent`` is
    the grade meant by "absent", ``present`` the best one meant by "present" without a grade.
    ``apart_weeks`` is how long before the better record may lie, ``recent_weeks`` for how long the
    loss is news. ``facts`` are the names that it makes true, ``measure`` the name of the largest
    loss. ``sentence`` is a template of ``{finding}``, ``{before}`` and ``{after}``.
    """

    id: str
    findings: tuple[str, ...]
    kinds: tuple[str, ...]
    worse: str
    by: float
    reaches: float | None
    absent: float | None
    present: float | None
    apart_weeks: float
    recent_weeks: float
    facts: tuple[str, ...]
    measure: str
    sentence: str
    sources: tuple[str, ...]
    grade: str
    why: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Circumstances that keep a flag suspected whatever else was answered, with their own words."""

    when: Condition
    sentence: str
    action: str
    why: str


@dataclass(frozen=True, slots=True)
class Easing:
    """Circumstances under which the items ``of`` a flag make it suspected and no longer met."""

    when: Condition
    of: frozenset[str]
    sentence: str
    action: str
    why: str


@dataclass(frozen=True, slots=True)
class RedFlag:
    """A published criterion for what must not wait.

    ``met`` decides; while it is unanswered, ``suspected`` says whether what is known makes the
    missing ``asks`` (finding ids) matter. ``stops`` puts the flag before any localisation;
    while one that ``withholds`` is met, no root is named. What is
    said and done while it is only suspected has words of its own where they differ. ``standing``
    raises suspicion by itself; ``eased`` lowers what its items alone would meet to suspected.
    """

    id: str
    label: str
    met: Condition
    suspected: Condition
    asks: tuple[str, ...]
    stops: bool
    sentence: str
    action: str
    sources: tuple[str, ...]
    suspected_sentence: str = ""
    suspected_action: str = ""
    withholds: bool = False
    standing: tuple[Standing, ...] = ()
    eased: Easing | None = None


@dataclass(frozen=True, slots=True)
class RivalPattern:
    """Signs that point away from a compressed root, as a likelihood ratio for none.

    It is open, and weighs nothing, while ``open`` holds and an item of ``asks`` is not recorded:
    what was found fits, and what would decide was not looked at. ``open_sentence`` says so.
    """

    id: str
    label: str
    when: Condition
    lr_none: float
    sentence: str
    sources: tuple[str, ...]
    basis: str
    open: Condition | None = None
    asks: tuple[str, ...] = ()
    open_sentence: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One guideline statement: when it holds, what is proposed, and who says so.

    ``topic`` groups rules that are alternatives (emergency, imaging, stratification, advice,
    physiotherapy, drug, injection, surgery, orthosis, electrodiagnosis, follow-up, basis): within a
    topic the first rule that holds wins, unless it is marked ``also``. ``action`` is a word of the
    pathway vocabulary in lower case with hyphens. ``order`` names the ServiceRequest kind to draft,
    if any. ``target`` asks for root, side and foramen on the step. ``goal`` and ``due_days`` are
    for Goals and dates.
    """

    id: str
    topic: str
    action: str
    when: Condition
    profiles: frozenset[str]
    sentence: str
    reason: str
    against: bool
    also: bool
    urgency: str
    order: str
    target: bool
    detail: str
    due_days: int | None
    asks: tuple[str, ...]
    source: str
    strength: str
    population: str


@dataclass(frozen=True, slots=True)
class GoalTarget:
    """An outcome measure with its meaningful change and when to look."""

    id: str
    label: str
    measure: str
    target: str
    value: float
    unit: str
    due_days: int
    when: Condition
    source: str


@dataclass(frozen=True, slots=True)
class DiscordanceKind:
    """One kind of disagreement: its sentence (a template), its one action and how grave it is.

    Templates may use ``{examination}``, ``{imaging}``, ``{order}``, ``{expected}``.
    """

    id: str
    sentence: str
    action: str
    severity: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodedFinding:
    """What one code means: a finding, with the side and the presence it already carries, if any."""

    finding: str
    side: Side | None = None
    present: bool | None = None


@dataclass(frozen=True, slots=True)
class Codes:
    """Reviewed code tables. ``findings`` and ``context`` are read; ``outward`` is written.

    ``context`` maps a code to ``(area, word)``, such as ``("condition", "cancer")``.
    ``sides``, ``levels`` and ``roots`` read body sites. ``outward`` maps a concept id such as
    ``condition.radiculopathy.lumbar`` to the codings to write, in order. ``studies`` maps the code
    of an imaging procedure or modality to ``MR``, ``CT`` or ``XR``.
    """

    findings: CodeMap[CodedFinding]
    context: CodeMap[tuple[str, str]]
    sides: CodeMap[str]
    levels: CodeMap[str]
    roots: CodeMap[str]
    presence: CodeMap[str]
    outward: Mapping[str, tuple[Coding, ...]]
    studies: CodeMap[str] = field(default_factory=lambda: CodeMap({}))


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """One edition of the knowledge, complete and checked; equal only to itself."""

    edition: str
    digest: str
    findings: Mapping[str, FindingModel]
    populations: Mapping[str, Population]
    priors: Priors
    combination: Combination
    imaging: ImagingModel
    red_flags: tuple[RedFlag, ...]
    rivals: tuple[RivalPattern, ...]
    rules: tuple[Rule, ...]
    goals: tuple[GoalTarget, ...]
    actions: Mapping[str, str]
    profiles: Mapping[str, str]
    citations: Mapping[str, Citation]
    codes: Codes
    discordances: Mapping[str, DiscordanceKind] = field(default_factory=dict)
    progression: tuple[Worsening, ...] = ()
