"""Lines that the station says of itself: the bot's, and its own sentences, numbered like any other message."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from app.desk.terms import Terms
from data.kinds import By, Event, EventKind
from data.tables import Conversation, Message, new_id, table

C = table(Conversation)
M = table(Message)


def speak(
    conn: Connection,
    terms: Terms,
    *,
    now: datetime,
    conversation: str,
    by: By,
    language: str,
    text: str,
    extra: Mapping[str, Any] | None = None,
    id: str | None = None,
) -> Event:
    """The bot or the station itself says a line, numbered like any other. Returns its event."""
    seq = conn.execute(
        update(C).where(C.c.id == conversation).values(last_seq=C.c.last_seq + 1).returning(C.c.last_seq)
    ).scalar_one()
    id = id or new_id("m")
    name = terms.name(by.value, language)
    conn.execute(
        insert(M).values(
            conversation_id=conversation,
            seq=seq,
            id=id,
            sender=by.value,
            by=by.value,
            name=name,
            text=text,
            extra=dict(extra) if extra else None,
            at=now,
            delete_after=now + terms.keep,
        )
    )
    message = {
        "conversation": conversation,
        "seq": seq,
        "id": id,
        "by": by.value,
        "name": name,
        "text": text,
        "at": now.isoformat(),
        **(extra or {}),
    }
    return Event(EventKind.MESSAGE, conversation, message)


def tell(conn: Connection, terms: Terms, *, now: datetime, row: Any, key: str, **values: str) -> Event:
    """The station says one of its own sentences in a conversation."""
    text = terms.words(key, row.language, **values)
    return speak(conn, terms, now=now, conversation=row.id, by=By.SYSTEM, language=row.language, text=text)
