"""The shape of the answer of the core: localisation, flags, concordance, plan and their reasons."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from service.clinical.anatomy import DiscLevel, RootSide, Side, Zone
from service.clinical.findings import Presence, ReadingIssue, Source


class Weight(NamedTuple):
    """One line of the ledger: how far one piece of evidence moved each hypothesis.

    ``towards`` holds natural-log ratios against "no compressed root" for every root and side the
    line touches; zero lines are left out. ``kind`` is prior, finding, overlap (what findings of one
    group say together beyond what each says alone), leg (which one
    hurts), imaging, rival or cap.
    """

    kind: str
    id: str
    sentence: str
    towards: tuple[tuple[RootSide, float], ...]
    group: str = ""
    side: Side | None = None
    presence: Presence | None = None
    sources: tuple[str, ...] = ()
    grade: str = ""
    source: Source | None = None

    @property
    def informs(self) -> bool:
        """Whether the line tells roots of its own side apart, or one from none: a side alone does not."""
        if self.kind == "finding":
            return any(self.side in (at.side, None) for at, _ in self.towards)
        return self.kind == "imaging"

    def for_root(self, root: RootSide) -> float:
        """The log ratio for one root and side."""
        for at, weight in self.towards:
            if at == root:
                return weight
        return 0.0


class NextItem(NamedTuple):
    """An unrecorded finding worth recording, and what it would do either way."""

    finding: str
    label: str
    side: Side | None
    expected_gain: float
    if_present: str
    if_absent: str


class Localisation(NamedTuple):
    """Which root, which side, how sure.

    ``probabilities`` holds, for every root and side, the probability that it is compressed
    (marginal over root sets, so they may add up to more than one); ``none`` is the probability that
    no root is. ``hypotheses`` are the root sets with their posterior, which add up to one, the
    likeliest first. ``named`` is empty when the answer is an abstention; ``candidates`` then holds
    the roots that remain (the credible set). ``examination`` are the roots that the examination
    alone points to, without imaging, and ``examined`` what it alone makes of every root and side, as
    in ``probabilities``.
    """

    probabilities: tuple[tuple[RootSide, float], ...]
    none: float
    hypotheses: tuple[tuple[frozenset[RootSide], float], ...]
    named: tuple[RootSide, ...]
    candidates: tuple[RootSide, ...]
    ledger: tuple[Weight, ...]
    next_items: tuple[NextItem, ...]
    would_change: str
    statement: str
    examination: tuple[RootSide, ...] = ()
    examined: tuple[tuple[RootSide, float], ...] = ()

    def probability(self, root: RootSide) -> float:
        """The probability that this root on this side is compressed."""
        return dict(self.probabilities)[root]


class FlagRaised(NamedTuple):
    """A red flag that is met, or suspected because items are unanswered.

    ``status`` is ``met`` or ``suspected``; ``items`` are the recorded items that match and
    ``unanswered`` the finding ids that must be asked for.
    """

    id: str
    label: str
    status: str
    stops: bool
    sentence: str
    action: str
    items: tuple[str, ...]
    unanswered: tuple[str, ...]
    sources: tuple[str, ...]


class Lesion(NamedTuple):
    """The imaging finding that best explains a root: what, where, and how surely it compresses."""

    root: RootSide
    cause: str
    level: DiscLevel | None
    zone: Zone | None
    grade: float
    certain: bool
    source: Source


class Discordance(NamedTuple):
    """One disagreement, its kind, one sentence and one action.

    ``kind`` is one of side, root, level, foramen (imaging places the lesion where its root does not
    pass, or not leave), lesion-without-sign, deficit-without-lesion, reports-conflict,
    numbering-uncertain, order-side, order-root, order-level, order-foramen.
    """

    kind: str
    sentence: str
    action: str
    severity: str = "moderate"
    sources: tuple[Source, ...] = ()


class Concordance(NamedTuple):
    """Whether examination, imaging and order agree.

    ``status`` is concordant, discordant, or undecided: one of them is missing or names no root, or
    the signs are explained without a compressed root. ``doubt`` holds, for each root that imaging
    shows compressed or an order is aimed at, the probability that by the examination alone it is
    not compressed, the largest first: it ranks what may be the wrong level or side.
    """

    status: str
    examination: tuple[RootSide, ...] = ()
    imaging: tuple[RootSide, ...] = ()
    disagreements: tuple[Discordance, ...] = ()
    lesions: tuple[Lesion, ...] = ()
    doubt: tuple[tuple[RootSide, float], ...] = ()


class Target(NamedTuple):
    """Where a step is aimed: the root, its side, and the foramen that reaches it."""

    root: RootSide
    foramen: str


class Step(NamedTuple):
    """One proposed step of the pathway, or one advised against."""

    rule: str
    topic: str
    action: str
    sentence: str
    reason: str
    against: bool
    urgency: str
    order: str
    detail: str
    due_days: int | None
    targets: tuple[Target, ...]
    source: str
    strength: str
    population: str
    profile: str


class GoalSet(NamedTuple):
    """A goal with its target value and when to look."""

    id: str
    label: str
    measure: str
    target: str
    value: float
    unit: str
    due_days: int
    source: str


class Question(NamedTuple):
    """A missing item that is asked for, and why. ``item`` is a finding id or a context word."""

    item: str
    sentence: str


class Plan(NamedTuple):
    """The pathway: what to do next, what to aim for, what is asked for first."""

    profile: str
    steps: tuple[Step, ...]
    goals: tuple[GoalSet, ...]
    questions: tuple[Question, ...]


class Change(NamedTuple):
    """One finding on one side that became worse: from what, to what, and when that was recorded.

    ``before`` and ``after`` are a grade or measure as written, or present and absent; ``kind`` is
    the id of the rule that calls it worse.
    """

    finding: str
    side: Side | None
    before: str
    after: str
    when: datetime
    sentence: str
    kind: str
    sources: tuple[str, ...] = ()


class Assessment(NamedTuple):
    """The whole answer of the core.

    ``rivals`` are (id, label, sentence) of mimics whose signs are there; ``open_rivals`` the same of
    those that fit so far and were not examined for, with what to examine in the sentence.
    ``progression`` holds what became worse between examinations, the newest first.
    """

    patient: str
    as_of: datetime
    population: str
    edition: str
    digest: str
    localisation: Localisation
    flags: tuple[FlagRaised, ...]
    rivals: tuple[tuple[str, str, str], ...]
    concordance: Concordance
    plan: Plan
    issues: tuple[ReadingIssue, ...]
    progression: tuple[Change, ...] = ()
    open_rivals: tuple[tuple[str, str, str], ...] = ()
