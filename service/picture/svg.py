"""Elements of SVG as text: escaped, in a fixed order, the same for the same picture."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from textwrap import wrap

INK, SOFT, PALE = "#111", "#444", "#8fa3b8"
NORMAL, FINE, STEP = 12.0, 11.0, 1.3
"""Sizes of letters, and from one line to the next in letters."""

Value = str | float


def element(tag: str, *inside: str, **attributes: Value) -> str:
    """One element; ``_`` in the name of an attribute stands for ``-``."""
    given = "".join(
        f' {name.replace("_", "-")}="{_value(value)}"' for name, value in attributes.items()
    )
    return f"<{tag}{given}>{''.join(inside)}</{tag}>" if inside else f"<{tag}{given}/>"


def _value(value: Value) -> str:
    return plain(value) if isinstance(value, str) else f"{round(value, 2):g}"


def plain(text: str) -> str:
    """Text that can stand in an element: escaped, and without what XML does not hold."""
    return escape("".join(c if c.isprintable() else " " for c in text))


def label(text: str, x: float, y: float, size: float = NORMAL, **look: Value) -> str:
    """One line of text with its baseline at a place."""
    return element("text", plain(text), x=x, y=y, font_size=size, **look)


def bar(x: float, y: float, width: float, height: float, **look: Value) -> str:
    """One box."""
    return element("rect", x=x, y=y, width=width, height=height, **look)


def stroke(x1: float, y1: float, x2: float, y2: float, **look: Value) -> str:
    """One straight line, black where nothing else is said."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **{"stroke": INK, **look})


def group(*inside: str, title: str = "", **attributes: Value) -> str:
    """Elements that belong together, with words for those who cannot see them."""
    named = (element("title", plain(title)),) if title else ()
    return element("g", *named, *inside, **attributes)


def broken(text: str, columns: int) -> list[str]:
    """A text in lines of at most so many columns."""
    return wrap(text, columns) or [""]


def written(
    texts: Iterable[str], x: float, y: float, columns: int, size: float = NORMAL, **look: Value
) -> tuple[list[str], float]:
    """Texts below each other from a height on, and where the last line ends."""
    shapes = []
    for line in (line for text in texts for line in broken(text, columns)):
        y += size * STEP
        shapes.append(label(line, x, y, size, **look))
    return shapes, y
