"""What is pinned, and what the image holds."""

import re
import tomllib
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
LOCKS = ("requirements.txt", "requirements-demo.txt", "requirements-develop.txt")
PIN = re.compile(r"([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==(\S+)")


def pins(name: str) -> dict[str, str]:
    """Each pin of a lock with everything that belongs to it, by normal name."""
    text = (TOP / name).read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    found = {}
    for line in lines:
        match = PIN.match(line)
        assert match, f"{name}: not an exact pin: {line[:60]}"
        found[normal(match[1])] = line
    return found


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def project() -> dict:
    return tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))


def stages() -> list[list[str]]:
    """The instructions of each stage of the image, with continued lines joined."""
    text = (TOP / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    found: list[list[str]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("FROM "):
            found.append([])
        found[-1].append(line)
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_carries_a_hash(name):
    found = pins(name)
    assert len(found) > 20
    assert not [pin for pin, line in found.items() if "--hash=sha256:" not in line]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_index(name):
    text = (TOP / name).read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*(-i|--index-url|--extra-index-url|--find-links)", text, re.M)


def test_every_dependency_of_the_project_is_pinned():
    table = project()["project"]
    optional = table["optional-dependencies"]
    assert named(table["dependencies"] + optional["postgres"]) <= set(pins("requirements.txt"))
    assert named(optional["demo"]) <= set(pins("requirements-demo.txt"))


def named(words: list[str]) -> set[str]:
    return {normal(re.split(r"[<>=\[;! ]", word)[0]) for word in words}


def test_what_only_the_demonstration_needs_is_not_in_the_image():
    assert not named(project()["project"]["optional-dependencies"]["demo"]) & set(
        pins("requirements.txt")
    )


@pytest.mark.parametrize("name", LOCKS[1:])
def test_the_locks_agree_where_they_meet(name):
    run, more = pins(LOCKS[0]), pins(name)
    version = {pin: PIN.match(line)[2] for pin, line in run.items()}
    assert {pin: PIN.match(more[pin])[2] for pin in run} == version


def test_what_builds_the_wheel_is_pinned_for_development():
    assert {"build", "hatchling"} <= set(pins("requirements-develop.txt"))


def test_the_image_has_two_stages_and_the_last_holds_no_source():
    build, run = stages()
    assert " AS build" in build[0]
    copies = [line for line in run if line.startswith(("COPY", "ADD"))]
    assert copies
    assert all("--from=build" in line for line in copies)


def test_the_image_installs_by_hash():
    assert any("--require-hashes -r requirements.txt" in line for line in stages()[0])


def test_the_image_copies_neither_tests_nor_fixtures():
    for line in (line for stage in stages() for line in stage):
        if line.startswith(("COPY", "ADD")):
            assert not re.search(r"\b(tests|fixtures|docs)\b|COPY \. ", line), line


def test_the_image_does_not_run_as_root():
    users = [line.split()[1] for line in stages()[-1] if line.startswith("USER ")]
    assert users
    assert users[-1] not in ("root", "0")


def test_the_image_says_whether_it_is_well():
    assert any(line.startswith("HEALTHCHECK") and "/healthz" in line for line in stages()[-1])


def test_the_image_runs_the_module():
    assert 'ENTRYPOINT ["python", "-m", "service"]' in stages()[-1]
