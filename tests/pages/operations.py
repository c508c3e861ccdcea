"""What an operator may set, call and see, from the code that does it."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

from service import wiring
from service.cli.command import parser
from service.jobs.port import State
from service.settings import Peer, Settings
from tests.pages.tables import table

SETTINGS = {
    "host": "address that the doors listen on",
    "port": "port that the doors listen on",
    "public_url": "address at which peers reach the doors; default: made of host and port",
    "threads": "requests answered at once",
    "store": "where events are kept: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`",
    "executor": "name of this process among those that work on the store; the same after a restart",
    "coalesce_seconds": "events of one patient that arrive within this time are evaluated together",
    "workers": "patients evaluated at once by this process",
    "attempts": "attempts before an event is dead",
    "max_body_bytes": "largest body that is taken",
    "max_depth": "deepest nesting of JSON that is taken",
    "mappings_dir": "folder of another edition of the knowledge; default: the one that ships",
    "default_peer": "peer to which Bundles sent to `/fhir` are written; default: the only peer",
    "api_token": "bearer token for `/fhir`; while empty, only callers on the same machine are served",
    "log_level": "least level that is logged: DEBUG, INFO, WARNING or ERROR",
    "log_salt": "keeps hashed ids in the log from being guessed; any long random text",
}
PEERS = {
    "base_url": "base address of the FHIR server",
    "secrets": "accepted in the secret header of notifications; the first is given to Subscriptions",
    "secret_header": "name of the header that carries the secret",
    "headers": "sent with every request to the peer, such as `Authorization`",
    "population": "whose base rates hold; default: the mixture of all",
    "profile": "whose guidelines are followed",
    "site_codes": "CSV of the site's own codes",
    "criteria": "the Subscriptions that `lasegue subscribe` makes",
    "verify_tls": "whether the certificate of the peer is checked",
    "timeout_seconds": "longest wait for one answer of the peer",
}
STATE_WORDS = {
    State.WAITING: "durable; its patient is not known yet, or its evaluation has not begun, or it is to "
    "be tried again",
    State.RUNNING: "its patient is being looked up or evaluated",
    State.DONE: "evaluated for every patient it concerns, or of no interest",
    State.DEAD: "given up with a reason; kept until a person replays or discards it",
    State.DISCARDED: "given up for good by a person",
}
KINDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    tuple: "list of text",
}


def settings_block() -> str:
    """Every setting with its type and default."""
    own = table(
        ("Setting", "In the environment", "Type", "Default", "What it is"),
        (
            (f"`{f.name}`", f"`LASEGUE_{f.name.upper()}`", *_kind(f), SETTINGS[f.name])
            for f in fields(Settings)
            if f.name != "peers"
        ),
    )
    peers = table(
        ("Setting", "Type", "Default", "What it is"),
        ((f"`{f.name}`", *_kind(f), PEERS[f.name]) for f in fields(Peer) if f.name != "name"),
    )
    note = "Each peer is a table `[peers.NAME]`; NAME appears in the address it sends notifications to:"
    return f"{own}\n\n{note}\n\n{peers}"


def _kind(item: Field[Any]) -> tuple[str, str]:
    default = item.default if item.default_factory is MISSING else item.default_factory()
    if default is MISSING:
        return "text", "must be given"
    if isinstance(default, bool):
        return KINDS[bool], str(default).lower()
    if isinstance(default, (tuple, str)):
        words = ", ".join(
            f"`{word}`" for word in ([default] if isinstance(default, str) else default)
        )
        return KINDS[type(default)], words if default else "empty"
    return KINDS.get(type(default), "table of text"), f"`{default}`" if default else "empty"


def commands_block() -> str:
    """Every command with its own words and options."""
    grammar = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    helps = {a.dest: a.help for a in grammar._choices_actions}
    return table(
        ("Command", "Does", "Takes"),
        (
            (f"`lasegue {name}`", helps[name], "; ".join(map(_option, _options(made))))
            for name, made in grammar.choices.items()
        ),
    )


def _options(made: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    return (a for a in made._actions if not isinstance(a, argparse._HelpAction))


def _option(action: argparse.Action) -> str:
    name = " ".join(filter(None, (", ".join(action.option_strings), _value(action))))
    return f"`{name}` {action.help}"


def _value(action: argparse.Action) -> str:
    return "" if action.nargs == 0 else str(action.metavar or action.dest.upper())


def doors_block() -> str:
    """Every door with its methods and the answers it may give."""
    found: dict[str, tuple[list[str], Mapping[str, Any]]] = {}
    for path, item in described()["paths"].items():
        for verb, said in item.items():
            if verb != "parameters":
                found.setdefault(path, ([], said))[0].append(verb.upper())
    rows = [
        (f"`{path}`", ", ".join(verbs), said["summary"], _statuses(said.get("responses", {})))
        for path, (verbs, said) in sorted(found.items())
    ]
    rows.append(("`/openapi.json`", "GET", "Describe these doors for machines.", "200"))
    return table(("Door", "Methods", "Does", "Answers"), rows)


def _statuses(responses: Mapping[str, Any]) -> str:
    return ", ".join(sorted(status for status in responses if status.isdigit())) or "200"


def described() -> dict[str, Any]:
    """The OpenAPI description, as the doors give it."""
    return the_app(lambda app: dict(app.test_client().get("/openapi.json").json))


def the_app(ask: Callable[[Any], Any]) -> Any:
    """What ``ask`` gives for the real application over a store that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        rooms = wiring.open_rooms(Settings(store=f"sqlite:///{folder}/lasegue.db"))
        try:
            return ask(wiring.web_app(rooms))
        finally:
            rooms.jobs.stop()


def states_block() -> str:
    """Every state of an event."""
    return table(("State", "Meaning"), ((f"`{state}`", STATE_WORDS[state]) for state in State))
