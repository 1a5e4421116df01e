"""The clocks of a case: the alarm climbs at 60, 120 and 180 s, on the same beat over a restart, until acknowledged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.kinds import CaseStatus, Help, Level, Outcome, Role, Step
from escalation.clocks import (
    Clock,
    alarm_audience,
    alarm_round,
    clocks_after,
    help_after,
    next_alarm_at,
)
from escalation.steps import CaseState, opened, raise_level, take

OPENED = datetime(2027, 3, 2, 0, 30, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return OPENED + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("seconds", "round", "help"),
    [
        (0, 0, Help.ALARMED),
        (59.999, 0, Help.ALARMED),
        (60, 1, Help.UNANSWERED),
        (119.999, 1, Help.UNANSWERED),
        (120, 2, Help.UNANSWERED),
        (180, 3, Help.UNANSWERED),
        (86_400, 1440, Help.UNANSWERED),
        (-3600, 0, Help.ALARMED),
    ],
)
def test_an_alarm_that_nobody_acknowledges_climbs_every_minute_and_says_so(
    seconds: float, round: int, help: Help
) -> None:
    assert alarm_round(OPENED, after(seconds), acknowledged=False) == round
    assert help_after(round, acknowledged=False) is help


@given(st.floats(-1e4, 1e6))
def test_once_acknowledged_the_alarm_is_still_and_the_visitor_is_told(seconds: float) -> None:
    assert alarm_round(OPENED, after(seconds), acknowledged=True) == 0
    assert help_after(alarm_round(OPENED, after(seconds), True), acknowledged=True) is Help.ACKNOWLEDGED


def test_the_alarm_rings_for_the_responders_first_and_then_for_the_supervisors_too() -> None:
    assert alarm_audience(0) == {Role.RESPONDER}
    for round in (1, 2, 3, 1440):
        assert alarm_audience(round) == {Role.RESPONDER, Role.SUPERVISOR}


@given(st.integers(0, 5000))
def test_an_alarm_never_stops_ringing_for_anyone_it_rang_for(round: int) -> None:
    assert Role.RESPONDER in alarm_audience(round)
    assert alarm_audience(round) <= alarm_audience(round + 1)


@given(st.floats(-100, 1e6))
def test_the_next_alarm_is_the_first_beat_after_now(seconds: float) -> None:
    now = after(seconds)
    rings = next_alarm_at(OPENED, now)
    assert rings > now
    assert (rings - OPENED) % timedelta(seconds=60) == timedelta(0)
    assert alarm_round(OPENED, rings, False) == alarm_round(OPENED, now, False) + 1
    assert alarm_round(OPENED, rings - timedelta(microseconds=1), False) == alarm_round(OPENED, now, False)


@given(st.lists(st.floats(0.5, 100), min_size=1, max_size=30))
def test_a_station_that_was_down_rings_on_the_same_beat(downs: list[float]) -> None:
    """Whoever asks, however seldom, hears each beat that they were up for, and at 60, 120, 180 s if always up."""
    now, heard = OPENED, []
    for down in downs:
        now = max(next_alarm_at(OPENED, now), now + timedelta(seconds=down))
        heard.append(alarm_round(OPENED, now, False))
    assert heard == sorted(set(heard))
    assert heard[0] >= 1


def test_which_clocks_run_after_each_step() -> None:
    case = opened(Level.HIGH)
    assert clocks_after(case, Step.OPENED, OPENED, after(2)) == (Clock("acknowledge", after(60)),)
    case = take(case, Step.ACKNOWLEDGE, Role.RESPONDER, {})
    assert clocks_after(case, Step.ACKNOWLEDGE, OPENED, after(30)) == (Clock("assess", after(210)),)
    high = take(case, Step.ASSESS, Role.RESPONDER, {"grade": "high"})
    assert clocks_after(high, Step.ASSESS, OPENED, after(90)) == ()
    imminent = take(high, Step.ASSESS, Role.RESPONDER, {"grade": "imminent"})
    assert clocks_after(imminent, Step.ASSESS, OPENED, after(100)) == (Clock("refer", after(600)),)
    assert clocks_after(imminent, Step.ACKNOWLEDGE, OPENED, after(100)) == (Clock("refer", after(600)),)
    assert clocks_after(high, Step.ACKNOWLEDGE, OPENED, after(90)) == (), (
        "what is graded is not asked for again"
    )


def test_further_danger_above_the_grade_starts_the_clock_for_a_new_one() -> None:
    graded = CaseState(CaseStatus.ASSESSED, Level.HIGH, Level.LOW, None)
    raised = raise_level(graded, Level.IMMINENT)
    assert clocks_after(raised, Step.ACKNOWLEDGE, OPENED, after(400)) == (Clock("assess", after(580)),)


@pytest.mark.parametrize("step", [Step.ASSESS, Step.CLOSE])
def test_no_clock_outlives_its_case(step: Step) -> None:
    ended = CaseState(CaseStatus.CLOSED, Level.IMMINENT, Level.IMMINENT, Outcome.FALSE_ALARM)
    assert clocks_after(ended, step, OPENED, after(100)) == ()


def test_a_machines_imminent_starts_no_clock_for_a_referral() -> None:
    """Only a person's grade does: a machine's level alarms people and refers nobody."""
    case = take(opened(Level.IMMINENT), Step.ACKNOWLEDGE, Role.RESPONDER, {})
    kinds = {clock.kind for clock in clocks_after(case, Step.ACKNOWLEDGE, OPENED, after(10))}
    assert kinds == {"assess"}
