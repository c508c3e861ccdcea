"""Rules that span files. Each problem is a sentence for people that names file, row and rule."""

from __future__ import annotations

from collections.abc import Iterator

from service.knowledge.pages import Pages


def problems(pages: Pages) -> tuple[str, ...]:
    """Every broken rule, in the order of the files; empty when the knowledge is sound."""
    return tuple(_all(pages))


def _all(pages: Pages) -> Iterator[str]:
    yield from ()
