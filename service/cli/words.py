"""What every command's grammar shares: examples in the help, and the settings."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from service.cli.screen import UsageError
from service.settings import Settings, load

Commands = Any
"""What argparse gives to add commands to; it has no public name there."""

Run = Callable[[argparse.Namespace], int]


def command(
    commands: Commands, name: str, words: str, run: Run, examples: str = ""
) -> argparse.ArgumentParser:
    """Add one command with a sentence, examples and what it runs."""
    made: argparse.ArgumentParser = commands.add_parser(
        name,
        help=words,
        description=words[0].upper() + words[1:] + ".",
        epilog=f"examples:\n{examples}" if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.set_defaults(run=run)
    return made


def settings_of(given: argparse.Namespace) -> Settings:
    """The settings that this call runs with; raises SettingsError."""
    if given.config is not None and not given.config.is_file():
        raise UsageError(f"--config: {given.config} is not a file")
    return load(file=given.config)
