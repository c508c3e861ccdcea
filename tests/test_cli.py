"""The command: what it prints, what it says is wrong, and how it ends."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from service import log, wiring
from service.cli import main
from service.cli.command import parser
from service.cli.examination import Level, examine, public_url_lines
from service.cli.screen import Progress
from service.errors import NotUnderstood
from service.jobs.event import Event, EventKind
from service.jobs.port import Handlers
from service.settings import Peer, Settings, load, version
from tests.fhir_server import FhirServer
from tests.web.conftest import NOW

CASES = Path(__file__).parents[1] / "fixtures" / "cases"
STORY = CASES / "l5-left-foot-drop" / "bundle.json"
COMMANDS = ("serve", "work", "assess", "subscribe", "doctor", "replay", "findings")

Run = Callable[..., int]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger(log.NAME)
    before = (list(root.handlers), root.level, ours.level)
    yield
    root.handlers, root.level, ours.level = before


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    file = tmp_path / "lasegue.toml"
    file.write_text(f'store = "sqlite:///{tmp_path}/lasegue.db"\nport = 0\n', "utf-8")
    return file


@pytest.fixture
def run(settings_file: Path) -> Run:
    return lambda *words: main(["--config", str(settings_file), *map(str, words)])


class TestHelp:
    @pytest.mark.parametrize("name", [*COMMANDS, "check-mappings", "recalibrate", "demo"])
    def test_every_command_teaches_by_example(
        self, name: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit, match="0"):
            main([name, "--help"])
        assert f"lasegue {name}" in capsys.readouterr().out.split("examples:")[1]

    def test_the_exit_codes_are_written_down(self) -> None:
        told = parser().format_help()
        assert all(f"\n  {code}  " in told for code in range(4))

    def test_the_version_is_that_of_the_distribution(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit, match="0"):
            main(["--version"])
        assert capsys.readouterr().out == f"lasegue {version()}\n"

    @pytest.mark.parametrize("words", [[], ["fly"], ["assess"], ["serve", "--no"]])
    def test_wrong_usage_ends_with_two(self, words: list[str]) -> None:
        with pytest.raises(SystemExit, match="2"):
            main(words)


class TestAssess:
    def test_a_file_becomes_the_write_back_bundle(
        self, run: Run, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("assess", STORY) == 0
        first = capsys.readouterr().out
        bundle = json.loads(first)
        kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
        assert bundle["type"] == "transaction"
        assert {"Condition", "CarePlan", "RiskAssessment", "Provenance"} <= kinds
        assert run("assess", STORY) == 0
        assert capsys.readouterr().out == first

    def test_standard_input_is_a_dash(
        self, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=STORY.open("rb")))
        assert run("assess", "-", "--profile", "UK") == 0
        assert json.loads(capsys.readouterr().out)["entry"]

    def test_explained_it_names_root_side_certainty_and_reasons(
        self, run: Run, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("assess", STORY, "--explain", "--as-of", "2026-10-12") == 0
        told = capsys.readouterr().out
        assert "Named: left L5" in told
        assert "left L5" in told.split("Probability")[1]
        assert "####" in told
        assert "For left L5:" in told
        assert "Against left L5:" in told
        assert "As of 2026-10-12" in told

    def test_a_picture_of_the_reasons_is_written_beside_what_is_printed(
        self, run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        first, second = tmp_path / "first.svg", tmp_path / "second.svg"
        assert run("assess", STORY, "--picture", first) == 0
        assert json.loads(capsys.readouterr().out)["resourceType"] == "Bundle"
        assert run("assess", STORY, "--explain", "--picture", second) == 0
        assert "Named: left L5" in capsys.readouterr().out
        assert first.read_text("utf-8").startswith("<svg ")
        assert first.read_bytes() == second.read_bytes()

    @pytest.mark.parametrize(
        "words", [["--ndjson", "--picture", "a.svg"], ["--picture", "no/a.svg"]]
    )
    def test_a_picture_that_cannot_be_drawn_or_written_ends_with_two(
        self, run: Run, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert run("assess", STORY, *words) == 2
        assert not list(tmp_path.glob("*.svg"))

    def test_a_narrow_terminal_is_kept_to(
        self, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "50")
        assert run("assess", STORY, "--explain") == 0
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 50

    def test_lines_in_are_lines_out_and_a_bad_one_costs_itself(
        self, run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        line = json.dumps(json.loads(STORY.read_text("utf-8")))
        file = tmp_path / "bundles.ndjson"
        file.write_text(f"{line}\nthis is not JSON\n\n{line}\n", "utf-8")
        assert run("assess", file, "--ndjson") == 1
        first, second, third = map(json.loads, capsys.readouterr().out.splitlines())
        assert first == third
        assert first["resourceType"] == "Bundle"
        assert second["resourceType"] == "OperationOutcome"

    @pytest.mark.parametrize(
        "words",
        [
            ["no-such-file.json"],
            [STORY, "--profile", "XX"],
            [STORY, "--population", "everybody"],
            [STORY, "--as-of", "yesterday"],
            [STORY, "--fhir-version", "1.0"],
        ],
    )
    def test_words_that_cannot_be_meant_end_with_two(
        self, run: Run, words: list[Any], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("assess", *words) == 2
        assert capsys.readouterr().err.startswith("lasegue: ")

    @pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"{}", b"[" * 2000 + b"]" * 2000])
    def test_what_cannot_be_read_ends_with_one_and_a_sentence(
        self, run: Run, tmp_path: Path, body: bytes, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "body.json"
        file.write_bytes(body)
        assert run("assess", file) == 1
        shown = capsys.readouterr()
        assert shown.out == ""
        assert len(shown.err.splitlines()) == 1


class TestKnowledge:
    def test_findings_are_listed_with_the_value_each_takes(
        self, run: Run, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("findings") == 0
        (line,) = (x for x in capsys.readouterr().out.splitlines() if "reduced-achilles" in x)
        assert "grade 0 to 4" in line

    def test_sound_knowledge_is_reported_with_its_digest(
        self, run: Run, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("check-mappings") == 0
        assert wiring.model(Settings()).digest in capsys.readouterr().out

    def test_broken_knowledge_ends_with_three_and_names_the_file(
        self, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = tmp_path / "mappings"
        folder.mkdir()
        (folder / "edition.toml").write_text("edition = [", "utf-8")
        assert run("check-mappings", folder) == 3
        assert "edition.toml" in capsys.readouterr().err

    def test_broken_settings_end_with_three_and_name_the_key(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "lasegue.toml"
        file.write_text("prot = 1", "utf-8")
        assert main(["--config", str(file), "findings"]) == 3
        assert "prot" in capsys.readouterr().err

    def test_settings_that_are_not_there_are_wrong_usage(self, tmp_path: Path) -> None:
        assert main(["--config", str(tmp_path / "none.toml"), "findings"]) == 2


@pytest.fixture
def dead(settings_file: Path) -> str:
    """The key of an event that could not be processed."""

    def refuse(event: Event) -> tuple[str, ...]:
        raise NotUnderstood("a Bundle without a patient")

    jobs = wiring.jobs(load({}, settings_file))
    jobs.put(Event("ward", EventKind.BUNDLE, "1", NOW, body=b"{}"))
    jobs.start(Handlers(refuse, lambda *_: "never"))
    assert jobs.wait_until_idle(20)
    (view,) = jobs.listing()
    jobs.stop()
    return view.key


class TestReplay:
    def test_without_a_word_the_dead_are_listed_with_the_reason(
        self, run: Run, dead: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("replay") == 0
        told = capsys.readouterr().out
        assert "dead: 1" in told
        assert dead in told
        assert "a Bundle without a patient" in told

    def test_one_event_can_be_looked_at(
        self, run: Run, dead: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("replay", "--show", dead) == 0
        assert "state     dead" in capsys.readouterr().out

    @pytest.mark.parametrize("by", ["key", "--all"])
    def test_a_dead_event_can_be_made_to_wait_again(
        self, run: Run, dead: str, by: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("replay", dead if by == "key" else by) == 0
        run("replay", "--list")
        assert "waiting: 1" in capsys.readouterr().out

    def test_a_dead_event_can_be_given_up(
        self, run: Run, dead: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("replay", "--discard", dead) == 0
        run("replay", "--list")
        assert "discarded: 1" in capsys.readouterr().out

    @pytest.mark.parametrize(
        "words", [["nothing"], ["--show", "nothing"], ["--discard", "nothing"]]
    )
    def test_what_is_not_there_ends_with_one(self, run: Run, words: list[str]) -> None:
        assert run("replay", *words) == 1

    def test_replaying_all_of_nothing_is_well(self, run: Run) -> None:
        assert run("replay", "--all") == 0


class TestPeers:
    def test_without_peers_there_is_nothing_to_subscribe_to(self, run: Run) -> None:
        assert run("subscribe") == 2
        assert run("subscribe", "nobody") == 2

    def test_the_doctor_warns_without_peers_and_is_well(
        self, run: Run, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("doctor") == 0
        told = capsys.readouterr().out
        assert "ok    knowledge" in told
        assert "ok    store: writable (wal)" in told
        assert "warn  peers" in told

    def test_the_doctor_finds_everything_that_is_wrong(
        self, run: Run, settings_file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        settings_file.write_text(
            """
            store = "sqlite:////nowhere/at/all.db"
            host = "0.0.0.0"
            [peers.ward]
            base_url = "http://127.0.0.1:9/fhir"
            profile = "XX"
            site_codes = "no-such-file.csv"
            """,
            "utf-8",
        )
        assert run("doctor") == 1
        lines = capsys.readouterr().out.splitlines()
        for failed in ("fail  store", "fail  public_url", "fail  peer ward: profile"):
            assert any(line.startswith(failed) for line in lines)
        assert any("no-such-file.csv" in line for line in lines)
        assert any("has no secret" in line for line in lines)
        assert any("no answer" in line for line in lines)

    @pytest.mark.parametrize(
        ("host", "public_url", "level", "said"),
        [
            ("127.0.0.1", "", "ok", "http://127.0.0.1:8466"),
            ("127.0.0.1", "https://lasegue.example", "warn", "passes a proxy"),
            ("0.0.0.0", "https://lasegue.example", "warn", "this machine only"),
            ("0.0.0.0", "", "fail", "no address that a peer can reach"),
            ("127.0.0.1", "lasegue.example", "fail", "not an http"),
            ("127.0.0.1", "https://lasegue.example?x=1", "fail", "not an http"),
        ],
    )
    def test_the_doctor_judges_the_public_address(
        self, host: str, public_url: str, level: str, said: str, tmp_path: Path
    ) -> None:
        store = f"sqlite:///{tmp_path}/lasegue.db"
        lines = list(examine(Settings(host=host, public_url=public_url, store=store)))
        assert any(line[0].name.lower() == level and said in line[2] for line in lines)

    @pytest.mark.parametrize(
        ("public_url", "level", "said"),
        [
            ("", Level.FAIL, "cannot be reached by away"),
            ("http://lasegue.example", Level.WARN, "not encrypted"),
        ],
    )
    def test_a_peer_elsewhere_needs_an_address_it_can_reach(
        self, public_url: str, level: Level, said: str
    ) -> None:
        away = Peer("away", "https://192.0.2.1/fhir")
        found = list(public_url_lines(Settings(public_url=public_url, peers={"away": away})))
        assert [(line[0], said in line[2]) for line in found] == [(level, True)]

    @pytest.mark.server
    def test_a_peer_is_subscribed_to_once_and_then_the_doctor_is_content(
        self,
        run: Run,
        settings_file: Path,
        fhir_server: FhirServer,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        with settings_file.open("a", encoding="utf-8") as file:
            file.write('public_url = "http://127.0.0.1:9"\n[peers.cli]\nsecrets = ["s"]\n')
            file.write(f'base_url = "{fhir_server.url}"\ncriteria = ["Observation?code=none"]\n')
        assert run("doctor") == 1
        assert "missing; run lasegue subscribe cli" in capsys.readouterr().out
        try:
            assert run("subscribe", "cli") == 0
            assert "created" in capsys.readouterr().out
            assert run("subscribe") == 0
            told = capsys.readouterr().out
            assert "kept" in told
            assert run("doctor") == 0
        finally:
            place = next(word for word in told.split() if word.startswith("Subscription/"))
            fhir_server.delete(place)


def test_progress_is_said_when_work_takes_long(capsys: pytest.CaptureFixture[str]) -> None:
    quiet, loud = Progress("things done", every_seconds=60), Progress("things done", 0)
    quiet.step()
    assert capsys.readouterr().err == ""
    loud.step(2)
    loud.step()
    assert capsys.readouterr().err == "lasegue: 2 things done\nlasegue: 3 things done\n"


def test_output_that_nobody_reads_is_not_a_crash(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.TextIOWrapper):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with Path("/dev/null").open("wb") as sink:
        monkeypatch.setattr("sys.stdout", Closed(sink, "utf-8"))
        assert run("findings") == 1
