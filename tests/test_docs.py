"""The documents: current where they are generated, complete where they list, true where they point."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from service.jobs.port import State
from service.settings import Peer, Settings
from tests.generate_docs import BLOCKS, DOCS, PICTURES, filled, page
from tests.pages import cases, operations

TOP = DOCS.parent
PAGES = sorted(
    p
    for p in TOP.rglob("*.md")
    if not any(part.startswith(".") or part == "node_modules" for part in p.relative_to(TOP).parts)
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
NOT_FOR_OTHERS = re.compile(r"(?<![\w.])/(?:tmp|root|home|Users)/|index-url|localhost:\d")


def read(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def test_there_are_documents():
    assert {"architecture.md", "flow.md", "operations.md", "safety.md"} <= {p.name for p in PAGES}


@pytest.mark.parametrize("name", BLOCKS)
def test_a_generated_page_is_current(name):
    assert page(name) == read(name), "run python -m tests.generate_docs"


def test_the_picture_of_every_story_is_current_and_there_is_no_other():
    there = {file.name: file.read_text("utf-8") for file in PICTURES.glob("*.svg")}
    drawn = cases.pictures()
    assert there.keys() == drawn.keys(), "run python -m tests.generate_docs"
    stale = [name for name in drawn if there[name] != drawn[name]]
    assert not stale, "run python -m tests.generate_docs"


def test_every_story_shows_its_picture():
    assert all(f"](pictures/{name})" in cases.cases_block() for name in cases.pictures())


def test_generating_twice_gives_the_same_text():
    assert [page(name) for name in BLOCKS] == [page(name) for name in BLOCKS]


def test_a_page_without_a_place_for_a_block_is_refused():
    with pytest.raises(ValueError, match="'settings'"):
        filled("nothing here", "settings", "a table")


@pytest.mark.parametrize("kind", [Settings, Peer])
def test_every_setting_is_told(kind):
    told = read("operations.md")
    hidden = {"peers", "name"} if kind is Peer else {"peers"}
    missing = {f.name for f in fields(kind) if f"| `{f.name}` |" not in told}
    assert missing <= hidden


def test_no_setting_is_told_that_is_not_there():
    there = {f.name for kind in (Settings, Peer) for f in fields(kind)}
    assert set(operations.SETTINGS) | set(operations.PEERS) <= there


def test_every_command_and_option_is_told():
    told = read("operations.md")
    grammar = next(a for a in operations.parser()._actions if a.choices)
    assert len(grammar.choices) >= 8
    for name, made in grammar.choices.items():
        (line,) = re.findall(rf"^\| `lasegue {name}` .*$", told, re.M)
        options = {o for a in made._actions for o in a.option_strings} - {"-h", "--help"}
        assert not [option for option in options if option not in line]


def test_every_door_is_told_with_its_methods():
    told = read("operations.md")
    rules = operations.the_app(lambda app: list(app.url_map.iter_rules()))
    assert len(rules) > 10
    for rule in rules:
        door = rule.rule.replace("<", "{").replace(">", "}")
        (line,) = re.findall(rf"^\| `{re.escape(door)}` \|.*$", told, re.M)
        assert not [m for m in rule.methods - {"HEAD", "OPTIONS"} if m not in line]


def test_every_state_is_told():
    (block,) = re.findall(r"generated: states(.*?)end: states", read("operations.md"), re.S)
    told = re.findall(r"^\| `(\w+)` \|", block, re.M)
    assert told == [state.value for state in State]


def test_the_diagram_of_states_names_exactly_the_states_there_are():
    (diagram,) = re.findall(r"stateDiagram-v2\n(.*?)```", read("flow.md"), re.S)
    arrows = re.findall(r"^\s*(\S+) --> (\w+|\[\*\])", diagram, re.M)
    assert {name for arrow in arrows for name in arrow} - {"[*]"} == {s.value for s in State}
    assert {(a, b) for a, b in arrows if "[*]" not in (a, b)} == {
        ("waiting", "running"),
        ("running", "waiting"),
        ("running", "done"),
        ("running", "dead"),
        ("dead", "waiting"),
        ("dead", "discarded"),
    }


def test_every_decision_is_listed_and_every_listed_one_is_there():
    listed = set(LINK.findall(read("decisions/README.md")))
    there = {p.name for p in (DOCS / "decisions").glob("0*.md")}
    assert listed == there


def test_decisions_are_numbered_without_a_gap():
    numbers = sorted(int(p.name[:4]) for p in (DOCS / "decisions").glob("0*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("file", PAGES, ids=lambda p: str(p.relative_to(TOP)))
def test_every_link_leads_somewhere(file):
    text = FENCE.sub("", file.read_text("utf-8"))
    for target in LINK.findall(text):
        if not target.startswith(("http://", "https://", "#", "mailto:")):
            assert (file.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("file", PAGES, ids=lambda p: str(p.relative_to(TOP)))
def test_no_document_names_a_machine_or_a_registry(file):
    assert not NOT_FOR_OTHERS.findall(file.read_text("utf-8"))


def test_every_place_in_the_code_that_flow_names_is_there():
    named = re.findall(r"`((?:[a-z_]+/)?[a-z_]+\.py)`", read("flow.md"))
    assert len(named) > 20
    assert not [name for name in named if not (TOP / "service" / name).is_file()]


def test_every_test_that_safety_names_is_there():
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", read("safety.md"))
    assert len(named) > 40
    missing = [
        f"{file}::{test}"
        for file, test in named
        if f"def {test}(" not in _source(TOP / "tests" / file)
    ]
    assert not missing


def test_every_hazard_has_a_control_that_is_tested():
    rows = [line for line in read("safety.md").splitlines() if line.startswith("|")][2:]
    assert len(rows) > 30
    assert not [row for row in rows if "::test_" not in row]


def _source(file: Path) -> str:
    return file.read_text("utf-8") if file.is_file() else ""
