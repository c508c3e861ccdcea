"""Draft orders of others, in the words they were written in, and as they were understood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from service.clinical.anatomy import BOTH, Side
from service.clinical.coding import Coding
from service.clinical.findings import IssueKind, Order
from service.clinical.model import Codes
from service.errors import InvalidInput
from service.fhir import shapes
from service.fhir.coded import BILATERAL, codings, concept_of, words
from service.fhir.gathered import Gathered, Resource
from service.fhir.moments import moment
from service.fhir.sides import in_text
from service.reports.levels import places_in

_REQUEST = msgspec.json.Decoder(shapes.ServiceRequest)

_KINDS = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("electrodiagnosis", r"\bemg\b|electromyo|nerve conduction|electrodiag|\bncs\b"),
        ("injection", r"inject|\bblock\b|epidural|\btfesi\b|\besi\b|infiltration"),
        ("surgery", r"surg|d[ie]s[ck]ectomy|laminectomy|decompress|fusion|foraminotomy|operation"),
        ("orthosis", r"ortho[st]i|\bafo\b|brace"),
        ("physiotherapy", r"physio|physical therapy|exercise"),
        ("imaging", r"\bmri?\b|magnetic|\bct\b|tomogra|x-?ray|radiogra|imaging|myelogra"),
        ("referral", r"refer|consult"),
    )
)
_CARE = {
    "physiotherapy": "physiotherapy",
    "exercise": "physiotherapy",
    "epidural-injection": "injection",
    "lumbar-surgery": "surgery",
    "discectomy": "surgery",
    "decompression": "surgery",
    "fusion": "surgery",
    "ankle-foot-orthosis": "orthosis",
}
"""Which kind of order asks for which kind of care."""

_FORAMEN = re.compile(r"foram(?:en|ina|inal)\b", re.IGNORECASE)
_TRANSFORAMINAL = re.compile(r"trans-?foraminal", re.IGNORECASE)


def read_orders(gathered: Gathered, codes: Codes) -> tuple[Order, ...]:
    """The draft orders for the spine's care; what this service drafted itself is not among them."""
    return tuple(_orders(gathered, codes))


def _orders(gathered: Gathered, codes: Codes) -> Iterator[Order]:
    for resource in gathered.of("ServiceRequest"):
        if resource.ours:
            continue
        try:
            request = resource.read(_REQUEST)
        except InvalidInput as error:
            gathered.report_wrong(resource, error)
            continue
        if request.status != "draft" or request.do_not_perform:
            continue
        if resource.modified:
            sentence = "This ServiceRequest carries a modifier that is not understood."
            where = "ServiceRequest.modifierExtension"
            gathered.report(IssueKind.REFUSED, resource.reference, sentence, where)
            continue
        order = _order(resource, request, codes)
        if order is not None:
            yield order


def _order(resource: Resource, request: shapes.ServiceRequest, codes: Codes) -> Order | None:
    named = [concept_of(request.code), *map(concept_of, request.order_detail or ())]
    places = [*named, *(request.body_site or ())]
    given = codings(*named, *(request.category or ()))
    kind = _kind(words(*named), given, codes)
    if kind is None:
        return None
    texts = dict.fromkeys((*words(*places), *(n.text for n in request.note or () if n.text)))
    coded = codings(*places)
    roots, levels, foramina = _places(texts)
    roots |= dict.fromkeys(root.split("-")[0].upper() for root in codes.roots.all(coded))
    levels |= dict.fromkeys(codes.levels.all(coded))
    return Order(
        kind=kind,
        source=resource.source(moment(request.authored_on)),
        roots=tuple(roots),
        sides=_sides((*codes.sides.all(coded), *(s for text in texts for s in in_text(text)))),
        levels=tuple(levels),
        foramina=tuple(foramina),
        text="; ".join(texts),
    )


def _kind(texts: Iterable[str], given: Iterable[Coding], codes: Codes) -> str | None:
    given, texts = tuple(given), tuple(texts)
    context = codes.context.all(given)
    coded = [word for area, word in context if area == "order"]
    coded += [_CARE[word] for area, word in context if area == "treatment" and word in _CARE]
    worded = (kind for kind, said in _KINDS if any(said.search(text) for text in texts))
    imaging = ("imaging" for _ in codes.studies.all(given))
    return next((kind for kinds in (coded, worded, imaging) for kind in kinds), None)


def _places(texts: Iterable[str]) -> tuple[dict[str, None], dict[str, None], dict[str, None]]:
    """Roots, disc levels and foramina that the texts name."""
    roots: dict[str, None] = {}
    levels: dict[str, None] = {}
    foramina: dict[str, None] = {}
    for text in texts:
        exact = bool(_FORAMEN.search(_TRANSFORAMINAL.sub("", text)))
        for place in places_in(text):
            target = roots if not place.discs else foramina if exact else levels
            target.update(dict.fromkeys(place.discs or (place.name,)))
    return roots, levels, foramina


def _sides(said: Iterable[str]) -> tuple[Side, ...]:
    found = set(said)
    if BILATERAL in found:
        return BOTH
    return tuple(side for side in BOTH if side in found)
