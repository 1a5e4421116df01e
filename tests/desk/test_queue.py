"""The order of the queue: level, then waiting time; ageing lifts nobody above moderate and leaves nobody behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.desk.queue import AGEING, Waiting, credited_since, effective_rank, ordered, position
from data.kinds import Level

NOW = datetime(2027, 3, 2, 15, 0, tzinfo=UTC)
CALM = st.sampled_from([Level.NONE, Level.LOW, Level.MODERATE])


def waiting(conversation: str, level: Level, minutes: float) -> Waiting:
    return Waiting(conversation, level, NOW - timedelta(minutes=minutes), "zh")


@st.composite
def queues(draw: st.DrawFn) -> list[Waiting]:
    """Up to a dozen visitors; round minutes, so that levels tie and so do times."""
    found = draw(st.lists(st.tuples(st.sampled_from(Level), st.integers(-1, 45)), max_size=12))
    return [waiting(f"c{n:02}", level, minutes) for n, (level, minutes) in enumerate(found)]


def test_danger_goes_first_and_inside_a_level_whoever_waited_longest() -> None:
    queue = [
        waiting("calm-long", Level.NONE, 9),
        waiting("high-short", Level.HIGH, 1),
        waiting("calm-short", Level.NONE, 2),
        waiting("imminent", Level.IMMINENT, 0),
        waiting("high-long", Level.HIGH, 5),
    ]
    order = ["imminent", "high-long", "high-short", "calm-long", "calm-short"]
    assert [w.conversation for w in ordered(queue, NOW)] == order
    assert [position(name, queue, NOW) for name in order] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("level", "minutes", "rank"),
    [
        (Level.NONE, 9.99, Level.NONE),
        (Level.NONE, 10, Level.LOW),
        (Level.NONE, 20, Level.MODERATE),
        (Level.NONE, 600, Level.MODERATE),
        (Level.LOW, 10, Level.MODERATE),
        (Level.MODERATE, 600, Level.MODERATE),
        (Level.HIGH, 600, Level.HIGH),
        (Level.IMMINENT, 0, Level.IMMINENT),
        (Level.NONE, -5, Level.NONE),
    ],
)
def test_ten_minutes_lift_one_level_and_never_above_moderate(
    level: Level, minutes: float, rank: Level
) -> None:
    assert effective_rank(waiting("c", level, minutes), NOW) == rank.rank


@given(queues())
def test_nobody_is_placed_before_another_of_their_level_who_waited_longer(queue: list[Waiting]) -> None:
    order = ordered(queue, NOW)
    assert sorted(order, key=lambda w: w.conversation) == queue
    for place, first in enumerate(order):
        for second in order[place + 1 :]:
            if first.level is second.level:
                assert first.since <= second.since
            if not first.level.is_crisis:
                assert not second.level.is_crisis


@given(queues(), CALM, st.integers(20, 600))
def test_after_twenty_minutes_only_danger_or_a_longer_wait_goes_first(
    queue: list[Waiting], level: Level, minutes: int
) -> None:
    patient = waiting("patient", level, minutes)
    order = ordered([*queue, patient], NOW)
    for ahead in order[: order.index(patient)]:
        assert ahead.level.is_crisis or ahead.since <= patient.since


@given(queues(), st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_how_the_queue_was_read(queue: list[Waiting], random: object) -> None:
    shuffled = list(queue)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert ordered(shuffled, NOW) == ordered(queue, NOW)
    places = [position(w.conversation, shuffled, NOW) for w in ordered(queue, NOW)]
    assert places == list(range(1, len(queue) + 1))


@given(
    st.lists(st.tuples(st.integers(0, 90), CALM), min_size=1, max_size=40),
    st.integers(0, 90),
    CALM,
    st.integers(1, 4),
)
def test_a_stream_of_others_never_keeps_anybody_waiting_for_good(
    others: list[tuple[int, Level]], came: int, level: Level, served_each_minute_in: int
) -> None:
    """Minute by minute: one is served every few minutes. Nobody below high who came 20 minutes later goes first."""
    arrivals = [
        (minute, Waiting(f"o{n}", lv, NOW + timedelta(minutes=minute), "zh"))
        for n, (minute, lv) in enumerate(others)
    ]
    mine = Waiting("mine", level, NOW + timedelta(minutes=came), "zh")
    arrivals.append((came, mine))
    standing: list[Waiting] = []
    served: list[Waiting] = []
    for minute in range(90 + served_each_minute_in * (len(arrivals) + 1)):
        standing += [w for at, w in arrivals if at == minute]
        if standing and minute % served_each_minute_in == 0:
            first = ordered(standing, NOW + timedelta(minutes=minute))[0]
            standing.remove(first)
            served.append(first)
    before_me = served[: served.index(mine)]
    assert all(w.since <= mine.since + 2 * AGEING for w in before_me)


@given(st.integers(-60, 7200))
def test_whoever_is_handed_back_keeps_the_time_they_have_waited(seconds: int) -> None:
    waited = timedelta(seconds=seconds)
    since = credited_since(NOW, waited)
    assert NOW - since == max(waited, timedelta(0))


def test_somebody_who_does_not_wait_has_no_place() -> None:
    with pytest.raises(KeyError):
        position("gone", [waiting("c", Level.NONE, 1)], NOW)
