"""The side of a finding, in the ways it is written; they may all be there and must agree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from service.clinical.anatomy import BOTH, Side
from service.clinical.findings import IssueKind
from service.clinical.model import Codes
from service.errors import InvalidInput
from service.fhir import shapes
from service.fhir.bundles import normal
from service.fhir.coded import BILATERAL, WORTH_REMEMBERING, Unusable, meanings, words
from service.fhir.gathered import Gathered

STRUCTURE = msgspec.json.Decoder(shapes.BodyStructure)

_WORD = re.compile(r"\b(?:(left|lt)|(right|rt))\b", re.IGNORECASE)
_LETTER = re.compile(r"(?<![\w/>&+-])([LR])(?![\w/&+]|\s*[-/]?\s*\d)")
_BOTH = re.compile(
    r"\b(?:bilateral(?:ly)?|bilat|b/l|both|left ?(?:and|[&+/<=>]) ?right"
    r"|right ?(?:and|[&+/<=>]) ?left|l ?(?:and|[&+/<=>]) ?r|r ?(?:and|[&+/<=>]) ?l)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SideReader:
    """Reads sides with the reviewed codes and the body structures that came along."""

    codes: Codes
    structures: Mapping[str, shapes.BodyStructure]

    def sides(
        self, observation: shapes.Observation, answer: shapes.Answer, coded: Iterable[str]
    ) -> tuple[Side | None, ...]:
        """The side of one answer, both sides for bilateral, ``(None,)`` when none was stated.

        ``coded`` are the sides its code carries. A component's own side goes before a panel that is
        about both sides. Raises Unusable when two encodings disagree or a side is named in a place
        that did not come along.
        """
        own = [*coded, *self.of_concept(answer.code)]
        said = self._said(own, answer.extension, answer.code)
        if answer is not observation:
            panel = self._panel(observation)
            said |= panel - {BILATERAL} if said else panel
        else:
            said = self._joined(said, self._site(observation))
        if len(said) > 1:
            raise _differing()
        if said:
            side = said.pop()
            return BOTH if side == BILATERAL else (Side(side),)
        self._all_resolved(observation)
        return (None,)

    def _panel(self, observation: shapes.Observation) -> set[str]:
        coded = self.of_concept(observation.code)
        own = self._said(coded, observation.extension, observation.code)
        return self._joined(own, self._site(observation))

    def _site(self, observation: shapes.Observation) -> set[str]:
        site = observation.body_site
        if site is None and observation.body_structure is None:
            return set()
        coded = self.of_concept(site) if site is not None else []
        if observation.body_structure is not None:
            coded += self._of_reference(observation.body_structure)
        return self._said(coded, None, site)

    def _said(
        self,
        coded: Iterable[str],
        extensions: Iterable[shapes.Extension] | None,
        concept: shapes.Concept | None,
    ) -> set[str]:
        said = {*coded, *(self._of_extensions(extensions) if extensions else ())}
        texts = {side for text in words(concept) for side in in_text(text)}
        agreed = said | texts if len(texts) == 1 or not said else said
        if said and agreed.issuperset(BOTH):
            raise _differing()
        return agreed

    @staticmethod
    def _joined(own: set[str], site: set[str]) -> set[str]:
        """Two places together; one that names both sides in words gives way to a clear one."""
        if len(own) == 1:
            return own | site if len(site) == 1 else own
        return site if len(site) == 1 else own | site

    def of_concept(self, *concepts: shapes.Concept | None) -> list[str]:
        """The sides that the codes of concepts name, and those of their extensions."""
        found = list(meanings(self.codes.sides, *concepts))
        for concept in concepts:
            if concept is not None and concept.extension:
                found += self._of_extensions(concept.extension)
        return found

    def _of_extensions(self, extensions: Iterable[shapes.Extension] | None) -> Iterator[str]:
        for extension in extensions or ():
            concept = extension.value_codeable_concept
            if extension.value_coding:
                concept = shapes.Concept(coding=[extension.value_coding])
            yield from self.of_concept(concept)
            if concept and concept.text and not concept.coding:
                yield from in_text(concept.text)
            yield from self._of_reference(extension.value_reference)
            yield from self._of_extensions(extension.extension)

    def _of_reference(self, reference: shapes.Reference | None) -> Iterator[str]:
        pointed = (reference.reference if reference else None) or ""
        structure = self.structures.get(pointed) or self.structures.get(normal(pointed))
        if structure is None:
            return
        parts = structure.included_structure or ()
        qualifiers = (*(structure.location_qualifier or ()), *(part.laterality for part in parts))
        concepts = (structure.location, *(part.structure for part in parts), *qualifiers)
        yield from self.of_concept(*concepts)
        for concept in qualifiers:
            if concept and concept.text:
                yield from in_text(concept.text)

    def _all_resolved(self, observation: shapes.Observation) -> None:
        extensions = (observation.body_site.extension if observation.body_site else None) or ()
        pointers = [e.value_reference for e in (*extensions, *(observation.extension or ()))]
        for pointer in (*pointers, observation.body_structure):
            pointed = (pointer.reference if pointer else None) or ""
            is_structure = pointed.startswith("#") or "BodyStructure/" in pointed
            known = pointed in self.structures or normal(pointed) in self.structures
            if is_structure and not known:
                raise Unusable(
                    "Its body structure did not come along.", "bodySite", IssueKind.NOT_READ
                )


def _differing() -> Unusable:
    return Unusable("Its side is said in two ways that differ.", "bodySite", IssueKind.CONFLICT)


def body_structures(gathered: Gathered) -> dict[str, shapes.BodyStructure]:
    """The body structures that came along, by every way of pointing at them."""
    structures: dict[str, shapes.BodyStructure] = {}
    for resource in gathered.of("BodyStructure"):
        try:
            structures[resource.reference] = resource.read(STRUCTURE)
        except InvalidInput as error:
            gathered.report_wrong(resource, error)
    for url, reference in gathered.aliases.items():
        if reference in structures:
            structures[url] = structures[reference]
    return structures


def in_text(text: str) -> tuple[str, ...]:
    """The sides a text names: none, one, ``bilateral``, or both words where it is not clear."""
    return _in_text(text) if len(text) <= WORTH_REMEMBERING else _in_text.__wrapped__(text)


@lru_cache(maxsize=2048)
def _in_text(text: str) -> tuple[str, ...]:
    if _BOTH.search(text):
        return (BILATERAL,)
    found = {Side.LEFT if left else Side.RIGHT for left, _ in _WORD.findall(text)}
    found |= {Side.LEFT if letter == "L" else Side.RIGHT for letter in _LETTER.findall(text)}
    return tuple(sorted(found))
