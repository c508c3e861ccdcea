from __future__ import annotations

import pytest

from service.clinical.anatomy import Role, Root, Side, Zone
from service.clinical.imaging import Kind, Relation
from service.errors import KnowledgeError
from service.reports import Phrases, Reading, phrases_from, read_report
from tests.reports.shown import lines


def shown(text: str, phrases: Phrases, content_type: str = "text/plain") -> list[str]:
    return lines(read_report(text, phrases, content_type=content_type).facts)


def test_a_fact_carries_every_slot_its_span_and_its_rule(phrases: Phrases) -> None:
    text = "L4-5: left subarticular protrusion compressing the traversing left L5 nerve root."
    protrusion, root = read_report(text, phrases).facts
    assert (protrusion.kind, protrusion.level) == (Kind.PROTRUSION, "L4-L5")
    assert (protrusion.side, protrusion.zones) == (Side.LEFT, (Zone.SUBARTICULAR,))
    assert (root.root, root.side, root.role) == (Root.L5, Side.LEFT, Role.TRAVERSING)
    assert root.relation is Relation.COMPRESS
    start, end = root.span or (0, 0)
    assert text[start:end] == "compressing the traversing left L5 nerve root"
    assert protrusion.rule == "named-finding"


def test_a_resolved_finding_is_never_current(phrases: Phrases) -> None:
    facts = read_report("The right L5-S1 extrusion has resolved.", phrases).facts
    assert [(f.kind, f.time) for f in facts] == [(Kind.EXTRUSION, "resolved_or_prior")]


def test_what_was_compressed_before_and_is_touched_now_is_two_statements(phrases: Phrases) -> None:
    text = "At L4-5 the left L5 root, compressed on the prior study, is now only contacted."
    assert shown(text, phrases) == [
        "L4-L5 root left L5 contact",
        "gone L4-L5 root left L5 compress",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "HISTORY: L4-5 extrusion with L5 compression.\nFINDINGS: Normal study.",
        "CLINICAL INDICATION: rule out disc extrusion at L4-5\n\nNormal study.",
        "TECHNIQUE: Axial images from L3-4 to L5-S1, stenosis protocol.\nFINDINGS: Normal.",
        "COMPARISON: L4-5 protrusion in 2019.\nFINDINGS: Normal study.",
        "FINDINGS: Normal. RECOMMENDATION: Repeat if L5 root compression is suspected at L4-5.",
        "Correlate clinically for L5 radiculopathy at L4-5.",
    ],
)
def test_requests_and_old_studies_give_no_fact(text: str, phrases: Phrases) -> None:
    assert shown(text, phrases) == []


def test_history_keeps_operations_and_what_they_were_for_as_past(phrases: Phrases) -> None:
    text = "HISTORY: Right L4-5 discectomy for extrusion.\nFINDINGS: L4-5: no extrusion."
    assert shown(text, phrases) == [
        "L4-L5 surgery right [discectomy]",
        "gone L4-L5 extrusion",
        "no L4-L5 extrusion",
    ]


def test_an_addendum_replaces_what_it_corrects(phrases: Phrases) -> None:
    text = (
        "FINDINGS: L4-5: right protrusion. Mild canal stenosis.\n"
        "ADDENDUM: The side was dictated in error. At L4-5 the protrusion is on the left."
    )
    assert shown(text, phrases) == ["L4-L5 canal mild", "L4-L5 protrusion left"]


def test_findings_and_impression_are_one_statement(phrases: Phrases) -> None:
    text = (
        "FINDINGS: L5-S1: small left paracentral protrusion displaces the traversing S1 root.\n"
        "IMPRESSION: Left L5-S1 disc herniation displacing the left S1 root."
    )
    assert shown(text, phrases) == [
        "L5-S1 protrusion left @subarticular",
        "L5-S1 root left traversing S1 displace",
    ]


def test_a_contradiction_is_kept_and_flagged(phrases: Phrases) -> None:
    text = "FINDINGS: L4-5: moderate canal stenosis.\nIMPRESSION: No canal stenosis at L4-5."
    reading = read_report(text, phrases)
    assert lines(reading.facts) == ["L4-L5 canal moderate", "no L4-L5 canal"]
    assert [why for *_, why in reading.not_understood] == ["stated in two ways"]


def test_a_level_never_crosses_a_new_item_of_the_impression(phrases: Phrases) -> None:
    text = "IMPRESSION:\n1. L4-5 protrusion.\n2. Moderate canal stenosis."
    reading = read_report(text, phrases)
    assert lines(reading.facts) == ["L4-L5 protrusion", "nowhere canal moderate"]
    assert [(text[s:e], why) for s, e, why in reading.not_understood] == [
        ("canal stenosis", "finding without level")
    ]


def test_a_general_denial_is_about_every_level(phrases: Phrases) -> None:
    assert shown("No disc herniation or canal stenosis.", phrases) == [
        "no all canal",
        "no all herniation",
    ]


