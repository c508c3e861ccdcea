"""From a body to raw resources: any Bundle, a lone resource, or the Parameters of an operation.

The body is checked before it is parsed (UTF-8, nesting); the resources stay raw bytes, so that one
bad resource costs that resource and not the patient.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from types import MappingProxyType
from typing import TypeVar

import msgspec

from service.clinical.findings import IssueKind, ReadingIssue
from service.errors import InvalidInput, NotUnderstood
from service.fhir.moments import moment
from service.fhir.shapes import Bundle, BundleEntry, Name, Parameter, WholeBundle, given

T = TypeVar("T")

_KEPT = frozenset(b'[]{}"')
_DROPPED = bytes(b for b in range(256) if b not in _KEPT)
_ALIKE = bytes.maketrans(b"[]", b"{}")
_STEP = tuple({ord("{"): 1, ord("}"): -1}.get(b, 0) for b in range(256))
_ROUNDS = 64
"""How often pairs of brackets are taken out; what is nested deeper is counted one by one."""
_WHERE = re.compile(r" - at `\$\.?(.*)`$")
_LITERAL = re.compile(r"(?:^|/)([A-Z][A-Za-z]+/[A-Za-z0-9.\-]+)(?:/_history/[A-Za-z0-9.\-]+)?/?$")

_NAME = msgspec.json.Decoder(Name)
_WHOLE = msgspec.json.Decoder(WholeBundle)
_BUNDLE = msgspec.json.Decoder(Bundle)
_ENTRY = msgspec.json.Decoder(BundleEntry)
_PARAMETER = msgspec.json.Decoder(Parameter)


class Entry(msgspec.Struct, frozen=True):
    """One raw resource and how it was delivered.

    ``resource`` is empty for an entry without one (a deletion, or an id). ``method`` and ``url`` are
    those of the entry's request.
    """

    resource: bytes
    type: str = ""
    id: str | None = None
    full_url: str = ""
    method: str = ""
    url: str = ""

    @property
    def reference(self) -> str:
        """``Observation/1``, else the fullUrl, else what the request named."""
        if self.id and self.type:
            return f"{self.type}/{self.id}"
        return normal(self.full_url or self.url) or self.type


@dataclass(frozen=True, slots=True)
class Split:
    """The parts of a body.

    ``type`` is the Bundle's type, ``parameters`` for Parameters and empty for a lone resource;
    ``parameters`` holds the operation's plain values by name.
    """

    type: str
    timestamp: datetime | None = None
    entries: tuple[Entry, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    issues: tuple[ReadingIssue, ...] = ()


def normal(reference: str | None) -> str:
    """``Patient/1`` for every way of pointing at it; a urn or a fragment stays as it is."""
    text = (reference or "").strip()
    found = None if text.startswith(("urn:", "#")) else _LITERAL.search(text)
    return found[1] if found else text


def decoded(decoder: msgspec.json.Decoder[T], raw: bytes | msgspec.Raw, name: str = "") -> T:
    """Decode, or raise InvalidInput with the FHIRPath of the element that is wrong."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        found = _WHERE.search(str(error))
        path = ".".join(part for part in (name, found[1] if found else "") if part)
        raise InvalidInput("an element has the wrong type", expression=path) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("this is not JSON", expression=name) from error


