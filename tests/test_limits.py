"""The sliding window: never more than the rate in any span, never a longer wait than it said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.limits import Rate, RateError, Window, parse_rate

rates = st.builds(Rate, st.integers(1, 8), st.integers(1, 20))
gaps = st.lists(st.floats(0, 6, allow_nan=False), max_size=80)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("20/10s", Rate(20, 10)),
        ("100/5m", Rate(100, 300)),
        ("500/1h", Rate(500, 3600)),
        (" 1/1s ", Rate(1, 1)),
    ],
)
def test_a_rate_is_read_as_count_and_seconds(text: str, rate: Rate) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["", "20", "20/10", "20/s", "0/10s", "5/0s", "-1/10s", "2.5/10s", "20/10d", "２/10s"]
)
def test_a_rate_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(RateError, match="is not a rate"):
        parse_rate(text)


def test_the_twenty_first_message_in_ten_seconds_waits_until_the_first_is_ten_seconds_old() -> None:
    window = Window(parse_rate("20/10s"))
    assert [window.hit(100 + n * 0.1) for n in range(20)] == [None] * 20
    assert window.hit(103.0) == 7.0
    assert window.hit(109.999999) == pytest.approx(0.000001)
    assert window.hit(110.0) is None
    assert window.hit(110.0) == pytest.approx(0.1)


@given(rates, gaps, st.floats(0, 1e8))
def test_no_span_ever_holds_more_than_the_rate(rate: Rate, gaps: list[float], start: float) -> None:
    window, now, taken = Window(rate), start, []
    for gap in gaps:
        now += gap
        if window.hit(now) is None:
            taken.append(round(now * 1_000_000))
    span = rate.seconds * 1_000_000
    for moment in taken:
        assert sum(moment <= other < moment + span for other in taken) <= rate.count


@given(rates, gaps, st.floats(0, 1e8))
def test_waiting_for_what_was_said_is_always_enough_and_never_too_long(
    rate: Rate, gaps: list[float], start: float
) -> None:
    window, now = Window(rate), start
    for gap in gaps:
        now += gap
        retry_after = window.hit(now)
        if retry_after is not None:
            assert 0 < retry_after <= rate.seconds
            now += retry_after
            assert window.hit(now) is None


@given(rates, gaps)
def test_a_refused_try_costs_nothing(rate: Rate, gaps: list[float]) -> None:
    """Somebody who hammers gets in at the same moments as somebody who tries only when there is room."""
    hammering, patient, now = Window(rate), Window(rate), 0.0
    for gap in gaps:
        now += gap
        first = hammering.hit(now)
        for _ in range(3 if first is not None else 0):
            assert hammering.hit(now) == first
        assert patient.hit(now) == first


def test_a_window_is_idle_once_its_span_has_passed() -> None:
    window = Window(Rate(2, 10))
    assert window.is_idle(0)
    window.hit(0)
    assert not window.is_idle(9.9)
    assert window.is_idle(10)


def test_a_clock_that_jumps_back_does_not_lengthen_the_wait() -> None:
    window = Window(Rate(1, 10))
    assert window.hit(1000) is None
    assert window.hit(5) == 10
