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
    """What each coding means here: an immutable look-up from :class:`Coding` to a meaning.

    ``families`` are the beginnings of codes in hierarchical systems, such as C50 of ICD-10; the
    code itself goes before a family and the longest family before a shorter one.
    """

    meanings: Mapping[Coding, T]
    families: Mapping[Coding, T] = field(default_factory=dict)
    hierarchies: frozenset[str] = field(init=False, repr=False)
    """The systems that have families; codes of other systems are not cut short in vain."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "hierarchies", frozenset(key.system for key in self.families))

    def get(self, coding: Coding) -> T | None:
        """The meaning of one coding, or ``None`` when it is not known."""
        found = self.meanings.get(coding)
        if found is None and coding.system in self.hierarchies:
            starts = (coding.code[:end] for end in range(len(coding.code), 0, -1))
            keys = (Coding(coding.system, start) for start in starts)
            found = next((self.families[key] for key in keys if key in self.families), None)
        return found

    def first(self, codings: Iterable[Coding]) -> T | None:
        """The meaning of the first known coding, or ``None`` when none is known."""
        return next(iter(self.all(codings)), None)

    def all(self, codings: Iterable[Coding]) -> tuple[T, ...]:
        """The meanings of every known coding, in the order given, without repeats."""
        found = [self.get(coding) for coding in codings]
        return tuple(dict.fromkeys([meaning for meaning in found if meaning is not None]))
