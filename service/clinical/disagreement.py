"""One disagreement in words: its kind's sentence filled in, and the one action that goes with it."""

from __future__ import annotations

from collections.abc import Iterable

from service.clinical.anatomy import RootSide
from service.clinical.answer import Discordance
from service.clinical.findings import Source
from service.clinical.model import Model

AND, OR = " and ", " or "


def disagree(
    kind: str,
    model: Model,
    examined: Iterable[RootSide] = (),
    imaged: Iterable[RootSide] = (),
    *,
    order: Iterable[str] = (),
    expected: Iterable[str] = (),
    sources: tuple[Source, ...] = (),
    word: str = AND,
) -> Discordance:
    """Write a disagreement of this kind; ``word`` joins the roots of the examination.

    Raises KeyError for a kind that the model does not hold.
    """
    known = model.discordances[kind]
    sentence = known.sentence.format(
        examination=_said(examined, word),
        imaging=_said(imaged),
        order=_said(order),
        expected=_said(expected, OR),
    )
    return Discordance(kind, sentence, known.action, known.severity, sources)


def _said(items: Iterable[object], word: str = AND) -> str:
    return word.join(dict.fromkeys(map(str, items))) or "no root"
