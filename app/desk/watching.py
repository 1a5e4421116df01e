"""A supervisor's silent reading. Writes the audit log and nothing that anybody in the conversation can receive."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from app.desk import views
from app.desk.terms import Terms
from data import audit
from data.kinds import Done, ErrorCode, Phase, Refusal
from data.tables import Watch, new_id, table

W = table(Watch)


def watch(
    conn: Connection,
    terms: Terms,
    *,
    now: datetime,
    staff: str,
    socket: str,
    conversation: str,
    reason: str | None,
) -> Done[dict[str, Any]]:
    """Begin to read along: ``{transcript, phase}``. A closed conversation needs a reason. Publishes nothing."""
    row = views.conversation(conn, conversation)
    if row is None:
        raise Refusal(ErrorCode.UNKNOWN_CONVERSATION, "There is no such conversation.")
    if row.phase == Phase.CLOSED.value and not (reason and reason.strip()):
        raise Refusal(ErrorCode.NOT_ALLOWED, "Reading a closed conversation needs a reason.")
    conn.execute(
        insert(W).values(
            id=new_id("w"),
            socket=socket,
            staff_id=staff,
            conversation_id=conversation,
            reason=reason,
            started_at=now,
            delete_after=now + terms.keep_cases,
        )
    )
    audit.write(conn, now=now, actor=staff, action="conversation.watched", object=conversation)
    return Done(
        {"transcript": views.transcript(conn, conversation), "phase": views.phase(conn, terms, now, row)}
    )


def unwatch(
    conn: Connection, *, now: datetime, staff: str, socket: str, conversation: str | None = None
) -> Done[None]:
    """Stop reading one conversation, or all of them when the board closes. The record keeps how long."""
    statement = update(W).where(W.c.staff_id == staff, W.c.socket == socket, W.c.ended_at.is_(None))
    if conversation is not None:
        statement = statement.where(W.c.conversation_id == conversation)
    ended = conn.execute(statement.values(ended_at=now))
    if ended.rowcount:
        audit.write(conn, now=now, actor=staff, action="conversation.unwatched", object=conversation or "all")
    return Done(None)
