"""Bundles from servers, decoded no deeper than needed: each resource stays bytes until it is read."""

from __future__ import annotations

from typing import Any

import msgspec

from service.errors import PeerRefused, PeerUnavailable
from service.fhir.transaction import Current


class Shape(msgspec.Struct, rename="camel"):
    """Base of these shapes: FHIR's names, unknown elements ignored."""


class Link(Shape):
    """A link of a Bundle."""

    relation: str = ""
    url: str = ""


class Response(Shape):
    """What a server answered to one entry."""

    status: str = ""
    etag: str = ""
    location: str = ""


class Entry(Shape):
    """One entry; ``resource`` is empty when it has none."""

    resource: msgspec.Raw = msgspec.Raw()
    response: Response = msgspec.field(default_factory=Response)

    @property
    def status(self) -> int:
        """The status as a number; 0 when it is not one."""
        word = self.response.status.split(" ", 1)[0]
        return int(word) if word.isdecimal() else 0

    @property
    def version(self) -> str:
        """The version that the server says it wrote or read, if it says so."""
        _, _, placed = self.response.location.partition("/_history/")
        return self.response.etag.removeprefix("W/").strip('"') or placed


class Bundle(Shape):
    """A Bundle of any type."""

    resource_type: str = ""
    link: list[Link] = []
    entry: list[Entry] = []

    def following(self) -> str:
        """The address of the next page; empty on the last one."""
        return next((link.url for link in self.link if link.relation == "next"), "")


class Meta(Shape):
    """Version, time and marks of a resource."""

    version_id: str | int = ""
    last_updated: str = ""


class Head(Shape):
    """What a resource is, without what it says."""

    resource_type: str = ""
    id: str = ""
    meta: Meta = msgspec.field(default_factory=Meta)

    @property
    def reference(self) -> str:
        """Such as ``Observation/1``."""
        return f"{self.resource_type}/{self.id}"


def head_of(resource: bytes) -> Head:
    """What a resource is; an empty head when it cannot be told."""
    try:
        return msgspec.json.decode(resource, type=Head)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Head()


def bundle_of(content: bytes, asked: str) -> Bundle:
    """Decode a Bundle; raises PeerUnavailable for what is not JSON, PeerRefused for no Bundle."""
    try:
        bundle = msgspec.json.decode(content, type=Bundle)
    except msgspec.ValidationError as error:
        raise PeerRefused(f"{asked}: the answer is not a Bundle") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PeerUnavailable(f"{asked}: the answer is not JSON") from error
    if bundle.resource_type != "Bundle":
        raise PeerRefused(f"{asked}: the answer is not a Bundle")
    return bundle


def current_of(content: bytes, asked: str) -> Current:
    """A resource as the server holds it; raises PeerUnavailable for what is not a resource."""
    try:
        resource: dict[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PeerUnavailable(f"{asked}: the answer is not JSON") from error
    return Current(resource, str(resource.get("meta", {}).get("versionId", "")))
