"""Writes a recalibrated edition of the knowledge beside the one in use, whole or not at all."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

from service.clinical.model import Model
from service.knowledge.files import load_model
from service.knowledge.wording import load_phrases
from service.recalibration.report import days_of
from service.recalibration.sample import Refused
from service.recalibration.trial import Trial

SHARE = 0.0005
"""Share of the mixture of all populations that the new one takes: next to none, it is chosen by name."""

LONGEST_LABEL = 80
DIGITS = 4

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TEMPER = re.compile(r"^\[temper\]\n(?:.+\n)*", re.M)
_EDITION = re.compile(r'^edition = "(.*)"$', re.M)
_DATE = re.compile(r"^date = .*$", re.M)
_FIRST_SECTION = re.compile(r"^## ", re.M)


class Site(NamedTuple):
    """Whose outcomes these are: the id and the label of the new population, and the day of fitting."""

    name: str
    label: str
    today: date

    @property
    def source(self) -> str:
        """The key of the outcomes among the sources."""
        return f"{self.name}-outcomes"


def check_site(site: Site, known: Model) -> None:
    """Raise Refused for a name or label that cannot be written, or is taken."""
    if not _NAME.fullmatch(site.name):
        raise Refused("The name of the population is not in lower case with hyphens.")
    if site.name in known.populations or site.source in known.citations:
        raise Refused(f"There is a population or source called {site.name} already.")
    label = site.label.strip()
    if not label or not label.isprintable() or len(label) > LONGEST_LABEL:
        raise Refused(f"The label is not one line of at most {LONGEST_LABEL} letters.")


def check_place(into: Path) -> None:
    """Raise Refused where no edition can be written: beside nothing, or over something."""
    if not into.parent.is_dir():
        raise Refused(f"{into.parent}: there is no such folder to write into")
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise Refused(f"{into}: is not an empty folder")


def write_edition(base: Path | None, into: Path, site: Site, trial: Trial) -> Model:
    """Write the edition to ``into`` and give it as it loads from there.

    ``base`` is the folder of the knowledge in use, or ``None`` for what ships. It is written to a
    folder beside it, checked, and moved in one step. Raises Refused or KnowledgeError.
    """
    into = into.resolve()
    check_place(into)
    try:
        aside = Path(mkdtemp(prefix=f".{into.name}-", suffix=".partial", dir=into.parent))
    except OSError as error:
        raise Refused(f"{into.parent}: cannot be written: {error.strerror}") from error
    partial = aside / "mappings"
    try:
        partial.mkdir()
        for name, content in _contents(base, site, trial):
            _put(partial / name, content)
        load_phrases(partial)
        made = load_model(partial)
        partial.rename(into)
    except OSError as error:
        raise Refused(f"{into}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return made


def _contents(base: Path | None, site: Site, trial: Trial) -> Iterator[tuple[str, bytes]]:
    top: Traversable = files("mappings") if base is None else base
    held = dict(_walk(top, ""))
    held.setdefault("CHANGELOG.md", b"# Changes of the knowledge\n")
    texts = _recalibrated({n: held[n].decode("utf-8") for n in _EDITED}, site, trial)
    yield from {**held, **{name: text.encode() for name, text in texts.items()}}.items()


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for item in folder.iterdir():
        if item.name.startswith(".") or item.name == "__pycache__":
            continue
        if item.is_dir():
            yield from _walk(item, f"{prefix}{item.name}/")
        else:
            yield f"{prefix}{item.name}", item.read_bytes()


def _put(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


_EDITED = (
    "edition.toml",
    "sources.toml",
    "evidence/combination.toml",
    "evidence/populations.toml",
    "CHANGELOG.md",
)


def _recalibrated(texts: Mapping[str, str], site: Site, trial: Trial) -> dict[str, str]:
    """The texts that change. Each is changed at one place, or added to at its end."""
    edition, sources, combination, populations, changes = (
        texts[name].replace("\r\n", "\n") for name in _EDITED
    )
    named = _one(_EDITION, edition)[1] + f"+{site.name}"
    edition = _EDITION.sub(lambda _: f"edition = {_quoted(named)}", edition)
    _one(_DATE, edition)
    _one(_TEMPER, combination)
    return {
        "edition.toml": _DATE.sub(f"date = {site.today.isoformat()}", edition),
        "sources.toml": _with(sources, _source(site, trial)),
        "evidence/combination.toml": _TEMPER.sub(lambda _: _temper(site, trial), combination),
        "evidence/populations.toml": _with(populations, _population(site, trial)),
        "CHANGELOG.md": _with_section(changes, _section(named, site, trial)),
    }


def _one(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = list(pattern.finditer(text))
    if len(found) != 1:
        raise Refused("The knowledge in use is not laid out as what ships; it cannot be rewritten.")
    return found[0]


def _with(text: str, table: str) -> str:
    return f"{text.rstrip()}\n\n{table}"


def _with_section(text: str, section: str) -> str:
    first = _FIRST_SECTION.search(text)
    at = first.start() if first else len(text)
    return f"{text[:at].rstrip()}\n\n{section}\n{text[at:]}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _what(trial: Trial) -> str:
    return f"{trial.people} confirmed outcomes ({days_of(trial)})"


def _gain(trial: Trial) -> str:
    return (
        f"Cross-validated log loss fell from {trial.before.loss.value:.3f} to "
        f"{trial.after.loss.value:.3f}."
    )


def _temper(site: Site, trial: Trial) -> str:
    why = (
        f"Multiplies every log ratio. Fitted together with the share of no compressed root to "
        f"{_what(trial)} of {site.label.strip()}, by maximum likelihood drawn towards one; it was "
        f"{trial.used.temper:g}. {_gain(trial)}"
    )
    return (
        f'[temper]\nvalue = {round(trial.fitted.temper, DIGITS)}\nbasis = "derived"\n'
        f"sources = [{_quoted(site.source)}]\nwhy = {_quoted(why)}\n"
    )


def _population(site: Site, trial: Trial) -> str:
    how = (
        f"Fitted to {_what(trial)}; {trial.nones} of them had no compressed root. It has next to no "
        "share of the mixture and is used where it is chosen by name."
    )
    return (
        f"[{site.name}]\nlabel = {_quoted(site.label.strip())}\n"
        f"none = {round(trial.fitted.none, DIGITS)}\nweight = {SHARE}\n"
        f"sources = [{_quoted(site.source)}]\nhow = {_quoted(how)}\n"
    )


def _source(site: Site, trial: Trial) -> str:
    text = f"Confirmed outcomes of {site.label.strip()}: {_what(trial)}; not published"
    return f'[{site.source}]\ntext = {_quoted(text)}\nchecked = "derived"\n'


def _section(named: str, site: Site, trial: Trial) -> str:
    return (
        f"## {named} ({site.today.isoformat()})\n\n"
        f"- Recalibrated to {_what(trial)} of {site.label.strip()}: temper {trial.used.temper:g} to "
        f"{round(trial.fitted.temper, DIGITS):g}, new population {site.name} with "
        f"{round(trial.fitted.none, DIGITS):g} without a compressed root (it was "
        f"{trial.used.none:.4g}). {_gain(trial)} Not yet signed by a clinician.\n"
    )
