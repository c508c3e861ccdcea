"""The wheel: built from this checkout, looked into, installed beside nothing else, and run."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]

pytestmark = pytest.mark.wheel


def run(*words: str, cwd: Path, **environ: str) -> str:
    """Run a command somewhere else, with nothing of this checkout on its path."""
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "LASEGUE", "PIP"))}
    done = subprocess.run(
        words,
        cwd=cwd,
        env=clean | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation")
    run(*build, "--outdir", str(out), str(TOP), cwd=out)
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content, installed by pip without any index."""
    target = tmp_path_factory.mktemp("installed")
    pip = (sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet")
    run(*pip, "--disable-pip-version-check", "--target", str(target), str(wheel), cwd=target)
    return target


@pytest.fixture
def python(installed: Path, tmp_path: Path):
    """Runs Python in a foreign folder, where ``service`` can only be the installed one."""

    def call(*words: str) -> str:
        return run(sys.executable, *words, cwd=tmp_path, PYTHONPATH=str(installed))

    return call


def test_the_wheel_holds_the_code_and_the_knowledge_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    (about,) = {top for top in tops if top.endswith(".dist-info")}
    assert tops == {"service", "mappings", about}
    assert "service/clinical/localise.py" in names
    assert not [name for name in names if name.endswith((".pyc", ".db"))]


def test_the_wheel_holds_every_file_of_knowledge(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    kinds = (".toml", ".csv", ".json")
    wanted = {
        p.relative_to(TOP).as_posix() for p in (TOP / "mappings").rglob("*") if p.suffix in kinds
    }
    assert wanted
    assert wanted <= names


def test_the_wheel_carries_its_licence(wheel):
    assert any(name.endswith("licenses/LICENSE") for name in zipfile.ZipFile(wheel).namelist())


def test_the_installed_package_called_service_is_ours_alone(python, installed):
    asked = (
        "import importlib.metadata as m, service\n"
        "print(service.__file__)\n"
        "print(m.packages_distributions()['service'])"
    )
    place, owners = python("-c", asked).splitlines()
    assert Path(place).is_relative_to(installed)
    assert owners == "['lasegue']"


def test_the_installed_knowledge_is_that_of_the_checkout(python):
    from service.knowledge.files import load_model

    asked = "from service.knowledge.files import load_model; print(load_model().digest)"
    assert python("-c", asked).strip() == load_model().digest


def test_the_installed_command_checks_its_own_knowledge(python):
    from service.knowledge.files import load_model

    assert load_model().digest in python("-m", "service", "check-mappings")
