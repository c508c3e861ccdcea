from __future__ import annotations

import gc
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.reports import Phrases, Reading, read_report

_SAID = (
    "L4-5 L5/S1 L5 S1 L4-S1 left right bilateral both mild moderate severe no not without or and "
    "nor but with which , ; : . ( ) / > ? \n \n\n - 1. disc bulge protrusion extrusion foraminal "
    "stenosis narrowing canal recess foramen foramina facet hypertrophy ligamentum flavum patent "
    "normal root roots nerve traversing exiting compresses contacted compression displaced resolved "
    "resolution of previously seen possible cannot be excluded on the to more greater than none "
    "elsewhere otherwise at any level grade 1 anterolisthesis discectomy scar for Impression: "
    "FINDINGS: HISTORY: ADDENDUM: <p> </td> &nbsp; &#8211; L6 unchanged prior study migrated caudally"
)
WORDS = _SAID.split(" ")
REPORTS = st.lists(st.sampled_from(WORDS), max_size=80).map(" ".join)
TYPES = st.sampled_from(["text/plain", "text/html", "application/xhtml+xml; charset=utf-8", ""])
HOSTILE = (
    *(
        "no ",
        "left ",
        "L4-5 ",
        "L4",
        "L4-",
        ",",
        "a:",
        "<",
        "&",
        "\n",
        "- ",
        "L4 and ",
        "and ",
        " ",
    ),
    *("bulge and ", "compressing the L5 root ", "1. ", "FINDINGS: ", "extrusion is not seen "),
    *(
        "<p ",
        "<p>",
        "stenosis ",
        "canal or ",
        "L5 nerve roots and ",
        "stenosys ",
        "L4-5\n",
        "HISTORY: a\n",
    ),
)


def check(text: str, reading: Reading) -> None:
    for fact in reading.facts:
        start, end = fact.span or (-1, -1)
        assert 0 <= start <= end <= len(text)
        assert fact.rule
    for start, end, why in reading.not_understood:
        assert 0 <= start <= end <= len(text)
        assert why


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=REPORTS, content_type=TYPES)
def test_words_in_any_order_never_raise_and_spans_stay_inside(
    text: str, content_type: str, phrases: Phrases
) -> None:
    check(text, read_report(text, phrases, content_type=content_type))


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=300), content_type=TYPES)
def test_any_text_at_all_never_raises(text: str, content_type: str, phrases: Phrases) -> None:
    check(text, read_report(text, phrases, content_type=content_type))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=REPORTS)
def test_the_same_text_is_read_the_same_way(text: str, phrases: Phrases) -> None:
    assert read_report(text, phrases) == read_report(text, phrases)


def seconds(text: str, content_type: str, phrases: Phrases) -> float:
    """CPU time of reading; the collector, which would look through the whole test run, waits."""
    gc.disable()
    try:
        started = time.process_time()
        check(text, read_report(text, phrases, content_type=content_type))
        return time.process_time() - started
    finally:
        gc.enable()


@pytest.fixture(scope="module")
def ordinary(phrases: Phrases) -> float:
    """What an ordinary text of the same length takes on this machine, watched or not."""
    unit = (
        "At L4-5 there is a mild bulge, and moderate left foraminal stenosis. The L5 root is free. "
    )
    return max(seconds(unit * 1100, "text/plain", phrases) for _ in range(3))


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("content_type", ["text/plain", "text/html"])
def test_a_hostile_text_of_a_hundred_kilobytes_costs_little_more_than_an_ordinary_one(
    piece: str, content_type: str, ordinary: float, phrases: Phrases
) -> None:
    text = piece * (100_000 // len(piece))
    spent = min(seconds(text, content_type, phrases) for _ in range(2))
    assert spent < 4 * ordinary + 0.2


def test_a_double_text_takes_about_double_the_time(phrases: Phrases) -> None:
    unit = (
        "At L4-5 there is no bulge or mild left foraminal stenosis, and the L5 root is contacted "
    )

    def cost(times: int) -> float:
        text = unit * times
        spent = []
        for _ in range(3):
            started = time.process_time()
            read_report(text, phrases)
            spent.append(time.process_time() - started)
        return min(spent)

    assert cost(240) < 6 * cost(80)
