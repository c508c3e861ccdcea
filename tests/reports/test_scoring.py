from __future__ import annotations

from typing import Any

from tests.reports import scoring


def fact(kind: str, level: str = "L4-L5", **slots: Any) -> dict[str, Any]:
    return {"level": level, "type": kind, "polarity": "present", "time": "current", **slots}


def f1(gold: list[dict[str, Any]], read: list[dict[str, Any]], measure: str) -> float:
    totals: dict[str, scoring.Count] = {}
    scoring.count(gold, read, totals)
    return totals[measure].f1


def test_agreement_is_one_and_disagreement_is_nought() -> None:
    assert f1([fact("bulge")], [fact("bulge")], "level and type") == 1
    assert f1([fact("bulge")], [fact("bulge", "L3-L4")], "level and type") == 0


def test_half_of_two_found_is_two_thirds() -> None:
    gold = [fact("bulge"), fact("osteophyte")]
    assert f1(gold, [fact("bulge")], "level and type") == 2 / 3


def test_both_sides_are_two_facts() -> None:
    gold = [fact("foraminal_stenosis", side="bilateral")]
    read = [fact("foraminal_stenosis", side="left")]
    assert f1(gold, read, "level, type and side") == 2 / 3


def test_a_hedged_gold_fact_neither_adds_nor_costs() -> None:
    gold = [fact("bulge"), fact("protrusion", certainty="possible")]
    assert f1(gold, [fact("bulge")], "level and type") == 1
    assert f1(gold, [fact("bulge"), fact("protrusion")], "level and type") == 1


def test_any_kind_satisfies_a_herniation_and_the_other_way_round() -> None:
    assert f1([fact("herniation")], [fact("extrusion")], "level and type") == 1
    assert f1([fact("extrusion")], [fact("herniation")], "level and type") == 1
    assert f1([fact("extrusion")], [fact("protrusion")], "level and type") == 0


def test_contact_is_not_compression() -> None:
    root = {"root": "L5", "side": "left"}
    gold = [fact("nerve_root", relation="compress", **root)]
    measure = "root, side and relation"
    assert f1(gold, [fact("nerve_root", relation="displace", **root)], measure) == 1
    assert f1(gold, [fact("nerve_root", relation="contact", **root)], measure) == 0


def test_a_resolved_finding_read_as_current_is_counted() -> None:
    gold = [fact("extrusion", time="resolved_or_prior")]
    assert scoring.resolved_as_current(gold, [fact("extrusion")])
    assert not scoring.resolved_as_current(gold, gold)


def test_wrong_polarity_and_wrong_side_are_counted() -> None:
    denied = {**fact("canal_stenosis"), "polarity": "absent"}
    assert scoring.reversed_polarity([denied], [fact("canal_stenosis")]) != (set(), set())
    assert scoring.reversed_polarity([fact("canal_stenosis")], [denied])[1]
    gold, read = [fact("protrusion", side="left")], [fact("protrusion", side="right")]
    assert scoring.wrong_sides(gold, read) == {("L4-L5", "protrusion", None, None, "right")}
