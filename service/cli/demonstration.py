"""``lasegue demo``: the whole line at work."""

from __future__ import annotations

import argparse

from service.cli.words import Commands, command

_EXAMPLES = """\
  lasegue demo              needs the demo extra: pip install 'lasegue[demo]'
"""


def add(commands: Commands) -> None:
    """Add the command."""
    words = "show it all: a real FHIR server, three patients, three write-backs"
    command(commands, "demo", words, run, _EXAMPLES)


def run(given: argparse.Namespace) -> int:
    """Run the demonstration and return its exit code."""
    from service import demo

    return int(demo.run())
