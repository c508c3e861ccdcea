"""What an Observation answers: present, absent or unknown, and the grade or measure behind it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from service.clinical.admitted import top
from service.clinical.coding import Coding
from service.clinical.findings import IssueKind, Presence
from service.clinical.model import Codes, FindingModel
from service.fhir import scales, shapes
from service.fhir.coded import (
    PRESENCE_SYSTEM,
    Meaning,
    Unusable,
    codes,
    known_coding,
    looked_up,
    words,
)

_PRESENT, _ABSENT, _UNKNOWN = Presence.PRESENT, Presence.ABSENT, Presence.UNKNOWN

_PRESENCES: dict[str, Presence] = {presence.value: presence for presence in Presence}
_WORDS = {
    **dict.fromkeys(("present", "positive", "yes", "true", "pos", "abnormal"), _PRESENT),
    **dict.fromkeys(("absent", "negative", "no", "false", "neg", "none", "normal"), _ABSENT),
    **dict.fromkeys(("intact",), _ABSENT),
    **dict.fromkeys(("unknown", "not tested", "not assessed", "not done"), _UNKNOWN),
    **dict.fromkeys(("unable to assess", "indeterminate", "equivocal", "n/a"), _UNKNOWN),
}
_WEAK = {**dict.fromkeys(("reduced", "decreased", "diminished", "weak"), _PRESENT)}
_GRADES = {"strength": scales.strength, "reflex": scales.reflex}
_UNCLEAR = {"strength": frozenset({"absent", "none", "negative"})}
_INTERPRETED = {
    **dict.fromkeys(("POS", "DET", "A", "AA"), _PRESENT),
    **dict.fromkeys(("NEG", "ND", "N"), _ABSENT),
    "IND": _UNKNOWN,
}
_LOSSES = ("weakness", "reduced", "sensory-loss")
_DECREASED = frozenset({"L", "LL", "1250004"})
_INCREASED = frozenset({"H", "HH", "35105006"})

_READ = ("valueCodeableConcept", "valueBoolean", "valueInteger", "valueString", "valueQuantity")
_RAW = (
    *("valueDateTime", "valuePeriod", "valueRange", "valueRatio", "valueTime"),
    *("valueSampledData", "valueAttachment", "valueReference"),
)
_NO_RAW = (shapes.NOTHING,) * len(_RAW)
_READ_OF, _RAW_OF = (
    attrgetter(*(re.sub("[A-Z]", lambda m: f"_{m[0].lower()}", name) for name in names))
    for names in (_READ, _RAW)
)


class Reply(NamedTuple):
    """Presence, and the value it was graded with, if it was graded."""

    presence: Presence
    value: float | None = None


class AnswerReader(NamedTuple):
    """Reads the answer to one finding."""

    known: FindingModel
    meaning: Meaning
    codes: Codes

    def reply(self, answer: shapes.Answer) -> Reply:
        """What was answered; raises Unusable when it cannot be understood or contradicts itself."""
        if answer.data_absent_reason is not None:
            return Reply(_UNKNOWN)
        values = _values(answer)
        if len(values) > 1:
            raise Unusable("It has more than one value.", "value")
        if not values:
            return Reply(self._without_value(answer))
        name, value = values.popitem()
        return self._read(name, value)

    def _read(self, name: str, value: object) -> Reply:
        match value:
            case bool():
                return self._worded(_PRESENT if value else _ABSENT)
            case float():
                return self._graded("", value, "", bare=True)
            case str():
                return self._string(value)
            case shapes.Quantity():
                return self._quantity(value)
            case shapes.Concept():
                return self._concept(value)
        raise Unusable(f"A {name} is not read here.", name)

    def _without_value(self, answer: shapes.Answer) -> Presence:
        said = [self._interpreted(concept) for concept in answer.interpretation or ()]
        presences = {presence for presence in said if presence}
        if len(presences) > 1:
            raise Unusable("Its interpretations differ.", "interpretation", IssueKind.CONFLICT)
        if presences:
            return self._worded(presences.pop()).presence
        if self.meaning.present is None:
            raise Unusable("It has no value.", "value")
        return _PRESENT if self.meaning.present else _ABSENT

    def _interpreted(self, concept: shapes.Concept) -> Presence | None:
        said = codes(concept)
        if said & {"A", "AA"} and self.known.kind == "reflex" and not self.meaning.own:
            return None
        presence = self._coded(concept) or self._relative(concept)
        coded = (_INTERPRETED[code] for code in sorted(said) if code in _INTERPRETED)
        return presence or next(coded, None)

    def _relative(self, concept: shapes.Concept) -> Presence | None:
        """Decreased or increased, where the finding is about too little or too much."""
        known = self.known
        if not (known.kind in ("strength", "reflex") or _names_a_loss(known.id)):
            return None
        said = codes(concept)
        low, high = bool(said & _DECREASED), bool(said & _INCREASED)
        if low == high:
            return None
        return _PRESENT if low == (known.at_least is None) else _ABSENT

    def _coded(self, concept: shapes.Concept) -> Presence | None:
        get = self.codes.presence.get
        given = [c for c in concept.coding or () if c.code]
        said = {presence for c in given for presence in looked_up(_presences, get, c)}
        if len(said) > 1:
            raise Unusable("Its codes say both.", "valueCodeableConcept", IssueKind.CONFLICT)
        return said.pop() if said else None

    def _concept(self, concept: shapes.Concept) -> Reply:
        relative = self._relative(concept)
        if relative is not None:
            return self._worded(relative)
        presence = self._coded(concept)
        if presence is None:
            return self._string(next(iter(words(concept)), ""), coded=True)
        if self.known.kind == "reflex" and not self.meaning.own and self.meaning.present is None:
            raise Unusable("It is unclear whether the reflex or its loss is meant.", "value")
        return self._worded(presence)

    def _worded(self, presence: Presence) -> Reply:
        """A presence in words; a code that already says absent can only be affirmed."""
        if self.meaning.present is False and presence is not _UNKNOWN:
            if presence is _ABSENT:
                raise Unusable("A code that means absent is itself answered with absent.", "value")
            return Reply(_ABSENT)
        return Reply(presence)

    def _string(self, text: str, *, coded: bool = False) -> Reply:
        word, kind = scales.tidy(text), self.known.kind
        if coded and word == "absent" and kind == "reflex":
            raise Unusable("It is unclear whether the reflex or its loss is meant.", "value")
        grade = _GRADES.get(kind)
        read = grade(text) if grade else None
        if read is not None:
            return self._graded("", read, "", bare=True)
        if word in _WORDS and _WORDS[word] is _UNKNOWN:
            return Reply(_UNKNOWN)
        if kind != "reflex" and word not in _UNCLEAR.get(kind, ()):
            presence = _WORDS.get(word) or (
                _WEAK.get(word) if _names_a_loss(self.known.id) else None
            )
            if presence:
                return self._worded(presence)
        found = scales.number(text) if kind in ("angle", "measure") else None
        if found is None:
            raise Unusable("Its wording is not understood.", "value")
        comparator, number, unit = found
        return self._graded(comparator, number, unit, bare=not unit)

    def _quantity(self, quantity: shapes.Quantity) -> Reply:
        if quantity.value is None:
            raise Unusable("Its quantity has no value.", "valueQuantity.value")
        unit = quantity.code or quantity.unit or ""
        return self._graded(
            quantity.comparator or "", quantity.value, unit, bare=not unit and self.meaning.own
        )

    def _graded(self, comparator: str, number: float, unit: str, *, bare: bool) -> Reply:
        value = number if bare else self._in_unit(number, unit)
        most = top(self.known)
        if value < 0 or (most is not None and value > most):
            raise Unusable("Its value is outside the scale.", "value")
        presence = self._by_threshold(comparator, value)
        if self.meaning.present is not None and presence is not _UNKNOWN:
            said = _PRESENT if self.meaning.present else _ABSENT
            if said is not presence:
                raise Unusable("Its code and its value contradict.", "value", IssueKind.CONFLICT)
        return Reply(presence, value)

    def _in_unit(self, number: float, unit: str) -> float:
        asked = self.known.unit
        if self.known.kind in ("strength", "reflex") and scales.dimensionless(unit):
            return number
        if self.known.kind == "angle":
            asked = "deg"
            unit = unit or asked
        elif scales.dimensionless(unit) and unit and asked == "%":
            unit = asked
        value = scales.converted(number, unit, asked)
        if value is None:
            raise Unusable("Its unit is not the one expected.", "valueQuantity.unit")
        return value

    def _by_threshold(self, comparator: str, value: float) -> Presence:
        known = self.known
        if known.at_most is None and known.at_least is None:
            if known.kind == "measure":
                return _PRESENT
            raise Unusable("A number does not answer this finding.", "value")
        low = _below(comparator, value, known.at_most) if known.at_most is not None else True
        high = _above(comparator, value, known.at_least) if known.at_least is not None else True
        if low is False or high is False:
            return _ABSENT
        return _PRESENT if low and high else _UNKNOWN


def _below(comparator: str, value: float, bound: float) -> bool | None:
    """Whether the value is at most the bound, as far as the comparator lets one say."""
    if comparator in ("<", "<="):
        return True if value <= bound else None
    if comparator in (">", ">="):
        return False if value > bound or (comparator == ">" and value == bound) else None
    return value <= bound


def _above(comparator: str, value: float, bound: float) -> bool | None:
    """Whether the value is at least the bound, as far as the comparator lets one say."""
    if comparator in (">", ">="):
        return True if value >= bound else None
    if comparator in ("<", "<="):
        return False if value < bound or (comparator == "<" and value == bound) else None
    return value >= bound


def _values(answer: shapes.Answer) -> dict[str, object]:
    """The values that are there, by name: those that are read, and those that are kept raw."""
    named = zip(_READ, _READ_OF(answer), strict=True)
    found: dict[str, object] = {name: value for name, value in named if value is not None}
    raws = _RAW_OF(answer)
    if raws != _NO_RAW:
        found.update({n: raw for n, raw in zip(_RAW, raws, strict=True) if shapes.given(raw)})
    return found


@lru_cache(maxsize=8192)
def _presences(get: Callable[[Coding], str | None], system: str, code: str) -> frozenset[Presence]:
    """What a coding says of presence, by the table and by the project's own system."""
    coding = known_coding(system, code)
    said = (get(coding), coding.code if coding.system == PRESENCE_SYSTEM else None)
    return frozenset(_PRESENCES[word] for word in said if word in _PRESENCES)


@lru_cache(maxsize=1024)
def _names_a_loss(finding: str) -> bool:
    """Whether being reduced is what a finding says, by the convention of the vocabulary."""
    return any(word in finding for word in _LOSSES)
