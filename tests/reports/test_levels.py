from __future__ import annotations

import pytest

from service.reports.levels import between, discs_of, places_in

L45 = ("L4-L5",)
L5S1 = ("L5-S1",)


@pytest.mark.parametrize(
    "text",
    [
        *("L4-5", "L4/5", "L45", "L4-L5", "L4/L5", "L4 5", "L4 L5", "L4L5", "L4 to 5", "L4 to L5"),
        *("l4/5", "L4 - L5", "L4=L5", "L4_5", "L-4/5", "L-4 to L-5", "L4 on L5", "L4 over the L5"),
    ],
)
def test_every_spelling_of_one_disc_is_that_disc(text: str) -> None:
    assert discs_of(text) == L45


@pytest.mark.parametrize(
    "text", ["L5-S1", "L5/S1", "L5-SI", "L5/Sl", "L5-1", "LS-S1", "L5=S1", "L5S1"]
)
def test_every_spelling_of_the_last_disc_is_that_disc(text: str) -> None:
    assert discs_of(text) == L5S1


@pytest.mark.parametrize(
    ("text", "discs"),
    [
        ("D12/L1", ("T12-L1",)),
        ("T12-L1", ("T12-L1",)),
        ("T-12toL1", ("T12-L1",)),
        ("L5-6", ("L5-L6",)),
        ("L6-S1", ("L6-S1",)),
    ],
)
def test_discs_outside_the_usual_five_keep_their_names(text: str, discs: tuple[str, ...]) -> None:
    assert discs_of(text) == discs


@pytest.mark.parametrize(
    ("text", "discs"),
    [
        ("L3-4 through L5-S1", ("L3-L4", "L4-L5", "L5-S1")),
        ("from L1/2 to L3/4", ("L1-L2", "L2-L3", "L3-L4")),
        ("L2-L5", ("L2-L3", "L3-L4", "L4-L5")),
        ("L1-3", ("L1-L2", "L2-L3")),
        ("L4 to S1", ("L4-L5", "L5-S1")),
        ("L4-L5-S1", ("L4-L5", "L5-S1")),
    ],
)
def test_a_range_is_spread_over_its_discs(text: str, discs: tuple[str, ...]) -> None:
    assert discs_of(text) == discs


@pytest.mark.parametrize(
    ("text", "discs"),
    [
        ("L3/4 & L4/5", ("L3-L4", "L4-L5")),
        ("L2-3, L3-4 and L4-5", ("L2-L3", "L3-L4", "L4-L5")),
        ("L3/4, 4/5, 5/1", ("L3-L4", "L4-L5", "L5-S1")),
        ("L4-L5 and 5-1", ("L4-L5", "L5-S1")),
    ],
)
def test_a_list_is_every_disc_in_it(text: str, discs: tuple[str, ...]) -> None:
    place = places_in(text)
    assert len(place) == 1
    assert place[0].discs == discs


@pytest.mark.parametrize("text", ["L4", "S1", "L5 nerve root", "the body of L3"])
def test_a_bare_name_is_no_disc(text: str) -> None:
    assert discs_of(text) == ()


@pytest.mark.parametrize(
    "text", ["T1 and T2 images", "a 4-5 mm cyst", "SI joints", "level 3", "ALL4", "L4 5 mm lesion"]
)
def test_words_and_sizes_that_look_like_levels_are_none(text: str) -> None:
    assert discs_of(text) == ()


def test_two_bare_names_stay_two() -> None:
    assert [place.name for place in places_in("the L4 and L5 roots")] == ["L4", "L5"]


def test_a_list_that_is_cut_by_a_grade_stays_apart() -> None:
    assert [p.discs for p in places_in("L3-4 (mild) and L4-5")] == [("L3-L4",), L45]


def test_a_column_with_six_vertebrae_has_six_discs_below_l1() -> None:
    assert between("L4", "L6") == ("L4-L5", "L5-L6")


def test_a_range_upwards_is_none() -> None:
    assert between("L5", "L3") == ()


def test_places_give_the_offsets_of_the_text() -> None:
    text = "bulge at L4/5 and L5/S1."
    (place,) = places_in(text)
    assert text[place.start : place.end] == "L4/5 and L5/S1"
