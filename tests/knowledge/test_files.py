from collections.abc import Mapping
from pathlib import Path

import pytest

from service.clinical.anatomy import Root
from service.clinical.coding import Coding
from service.clinical.model import STATES, Model
from service.errors import KnowledgeError
from service.knowledge.files import digest_of, load_model, model_from, read_contents

FINDING = "https://lasegue.example/fhir/CodeSystem/finding"
SNOMED = "http://snomed.info/sct"


def written(folder: Path, contents: Mapping[str, str]) -> Path:
    for name, text in contents.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return folder


def test_a_mounted_copy_is_the_same_edition_with_the_same_digest(
    contents: Mapping[str, str], model: Model, tmp_path: Path
) -> None:
    copy = load_model(written(tmp_path, contents))
    assert (copy.edition, copy.digest) == (model.edition, model.digest)
    assert len(copy.digest) == 64


def test_prose_beside_the_data_does_not_change_the_digest(
    contents: Mapping[str, str], model: Model, tmp_path: Path
) -> None:
    folder = written(tmp_path, contents)
    (folder / "README.md").write_text("Another word.", "utf-8")
    assert load_model(folder).digest == model.digest


def test_one_changed_letter_or_name_changes_the_digest(contents: Mapping[str, str]) -> None:
    changed = {**contents, "edition.toml": contents["edition.toml"] + "#"}
    renamed = {("sources2.toml" if n == "sources.toml" else n): t for n, t in contents.items()}
    assert len({digest_of(contents), digest_of(changed), digest_of(renamed)}) == 3


def test_the_digest_does_not_depend_on_the_order_of_files(contents: Mapping[str, str]) -> None:
    assert digest_of(dict(reversed(contents.items()))) == digest_of(contents)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="no such folder"):
        load_model(tmp_path / "nowhere")


def test_bytes_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    (tmp_path / "edition.toml").write_bytes(b"edition = '\xff'")
    with pytest.raises(KnowledgeError, match="not UTF-8"):
        read_contents(tmp_path)


def test_every_missing_file_is_named_at_once() -> None:
    with pytest.raises(KnowledgeError) as refused:
        model_from({})
    for name in ("sources.toml", "evidence/priors.toml", "codes/findings.csv"):
        assert f"{name}: the file is missing" in str(refused.value)


def test_a_model_cannot_be_changed_after_loading(model: Model) -> None:
    with pytest.raises(TypeError):
        model.findings["reduced-achilles-reflex"] = None  # type: ignore[index]
    given = model.findings["reduced-achilles-reflex"].given
    with pytest.raises(TypeError):
        given["S1"] = 0.9  # type: ignore[index]


def test_a_finding_carries_a_probability_for_every_state(model: Model) -> None:
    given = model.findings["reduced-achilles-reflex"].given
    assert given == {"L3": 0.08, "L4": 0.1, "L5": 0.2, "S1": 0.58, "none": 0.08}
    assert tuple(given) == STATES


def test_priors_sum_to_one_exactly_enough_for_arithmetic(model: Model) -> None:
    bands = [roots for _, roots in model.priors.roots_by_age]
    for roots in (model.priors.all_ages, *bands):
        assert sum(roots.values()) == pytest.approx(1.0, abs=1e-12)
    assert [start for start, _ in model.priors.roots_by_age] == [0, 40, 60]
    assert model.priors.roots_by_age[2][1][Root.L4] == pytest.approx(0.241, abs=0.001)


def test_another_name_of_a_finding_is_read_as_the_finding(model: Model) -> None:
    meanings = model.codes.findings.meanings
    other = meanings[Coding(FINDING, "weakness-ankle-plantar-flexion")]
    assert other.finding == "weakness-plantar-flexion"
    assert "weakness-ankle-plantar-flexion" not in model.findings


def test_every_finding_can_be_said_in_the_project_s_own_code(model: Model) -> None:
    for name in model.findings:
        assert model.codes.findings.first([Coding(FINDING, name)]).finding == name


def test_a_standard_code_brings_the_presence_it_carries(model: Model) -> None:
    absent_jerk = model.codes.findings.first([Coding(SNOMED, "274818004")])
    assert (absent_jerk.finding, absent_jerk.present) == ("reduced-achilles-reflex", True)
    graded = model.codes.findings.first([Coding("http://loinc.org", "32392-3")])
    assert (graded.finding, graded.present) == ("reduced-patellar-reflex", None)


def test_a_remembered_code_is_not_used(contents: Mapping[str, str], model: Model) -> None:
    gabapentin = Coding(SNOMED, "386845007")
    assert "386845007" in contents["codes/context.csv"]
    assert model.codes.context.first([gabapentin]) is None


def test_a_family_of_codes_means_what_its_longest_beginning_means(model: Model) -> None:
    icd = "http://hl7.org/fhir/sid/icd-10-cm"
    context = model.codes.context
    assert context.first([Coding(icd, "C50.911")]) == ("condition", "cancer")
    assert context.first([Coding(icd, "E11.9")]) == ("condition", "diabetes")
    assert context.first([Coding(icd, "E11.44")]) == ("condition", "diabetic-amyotrophy")
    assert context.first([Coding(icd, "J45.909")]) is None
    assert context.first([Coding("http://example.org", "C50.911")]) is None


def test_every_word_of_context_can_be_said_in_the_project_s_own_code(model: Model) -> None:
    own = "https://lasegue.example/fhir/CodeSystem/context"
    for code, meaning in (
        ("condition-cancer", ("condition", "cancer")),
        ("medicine-nsaid", ("medicine", "nsaid")),
        ("condition-work-limitation", ("condition", "work-limitation")),
    ):
        assert model.codes.context.first([Coding(own, code)]) == meaning


def test_a_code_of_a_body_site_may_say_root_and_side(model: Model) -> None:
    site = Coding("https://lasegue.example/fhir/CodeSystem/nerve-root", "l5-right")
    assert model.codes.roots.first([site]) == "L5"
    assert model.codes.sides.first([site]) == "right"
    assert model.codes.levels.first([Coding(SNOMED, "84020006")]) == "L4-L5"


def test_radiculopathy_is_written_with_codes_that_are_true_though_broader(model: Model) -> None:
    outward = model.codes.outward
    assert [c.code for c in outward["condition.radiculopathy.lumbar"]] == ["128196005"]
    assert [c.code for c in outward["condition.radiculopathy.lumbosacral"]] == ["2415007"]
    assert [c.code for c in outward["icd10cm.disc-radiculopathy.lumbar"]] == ["M51.16"]
    assert next(c.code for c in outward["side.right"]) == "24028007"
