from service.clinical.model import Model
from service.knowledge.report import COLUMNS, finding_rows, findings_table, report


def test_the_report_names_edition_and_digest_and_what_was_remembered(model: Model) -> None:
    text = report(model)
    assert f"edition {model.edition}, digest {model.digest}" in text
    assert "to be read again before release: " in text
    assert "findings have no standard code" in text


def test_every_finding_has_a_row_with_the_value_it_takes(model: Model) -> None:
    rows = {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in finding_rows(model)}
    assert len(rows) == len(model.findings)
    achilles = rows["reduced-achilles-reflex"]
    assert achilles["value"] == "grade 0 to 4"
    assert achilles["side"] == "left or right"
    assert "http://snomed.info/sct|274818004" in achilles["codes"]
    assert rows["post-void-residual"]["value"] == "a number, mL"
    assert rows["saddle-sensory-loss"]["side"] == ""
    assert rows["saddle-sensory-loss"]["weighs"] == ""


def test_other_names_stand_beside_the_id(model: Model) -> None:
    named = {row[0] for row in finding_rows(model)}
    assert "weakness-plantar-flexion = weakness-ankle-plantar-flexion" in named


def test_the_table_has_one_line_a_finding_under_its_headings(model: Model) -> None:
    lines = findings_table(model).splitlines()
    assert lines[0].split("\t") == list(COLUMNS)
    assert len(lines) == 1 + len(model.findings)
