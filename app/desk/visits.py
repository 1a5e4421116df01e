"""A visitor's coming and going: arriving, coming back, opening a conversation, and what they tell about themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from app.desk import talk, views
from app.desk.opening import open_conversation
from app.desk.speech import tell
from app.desk.terms import Terms
from data import crypto
from data.kinds import About, Done, ErrorCode, Event, Help, Level, Phase, Refusal, Subject
from data.sql import insert_if_absent
from data.tables import Conversation, LeftMessage, Rating, Visitor, new_id, table

C = table(Conversation)
V = table(Visitor)


def arrive(
    conn: Connection,
    terms: Terms,
    *,
    now: datetime,
    language: str,
    resume: tuple[str, int] | None,
    host_user: str | None,
    after: int = 0,
) -> Done[dict[str, Any]]:
    """A visitor connects: found by their resume secret or their host account, else new.

    Returns the welcome of the contract without ``resume`` and ``hotlines``, and with ``visitor`` and ``epoch``
    for the secret. ``resume`` is what a verified secret said: the visitor and the epoch it was given in.
    """
    visitor = _find(conn, resume, host_user)
    resumed = visitor is not None and resume is not None and visitor.id == resume[0]
    events: tuple[Event, ...] = ()
    if visitor is None:
        visitor_id, epoch = _new_visitor(conn, terms, now=now, language=language, host_user=host_user), 0
        conversation = None
    else:
        visitor_id, epoch = visitor.id, visitor.resume_epoch
        conversation = _present_conversation(conn, terms, now, visitor_id)
        if conversation is not None and conversation.language != language:
            # The page's language is the visitor's wish of this moment; the talk goes on in it.
            conn.execute(update(C).where(C.c.id == conversation.id).values(language=language))
            conn.execute(update(V).where(V.c.id == visitor_id).values(language=language))
    if conversation is None:
        opened = open_conversation(conn, terms, now=now, visitor=visitor_id, language=language)
        conversation_id, after = opened.value, 0
        # The socket that is arriving has its welcome; only the visitor's other sockets need the events.
        events = opened.events if visitor is not None else ()
    else:
        conversation_id = conversation.id
    value = welcome(conn, terms, now=now, conversation=conversation_id, after=after)
    return Done(value | {"resumed": resumed, "epoch": epoch}, events)


def welcome(
    conn: Connection, terms: Terms, *, now: datetime, conversation: str, after: int = 0
) -> dict[str, Any]:
    """What a visitor's socket needs to show a conversation, with the messages after ``after``."""
    row = views.conversation(conn, conversation)
    if row is None:
        raise Refusal(ErrorCode.UNKNOWN_CONVERSATION, "There is no such conversation.")
    if after > row.last_seq:
        after = 0
    return {
        "conversation": conversation,
        "visitor": row.visitor_id,
        "language": row.language,
        "phase": views.phase(conn, terms, now, row),
        "messages": views.messages(conn, conversation, after),
        "seen": {"counsellor": row.staff_read_seq, "visitor": row.visitor_read_seq},
    }


def sync(
    conn: Connection, terms: Terms, *, now: datetime, visitor: str, conversation: str, after: int
) -> dict[str, Any]:
    """What a visitor missed: the messages after ``after``, and the phase."""
    row = views.conversation(conn, conversation)
    if row is None or row.visitor_id != visitor:
        raise Refusal(ErrorCode.UNKNOWN_CONVERSATION, "There is no such conversation.")
    return {
        "messages": views.messages(conn, conversation, after),
        "phase": views.phase(conn, terms, now, row),
    }


def consent(
    conn: Connection, *, now: datetime, visitor: str, version: str, agreed: bool, age_band: str | None
) -> Done[None]:
    """The visitor agreed to the notice, or said no. Never needed to write."""
    conn.execute(
        update(V)
        .where(V.c.id == visitor)
        .values(consent_version=version, consent_agreed=agreed, age_band=age_band, seen_at=now)
    )
    return Done(None)


def rate(
    conn: Connection,
    terms: Terms,
    *,
    now: datetime,
    visitor: str,
    conversation: str,
    mood: int | None,
    score: int | None,
    comment: str | None,
) -> Done[None]:
    """How the visitor feels and what they thought of it. A comment is screened like a message."""
    row = _own(conn, visitor, conversation)
    conn.execute(
        insert(table(Rating)).values(
            id=new_id("r"),
            conversation_id=conversation,
            mood=mood,
            score=score,
            comment=comment,
            at=now,
            delete_after=now + terms.keep,
        )
    )
    if not comment:
        return Done(None)
    assessed, events = talk.screened(conn, terms, now=now, conversation=row, source="comment", text=comment)
    return Done(None, (*events, *_not_left_alone(conn, terms, now, row, assessed.level)))


