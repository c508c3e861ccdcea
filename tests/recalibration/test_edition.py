"""The written edition: whole or not at all, beside what ships, and it is used."""

import tomllib
from datetime import date
from pathlib import Path

import pytest

from service import wiring
from service.clinical.assess import assess
from service.errors import KnowledgeError
from service.knowledge.files import digest_of, load_model, read_contents
from service.recalibration import edition
from service.recalibration.edition import Site, check_site, write_edition
from service.recalibration.sample import Refused
from service.settings import Settings
from tests.builders import a_case, a_model

SITE = Site("ward", 'Ward "3"', date(2026, 12, 1))


@pytest.fixture
def written(tmp_path, trial):
    into = tmp_path / "site"
    write_edition(None, into, SITE, trial)
    return into


def test_the_edition_loads_by_the_setting_and_holds_the_fitted_numbers(written, trial):
    model = wiring.model(Settings(mappings_dir=str(written)))
    wiring.phrases(Settings(mappings_dir=str(written)))
    assert model.edition == f"{a_model().edition}+ward"
    assert model.combination.temper == round(trial.fitted.temper, 4)
    assert model.populations["ward"].none == round(trial.fitted.none, 4)
    assert model.populations["ward"].label == SITE.label
    assert model.citations["ward-outcomes"].checked == "derived"


def test_the_edition_is_used(written, trial):
    before, after = a_model(), load_model(written)
    old = assess(a_case(), before).localisation
    new = assess(a_case(), after, population="ward").localisation
    assert new.none > old.none
    assert new.probabilities[0][1] < old.probabilities[0][1]


def test_the_mixture_of_all_populations_stays_what_it_was(written):
    def mixed(model):
        every = model.populations.values()
        return sum(p.weight * p.none for p in every) / sum(p.weight for p in every)

    assert mixed(load_model(written)) == pytest.approx(mixed(a_model()), abs=0.0005)


def test_nothing_else_differs_from_what_ships(written):
    shipped, site = read_contents(), read_contents(written)
    assert shipped.keys() == site.keys()
    assert {name for name in shipped if shipped[name] != site[name]} == {
        "edition.toml",
        "sources.toml",
        "evidence/combination.toml",
        "evidence/populations.toml",
    }
    for name in ("evidence/combination.toml", "evidence/populations.toml", "sources.toml"):
        old, new = tomllib.loads(shipped[name]), tomllib.loads(site[name])
        assert {k: v for k, v in old.items() if k != "temper"} == {
            k: v for k, v in new.items() if k not in ("temper", "ward", "ward-outcomes")
        }
    assert (written / "__init__.py").is_file()


def test_the_reason_the_count_and_the_dates_are_written_down(written):
    temper = tomllib.loads((written / "evidence/combination.toml").read_text("utf-8"))["temper"]
    assert temper["basis"] == "derived"
    assert temper["sources"] == ["ward-outcomes"]
    for words in ("400 confirmed outcomes", "2026-01-01 to 2026-06-29", "log loss fell"):
        assert words in temper["why"]
    changes = (written / "CHANGELOG.md").read_text("utf-8")
    assert changes.index(f"## {a_model().edition}+ward (2026-12-01)") < changes.index(
        f"## {a_model().edition} ("
    )


def test_what_ships_is_left_as_it_is(tmp_path, trial):
    before = digest_of(read_contents())
    write_edition(None, tmp_path / "site", SITE, trial)
    assert digest_of(read_contents()) == before


def test_a_site_edition_can_be_recalibrated_again(written, tmp_path, trial):
    again = write_edition(written, tmp_path / "again", SITE._replace(name="later"), trial)
    assert again.edition == f"{a_model().edition}+ward+later"
    assert {"ward", "later"} <= again.populations.keys()


@pytest.mark.parametrize("crash", [KeyboardInterrupt, OSError])
def test_a_crash_midway_leaves_no_half_edition(tmp_path, trial, monkeypatch, crash):
    put, written = edition._put, []

    def dies(file, content):
        written.append(file)
        if len(written) > 5:
            raise crash
        put(file, content)

    monkeypatch.setattr(edition, "_put", dies)
    with pytest.raises((KeyboardInterrupt, Refused)):
        write_edition(None, tmp_path / "site", SITE, trial)
    assert written
    assert list(tmp_path.iterdir()) == []


def test_an_edition_that_would_not_load_is_never_there(tmp_path, trial):
    base = tmp_path / "base"
    write_edition(None, base, SITE, trial)
    (base / "evidence" / "priors.toml").write_text("roots = 1", "utf-8")
    with pytest.raises(KnowledgeError, match="priors"):
        write_edition(base, tmp_path / "site", SITE._replace(name="later"), trial)
    assert [p.name for p in tmp_path.iterdir()] == ["base"]


def test_a_folder_that_holds_something_is_refused_and_kept(tmp_path, trial):
    into = tmp_path / "site"
    into.mkdir()
    (into / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(Refused, match="not an empty folder"):
        write_edition(None, into, SITE, trial)
    assert [p.name for p in into.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled_and_a_missing_parent_is_refused(tmp_path, trial):
    (tmp_path / "empty").mkdir()
    write_edition(None, tmp_path / "empty", SITE, trial)
    assert (tmp_path / "empty" / "edition.toml").is_file()
    with pytest.raises(Refused, match="no such folder"):
        write_edition(None, Path(tmp_path / "no" / "site"), SITE, trial)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Ward 3", "x"),
        ("", "x"),
        ("primary-care", "x"),
        ("ward", ""),
        ("ward", "a\nb"),
        ("ward", "x" * 81),
    ],
)
def test_names_that_cannot_be_written_or_are_taken_are_refused(name, label):
    with pytest.raises(Refused):
        check_site(Site(name, label, SITE.today), a_model())
