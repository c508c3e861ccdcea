"""Which text of a report is read, how it is decoded, and what is said of texts that cannot be."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from service.clinical.findings import IssueKind
from service.fhir.intake import choose, media_type
from service.fhir.shapes import DiagnosticReport
from tests.fhir.made import case_of, reasons

WORDS = "L4-L5: left foraminal protrusion."
DIV = f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{WORDS}</p></div>'


def form(text: str | bytes, kind: str | None = "text/plain") -> dict[str, Any]:
    content = text.encode() if isinstance(text, str) else text
    made = {"contentType": kind, "data": base64.b64encode(content).decode()}
    return {key: value for key, value in made.items() if value is not None}


def report(**more: Any) -> DiagnosticReport:
    return msgspec.convert(more, DiagnosticReport)


def test_the_presented_form_goes_before_the_narrative_and_the_conclusion() -> None:
    narrative = {"status": "generated", "div": DIV}
    taken = choose(report(presentedForm=[form(WORDS)], text=narrative, conclusion="other")).text
    assert taken is not None
    assert (taken.text, taken.content_type, taken.element) == (
        WORDS,
        "text/plain",
        "presentedForm[0]",
    )


def test_the_narrative_goes_before_the_conclusion_and_says_if_it_was_generated() -> None:
    for status, generated in (("generated", True), ("additional", False)):
        taken = choose(report(text={"status": status, "div": DIV}, conclusion="other")).text
        assert taken is not None
        assert (taken.text, taken.content_type) == (DIV, "text/html")
        assert taken.generated is generated


def test_an_empty_narrative_gives_way_to_the_conclusion() -> None:
    taken = choose(report(text={"status": "empty", "div": DIV}, conclusion=WORDS)).text
    assert taken is not None
    assert taken.element == "conclusion"


def test_plain_text_goes_before_markup_whatever_the_order() -> None:
    taken = choose(report(presentedForm=[form(DIV, "text/html"), form(WORDS)])).text
    assert taken is not None
    assert taken.element == "presentedForm[1]"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("Protrusion é".encode("latin-1"), "text/plain; charset=ISO-8859-1"),
        ("Protrusion é".encode("utf-16"), 'text/plain;charset="utf-16"'),
        ("Protrusion é".encode(), "text/plain"),
        ("Protrusion é".encode("utf-8-sig"), "text/plain; charset=utf-8"),
        ("Protrusion é".encode("cp1252"), "text/plain"),
        ("Protrusion é".encode("utf-16"), "text/plain"),
        ("Protrusion é".encode(), None),
    ],
)
def test_the_charset_is_honoured(content: bytes, kind: str | None) -> None:
    taken = choose(report(presentedForm=[form(content, kind)])).text
    assert taken is not None
    assert taken.text == "Protrusion é"


@pytest.mark.parametrize(
    ("attachment", "why"),
    [
        (form(b"%PDF-1.7", "application/pdf"), "its type is application/pdf"),
        (form("x", "text/rtf"), "its type is text/rtf"),
        (form(b"\xff\xd8", "image/jpeg"), "its type is image/jpeg"),
        (form("x", "application/x-strange"), "its type is not read"),
        ({"contentType": "text/plain", "url": "https://a.example/1"}, "its text is elsewhere"),
        ({"contentType": "text/plain"}, "it is empty"),
        ({"contentType": "text/plain", "data": "%%%"}, "it cannot be decoded"),
        (form(b"\xff", "text/plain; charset=utf-8"), "it cannot be decoded"),
        (form("x", "text/plain; charset=klingon"), "it cannot be decoded"),
        (form("x", "text/plain; charset=base64"), "it cannot be decoded"),
        (form(b"%PDF-1.7", None), "it is not text, whatever its type says"),
        (form("{\\rtf1 x}"), "it is not text, whatever its type says"),
        (form(b"a\0b"), "it is not text, whatever its type says"),
        (form("x" * 101), "it is longer than 100 characters"),
    ],
)
def test_a_form_that_cannot_be_read_is_named_and_the_next_text_is_read(
    attachment: dict[str, Any], why: str
) -> None:
    taken = choose(report(presentedForm=[attachment], conclusion=WORDS), limit=100)
    assert [(failed.element, failed.why) for failed in taken.not_read] == [
        ("presentedForm[0]", why)
    ]
    assert taken.text is not None
    assert taken.text.element == "conclusion"


def test_markup_that_is_sent_as_plain_text_is_read_as_markup() -> None:
    taken = choose(report(presentedForm=[form(DIV)])).text
    assert taken is not None
    assert taken.content_type == "text/html"


def test_line_breaks_in_base64_do_no_harm() -> None:
    attachment = form(WORDS)
    attachment["data"] = "\n".join(attachment["data"][i : i + 7] for i in range(0, 60, 7))
    assert choose(report(presentedForm=[attachment])).text is not None


def test_a_content_type_is_read_with_its_charset() -> None:
    assert media_type("Text/HTML; Charset='UTF-8'; x=y") == ("text/html", "utf-8")
    assert media_type(None) == ("text/plain", "")


LUMBAR = {
    "resourceType": "DiagnosticReport",
    "id": "r",
    "status": "final",
    "subject": {"reference": "Patient/1"},
    "code": {"text": "MRI lumbar spine"},
    "issued": "2026-10-20T12:00:00Z",
}


def test_a_scanned_report_is_not_read_which_is_not_no_findings() -> None:
    case = case_of({**LUMBAR, "presentedForm": [form(b"%PDF-1.7", "application/pdf")]})
    assert case.imaging == ()
    assert case.studies[0].report is None
    assert reasons(case) == [(IssueKind.NOT_READ, "DiagnosticReport.presentedForm[0]")]


def test_a_report_without_any_text_is_not_read() -> None:
    case = case_of(LUMBAR)
    assert case.studies[0].report is None
    assert reasons(case) == [(IssueKind.NOT_READ, "DiagnosticReport")]


def test_texts_that_repeat_each_other_are_not_added_up() -> None:
    once = case_of({**LUMBAR, "presentedForm": [form(WORDS)]})
    twice = case_of(
        {
            **LUMBAR,
            "presentedForm": [form(WORDS), form(WORDS)],
            "text": {"status": "additional", "div": DIV},
            "conclusion": WORDS,
        }
    )
    assert once.imaging == twice.imaging != ()


def test_a_generated_narrative_is_read_and_marked() -> None:
    case = case_of({**LUMBAR, "text": {"status": "generated", "div": DIV}})
    assert case.imaging != ()
    assert (IssueKind.NOT_UNDERSTOOD, "DiagnosticReport.text.div") in reasons(case)
