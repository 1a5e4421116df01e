"""What changes a case: opening, raising, its steps, and its clocks. Each is a command of a connection.

Nothing here speaks in a chat: when the state of help changes it writes ``conversation.help`` in the same
transaction and says so in what it returns; the room above finds the words. A machine's level alarms people;
every step but the opening and the ringing is a named person's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from data import audit
from data.kinds import (
    About,
    CaseStatus,
    Done,
    ErrorCode,
    Event,
    EventKind,
    Help,
    Level,
    Outcome,
    Refusal,
    Role,
    Step,
    Subject,
)
from data.sql import upsert
from data.tables import Case, CaseStep, Clock, Conversation, Staff, new_id, table
from escalation.clocks import Clock as RunningClock
from escalation.clocks import (
    alarm_audience,
    alarm_round,
    clocks_after,
    help_after,
    next_alarm_at,
)
from escalation.steps import CaseState, legal_steps, raise_level, take

CASE = table(Case)
STEP = table(CaseStep)
CLOCK = table(Clock)
CONVERSATION = table(Conversation)
STAFF = table(Staff)

ALARM = "alarm"
"""The clock that rings again every 60 seconds until somebody acknowledges."""

_SAVE_CLOCK = upsert(CLOCK, ["case_id", "kind"], ["round", "due_at", "stopped_at"])


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening did: the case, whether it is new, and whether the alarm must go out (again)."""

    case: str
    new: bool
    raised: bool
    by_name: str = ""
    """Who has taken it, by their desk name; empty while nobody has."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a step did to a case, and what the visitor must now hear, if anything changed for them."""

    case: str
    conversation: str | None
    help: Help | None
    subject: Subject
    by_name: str


def state_of(case: Row[Any]) -> CaseState:
    """The pure state behind a row."""
    return CaseState(
        status=CaseStatus(case.status),
        level=Level(case.level),
        graded=None if case.graded is None else Level(case.graded),
        outcome=None if case.outcome is None else Outcome(case.outcome),
    )


def open_or_raise(
    conn: Connection,
    *,
    now: datetime,
    keep: timedelta,
    conversation: str | None,
    visitor: str | None,
    subject: Subject,
    level: Level,
    by: str,
    seq: int | None = None,
    reason: str | None = None,
) -> Done[Opened]:
    """Open a case, or raise the open one of the same person: further danger never doubles a case.

    ``by`` is ``screening`` or a member of staff's id. Writes no message; sets ``conversation.help``.
    """
    existing = conn.execute(
        select(CASE).where(
            CASE.c.visitor_id == visitor,
            CASE.c.subject == subject.value,
            CASE.c.status != CaseStatus.CLOSED.value,
        )
    ).first()
    detail = {"level": level.value, "seq": seq, "conversation": conversation, "reason": reason}
    detail = {key: value for key, value in detail.items() if value is not None}
    if existing is not None:
        before = state_of(existing)
        raised = raise_level(before, level)
        more = raised != before
        values: dict[str, Any] = {
            "level": raised.level.value,
            "status": raised.status.value,
            "graded": None if raised.graded is None else raised.graded.value,
            "delete_after": now + keep,
        }
        if conversation is not None:
            values["conversation_id"] = conversation  # the person is in this conversation now
        conn.execute(update(CASE).where(CASE.c.id == existing.id).values(values))
        if conversation is not None:
            _set_help(conn, conversation, now)
        if more:
            _log_step(conn, now=now, keep=keep, case=existing.id, step="raised", by=by, detail=detail)
            if existing.acknowledged_at is not None:
                # Worse than the grade that a person gave: the case asks for a new one, on a new clock.
                running = clocks_after(raised, Step.ACKNOWLEDGE, existing.opened_at, now)
                _run_clocks(conn, existing.id, running, now=now)
        event = case_event(conn, _case(conn, existing.id), now=now, ring=more)
        by_name = _desk_name(conn, existing.acknowledged_by)
        return Done(Opened(existing.id, new=False, raised=more, by_name=by_name), (event,))
    case = new_id("k")
    conn.execute(
        insert(CASE).values(
            id=case,
            conversation_id=conversation,
            visitor_id=visitor,
            subject=subject.value,
            level=level.value,
            status=CaseStatus.OPEN.value,
            opened_by=by,
            opened_at=now,
            opened_seq=seq,
            delete_after=now + keep,
        )
    )
    _log_step(conn, now=now, keep=keep, case=case, step=Step.OPENED.value, by=by, detail=detail)
    row = _case(conn, case)
    _save_clock(conn, case, ALARM, 0, next_alarm_at(now, now))
    if conversation is not None:
        _set_help(conn, conversation, now)
    audit.write(conn, now=now, actor=by, action="case.opened", object=case, detail=level.value)
    return Done(Opened(case, new=True, raised=True), (case_event(conn, row, now=now, ring=True),))


