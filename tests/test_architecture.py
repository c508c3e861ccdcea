"""The promises of the rooms, held without any tool."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = sorted((ROOT / "service" / "clinical").glob("*.py"))
READERS = sorted((ROOT / "service" / "reports").glob("*.py"))
PICTURES = sorted((ROOT / "service" / "picture").glob("*.py"))
ALLOWED_IN_CORE = {
    "__future__", "collections", "dataclasses", "datetime", "enum", "functools", "itertools",
    "math", "operator", "statistics", "re", "types", "typing",
}  # fmt: skip
TOUCH_THE_WORLD = ("client", "wire", "subscriptions")
ALLOWED_IN_PICTURES = ALLOWED_IN_CORE | {"html", "textwrap"}
ALLOWED_IN_REPORTS = ALLOWED_IN_CORE | {"bisect", "html", "unicodedata"}


def imported(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name} imports relatively"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("file", CORE, ids=lambda f: f.stem)
def test_the_core_imports_nothing_but_itself_and_a_few_pure_modules(file):
    strangers = {
        name
        for name in imported(file)
        if name.split(".")[0] not in ALLOWED_IN_CORE and not name.startswith("service.clinical")
    }
    assert strangers == set()


@pytest.mark.parametrize("file", READERS, ids=lambda f: f.stem)
def test_report_reading_imports_only_the_core_and_text_modules(file):
    strangers = {
        name
        for name in imported(file)
        if name.split(".")[0] not in ALLOWED_IN_REPORTS
        and not name.startswith(("service.clinical", "service.reports", "service.errors"))
    }
    assert strangers == set()


@pytest.mark.parametrize("file", PICTURES, ids=lambda f: f.stem)
def test_pictures_are_drawn_from_the_core_and_text_modules_alone(file):
    strangers = {
        name
        for name in imported(file)
        if name.split(".")[0] not in ALLOWED_IN_PICTURES
        and not name.startswith(("service.clinical", "service.picture"))
    }
    assert strangers == set()


@pytest.mark.parametrize("file", CORE, ids=lambda f: f.stem)
def test_the_core_asks_no_clock(file):
    calls = {
        node.func.attr
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert calls.isdisjoint({"now", "utcnow", "today"})


def test_a_cold_import_of_the_core_loads_nothing_heavy():
    code = (
        "import sys, service.clinical.assess\n"
        "heavy = {'fhir', 'flask', 'pydantic', 'requests', 'marshmallow', 'sqlite3', 'msgspec'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert result.stdout.strip() == "[]"


def test_every_room_of_fhir_that_does_no_io_is_held_to_it():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    pure = next(c for c in contracts["contracts"] if "no I/O" in c["name"])["source_modules"]
    rooms = {f"service.fhir.{f.stem}" for f in (ROOT / "service" / "fhir").glob("[a-z]*.py")}
    assert rooms - set(pure) == {f"service.fhir.{name}" for name in TOUCH_THE_WORLD}


def test_mappings_holds_one_docstring_of_python_and_nothing_else():
    files = list((ROOT / "mappings").rglob("*.py"))
    assert [f.name for f in files] == ["__init__.py"]
    (only,) = ast.parse(files[0].read_text("utf-8")).body
    assert isinstance(only, ast.Expr)


def test_every_test_folder_is_a_package():
    folders = {f.parent for f in (ROOT / "tests").rglob("test_*.py")}
    assert [f for f in folders if not (f / "__init__.py").is_file()] == []
