"""Laboratory values in one unit each, whichever of the usual ones they were sent in."""

from __future__ import annotations

from collections.abc import Mapping

from service.fhir.scales import tidy

Line = tuple[float, float]
"""Factor and offset that lead from a unit to the one that values are kept in."""

_ONE: Line = (1.0, 0.0)
_POWERS = ("10*9/l", "10*3/ul", "10*3/mm3", "k/ul", "thou/ul", "thousand/ul", "10*6/ml", "giga/l")
_PER_MICROLITRE = ("/ul", "/mm3", "{cells}/ul", "cells/ul", "1/ul", "#/ul")

UNITS: Mapping[str, tuple[str, Mapping[str, Line]]] = {
    "platelets": (
        "10*9/L",
        {**dict.fromkeys(_POWERS, _ONE), **dict.fromkeys(_PER_MICROLITRE, (0.001, 0.0))},
    ),
    "hba1c": ("%", {"%": _ONE, "% hgb": _ONE, "%{hb}": _ONE, "mmol/mol": (0.09148, 2.152)}),
    "crp": ("mg/L", {"mg/l": _ONE, "mg/dl": (10.0, 0.0), "ug/ml": _ONE}),
    "creatinine": ("mg/dL", {"mg/dl": _ONE, "umol/l": (1 / 88.42, 0.0)}),
    "creatinine-molar": ("umol/L", {"umol/l": _ONE, "mg/dl": (88.42, 0.0)}),
    "glucose": ("mg/dL", {"mg/dl": _ONE, "mmol/l": (18.016, 0.0)}),
    "glucose-molar": ("mmol/L", {"mmol/l": _ONE, "mg/dl": (1 / 18.016, 0.0)}),
    "esr": ("mm/h", dict.fromkeys(("mm/h", "mm/hr", "mm/1h", "mm"), _ONE)),
    "bmi": ("kg/m2", dict.fromkeys(("kg/m2", "kg/m*2", ""), _ONE)),
    "inr": ("{INR}", dict.fromkeys(("", "1", "{inr}", "inr", "{ratio}", "ratio"), _ONE)),
    "egfr": ("mL/min/{1.73_m2}", {"": _ONE}),
}
"""Each kind of value with its unit and the units that lead to it; other kinds stay as they came."""


def in_unit(kind: str, value: float, unit: str) -> tuple[float, str] | None:
    """The value in the unit of its kind; ``None`` when the unit is missing or does not lead there."""
    if kind not in UNITS:
        return value, unit
    kept, lines = UNITS[kind]
    given = tidy(unit)
    if given not in lines:
        given = given.replace("^", "*").replace("x10", "10").replace("10e", "10*")
        given = given.replace("µ", "u").replace("μ", "u")
    if kind == "egfr" and given.startswith("ml/min"):
        return value, kept
    line = lines.get(given)
    return (round(value * line[0] + line[1], 4), kept) if line else None