def leave_message(
    conn: Connection,
    terms: Terms,
    *,
    now: datetime,
    visitor: str,
    conversation: str,
    id: str,
    text: str,
    contact: str | None,
) -> Done[None]:
    """Leave a message for a counsellor to follow up. Screened like any other; the same ``id`` stores nothing."""
    row = _own(conn, visitor, conversation)
    stored = conn.execute(
        insert_if_absent(table(LeftMessage), "visitor_id", "id"),
        {
            "key": new_id("l"),
            "id": id,
            "visitor_id": visitor,
            "conversation_id": conversation,
            "text": text,
            "contact": contact,
            "level": Level.NONE.value,
            "at": now,
            "handled_at": None,
            "handled_by": None,
            "delete_after": now + terms.keep,
        },
    )
    if stored.rowcount == 0:
        return Done(None)
    written_text = text if not contact else f"{text}\n{contact}"
    assessed, events = talk.screened(
        conn, terms, now=now, conversation=row, source="left_message", text=written_text
    )
    left = table(LeftMessage)
    conn.execute(
        update(left).where(left.c.visitor_id == visitor, left.c.id == id).values(level=assessed.level.value)
    )
    if row.phase != Phase.CLOSED.value:
        events.append(tell(conn, terms, now=now, row=row, key="message_kept"))
    return Done(None, (*events, *_not_left_alone(conn, terms, now, row, assessed.level)))


def _not_left_alone(
    conn: Connection, terms: Terms, now: datetime, row: Any, level: Level
) -> tuple[Event, ...]:
    """Danger written beside a conversation that is over (in a comment, say) opens one in which a person can answer."""
    if row.phase != Phase.CLOSED.value or not level.is_crisis:
        return ()
    opened = open_conversation(conn, terms, now=now, visitor=row.visitor_id, language=row.language)
    fresh = views.conversation(conn, opened.value)
    if not opened.events or fresh is None or fresh.help not in (Help.ALARMED.value, Help.UNANSWERED.value):
        return opened.events
    subject = Subject.OTHER if fresh.about == About.OTHER.value else Subject.WRITER
    key = talk.help_words(conn, terms, now, Help(fresh.help), subject)
    return (*opened.events, tell(conn, terms, now=now, row=fresh, key=key))


def _own(conn: Connection, visitor: str, conversation: str) -> Any:
    row = views.conversation(conn, conversation)
    if row is None or row.visitor_id != visitor:
        raise Refusal(ErrorCode.UNKNOWN_CONVERSATION, "There is no such conversation.")
    return row


def _find(conn: Connection, resume: tuple[str, int] | None, host_user: str | None) -> Any:
    """The visitor behind a host account, else behind a resume secret of the present epoch."""
    if host_user is not None:
        index = crypto.ring().blind_index(host_user, "visitor.host_user")
        return conn.execute(select(V).where(V.c.host_user_index == index)).first()
    if resume is not None:
        row = conn.execute(select(V).where(V.c.id == resume[0])).first()
        if row is not None and row.resume_epoch == resume[1]:
            return row
    return None


def _new_visitor(
    conn: Connection, terms: Terms, *, now: datetime, language: str, host_user: str | None
) -> str:
    id_ = new_id("v")
    index = None if host_user is None else crypto.ring().blind_index(host_user, "visitor.host_user")
    conn.execute(
        insert(V).values(
            id=id_,
            host_user=host_user,
            host_user_index=index,
            language=language,
            resume_epoch=0,
            created_at=now,
            seen_at=now,
            delete_after=now + terms.keep,
        )
    )
    return id_


def latest(conn: Connection, known: tuple[str, int]) -> str | None:
    """The latest conversation of somebody known by a verified secret."""
    visitor = _find(conn, known, None)
    if visitor is None:
        return None
    return conn.execute(
        select(C.c.id).where(C.c.visitor_id == visitor.id).order_by(C.c.opened_at.desc()).limit(1)
    ).scalar()


def _present_conversation(conn: Connection, terms: Terms, now: datetime, visitor: str) -> Any:
    """The open conversation, or the one closed so recently that its visitor should still see it."""
    open_ = conn.execute(select(C).where(C.c.visitor_id == visitor, C.c.phase != Phase.CLOSED.value)).first()
    if open_ is not None:
        return open_
    return conn.execute(
        select(C)
        .where(C.c.visitor_id == visitor, C.c.closed_at > now - terms.reopen)
        .order_by(C.c.closed_at.desc())
        .limit(1)
    ).first()
