"""Draft orders against what was localised: every combination, with the expectation written out by hand."""

from collections import defaultdict
from itertools import combinations, product

import pytest

from service.clinical.anatomy import Root, RootSide, Side, Zone
from service.clinical.answer import Localisation
from service.clinical.assess import assess
from service.clinical.concordance import compare
from service.clinical.findings import Order, Source
from service.clinical.localise import localise
from tests.clinical.patients import found, lesion, person, root_fact, textbook

LEAVES = {"L3": "L3-L4", "L4": "L4-L5", "L5": "L5-S1", "S1": "S1 dorsal sacral"}
CROSSES = {"L3": "L2-L3", "L4": "L3-L4", "L5": "L4-L5", "S1": "L5-S1"}
DISCS = ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")
ORDERED_ROOTS = ("T12", *Root, "S3")
ORDERED_SIDES = ((), ("left",), ("right",), ("left", "right"))
BOTH = ("left", "right")


def at(*roots):
    return tuple(RootSide(Root(name[-2:]), Side(name[:-3])) for name in roots)


def answered(*named, pointed=(), none=0.05):
    """An answer that names these roots, in the shape that the core gives."""
    everywhere = [RootSide(root, side) for root in map(Root, LEAVES) for side in Side]
    examined = tuple((x, 0.9 if x in (named or pointed) else 0.02) for x in everywhere)
    return Localisation(
        probabilities=examined,
        none=none,
        hypotheses=(),
        named=named,
        candidates=named,
        ledger=(),
        next_items=(),
        would_change="",
        statement="",
        examination=pointed or named,
        examined=examined,
    )


def kinds_by_order(model, answer, orders, imaging=()):
    """The kinds of disagreement that each order raises, by its number."""
    drafts = [
        Order(kind, Source(f"ServiceRequest/{n}"), tuple(roots), tuple(map(Side, sides)), *places)
        for n, (kind, roots, sides, *places) in enumerate(orders)
    ]
    result = compare(person(imaging=imaging, orders=drafts), answer, model)
    raised = defaultdict(set)
    for each in result.disagreements:
        raised[each.sources[0].reference].add(each.kind)
    assert set(raised) <= {order.source.reference for order in drafts}
    return [raised[order.source.reference] for order in drafts]


def expected(order, root, side, operated, most):
    """What must be raised, and nothing else."""
    kind, roots, sides, levels, foramina = order
    reachable = operated if kind == "surgery" else {LEAVES[root]}
    wrong = {
        "order-side": bool(set(sides) - {side}),
        "order-root": bool(set(roots) - {root}),
        "order-level": bool(set(levels) - reachable) or len(levels) > most,
        "order-foramen": bool(set(foramina) - {LEAVES[root]}),
    }
    return {name for name, is_wrong in wrong.items() if is_wrong}


def every_order():
    roots = ((), *((root,) for root in ORDERED_ROOTS))
    levels = ((), *((level,) for level in (*DISCS, "T12-L1")))
    foramina = ((), *((place,) for place in (*DISCS, "S1 dorsal sacral")))
    return list(product(("injection", "surgery"), roots, ORDERED_SIDES, levels, foramina))


def lesions_on(root):
    """Where a lesion of this root may lie, level and zone; and that none was seen."""
    crossing = [(CROSSES[root], Zone.SUBARTICULAR)]
    leaving = [(LEAVES[root], zone) for zone in (Zone.FORAMINAL, Zone.EXTRAFORAMINAL)]
    return [None, *crossing, *(leaving if LEAVES[root] in DISCS else [])]


PLACES = [(root, place) for root in LEAVES for place in lesions_on(root)]


@pytest.mark.parametrize(("root", "place"), PLACES)
def test_every_single_order_raises_what_it_must_and_nothing_else(model, root, place):
    orders = every_order()
    for side in BOTH:
        operated = {place[0]} if place else {CROSSES[root], LEAVES[root]}
        imaging = [lesion("extrusion", place[0], side, zones=(place[1],))] if place else []
        raised = kinds_by_order(model, answered(*at(f"{side} {root}")), orders, imaging)
        assert raised == [expected(order, root, side, operated, 1) for order in orders]


