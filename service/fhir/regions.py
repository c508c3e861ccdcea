"""Which part of the body an imaging order, study or report is about, and with what it was seen."""

from __future__ import annotations

import re
from collections.abc import Iterable

from service.clinical.coding import Coding
from service.clinical.model import Codes

LUMBAR = "lumbar"
_WORDS = re.compile(
    r"lumb[aoe]\w*\b|lombai?re?\b|\bl[\s./-]?s?[\s./-]?spine|\blws\b"
    r"|\bl\s?[1-5]\s?[-/]\s?(?:l?\s?[2-5]|s\s?1)\b|(?:whole|entire|full|complete|total)[\s-]spine",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"(?:lumbar|lumbosacral|lumbo-sacral)\s+(?:\w+\s+)?spine|\bl[\s.-]?s?[\s.-]?spine|\blws\b"
    r"|(?:mri?|ct|x-?rays?|radiographs?)\s+(?:of\s+(?:the\s+)?)?lumb",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"cervical|thora|brain|head|skull|neck|chest|abdom|pelvi|hip|knee|ankle|foot|shoulder|elbow"
    r"|wrist|hand|breast|cardiac|heart|renal|liver|prostate|\b[ct][\s.-]?spine",
    re.IGNORECASE,
)
_SEEN_WITH = (
    ("MR", re.compile(r"\bmri?\b|magnetic|\bnmr\b", re.IGNORECASE)),
    ("CT", re.compile(r"\bct\b|tomogra", re.IGNORECASE)),
    ("XR", re.compile(r"\bx-?rays?\b|radiogra|\bxr\b", re.IGNORECASE)),
)
_BARE = {"CR": "XR", "DX": "XR", "RG": "XR", "XR": "XR", "MR": "MR", "CT": "CT"}
_NO_LOOK = re.compile(
    r"\bde?xa\b|densit|puncture|biops|\bguidance\b|injection of"
    r"|(?:steroid|epidural|facet|root) (?:injection|block)",
    re.IGNORECASE,
)
"""Reports on the same place that do not say how it looks: bone density, punctures, injections."""
_BEGINNING = 400
"""How many characters of a report may say what was examined."""


def is_lumbar(texts: Iterable[str], given: Iterable[Coding], codes: Codes) -> bool | None:
    """Whether words or codes say the lumbar spine; ``None`` when they say no part of the body."""
    given = tuple(given)
    texts = tuple(texts)
    if any(_NO_LOOK.search(text) for text in texts):
        return False
    if any(_WORDS.search(text) for text in texts) or codes.levels.first(given):
        return True
    if any(not known or _WORDS.search(known) for known in _displays(given, codes)):
        return True
    if LUMBAR in codes.studies.all(given) or ("region", LUMBAR) in codes.context.all(given):
        return True
    return False if any(_ELSEWHERE.search(text) for text in texts) else None


def title_is_lumbar(text: str) -> bool:
    """Whether the beginning of a report says that the lumbar spine was examined."""
    return bool(_TITLE.search(text[:_BEGINNING]))


def modality(texts: Iterable[str], given: Iterable[Coding], codes: Codes) -> str:
    """``MR``, ``CT``, ``XR``, another DICOM code as it stands, or empty when nothing says it."""
    given, texts = tuple(given), tuple(texts)
    coded = [m for m in codes.studies.all(given) if m in _BARE.values()]
    if coded:
        return coded[0]
    bare = next((_BARE[c.code] for c in given if c.code in _BARE), "")
    worded = (name for name, words in _SEEN_WITH for text in texts if words.search(text))
    return bare or next(worded, "")


def _displays(given: Iterable[Coding], codes: Codes) -> tuple[str, ...]:
    """The table's displays of imaging codes; a code it lists without one is lumbar by its listing."""
    asked = set(given) & codes.studies.meanings.keys()
    return tuple(known.display for known in codes.studies.meanings if known in asked)
