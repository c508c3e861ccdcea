from pathlib import Path

import pytest

from service.clinical.anatomy import Side
from service.clinical.coding import Coding
from service.clinical.model import CodedFinding, Model
from service.errors import KnowledgeError
from service.knowledge.site_codes import with_site_codes

HEAD = "system,code,finding,side,presence,ward\n"


def a_site(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "site.csv"
    file.write_text("# ours\n" + HEAD + "".join(f"{line}\n" for line in lines), "utf-8")
    return file


def test_a_site_s_code_means_what_the_site_says(model: Model, tmp_path: Path) -> None:
    file = a_site(tmp_path, "urn:site,AJ-L,reduced-achilles-reflex,left,,7")
    site = with_site_codes(model, file)
    meaning = site.codes.findings.first([Coding("urn:site", "AJ-L")])
    assert meaning == CodedFinding("reduced-achilles-reflex", Side.LEFT, None)
    assert site.digest != model.digest


def test_another_name_of_a_finding_is_taken_from_a_site_too(model: Model, tmp_path: Path) -> None:
    file = a_site(tmp_path, "urn:site,PF,weakness-ankle-plantar-flexion,,,")
    meaning = with_site_codes(model, file).codes.findings.first([Coding("urn:site", "PF")])
    assert meaning == CodedFinding("weakness-plantar-flexion")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("urn:site,X,no-such-sign,,,", "line 3: there is no finding 'no-such-sign'"),
        ("urn:site,X,fever,middle,,", "line 3: side:"),
        ("http://snomed.info/sct,6077001,fever,,,", "line 3: '6077001' means something else"),
    ],
)
def test_a_fault_in_a_site_s_table_is_named_by_line(
    model: Model, tmp_path: Path, line: str, says: str
) -> None:
    with pytest.raises(KnowledgeError) as refused:
        with_site_codes(model, a_site(tmp_path, line))
    assert says in str(refused.value)


def test_a_site_s_table_that_is_not_there_is_refused(model: Model, tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="cannot be read"):
        with_site_codes(model, tmp_path / "none.csv")