@pytest.mark.parametrize(("root", "side"), list(product(LEAVES, BOTH)))
def test_an_order_for_several_levels_roots_or_foramina_is_discordant_where_one_was_localised(
    model, root, side
):
    pairs = list(combinations(DISCS, 2))
    roots = list(combinations(LEAVES, 2))
    orders = [
        *((kind, (), (), pair, ()) for kind in ("injection", "surgery") for pair in pairs),
        *((kind, (), (), (), pair) for kind in ("injection", "surgery") for pair in pairs),
        *((kind, pair, (), (), ()) for kind in ("injection", "surgery") for pair in roots),
    ]
    for raised in (
        kinds_by_order(model, answered(*at(f"{side} {root}")), orders),
        kinds_by_order(
            model,
            answered(*at(f"{side} {root}")),
            orders,
            [lesion("extrusion", CROSSES[root], side)],
        ),
    ):
        names = ["order-level"] * 20 + ["order-foramen"] * 20 + ["order-root"] * 12
        assert raised == [{name} for name in names]


@pytest.mark.parametrize(("root", "side"), list(product(LEAVES, BOTH)))
def test_every_order_for_the_other_side_or_for_both_is_found(model, root, side):
    other = BOTH[side == "left"]
    orders = [
        (kind, roots, sides, (), ())
        for kind in ("injection", "surgery")
        for roots in ((), (root,))
        for sides in ((other,), BOTH)
    ]
    raised = kinds_by_order(model, answered(*at(f"{side} {root}")), orders)
    assert raised == [{"order-side"}] * len(orders)


@pytest.mark.parametrize("side", BOTH)
def test_an_operation_on_both_levels_of_a_root_agrees_where_both_hold_a_lesion(model, side):
    facts = [
        lesion("extrusion", "L4-L5", side),
        lesion("extrusion", "L5-S1", side, zones=(Zone.FORAMINAL,)),
    ]
    order = ("surgery", ("L5",), (side,), ("L4-L5", "L5-S1"), ())
    assert kinds_by_order(model, answered(*at(f"{side} L5")), [order], facts) == [set()]


def test_with_a_root_on_either_side_each_root_is_held_against_its_own_side(model):
    answer = answered(*at("left L4", "right L5"))
    orders = [
        ("injection", ("L4",), ("left",), (), ("L4-L5",)),
        ("injection", ("L5",), ("right",), ("L5-S1",), ()),
        ("injection", ("L4", "L5"), BOTH, (), ()),
        ("injection", ("L5",), ("left",), (), ()),
        ("injection", (), ("left",), (), ("L5-S1",)),
        ("injection", (), (), (), ("L4-L5", "L5-S1")),
        ("injection", ("S1",), BOTH, (), ()),
    ]
    raised = kinds_by_order(model, answer, orders)
    assert raised == [set(), set(), set(), {"order-root"}, {"order-foramen"}, set(), {"order-root"}]


def test_with_two_roots_named_an_order_is_held_against_the_foramen_of_the_root_it_names(model):
    answer = answered(*at("left L4", "left L5"))
    orders = [
        ("injection", ("L5",), ("left",), ("L5-S1",), ()),
        ("injection", ("L5",), ("left",), ("L4-L5",), ()),
        ("injection", ("L4", "L5"), ("left",), ("L4-L5", "L5-S1"), ()),
        ("surgery", (), ("left",), ("L4-L5",), ()),
    ]
    raised = kinds_by_order(model, answer, orders)
    assert raised == [set(), {"order-level"}, set(), set()]


def test_an_upper_root_that_imaging_shows_may_be_ordered_by_its_own_name(model):
    answer = answered(*at("left L3"))
    orders = [("injection", ("L2",), ("left",), (), ("L2-L3",))]
    shown = [lesion("extrusion", "L1-L2", "left", zones=(Zone.SUBARTICULAR,))]
    assert kinds_by_order(model, answer, orders, shown) == [set()]
    assert kinds_by_order(model, answer, orders) == [{"order-root", "order-foramen"}]


@pytest.mark.parametrize(
    "shown",
    [
        lesion("foraminal_stenosis", "L2-L3", "left", severity="severe"),
        lesion("lateral_recess_stenosis", "L1-L2", "left", severity="severe"),
        lesion("extrusion", "L1-L2", "left"),
    ],
)
def test_an_upper_root_is_shown_by_a_lesion_whose_zone_is_not_written(model, shown):
    orders = [("injection", ("L2",), ("left",), (), ("L2-L3",))]
    assert kinds_by_order(model, answered(*at("left L3")), orders, [shown]) == [set()]


@pytest.mark.parametrize("kind", ["imaging", "physiotherapy", "referral", "electrodiagnosis"])
def test_an_order_that_is_aimed_at_no_root_is_never_discordant(model, kind):
    order = (kind, ("S1",), ("right",), ("L1-L2",), ("L1-L2",))
    assert kinds_by_order(model, answered(*at("left L5")), [order]) == [set()]


