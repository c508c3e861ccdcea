"""``lasegue recalibrate``: confirmed outcomes in, a new edition of the knowledge out."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.screen import Exit, Progress, UsageError
from service.cli.words import Commands, command, settings_of

if TYPE_CHECKING:
    from service.clinical.findings import Case
    from service.clinical.model import Model
    from service.recalibration.edition import Site
    from service.recalibration.table import Read
    from service.settings import Settings
    from service.wiring import Mind

_EXAMPLES = """\
  lasegue recalibrate outcomes.csv --into mappings-local
  lasegue recalibrate outcomes.csv --into mappings-ward --population ward --label "Ward 3"
  lasegue recalibrate outcomes.csv --into mappings-local --plot reliability.svg

OUTCOMES.csv has one patient a row, in one of two forms. Other columns are ignored.

  truth,bundle[,date]
      Exact. bundle is the path of a FHIR Bundle, from the folder of the table, holding what was
      known before the outcome. It is assessed again with the knowledge in use.
  truth,none,l3-left,l3-right,l4-left,l4-right,l5-left,l5-right,s1-left,s1-right[,age][,date]
      Approximate. The probabilities as they were given in the RiskAssessment, by the knowledge in
      use and the population of --before.

truth is none, or a root and side such as l5-left, or several joined by +. date is written
2026-03-31; with dates, drift is tested. It refuses, with exit code 1 and nothing written: fewer than
100 outcomes, or 10 with or without a compressed root; an unknown truth; more than 5 % of rows that
cannot be read; drift; and a fit that is no better on people it was not fitted to.
"""


def add(commands: Commands) -> None:
    """Add the command."""
    words = "fit the knowledge to confirmed outcomes of a site, as a new edition"
    made = command(commands, "recalibrate", words, run, _EXAMPLES)
    made.add_argument("file", metavar="OUTCOMES.csv", type=Path, help="one patient a row")
    made.add_argument(
        "--into", metavar="DIRECTORY", type=Path, required=True, help="where the edition goes"
    )
    made.add_argument("--population", default="local", metavar="NAME", help="id of the new one")
    made.add_argument("--label", default="This site", metavar="TEXT", help="its name for people")
    words = "the population used so far; default: that of the default peer, or the mixture of all"
    made.add_argument("--before", default="", metavar="POPULATION", help=words)
    words = "also draw said against found, as SVG"
    made.add_argument("--plot", metavar="FILE.svg", type=Path, help=words)


def run(given: argparse.Namespace) -> int:
    """Try a recalibration out, show it, and write it unless something speaks against it."""
    from service import wiring
    from service.recalibration.edition import Site, check_place, check_site, write_edition
    from service.recalibration.plot import svg_plot
    from service.recalibration.report import report
    from service.recalibration.sample import Refused
    from service.recalibration.trial import try_out

    settings = settings_of(given)
    mind = wiring.mind(settings)
    site = Site(given.population, given.label, datetime.now(UTC).date())
    check_site(site, mind.model)
    check_place(given.into.resolve())
    read = _read(given, settings, mind)
    trial = try_out(read.sample)
    print(report(read, trial))
    if given.plot:
        _draw(given.plot, svg_plot(trial))
    if trial.against:
        raise Refused(f"Nothing was written. {' '.join(trial.against)}")
    base = Path(settings.mappings_dir) if settings.mappings_dir else None
    _say_what_next(given.into, site, write_edition(base, given.into, site, trial))
    return Exit.OK


def _read(given: argparse.Namespace, settings: Settings, mind: Mind) -> Read:
    from service import wiring
    from service.recalibration.sample import Scale
    from service.recalibration.table import load_outcomes
    from service.web.assess import Wish

    peer = settings.peers.get(settings.default_peer)
    before = given.before or (peer.population if peer else "")
    if before and before not in mind.model.populations:
        there = ", ".join(sorted(mind.model.populations))
        raise UsageError(f"--before: there is no population {before!r}; there is {there}")
    if peer:
        mind = replace(mind, model=wiring.model_for(peer, mind.model))
    progress = Progress("outcomes read")

    def think(body: bytes) -> Case:
        return mind.think(body, Wish())[0]

    return load_outcomes(given.file, Scale(mind.model, before), think, progress.step)


def _draw(file: Path, drawing: str) -> None:
    try:
        file.write_text(drawing, "utf-8")
    except OSError as error:
        raise UsageError(f"--plot: {file}: {error.strerror}") from error


def _say_what_next(into: Path, site: Site, made: Model) -> None:
    print(f"Edition {made.edition}, digest {made.digest[:12]}, is in {into}. To use it:")
    print(f"  lasegue check-mappings {into}")
    print(f'  mappings_dir = "{into.resolve()}"  in the settings')
    print(f'  population = "{site.name}"  for the peers whose patients these are')
