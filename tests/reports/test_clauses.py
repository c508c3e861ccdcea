from __future__ import annotations

from service.reports.clauses import LONGEST, sentences_of
from service.reports.phrases import Phrases


def texts(text: str, phrases: Phrases) -> list[tuple[str, str]]:
    return [(s.section, s.text.strip()) for s in sentences_of(text, phrases)]


def test_a_decimal_does_not_end_a_sentence(phrases: Phrases) -> None:
    assert texts("A 4.5 mm bulge. Normal.", phrases) == [
        ("findings", "A 4.5 mm bulge"),
        ("findings", "Normal"),
    ]


def test_a_missing_space_behind_the_full_stop_still_ends_a_sentence(phrases: Phrases) -> None:
    assert [t for _, t in texts("Mild bulge.There is stenosis", phrases)] == [
        "Mild bulge",
        "There is stenosis",
    ]


def test_a_line_broken_to_fit_the_page_is_joined(phrases: Phrases) -> None:
    found = texts("Protrusion which displaces the traversing\nright L5 root.", phrases)
    assert [" ".join(t.split()) for _, t in found] == [
        "Protrusion which displaces the traversing right L5 root"
    ]


def test_a_level_on_its_own_line_is_not_glued_to_the_line_before(phrases: Phrases) -> None:
    found = [
        t for _, t in texts("Mild bulge at the upper lumbar spine\nL4-L5\nProtrusion", phrases)
    ]
    assert found == ["Mild bulge at the upper lumbar spine", "L4-L5", "Protrusion"]


def test_a_level_with_a_colon_opens_a_sentence_in_running_text(phrases: Phrases) -> None:
    found = [t for _, t in texts("Facets are normal L4-5: bulge", phrases)]
    assert found == ["Facets are normal", "L4-5: bulge"]


def test_history_lasts_until_the_findings_when_there_are_any(phrases: Phrases) -> None:
    text = "HISTORY: Pain.\nPrior extrusion.\n\nMore pain.\nFINDINGS: Bulge."
    assert {s for s, t in texts(text, phrases) if t != "Bulge"} == {"history"}


def test_history_ends_with_its_line_when_no_findings_header_follows(phrases: Phrases) -> None:
    found = texts("Indication: sciatica.\nThere is a bulge.", phrases)
    assert found[-1] == ("findings", "There is a bulge")


def test_headers_are_found_inside_a_report_of_one_line(phrases: Phrases) -> None:
    text = "Exam: MRI. Clinical details: pain. Findings: bulge. Impression: bulge."
    assert [s for s, _ in texts(text, phrases)] == ["title", "history", "findings", "impression"]


def test_a_header_in_capitals_needs_no_colon(phrases: Phrases) -> None:
    assert texts("IMPRESSION large extrusion", phrases) == [("impression", "large extrusion")]


def test_an_unknown_header_is_read_as_findings(phrases: Phrases) -> None:
    assert texts("Musings: a bulge", phrases) == [("findings", "Musings: a bulge")]


def test_list_marks_are_left_out_and_noted(phrases: Phrases) -> None:
    found = list(sentences_of("Impression:\n1. Bulge\n2) Stenosis\n- Cyst", phrases))
    assert [(s.text, s.new_item) for s in found] == [
        ("Bulge", True),
        ("Stenosis", True),
        ("Cyst", True),
    ]


def test_offsets_lead_to_the_text(phrases: Phrases) -> None:
    text = "FINDINGS:\n  L4-5: bulge; stenosis. Cyst"
    for sentence in sentences_of(text, phrases):
        assert text[sentence.start :].startswith(sentence.text)


def test_a_sentence_without_end_is_cut(phrases: Phrases) -> None:
    lengths = [len(s.text) for s in sentences_of("bulge " * 2000, phrases)]
    assert max(lengths) <= LONGEST
    assert sum(lengths) >= 11_000
