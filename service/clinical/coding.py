"""Codes as values of the core. Two codings are equal when system and code are; display is for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

PROJECT_BASE = "https://lasegue.example/fhir"
"""The canonical address under which the project's own codes live; it is written nowhere else."""


@dataclass(frozen=True, slots=True)
class Coding:
    """One code of one code system; ``display`` never takes part in equality."""

    system: str
    code: str
    display: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class CodeMap(Generic[T]):
    """What each coding means here: an immutable look-up from :class:`Coding` to a meaning."""

    meanings: Mapping[Coding, T]

    def first(self, codings: Iterable[Coding]) -> T | None:
        """The meaning of the first known coding, or ``None`` when none is known."""
        return next((self.meanings[c] for c in codings if c in self.meanings), None)

    def all(self, codings: Iterable[Coding]) -> tuple[T, ...]:
        """The meanings of every known coding, in the order given, without repeats."""
        return tuple(dict.fromkeys(self.meanings[c] for c in codings if c in self.meanings))
