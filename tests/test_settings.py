"""What an operator may write, and what is said when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.settings import Settings, SettingsError, load, version

HOSPITAL = '[peers.hospital]\nbase_url = "http://127.0.0.1:9/fhir"\n'


def written(folder: Path, text: str) -> Path:
    file = folder / "lasegue.toml"
    file.write_text(text, "utf-8")
    return file


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    assert load({}, tmp_path / "missing.toml") == Settings()


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="LASEGUE_CONFIG"):
        load({"LASEGUE_CONFIG": str(tmp_path / "missing.toml")})


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "port = 1\ncoalesce_seconds = 3\n")
    settings = load({"LASEGUE_PORT": "2", "LASEGUE_API_TOKEN": "t"}, file)
    assert (settings.port, settings.coalesce_seconds, settings.api_token) == (2, 3.0, "t")


def test_an_only_peer_is_the_default_one(tmp_path: Path) -> None:
    settings = load({}, written(tmp_path, HOSPITAL))
    assert settings.default_peer == "hospital"


def test_a_secret_from_the_environment_joins_those_of_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, HOSPITAL + 'secrets = ["old"]\n')
    settings = load({"LASEGUE_PEER_HOSPITAL_SECRET": "new"}, file)
    assert settings.peers["hospital"].secrets == ("new", "old")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "prot"),
        ('port = "many"', "port must be int"),
        ("port = true", "port must be int"),
        ("port = ", "not TOML"),
        ("peers = 1", "peers"),
        ("[peers.a]", "base_url"),
        ('[peers.a]\nbase_url = "ftp://x"', "base_url"),
        (HOSPITAL + 'secrets = "one"', "secrets must be a list"),
        (HOSPITAL + "verify_tls = 0", "verify_tls must be bool"),
        ('[peers."a/b"]\nbase_url = "http://x"', "plain name"),
        ('default_peer = "nobody"\n' + HOSPITAL, "nobody"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load({}, written(tmp_path, text))


def test_a_wrong_number_in_the_environment_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="LASEGUE_PORT"):
        load({"LASEGUE_PORT": "many"}, tmp_path / "none.toml")


def test_the_public_url_has_no_slash_at_its_end() -> None:
    assert Settings(public_url="https://a.example/").url == "https://a.example"
    assert Settings(port=1).url == "http://127.0.0.1:1"


def test_the_version_is_never_empty() -> None:
    assert version()
