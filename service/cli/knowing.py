"""``lasegue findings`` and ``lasegue check-mappings``: what the service knows, and whether it holds."""

from __future__ import annotations

import argparse
from dataclasses import replace

from service.cli.screen import Exit
from service.cli.words import Commands, command, settings_of

_FINDINGS = """\
  lasegue findings                   every finding and the value it takes
  lasegue findings | grep reflex
"""
_CHECK = """\
  lasegue check-mappings             the knowledge this service would start with
  lasegue check-mappings mappings    a folder that is being edited
"""


def add(commands: Commands) -> None:
    """Add both commands."""
    words = "list every finding that can be said, and the value it takes"
    command(commands, "findings", words, findings, _FINDINGS)
    words = "check the knowledge and report on it"
    made = command(commands, "check-mappings", words, check, _CHECK)
    made.add_argument(
        "directory", nargs="?", metavar="DIR", help="the folder; default: the one in use"
    )


def findings(given: argparse.Namespace) -> int:
    """Print one line a finding, with tabs between the columns."""
    from service import wiring
    from service.knowledge.report import findings_table

    print(findings_table(wiring.model(settings_of(given))), end="")
    return Exit.OK


def check(given: argparse.Namespace) -> int:
    """Print a report for people; raises KnowledgeError when a rule is broken."""
    from service import wiring
    from service.knowledge.report import report

    settings = settings_of(given)
    if given.directory:
        settings = replace(settings, mappings_dir=given.directory)
    model = wiring.model(settings)
    wiring.phrases(settings)
    print(report(model), end="")
    return Exit.OK
