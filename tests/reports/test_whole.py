"""What a report says of the spine as a whole: variants of anatomy, and that nothing is compressed."""

import pytest

from service.clinical.anatomy import Side, Zone
from service.clinical.imaging import Kind
from service.reports import Phrases, read_report

WHOLE = "lumbarised-s1", "sacralised-l5", "conjoined-roots"


@pytest.mark.parametrize(
    "text",
    [
        "MRI lumbar spine: negative.",
        "Normal MRI of the lumbar spine.",
        "Lumbar spine MRI is unremarkable.",
        "No nerve root compression at any level.",
        "No definite root compression.",
        "FINDINGS: L4-5: mild bulge.\n\nIMPRESSION: No neural compression.",
        "Diffuse degenerative change without focal compressive lesion.",
        "L4-5 bulge. Otherwise normal study.",
    ],
)
def test_a_report_that_denies_compression_of_the_whole_spine_is_clear(
    text: str, phrases: Phrases
) -> None:
    assert read_report(text, phrases).clear


@pytest.mark.parametrize(
    "text",
    [
        "",
        "L4-5: no nerve root compression.",
        "No compression of the left L5 root.",
        "Normal alignment. The conus is normal.",
        "L4-5: left protrusion compressing the L5 root.\n\nNo other nerve root compression.",
        "L5-S1: left extrusion.\n\nIMPRESSION: No nerve root compression.",
        "L4-5: focal compressive lesion on the left.",
        "The previous examination was a normal study. L4-5: left protrusion.",
        "L4-5: severe canal stenosis. Otherwise normal study.",
        "CLINICAL HISTORY: Normal MRI of the lumbar spine.\nFINDINGS: L4-5: protrusion.",
        "COMPARISON: normal MRI lumbar spine.\nFINDINGS: L4-5: left protrusion.",
    ],
)
def test_a_report_is_not_clear_by_one_level_one_root_the_past_or_against_its_own_findings(
    text: str, phrases: Phrases
) -> None:
    assert not read_report(text, phrases).clear


@pytest.mark.parametrize(
    ("text", "numbering", "variants"),
    [
        ("Lumbarised S1.", "doubtful", WHOLE[:1]),
        ("Partial sacralisation of L5 on the left.", "doubtful", WHOLE[1:2]),
        ("No canal stenosis, sacralised L5.", "doubtful", WHOLE[1:2]),
        ("Conjoined left L5 and S1 nerve roots.", "unstated", WHOLE[2:]),
        ("No sacralisation or lumbarisation.", "unstated", ()),
        ("Transitional lumbosacral vertebra.", "doubtful", ()),
    ],
)
def test_variants_are_read_where_they_are_stated_and_not_where_they_are_denied(
    text: str, numbering: str, variants: tuple[str, ...], phrases: Phrases
) -> None:
    reading = read_report(text, phrases)
    assert (reading.numbering, reading.variants) == (numbering, variants)


def test_an_intraforaminal_cystic_lesion_is_a_synovial_cyst_in_the_foramen(
    phrases: Phrases,
) -> None:
    (fact,) = read_report("right intraforaminal cystic lesion at L4-L5", phrases).facts
    assert (fact.kind, fact.level, fact.side) == (Kind.SYNOVIAL_CYST, "L4-L5", Side.RIGHT)
    assert fact.zones == (Zone.FORAMINAL,)


def test_the_cause_of_a_slip_is_kept_where_it_is_said(phrases: Phrases) -> None:
    text = "Grade 1 isthmic spondylolisthesis at L5-S1. Degenerative anterolisthesis at L4-5."
    details = {fact.level: fact.detail for fact in read_report(text, phrases).facts}
    assert details == {
        "L5-S1": "isthmic anterolisthesis grade 1",
        "L4-L5": "degenerative anterolisthesis",
    }
