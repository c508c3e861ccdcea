"""Which text of a DiagnosticReport is read: the form presented, else the narrative, else the conclusion.

They repeat each other, so they are never added up. A form that cannot be read is "not read", which
is never "no findings".
"""

from __future__ import annotations

import base64
import binascii
import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from service.fhir import shapes

READABLE = ("text/plain", "text/html", "application/xhtml+xml")
LIMIT = 200_000
"""The longest report that is read, in characters."""


@dataclass(frozen=True, slots=True)
class ReportText:
    """The text to read, its media type, the element it stood in, and whether a machine wrote it."""

    text: str
    content_type: str
    element: str
    generated: bool = False


@dataclass(frozen=True, slots=True)
class NotRead:
    """An element that holds a text which cannot be read, and why."""

    element: str
    why: str


@dataclass(frozen=True, slots=True)
class Intake:
    """What is read of a report, if anything, and what could not be."""

    text: ReportText | None
    not_read: tuple[NotRead, ...] = ()


def choose(report: shapes.DiagnosticReport, *, limit: int = LIMIT) -> Intake:
    """The one text of a report that is read."""
    failed: list[NotRead] = []
    for found in _candidates(report):
        if isinstance(found, NotRead):
            failed.append(found)
        elif len(found.text) > limit:
            failed.append(NotRead(found.element, f"it is longer than {limit} characters"))
        elif found.text.strip():
            return Intake(found, tuple(failed))
    return Intake(None, tuple(failed))


def _candidates(report: shapes.DiagnosticReport) -> Iterator[ReportText | NotRead]:
    forms = [_form(number, form) for number, form in enumerate(report.presented_form or ())]
    yield from sorted(forms, key=_plain_first)
    if report.text and report.text.div and report.text.status != "empty":
        generated = report.text.status == "generated"
        yield ReportText(report.text.div, "text/html", "text.div", generated)
    if report.conclusion:
        yield ReportText(report.conclusion, "text/plain", "conclusion")


def _plain_first(form: ReportText | NotRead) -> bool:
    return isinstance(form, ReportText) and form.content_type != "text/plain"


def _form(number: int, form: shapes.Attachment) -> ReportText | NotRead:
    element = f"presentedForm[{number}]"
    kind, charset = media_type(form.content_type)
    if kind not in READABLE:
        return NotRead(element, f"its type is {kind}" if kind in NAMED else "its type is not read")
    if not form.data:
        return NotRead(element, "its text is elsewhere" if form.url else "it is empty")
    try:
        content = base64.b64decode("".join(form.data.split()), validate=True)
        if content.startswith(_NOT_TEXT):
            return NotRead(element, "it is not text, whatever its type says")
        text = _text(content, charset)
    except (binascii.Error, ValueError, LookupError):
        return NotRead(element, "it cannot be decoded")
    if "\0" in text:
        return NotRead(element, "it is not text, whatever its type says")
    plain = kind == "text/plain" and not text.lstrip().startswith("<")
    return ReportText(text, "text/plain" if plain else "text/html", element)


_NOT_TEXT = (b"%PDF", b"{\\rtf", b"PK\x03\x04", b"\xff\xd8\xff", b"\x89PNG", b"\xd0\xcf\x11\xe0")
"""How documents and pictures begin that are sent as text by mistake."""
NAMED = frozenset(
    {"application/pdf", "text/rtf", "application/rtf", "image/jpeg", "image/png", "image/tiff"}
    | {"application/dicom", "application/xml", "text/xml", "application/msword"}
)
"""Types that are named when they are not read; others are not repeated, they are foreign text."""


def media_type(text: str | None) -> tuple[str, str]:
    """Type and charset of a content type; no type at all is plain text."""
    kind, *parameters = (text or "text/plain").lower().split(";")
    given = dict(part.strip().partition("=")[::2] for part in parameters)
    return kind.strip(), given.get("charset", "").strip(" \"'")


def _text(content: bytes, charset: str) -> str:
    """Decode as declared; undeclared is UTF-8 (or UTF-16 by its mark), else Windows-1252."""
    if charset:
        return content.decode(codecs.lookup(charset).name).removeprefix("\ufeff")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")
