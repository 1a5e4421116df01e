"""The wait that is told: against a simulation, never below it by much, none where none is true."""

from __future__ import annotations

from random import Random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.desk.waits import GUESSED_LENGTH_S, HANDOVER_S, can_be_served, estimate_s

places = st.integers(1, 60)
slots = st.integers(0, 30)
lengths = st.lists(st.floats(30, 7200), max_size=30)
until = st.none() | st.floats(-600, 43_200)


@given(places, lengths, until)
def test_with_nobody_on_there_is_no_number(
    position: int, recent: list[float], until_close: float | None
) -> None:
    assert estimate_s(position, 0, 0, recent, until_close) is None


def test_a_free_slot_is_a_matter_of_half_a_minute() -> None:
    assert estimate_s(1, 1, 0, [], None) == 30
    assert estimate_s(3, 3, 5, [], None) == 30


@pytest.mark.parametrize(
    ("position", "busy", "length", "says"),
    [
        (1, 20, 600, 60),
        (1, 4, 600, 180),
        (2, 4, 600, 360),
        (4, 4, 600, 900),
        (10, 4, 600, 1800),
        (20, 2, 600, 6300),
    ],
)
def test_the_number_is_rounded_up_and_the_coarser_the_longer_it_is(
    position: int, busy: int, length: float, says: int
) -> None:
    assert estimate_s(position, 0, busy, [length] * 400, None) == says


@given(places, slots, slots, lengths)
def test_a_later_place_never_waits_less_and_another_slot_never_makes_it_longer(
    position: int, free: int, busy: int, recent: list[float]
) -> None:
    here = estimate_s(position, free, busy, recent, None)
    if here is None:
        assert free + busy == 0
        return
    behind = estimate_s(position + 1, free, busy, recent, None)
    with_one_more = estimate_s(position, free + 1, busy, recent, None)
    assert behind is not None
    assert with_one_more is not None
    assert with_one_more <= here <= behind
    assert here >= HANDOVER_S


@pytest.mark.parametrize(("position", "slots_on"), [(1, 1), (1, 6), (4, 3), (10, 6)])
def test_it_agrees_with_a_simulated_evening_and_errs_upwards(position: int, slots_on: int) -> None:
    """All slots busy, conversations of about 25 minutes with a long tail: the mean wait of 2,000 evenings."""
    random = Random(7)

    def length() -> float:
        return random.expovariate(1 / 1500)

    waits = []
    for _ in range(2000):
        ends = sorted(length() for _ in range(slots_on))
        for _ in range(position - 1):
            first = ends.pop(0)
            ends = sorted([*ends, first + length()])
        waits.append(ends[0])
    recent = [length() for _ in range(200)]
    told = estimate_s(position, 0, slots_on, recent, None)
    assert told is not None
    assert mean(waits) * 0.9 <= told <= mean(waits) * 1.35 + 60


def test_until_the_evening_has_its_own_lengths_the_guess_stands_and_then_yields() -> None:
    guessed = estimate_s(1, 0, 1, [], None)
    seen = estimate_s(1, 0, 1, [600.0] * 100, None)
    assert guessed is not None
    assert seen is not None
    assert guessed >= GUESSED_LENGTH_S
    assert seen <= 900


@given(places, slots, slots, lengths, until)
def test_no_number_reaches_past_the_closing_time_and_nobody_joins_who_cannot_be_served(
    position: int, free: int, busy: int, recent: list[float], until_close: float | None
) -> None:
    told = estimate_s(position, free, busy, recent, until_close)
    joins = can_be_served(position, free, busy, recent, until_close)
    if until_close is None:
        assert joins
    elif until_close < HANDOVER_S:
        assert not joins
        assert told is None
    if free + busy > 0:
        assert (told is not None) is joins


def test_just_before_closing_a_free_counsellor_still_takes_somebody_and_a_full_one_does_not() -> None:
    assert can_be_served(1, 1, 3, [], until_close_s=60)
    assert not can_be_served(1, 0, 4, [], until_close_s=60)
    assert not can_be_served(2, 1, 3, [], until_close_s=60)


def test_an_empty_desk_early_in_the_evening_may_still_fill() -> None:
    assert can_be_served(1, 0, 0, [], until_close_s=6 * 3600)
    assert not can_be_served(1, 0, 0, [], until_close_s=600)