def depth(body: bytes) -> int:
    """How deep arrays and objects are nested, by a linear scan that knows strings."""
    if b"\\" in body:
        body = body.replace(rb"\\", b"").replace(rb"\"", b"")
    marks = body.translate(_ALIKE, _DROPPED).replace(b'""', b"")
    brackets = left = b"".join(marks.split(b'"')[::2])
    for rounds in range(_ROUNDS):
        if not left:
            return rounds
        left = left.replace(b"{}", b"")
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def checked(body: bytes, *, max_depth: int) -> bytes:
    """The body without a byte order mark; raises InvalidInput unless it is shallow UTF-8."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidInput("the body is not UTF-8") from error
    if depth(body) > max_depth:
        raise InvalidInput(f"the body is nested deeper than {max_depth} levels")
    return body


def split(body: bytes, *, max_depth: int = 100) -> Split:
    """Take a body apart.

    Raises InvalidInput when it is not JSON, not UTF-8, too deep or no resource, and NotUnderstood
    when it is a resource that holds nothing that could be read.
    """
    return parted(checked(body, max_depth=max_depth))


def parted(body: bytes | msgspec.Raw) -> Split:
    """Take a body apart that has been checked: at once as a Bundle, where nothing in it is wrong."""
    try:
        whole = _WHOLE.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _parted(body)
    return _bundle(whole.type, whole.timestamp, whole.entry or ())


def _parted(body: bytes | msgspec.Raw) -> Split:
    head = decoded(_NAME, body)
    if not head.resource_type:
        raise InvalidInput("resourceType is missing", expression="resourceType")
    if head.resource_type == "Bundle":
        bundle = decoded(_BUNDLE, body, "Bundle")
        return _bundle(bundle.type, bundle.timestamp, bundle.entry or ())
    if head.resource_type == "Parameters":
        return _parameters(decoded(_BUNDLE, body, "Parameters"))
    return Split("", entries=(Entry(bytes(body), head.resource_type, head.id),))


def entry_of(resource: bytes | msgspec.Raw, sent: BundleEntry | None = None) -> Entry:
    """An entry for a raw resource; raises InvalidInput when it is no resource."""
    head = decoded(_NAME, resource)
    if not head.resource_type:
        raise InvalidInput("resourceType is missing", expression="resourceType")
    request = sent.request if sent else None
    return Entry(
        bytes(resource),
        head.resource_type,
        head.id,
        (sent.full_url if sent else None) or "",
        (request.method if request else None) or "",
        (request.url if request else None) or "",
    )


def _bundle(
    kind: str | None, timestamp: str | None, sent_entries: Iterable[msgspec.Raw | BundleEntry]
) -> Split:
    entries: list[Entry] = []
    issues: list[ReadingIssue] = []
    for number, each in enumerate(sent_entries):
        try:
            sent = each if isinstance(each, BundleEntry) else decoded(_ENTRY, each)
            entry = entry_of(sent.resource, sent) if given(sent.resource) else _empty(sent)
            inner = parted(sent.resource) if entry.type == "Bundle" else None
        except InvalidInput as error:
            where = f"Bundle.entry[{number}]"
            path = f"{where}.{error.expression}" if error.expression else where
            issues.append(bad_entry(path, str(error)))
            continue
        if inner is None:
            entries.append(entry)
        else:
            entries += inner.entries
            issues += inner.issues
    return Split(kind or "", moment(timestamp), tuple(entries), issues=tuple(issues))


def bad_entry(path: str, why: str) -> ReadingIssue:
    """An issue for a resource that could not be read at all."""
    sentence = f"A resource was left out: {why}."
    return ReadingIssue(IssueKind.NOT_UNDERSTOOD, "", sentence, path)


def _empty(sent: BundleEntry) -> Entry:
    """An entry without a resource."""
    method, url = (sent.request.method, sent.request.url) if sent.request else (None, None)
    return Entry(b"", full_url=sent.full_url or "", method=method or "", url=url or "")


def _parameters(sent: Bundle) -> Split:
    parts: list[Split] = []
    values: dict[str, str] = {}
    for parameter in _read_parameters(sent):
        if given(parameter.resource):
            parts.append(parted(parameter.resource))
        elif parameter.name:
            values[parameter.name] = plain(parameter)
    if not parts:
        raise NotUnderstood("the Parameters hold no resource", expression="Parameters.parameter")
    return Split(
        "parameters",
        next((part.timestamp for part in parts if part.timestamp), None),
        tuple(entry for part in parts for entry in part.entries),
        MappingProxyType(values),
        tuple(issue for part in parts for issue in part.issues),
    )


def _read_parameters(sent: Bundle) -> Iterator[Parameter]:
    for number, raw in enumerate(sent.parameter or ()):
        yield decoded(_PARAMETER, raw, f"Parameters.parameter[{number}]")


def plain(parameter: Parameter) -> str:
    """The value of a parameter as text, whichever type it was sent as; empty when it has none."""
    values = (
        parameter.value_string,
        parameter.value_code,
        parameter.value_uri,
        parameter.value_canonical,
        parameter.value_date_time,
        parameter.value_instant,
        parameter.value_date,
        parameter.value_integer,
        parameter.value_unsigned_int,
        parameter.value_integer64,
    )
    return next((str(value) for value in values if value is not None), "")
