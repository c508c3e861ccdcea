"""The configuration, read once at the start: a TOML file and a few environment variables.

``LASEGUE_CONFIG`` names the file (default ``lasegue.toml``, which may be missing). Environment
variables win over the file, so that secrets need not be written down.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from service.errors import LasegueError

_PEER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class SettingsError(LasegueError):
    """The configuration cannot be used. The message names the key."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One FHIR server we listen to and write to.

    ``secrets`` are accepted in ``secret_header`` on every notification (two while one is rotated
    out); a peer without secrets takes notifications from anyone who can reach the door.
    ``headers`` are sent with every request to the peer. ``site_codes`` is a CSV of the site's own
    codes. ``criteria`` are the Subscriptions that ``lasegue subscribe`` creates.
    """

    name: str
    base_url: str
    secrets: tuple[str, ...] = ()
    secret_header: str = "X-Lasegue-Secret"  # noqa: S105 - a header's name
    headers: Mapping[str, str] = field(default_factory=dict)
    population: str = ""
    profile: str = "default"
    site_codes: str = ""
    criteria: tuple[str, ...] = ("Observation?", "DiagnosticReport?", "ImagingStudy?")
    verify_tls: bool = True
    timeout_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator may set; ``docs/operations.md`` explains each one.

    ``api_token`` is the bearer token that ``/fhir`` asks for; while it is empty, only callers on
    this machine are served there. ``log_salt`` keeps hashed ids in the log from being guessed.
    """

    host: str = "127.0.0.1"
    port: int = 8466
    public_url: str = ""
    threads: int = 16
    store: str = "sqlite:///lasegue.db"
    executor: str = "lasegue-0"
    coalesce_seconds: float = 2.0
    workers: int = 4
    attempts: int = 8
    max_body_bytes: int = 10 * 1024 * 1024
    max_depth: int = 100
    mappings_dir: str = ""
    default_peer: str = ""
    peers: Mapping[str, Peer] = field(default_factory=dict)
    api_token: str = ""
    log_level: str = "INFO"
    log_salt: str = ""

    @property
    def url(self) -> str:
        """The address peers reach us at."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


@cache
def version() -> str:
    """The version of the installed distribution; ``0+checkout`` when run without an install."""
    try:
        return importlib.metadata.version("lasegue")
    except importlib.metadata.PackageNotFoundError:
        return "0+checkout"


def load(environ: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Read the file and the environment; raises :class:`SettingsError` on an unknown or wrong key."""
    environ = os.environ if environ is None else environ
    named = environ.get("LASEGUE_CONFIG")
    file = file or Path(named or "lasegue.toml")
    if named and not file.is_file():
        raise SettingsError(f"LASEGUE_CONFIG names {named!r}, which is not a file")
    table = _read(file)
    peers = {name: _peer(name, entry, environ) for name, entry in table.pop("peers", {}).items()}
    read: Settings = _build(Settings, table, str(file))
    settings = replace(read, peers=peers, **_overrides(environ))
    if settings.default_peer and settings.default_peer not in peers:
        raise SettingsError(f"default_peer names {settings.default_peer!r}, which is not a peer")
    if not settings.default_peer and len(peers) == 1:
        settings = replace(settings, default_peer=next(iter(peers)))
    return settings


def _read(file: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not TOML: {error}") from error
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from error
    if not isinstance(table.get("peers", {}), dict):
        raise SettingsError(f"{file}: peers must be tables, such as [peers.hospital]")
    return table


def _peer(name: str, entry: Any, environ: Mapping[str, str]) -> Peer:
    if not _PEER_NAME.fullmatch(name) or not isinstance(entry, dict):
        raise SettingsError(
            f"peers.{name}: not a table with a plain name (letters, digits, - and _)"
        )
    entry = {**entry, "name": name}
    secret = environ.get(f"LASEGUE_PEER_{name.upper().replace('-', '_')}_SECRET")
    if secret:
        entry["secrets"] = [secret, *entry.get("secrets", [])]
    peer: Peer = _build(Peer, entry, f"peers.{name}")
    if not peer.base_url.startswith(("http://", "https://")):
        raise SettingsError(f"peers.{name}: base_url must begin with http:// or https://")
    return peer


def _build(cls: type[Any], table: Mapping[str, Any], where: str) -> Any:
    known = {f.name: f for f in fields(cls) if f.name != "peers"}
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise SettingsError(f"{where}: unknown setting {unknown[0]!r}")
    missing = sorted(n for n, f in known.items() if n not in table and _default(f) is MISSING)
    if missing:
        raise SettingsError(f"{where}: the setting {missing[0]!r} is missing")
    return cls(**{name: _checked(known[name], value, where) for name, value in table.items()})


def _default(item: Field[Any]) -> Any:
    return item.default if item.default_factory is MISSING else item.default_factory()


def _checked(item: Field[Any], value: Any, where: str) -> Any:
    default = _default(item)
    kind = str if default is MISSING else type(default)
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        value = tuple(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        names: dict[Any, str] = {tuple: "a list of strings", dict: "a table", str: "text"}
        raise SettingsError(f"{where}: {item.name} must be {names.get(kind, kind.__name__)}")
    return value


def _overrides(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in fields(Settings):
        text = environ.get(f"LASEGUE_{item.name.upper()}")
        if text is not None and item.name != "peers":
            found[item.name] = _typed(item.name, type(item.default), text)
    return found


def _typed(name: str, kind: type[Any], text: str) -> Any:
    try:
        return kind(text)
    except ValueError as error:
        raise SettingsError(f"LASEGUE_{name.upper()}: not a {kind.__name__}") from error
