"""Where the desk meets the escalation flow: a step of a case and what its visitor hears, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from app.desk import views
from app.desk.line import CHANGED
from app.desk.talk import tell_help
from app.desk.terms import Terms
from data import audit
from data.kinds import (
    About,
    Done,
    ErrorCode,
    Event,
    EventKind,
    Help,
    Level,
    Phase,
    Refusal,
    Role,
    Step,
    Subject,
)
from data.tables import Conversation, table
from escalation import commands as cases

C = table(Conversation)


def take_step(
    conn: Connection,
    terms: Terms,
    *,
    now: datetime,
    case: str,
    step: Step,
    staff: str,
    role: Role,
    form: Mapping[str, Any],
) -> Done[dict[str, Any]]:
    """A step of a case by a named person; the visitor hears what is true now. Returns the case's room."""
    done = cases.take_step(
        conn, now=now, keep=terms.keep_cases, case=case, step=step, staff=staff, role=role, form=form
    )
    events = [*done.events, *tell_help(conn, terms, now=now, taken=done.value)]
    return Done(views.case_room(conn, case, role) or {}, tuple(events))


def escalate(
    conn: Connection,
    terms: Terms,
    *,
    now: datetime,
    staff: str,
    conversation: str,
    level: Level,
    reason: str,
) -> Done[dict[str, Any]]:
    """The owner of a conversation opens or raises its case. Their word raises the level, never lowers it."""
    row = views.conversation(conn, conversation)
    if row is None:
        raise Refusal(ErrorCode.UNKNOWN_CONVERSATION, "There is no such conversation.")
    if row.owner_id != staff or row.phase != Phase.LIVE.value:
        raise Refusal(ErrorCode.NOT_ALLOWED, "This conversation is not yours.")
    if level.rank < Level.MODERATE.rank:
        raise Refusal(ErrorCode.INVALID_PAYLOAD, "A case needs a level of moderate or above.", field="level")
    events: list[Event] = []
    was = Level(row.level)
    if level.rank > was.rank:
        conn.execute(
            update(C).where(C.c.id == conversation).values(level=level.value, about=About.SELF.value)
        )
        risk = {"conversation": conversation, "level": level.value, "was": was.value, "seq": row.last_seq}
        events.append(Event(EventKind.RISK, conversation, risk))
    opened = cases.open_or_raise(
        conn,
        now=now,
        keep=terms.keep_cases,
        conversation=conversation,
        visitor=row.visitor_id,
        subject=Subject.WRITER,
        level=level,
        by=staff,
        seq=row.last_seq,
        reason=reason,
    )
    events += opened.events
    if opened.value.new:
        taken = cases.Taken(opened.value.case, conversation, Help.ALARMED, Subject.WRITER, "")
        events += tell_help(conn, terms, now=now, taken=taken)
    return Done({"case": opened.value.case}, (*events, *CHANGED))


def read_case(
    conn: Connection, *, now: datetime, case: str, staff: str, role: Role
) -> Done[dict[str, Any] | None]:
    """One case whole, with the reading on record."""
    room = views.case_room(conn, case, role)
    if room is None:
        return Done(None)
    audit.write(conn, now=now, actor=staff, action="case.read", object=case)
    return Done(room)