def carry_over(conn: Connection, *, now: datetime, visitor: str, conversation: str) -> Done[bool]:
    """Let a visitor's open cases follow them into a new conversation: their help, level and where they speak.

    Whether there was one.
    """
    rows = conn.execute(
        select(CASE).where(CASE.c.visitor_id == visitor, CASE.c.status != CaseStatus.CLOSED.value)
    ).all()
    if not rows:
        return Done(False)
    conn.execute(
        update(CASE).where(CASE.c.id.in_([row.id for row in rows])).values(conversation_id=conversation)
    )
    level = max((Level(row.level) for row in rows), key=lambda each: each.rank)
    # The writer's own danger is spoken to before somebody else's.
    own = any(row.subject == Subject.WRITER.value for row in rows)
    conn.execute(
        update(CONVERSATION)
        .where(CONVERSATION.c.id == conversation)
        .values(level=level.value, about=(About.SELF if own else About.OTHER).value)
    )
    _set_help(conn, conversation, now)
    return Done(True, tuple(case_event(conn, _case(conn, row.id), now=now, ring=False) for row in rows))


def take_step(
    conn: Connection,
    *,
    now: datetime,
    keep: timedelta,
    case: str,
    step: Step,
    staff: str,
    role: Role,
    form: Mapping[str, Any],
) -> Done[Taken]:
    """One step of a case by a named person. Refuses what the rules refuse, having written nothing."""
    row = conn.execute(select(CASE).where(CASE.c.id == case).with_for_update()).first()
    if row is None:
        raise Refusal(ErrorCode.UNKNOWN_CONVERSATION, "There is no such case.")
    before = state_of(row)
    after = take(before, step, role, form)
    values: dict[str, Any] = {
        "status": after.status.value,
        "level": after.level.value,
        "graded": None if after.graded is None else after.graded.value,
        "outcome": None if after.outcome is None else after.outcome.value,
    }
    if step is Step.ACKNOWLEDGE:
        values |= {"acknowledged_at": now, "acknowledged_by": staff}
    if step is Step.ASSESS:
        values |= {"assessed_at": now, "assessed_by": staff}
    if after.status is CaseStatus.CLOSED:
        values |= {"closed_at": now, "closed_by": staff, "delete_after": now + keep}
    conn.execute(update(CASE).where(CASE.c.id == case).values(values))
    _log_step(conn, now=now, keep=keep, case=case, step=step.value, by=staff, detail=dict(form))
    running = clocks_after(after, step, row.opened_at, now)
    _run_clocks(conn, case, running, now=now)
    help_now: Help | None = None
    if step is Step.ACKNOWLEDGE:
        help_now = Help.ACKNOWLEDGED
    elif after.status is CaseStatus.CLOSED:
        help_now = Help.NONE
    if help_now is not None and row.conversation_id is not None:
        _set_help(conn, row.conversation_id, now)
    audit.write(conn, now=now, actor=staff, action=f"case.{step.value}", object=case)
    taken = Taken(case, row.conversation_id, help_now, Subject(row.subject), _desk_name(conn, staff))
    return Done(taken, (case_event(conn, _case(conn, case), now=now, ring=False),))


def ring_due(conn: Connection, *, now: datetime, keep: timedelta) -> Done[list[Taken]]:
    """Ring every clock that is due: alarms climb a round, other deadlines are shown as late.

    Clocks are rows, so a restart changes nothing: one that came due meanwhile rings at once, and only once.
    """
    due = conn.execute(
        select(CLOCK).where(CLOCK.c.due_at <= now, CLOCK.c.stopped_at.is_(None)).with_for_update()
    ).all()
    events: list[Event] = []
    told: list[Taken] = []
    for clock in due:
        row = _case(conn, clock.case_id)
        if row.status == CaseStatus.CLOSED.value:
            _run_clocks(conn, row.id, (), now=now)
            continue
        if clock.kind != ALARM:
            conn.execute(
                update(CLOCK)
                .where(CLOCK.c.case_id == clock.case_id, CLOCK.c.kind == clock.kind)
                .values(stopped_at=now)
            )
            _log_step(conn, now=now, keep=keep, case=row.id, step=f"late:{clock.kind}", by="clock", detail={})
            events.append(case_event(conn, row, now=now, ring=True))
            continue
        if row.acknowledged_at is not None:
            _run_clocks(conn, row.id, (), now=now)
            continue
        round_ = alarm_round(row.opened_at, now, acknowledged=False)
        _save_clock(conn, row.id, ALARM, round_, next_alarm_at(row.opened_at, now))
        audience = sorted(role.value for role in alarm_audience(round_))
        _log_step(
            conn,
            now=now,
            keep=keep,
            case=row.id,
            step="alarm",
            by="clock",
            detail={"round": round_, "to": audience},
        )
        help_now = help_after(round_, acknowledged=False)
        if row.conversation_id is not None and _set_help(conn, row.conversation_id, now):
            told.append(Taken(row.id, row.conversation_id, help_now, Subject(row.subject), ""))
        events.append(case_event(conn, row, now=now, ring=True))
    return Done(told, tuple(events))


