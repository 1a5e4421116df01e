"""The clocks of a case: when a step is due, and how its alarm repeats and climbs until a person acknowledges.

Everything is counted from instants that are written down, so a restart, however long, resumes on the same beat.

Must never: read a clock, or fall silent. An alarm that nobody acknowledges goes on for as long as the case is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from data.kinds import CaseStatus, Help, Level, Role, Step
from escalation.steps import CaseState

ACKNOWLEDGE_S = 60
"""Seconds from ``opened`` for a person to take the case; also the beat of the alarm until one has."""
ASSESS_S = 180
"""Seconds from ``acknowledge`` for a person to grade it."""
REFER_S = 600
"""Seconds from ``opened`` to a referral, once a person has graded ``imminent``."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A step that is due. ``kind`` is the step's name; ``due_at`` may be past, which is due at once."""

    kind: str
    due_at: datetime


def clocks_after(state: CaseState, step: Step, opened_at: datetime, now: datetime) -> tuple[Clock, ...]:
    """The clocks that run once ``step`` has led to ``state``; they replace all that ran before.

    When further danger asked for a new grade, ``step`` is ``acknowledge``: the case is back where that led.
    """
    if state.status is CaseStatus.CLOSED:
        return ()
    if step is Step.OPENED:
        return (_due(Step.ACKNOWLEDGE, opened_at, ACKNOWLEDGE_S),)
    if step is Step.ACKNOWLEDGE and state.graded is None:
        return (_due(Step.ASSESS, now, ASSESS_S),)
    if state.graded is Level.IMMINENT:
        return (_due(Step.REFER, opened_at, REFER_S),)
    return ()


def alarm_round(opened_at: datetime, now: datetime, acknowledged: bool) -> int:
    """How often the alarm has been repeated: 0 at opening, 1 from 60 s, 2 from 120 s; 0 once acknowledged.

    A clock that was set back behind ``opened_at`` gives 0: the alarm starts, it does not wait.
    """
    if acknowledged:
        return 0
    return max(0, (now - opened_at) // timedelta(seconds=ACKNOWLEDGE_S))


def alarm_audience(round: int) -> frozenset[Role]:
    """Whom a round of the alarm rings for: the responders, and from the first repetition the supervisors with them.

    Supervisors see every case from its opening; from round 1 it rings for them. Nobody else may read a case, so
    it climbs no further than them, and rings on.
    """
    if round < 1:
        return frozenset({Role.RESPONDER})
    return frozenset({Role.RESPONDER, Role.SUPERVISOR})


def next_alarm_at(opened_at: datetime, now: datetime) -> datetime:
    """When the alarm of a case that nobody has acknowledged rings next: the first beat after ``now``."""
    beats = alarm_round(opened_at, now, acknowledged=False) + 1
    return opened_at + timedelta(seconds=beats * ACKNOWLEDGE_S)


def help_after(round: int, acknowledged: bool) -> Help:
    """What is true about the crisis team at that moment, for the visitor to be told."""
    if acknowledged:
        return Help.ACKNOWLEDGED
    return Help.UNANSWERED if round >= 1 else Help.ALARMED


def _due(step: Step, since: datetime, seconds: int) -> Clock:
    return Clock(step.value, since + timedelta(seconds=seconds))