def test_a_denial_elsewhere_spares_the_levels_stated(phrases: Phrases) -> None:
    text = "L4-5: moderate canal stenosis.\n\nNo canal stenosis elsewhere."
    assert shown(text, phrases) == [
        "L4-L5 canal moderate",
        "no L1-L2 canal",
        "no L2-L3 canal",
        "no L3-L4 canal",
        "no L5-S1 canal",
    ]


def test_what_is_not_mentioned_gives_no_fact(phrases: Phrases) -> None:
    assert read_report("L4-5: within normal limits. Kidneys are normal.", phrases).facts == ()


def test_markup_is_read_row_by_row_with_spans_in_the_markup(phrases: Phrases) -> None:
    text = (
        '<div xmlns="http://www.w3.org/1999/xhtml"><table><tr><th>L4&#8211;L5</th>'
        "<td>Large&nbsp;<b>right</b> extrusion</td></tr><tr><th>L5&#8211;S1</th>"
        "<td>Mild bulge</td></tr></table></div>"
    )
    facts = read_report(text, phrases, content_type="text/html; charset=utf-8").facts
    assert lines(facts) == ["L4-L5 extrusion right", "L5-S1 bulge mild"]
    assert [text[slice(*(fact.span or (0, 0)))] for fact in facts] == ["extrusion", "bulge"]


def test_scripts_and_styles_of_markup_are_not_read(phrases: Phrases) -> None:
    text = "<style>L4-5 protrusion</style><p>L5-S1: bulge</p><script>L3-4 bulge</script>"
    assert shown(text, phrases, "application/xhtml+xml") == ["L5-S1 bulge"]


def test_dashes_quotes_and_hard_spaces_change_nothing(phrases: Phrases) -> None:
    plain = shown("L4-5: mild - moderate bulge, there's left canal stenosis", phrases)
    fancy = "L4\u20135:\u00a0mild \u2013 moderate bulge, there\u2019s left canal stenosis"
    assert shown(fancy, phrases) == plain


@pytest.mark.parametrize(
    ("text", "modality"),
    [
        ("MRI LUMBAR SPINE", "MR"),
        ("Magnetic resonance imaging of the spine", "MR"),
        ("CT lumbar spine. MRI would help.", "CT"),
        ("X-ray lumbar spine", "DX"),
        ("Lumbar spine", None),
    ],
)
def test_the_modality_is_the_one_named_first(
    text: str, modality: str | None, phrases: Phrases
) -> None:
    assert read_report(text, phrases).modality == modality


@pytest.mark.parametrize(
    ("text", "numbering"),
    [
        ("Five lumbar-type vertebrae are assumed.", "stated"),
        ("There is a transitional lumbosacral vertebra, numbered as L5.", "doubtful"),
        ("Sacralised L5.", "doubtful"),
        ("L6-S1: mild bulge", "doubtful"),
        ("No transitional vertebra.", "unstated"),
        ("L4-5: mild bulge", "unstated"),
    ],
)
def test_the_numbering_is_stated_doubtful_or_unstated(
    text: str, numbering: str, phrases: Phrases
) -> None:
    assert read_report(text, phrases).numbering == numbering


def test_a_sixth_lumbar_root_keeps_its_name(phrases: Phrases) -> None:
    facts = read_report("L5-6: left protrusion compressing the left L6 root.", phrases).facts
    assert [(f.root, f.detail) for f in facts if f.kind is Kind.NERVE_ROOT] == [(None, "L6")]


def test_an_empty_text_says_nothing(phrases: Phrases) -> None:
    assert read_report("", phrases) == Reading((), None, "unstated", ())


def test_a_text_too_long_says_that_it_was_not_read_to_its_end(phrases: Phrases) -> None:
    reading = read_report("L4-5: bulge. " + "Normal. " * 20_000, phrases)
    assert lines(reading.facts) == ["L4-L5 bulge"]
    assert reading.not_understood[-1][2] == "text too long to be read to its end"


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({"kindd": {"bulge": ["bulge"]}}, "kindd"),
        ({"kind": {"bulge": "bulge"}}, "kind.bulge"),
        ({"kind": {"bulge": ["(disc bulge"]}}, "kind.bulge"),
    ],
)
def test_broken_phrases_are_refused_by_name(table: dict[str, object], word: str) -> None:
    with pytest.raises(KnowledgeError, match=word.replace(".", r"\.")):
        phrases_from(table)


def test_a_slip_of_spelling_is_forgiven_only_in_closed_lists(phrases: Phrases) -> None:
    assert shown("L4-5: sever canal stenosys, facct arthopathy", phrases) == [
        "L4-L5 canal severe",
        "L4-L5 facet",
    ]
    assert phrases.spelled("rigth") is None
    assert phrases.spelled("patient") is None