def unacknowledged(conn: Connection, conversation: str) -> list[str]:
    """The cases of a conversation whose alarm nobody has answered yet."""
    rows = conn.execute(
        select(CASE.c.id).where(
            CASE.c.conversation_id == conversation, CASE.c.status == CaseStatus.OPEN.value
        )
    )
    return [row.id for row in rows]


def next_due(conn: Connection) -> datetime | None:
    """When the next clock rings, or nothing when none runs."""
    return conn.execute(
        select(CLOCK.c.due_at).where(CLOCK.c.stopped_at.is_(None)).order_by(CLOCK.c.due_at).limit(1)
    ).scalar()


def case_event(conn: Connection, row: Row[Any], *, now: datetime, ring: bool) -> Event:
    """The ``case`` event. ``alarm.to`` names the roles that this round rings; the screens decide how."""
    round_ = alarm_round(row.opened_at, now, acknowledged=row.acknowledged_at is not None)
    ringing = ring and row.status != CaseStatus.CLOSED.value
    return Event(
        EventKind.CASE,
        row.conversation_id,
        {
            "case": row.id,
            "conversation": row.conversation_id,
            "level": row.level,
            "status": row.status,
            "subject": row.subject,
            "opened_at": row.opened_at.isoformat(),
            "due_at": due_at(conn, row),
            "alarm": {
                "round": round_,
                "ring": ringing,
                "to": sorted(role.value for role in alarm_audience(round_)),
            },
        },
    )


def due_at(conn: Connection, row: Row[Any]) -> str | None:
    """When the next thing about a case is due, as ISO 8601; nothing when no clock of it runs."""
    due = conn.execute(
        select(CLOCK.c.due_at)
        .where(CLOCK.c.case_id == row.id, CLOCK.c.stopped_at.is_(None))
        .order_by(CLOCK.c.due_at)
        .limit(1)
    ).scalar()
    return None if due is None else due.isoformat()


def legal(row: Row[Any]) -> list[str]:
    """The steps that are open from here, by name."""
    return [step.value for step in legal_steps(state_of(row))]


def _help_of(case: Row[Any], now: datetime) -> Help:
    if case.acknowledged_at is not None:
        return Help.ACKNOWLEDGED
    return help_after(alarm_round(case.opened_at, now, acknowledged=False), acknowledged=False)


def _case(conn: Connection, case: str) -> Row[Any]:
    return conn.execute(select(CASE).where(CASE.c.id == case)).one()


def _set_help(conn: Connection, conversation: str, now: datetime) -> bool:
    """Write what is true about help; whether that changed anything.

    Of two open cases the one that is worse off speaks: nobody is told that help is there while a call is unanswered.
    """
    states = {
        _help_of(row, now)
        for row in conn.execute(
            select(CASE).where(
                CASE.c.conversation_id == conversation, CASE.c.status != CaseStatus.CLOSED.value
            )
        )
    }
    help_ = next((h for h in (Help.UNANSWERED, Help.ALARMED, Help.ACKNOWLEDGED) if h in states), Help.NONE)
    changed = conn.execute(
        update(CONVERSATION)
        .where(CONVERSATION.c.id == conversation, CONVERSATION.c.help != help_.value)
        .values(help=help_.value)
    )
    return changed.rowcount > 0


def _desk_name(conn: Connection, staff: str | None) -> str:
    return conn.execute(select(STAFF.c.desk_name).where(STAFF.c.id == staff)).scalar() or ""


def _save_clock(conn: Connection, case: str, kind: str, round_: int, due: datetime) -> None:
    conn.execute(
        _SAVE_CLOCK, {"case_id": case, "kind": kind, "round": round_, "due_at": due, "stopped_at": None}
    )


def _run_clocks(conn: Connection, case: str, running: Sequence[RunningClock], *, now: datetime) -> None:
    """Let these clocks of a case run, and stop all others."""
    conn.execute(
        update(CLOCK).where(CLOCK.c.case_id == case, CLOCK.c.stopped_at.is_(None)).values(stopped_at=now)
    )
    for clock in running:
        _save_clock(conn, case, clock.kind, 0, clock.due_at)


def _log_step(
    conn: Connection, *, now: datetime, keep: timedelta, case: str, step: str, by: str, detail: dict[str, Any]
) -> None:
    conn.execute(
        insert(STEP).values(case_id=case, step=step, by=by, detail=detail, at=now, delete_after=now + keep)
    )
