"""``lasegue assess``: a Bundle from a file in, the write-back Bundle or its reasons out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, BinaryIO

from service import log
from service.cli.explain import WIDTH, explain
from service.cli.screen import Exit, Progress, UsageError
from service.cli.words import Commands, command, settings_of
from service.errors import LasegueError
from service.picture import picture

if TYPE_CHECKING:
    from service.web.assess import Wish
    from service.wiring import Mind

_EXAMPLES = """\
  lasegue assess patient.json                            print the write-back Bundle
  lasegue assess patient.json --explain                  print the reasoning for people
  lasegue assess patient.json --picture reasons.svg      draw the reasoning as well
  lasegue assess - --profile UK < patient.json           read standard input
  lasegue assess --ndjson bundles.ndjson > answers.ndjson
  lasegue assess patient.json --population primary-care --as-of 2026-03-01

With --ndjson every line is one Bundle, and every line out is its answer: the write-back Bundle, or
an OperationOutcome. The exit code is then 1 if any line failed.
"""

Answer = Callable[[bytes], bytes]


def add(commands: Commands) -> None:
    """Add the command."""
    words = "assess the resources of a Bundle; nothing is stored or sent"
    made = command(commands, "assess", words, run, _EXAMPLES)
    made.add_argument("file", metavar="FILE", help="a Bundle in JSON; - for standard input")
    how = made.add_mutually_exclusive_group()
    how.add_argument("--explain", action="store_true", help="print the reasoning for people")
    how.add_argument("--ndjson", action="store_true", help="one Bundle a line")
    made.add_argument("--picture", metavar="FILE.svg", help="write a picture of the reasoning")
    made.add_argument("--profile", default="", help="the pathway profile, such as UK")
    made.add_argument("--population", default="", help="the population whose base rates hold")
    made.add_argument("--as-of", default="", metavar="TIME", help="the time that dates refer to")
    made.add_argument("--fhir-version", default="", metavar="X", help="the FHIR version to write")


def run(given: argparse.Namespace) -> int:
    """Assess one Bundle, or one a line."""
    from service import wiring
    from service.web.answers import encoded

    mind = wiring.mind(settings_of(given))
    wished = _wishes(given, mind)
    if given.ndjson and given.picture:
        raise UsageError("--picture draws one Bundle; --ndjson holds many")
    with closing(_opened(given.file)) as source:
        if given.ndjson:
            return _each_line(source, lambda line: encoded(mind.assess(line, wished(line))))
        body = source.read()
    return _show(body, given, mind, wished(body))


def _show(body: bytes, given: argparse.Namespace, mind: Mind, wanted: Wish) -> int:
    """Print the reasoning or the write-back Bundle, and draw the picture where it is asked for."""
    import orjson

    if given.picture or given.explain:
        assessment = mind.think(body, wanted)[1]
    if given.picture:
        _draw(given.picture, picture(assessment, mind.model))
    if given.explain:
        columns = get_terminal_size((WIDTH, 0)).columns
        print(explain(assessment, mind.model, min(WIDTH, columns)), end="")
    else:
        _out(orjson.dumps(mind.assess(body, wanted), option=orjson.OPT_INDENT_2))
    return Exit.OK


def _draw(file: str, drawn: str) -> None:
    try:
        Path(file).write_text(drawn, "utf-8")
    except OSError as error:
        raise UsageError(f"--picture {file}: {error.strerror}") from error


def _wishes(given: argparse.Namespace, mind: Mind) -> Callable[[bytes], Wish]:
    """How each body is wanted; raises UsageError when the arguments cannot be meant."""
    from service.web.assess import wish, wish_for

    words = {
        "profile": given.profile,
        "population": given.population,
        "asOf": given.as_of,
        "fhirVersion": given.fhir_version,
    }
    try:
        wish(words, mind.model)
    except LasegueError as error:
        raise UsageError(str(error)) from error
    return lambda body: wish_for(body, words, mind.model, max_depth=mind.max_depth)


def _opened(file: str) -> BinaryIO:
    try:
        return sys.stdin.buffer if file == "-" else open(file, "rb")  # noqa: PTH123
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error


def _each_line(source: BinaryIO, answer: Answer) -> int:
    from service.fhir.outcome import outcome
    from service.web.answers import encoded
    from service.web.problems import problem_for

    progress, worst = Progress("Bundles assessed"), Exit.OK
    for line in _lines(source):
        try:
            _out(answer(line))
        except LasegueError as error:
            _out(encoded(outcome(error)))
            worst = Exit.FAILED
        except Exception as error:  # noqa: BLE001 - one line must not cost all the others
            log.failed("assessment-failed", error)
            _out(encoded(outcome(problem_for(500))))
            worst = Exit.FAILED
        progress.step()
    return worst


def _lines(source: BinaryIO) -> Iterator[bytes]:
    return (line for line in source if line.strip())


def _out(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