def test_while_no_root_is_named_an_order_is_held_against_all_that_are_pointed_to(model):
    answer = answered(pointed=at("left L5", "left S1"))
    orders = [
        ("injection", ("L5",), ("left",), ("L5-S1",), ()),
        ("injection", ("S1",), ("left",), (), ()),
        ("injection", ("L5",), ("right",), (), ()),
        ("injection", ("L4",), ("left",), (), ("L4-L5",)),
    ]
    raised = kinds_by_order(model, answer, orders)
    assert raised == [set(), set(), {"order-side"}, {"order-root", "order-foramen"}]
    order = Order("injection", Source("ServiceRequest/o"), sides=(Side.RIGHT,))
    (only,) = compare(person(orders=[order]), answer, model).disagreements
    assert "left L5 or left S1" in only.sentence


def test_while_no_compressed_root_is_likelier_nothing_is_held_against_an_order(model):
    answer = answered(pointed=at("left L5"), none=0.6)
    orders = [("injection", ("S1",), ("right",), ("L1-L2",), ())]
    assert kinds_by_order(model, answer, orders) == [set()]


@pytest.mark.parametrize("kind", ["injection", "surgery"])
def test_an_order_that_names_nothing_is_not_discordant_and_is_asked_for(model, kind):
    def answer(*named):
        order = Order(kind, Source("ServiceRequest/o"), *named, text="as discussed")
        return assess(person(*textbook("L5"), imaging=[root_fact("L5")], orders=[order]), model)

    nothing = answer()
    assert nothing.concordance.status == "concordant"
    assert "order-aim" in {question.item for question in nothing.plan.questions}
    only_a_root = answer(("L5",))
    assert "order-aim" in {question.item for question in only_a_root.plan.questions}
    enough = answer(("L5",), (Side.LEFT,))
    assert "order-aim" not in {question.item for question in enough.plan.questions}


def test_an_order_is_held_against_what_the_core_itself_localises(model):
    for root, side in product(("L4", "L5", "S1"), BOTH):
        orders = [
            Order(
                "injection", Source(f"ServiceRequest/{r}-{s}"), (Root(r),), (Side(s),), (LEAVES[r],)
            )
            for r, s in product(LEAVES, BOTH)
        ]
        case = person(
            *textbook(root, side),
            imaging=[root_fact(root, side=side, level=CROSSES[root])],
            orders=orders,
        )
        result = compare(case, localise(case, model), model)
        right = f"ServiceRequest/{root}-{side}"
        missed = {o.source.reference for o in orders} - {
            d.sources[0].reference for d in result.disagreements
        }
        assert missed == {right}


def test_what_is_ordered_far_from_the_signs_is_doubted_most(model):
    orders = [
        Order("injection", Source("ServiceRequest/a"), ("S1",), (Side.RIGHT,)),
        Order("injection", Source("ServiceRequest/b"), ("L5",), (Side.LEFT,)),
    ]
    case = person(*textbook("L5"), imaging=[root_fact("L5")], orders=orders)
    doubt = compare(case, localise(case, model), model).doubt
    (first, high), (last, low) = doubt
    assert (str(first), str(last)) == ("right S1", "left L5")
    assert high > 0.9
    assert low < 0.2


@pytest.mark.parametrize(
    ("named", "reached"),
    [
        ({"foramina": ("L4-L5",)}, {"left L4"}),
        ({"levels": ("L4-L5",)}, {"left L4"}),
        ({"roots": ("S1",), "levels": ("L5-S1",)}, {"left S1"}),
        ({"roots": ("T12", "S3")}, set()),
        ({}, set()),
    ],
)
def test_the_doubt_of_an_injection_is_that_of_the_root_it_would_reach(model, named, reached):
    order = Order("injection", Source("ServiceRequest/o"), **named)
    case = person(*textbook("L5"), orders=[order])
    doubt = compare(case, localise(case, model), model).doubt
    assert {str(root) for root, _ in doubt} == reached


def test_the_doubt_of_an_operation_at_a_level_is_that_of_both_roots_that_pass_it(model):
    order = Order("surgery", Source("ServiceRequest/o"), sides=(Side.LEFT,), levels=("L4-L5",))
    case = person(*textbook("S1"), found("weakness-plantar-flexion"), orders=[order])
    doubt = compare(case, localise(case, model), model).doubt
    assert {str(root) for root, _ in doubt} == {"left L4", "left L5"}
