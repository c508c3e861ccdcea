"""The command line: its words, its help and its exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from service import log
from service.cli import assessing, backlog, demonstration, knowing, peers, recalibrating, serving
from service.cli.screen import Exit, UsageError, complain
from service.errors import KnowledgeError, LasegueError
from service.settings import SettingsError, version

_ABOUT = """\
Lasegue names the compressed lumbosacral nerve root, its side and the next step, from FHIR
resources. It drafts; a clinician decides.
"""

_EXAMPLES = """\
examples:
  lasegue demo                                 see the whole line at work, with a real FHIR server
  lasegue assess patient.json                  print the write-back Bundle for a Bundle of resources
  lasegue assess patient.json --explain        print the reasoning for people
  cat patients.ndjson | lasegue assess - --ndjson > answers.ndjson
  lasegue findings                             list every finding that can be said, and its value
  lasegue serve                                take notifications, assess and write back
  lasegue subscribe hospital                   ask a FHIR server to notify us
  lasegue doctor                               check settings, knowledge, store and peers
  lasegue replay --list                        show what could not be processed, and why
  lasegue recalibrate outcomes.csv --into DIR  fit the knowledge to confirmed outcomes of a site

exit codes:
  0  done
  1  something was found to fail: an input, a check, a peer
  2  the command was called wrongly
  3  the configuration or the knowledge is broken

Settings are read from lasegue.toml, from the file in LASEGUE_CONFIG or --config, and from LASEGUE_*
in the environment, which wins.
"""


def parser() -> argparse.ArgumentParser:
    """The whole grammar of the command."""
    made = argparse.ArgumentParser(
        "lasegue",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("--version", action="version", version=f"lasegue {version()}")
    made.add_argument("--config", type=Path, metavar="FILE", help="the settings, in TOML")
    commands = made.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for room in (serving, assessing, peers, backlog, knowing, recalibrating, demonstration):
        room.add(commands)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; wrong usage ends with a SystemExit of 2."""
    given = parser().parse_args(arguments)
    log.configure(level="WARNING")
    try:
        return int(given.run(given))
    except UsageError as error:
        complain(str(error))
        return Exit.USAGE
    except (SettingsError, KnowledgeError) as error:
        complain(str(error))
        return Exit.BROKEN
    except LasegueError as error:
        complain(str(error))
        return Exit.FAILED
    except KeyboardInterrupt:
        return Exit.FAILED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
