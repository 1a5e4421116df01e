"""Opening a conversation: one for a visitor at a time, with the bot's first words already in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from app.desk.speech import speak
from app.desk.terms import Terms
from bot.facts import Answer
from data.kinds import By, Done, Event, EventKind, Help, Level, Phase
from data.tables import Conversation, new_id, table
from escalation import commands as cases

C = table(Conversation)


def open_conversation(
    conn: Connection, terms: Terms, *, now: datetime, visitor: str, language: str
) -> Done[str]:
    """Open a conversation with the bot's first words in it, or find the one that is open."""
    there = conn.execute(
        select(C.c.id).where(C.c.visitor_id == visitor, C.c.phase != Phase.CLOSED.value)
    ).scalar()
    if there is not None:
        return Done(there)
    id_ = new_id("c")
    conn.execute(
        insert(C).values(
            id=id_,
            visitor_id=visitor,
            phase=Phase.BOT.value,
            level=Level.NONE.value,
            help=Help.NONE.value,
            about="none",
            language=language,
            opened_at=now,
            waited_us=0,
            last_seq=0,
            visitor_seq=0,
            answered_seq=0,
            visitor_read_seq=0,
            visitor_delivered_seq=0,
            staff_read_seq=0,
            delete_after=now + terms.keep,
        )
    )
    carried = cases.carry_over(conn, now=now, visitor=visitor, conversation=id_)
    greeting = terms.greet(language, now)
    events = [Event(EventKind.OPENED, id_, {"visitor": visitor})]
    for text, extra in written(greeting):
        events.append(
            speak(
                conn, terms, now=now, conversation=id_, by=By.BOT, language=language, text=text, extra=extra
            )
        )
    if carried.value:
        # Somebody whose case is open is back: they are put to people again, not left with the bot.
        conn.execute(update(C).where(C.c.id == id_).values(phase=Phase.WAITING.value, waiting_since=now))
        events += [*carried.events, Event(EventKind.QUEUE)]
    return Done(id_, tuple(events))


def written(answer: Answer) -> list[tuple[str, dict[str, Any] | None]]:
    """An answer's lines as they are stored: text, and choices and card where there are any."""
    out: list[tuple[str, dict[str, Any] | None]] = []
    for line in answer.lines:
        extra: dict[str, Any] = {}
        if line.choices:
            extra["choices"] = [{"label": c.label, "value": c.value} for c in line.choices]
        if line.card is not None:
            extra["card"] = dict(line.card)
        out.append((line.text, extra or None))
    return out
