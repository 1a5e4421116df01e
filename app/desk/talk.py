"""What is said in a conversation: by its visitor, by staff, by the bot, by the station itself.

What a visitor's message meets stands in :func:`say`, in one transaction: it is screened, stored with its
assessment, raises the conversation's level, and opens or raises a case at ``high`` and above. The path of every
message is three statements; all that danger adds comes after them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select, update

from app.desk import views
from app.desk.opening import open_conversation
from app.desk.speech import speak, tell
from app.desk.terms import Terms
from bot.screening import Assessment as Assessed
from data.kinds import (
    About,
    By,
    Done,
    ErrorCode,
    Event,
    EventKind,
    Help,
    Level,
    Phase,
    Refusal,
    Subject,
)
from data.sql import Prepared, insert_if_absent
from data.tables import Assessment, Conversation, Message, Moment, table
from escalation import commands as cases

C = table(Conversation)
M = table(Message)
A = table(Assessment)

_SPOKEN = {"last_seq": C.c.last_seq + 1}
_BY_VISITOR = Prepared(
    update(C)
    .where(C.c.id == bindparam("c"), C.c.visitor_id == bindparam("v"), C.c.phase != Phase.CLOSED.value)
    .values(**_SPOKEN, visitor_seq=C.c.last_seq + 1, last_visitor_at=bindparam("now", type_=Moment))
    .returning(
        C.c.last_seq, C.c.phase, C.c.level, C.c.language, C.c.owner_id, C.c.help, C.c.id, C.c.visitor_id
    )
)
_BY_STAFF = Prepared(
    update(C)
    .where(C.c.id == bindparam("c"), C.c.owner_id == bindparam("s"), C.c.phase == Phase.LIVE.value)
    .values(**_SPOKEN, last_staff_at=bindparam("now", type_=Moment))
    .returning(C.c.last_seq)
)
_UNSPOKEN = update(C).where(C.c.id == bindparam("c")).values(last_seq=C.c.last_seq - 1)
_STORE = Prepared(insert_if_absent(M, "sender", "id"))
_STORED = select(M.c.conversation_id, M.c.seq, M.c.at).where(
    M.c.sender == bindparam("sender"), M.c.id == bindparam("id")
)
_ASSESS = Prepared(insert(A).values({c.name: bindparam(c.name, type_=c.type) for c in A.c if c.name != "id"}))
_HELP_WORDS = {
    Help.NONE: "case_closed",
    Help.ALARMED: "alarmed",
    Help.ACKNOWLEDGED: "acknowledged",
    Help.UNANSWERED: "unanswered",
}


class Spoken(NamedTuple):
    """A conversation as it stood when its visitor's message got its number."""

    last_seq: int
    phase: str
    level: str
    language: str
    owner_id: str | None
    help: str
    id: str
    visitor_id: str


def _spoken(cursor: Any) -> Spoken | None:
    row = cursor.fetchone()
    return None if row is None else Spoken(*row)


def visitor_sender(visitor: str) -> str:
    """The sender under which a visitor's message ids are unique."""
    return f"v:{visitor}"


def say(
    conn: Connection,
    terms: Terms,
    *,
    now: datetime,
    visitor: str,
    conversation: str,
    id: str,
    text: str,
    socket: str | None = None,
) -> Done[dict[str, Any]]:
    """A visitor says something. The same ``id`` again returns the same answer and stores nothing.

    In a conversation that is closed it opens a new one. Returns ``{conversation, seq, at}``.
    """
    row = _spoken(_BY_VISITOR.execute(conn, {"c": conversation, "v": visitor, "now": now}))
    opened: tuple[Event, ...] = ()
    if row is None:
        before = _stored(conn, visitor_sender(visitor), id)
        if before is not None:
            return Done(before)
        opened, fresh = _open_again(conn, terms, now=now, visitor=visitor, conversation=conversation)
        row = _spoken(_BY_VISITOR.execute(conn, {"c": fresh, "v": visitor, "now": now}))
        if row is None:  # pragma: no cover - it was opened in this transaction
            raise RuntimeError("a conversation that was just opened cannot be found")
    seq, language = row.last_seq, row.language
    name = terms.name("visitor", language)
    stored = _STORE.execute(
        conn,
        {
            "conversation_id": row.id,
            "seq": seq,
            "id": id,
            "sender": visitor_sender(visitor),
            "by": By.VISITOR.value,
            "name": name,
            "text": text,
            "extra": None,
            "at": now,
            "delete_after": now + terms.keep,
        },
    )
    if stored.rowcount == 0:
        _take_back(conn, row.id)
        before = _stored(conn, visitor_sender(visitor), id)
        if before is None:  # pragma: no cover - the conflict above was on this very row
            raise RuntimeError("a message that conflicts cannot be found")
        return Done(before, opened)
    assessed = terms.screen(text, language)
    said = assessed.payload(language)
    message = {
        "conversation": row.id,
        "seq": seq,
        "id": id,
        "by": "visitor",
        "name": name,
        "text": text,
        "at": now.isoformat(),
    }
    events = [*opened, Event(EventKind.MESSAGE, row.id, message, {"assessment": said}, skip=socket)]
    events += _weigh(conn, terms, now=now, row=row, source="message", seq=seq, assessed=assessed, said=said)
    if row.phase != Phase.LIVE.value:
        events.append(Event(EventKind.BOT_TURN, row.id))
    return Done({"conversation": row.id, "seq": seq, "at": message["at"]}, tuple(events))


def screened(
    conn: Connection, terms: Terms, *, now: datetime, conversation: Any, source: str, text: str
) -> tuple[Assessed, list[Event]]:
    """Screen something else that a visitor wrote (a comment, a left message) as a message is screened."""
    assessed = terms.screen(text, conversation.language)
    said = assessed.payload(conversation.language)
    return assessed, _weigh(
        conn, terms, now=now, row=conversation, source=source, seq=None, assessed=assessed, said=said
    )


def say_as_staff(
    conn: Connection,
    terms: Terms,
    *,
    now: datetime,
    staff: str,
    name: str,
    conversation: str,
    id: str,
    text: str,
    socket: str | None = None,
) -> Done[dict[str, Any]]:
    """The owner of a live conversation answers. Returns ``{conversation, seq, at}``."""
    sender = f"s:{staff}"
    row = _BY_STAFF.execute(conn, {"c": conversation, "s": staff, "now": now}).fetchone()
    if row is None:
        before = _stored(conn, sender, id)
        if before is not None:
            return Done(before)
        raise _why_not_owner(conn, conversation, staff)
    seq = row[0]
    stored = _STORE.execute(
        conn,
        {
            "conversation_id": conversation,
            "seq": seq,
            "id": id,
            "sender": sender,
            "by": By.COUNSELLOR.value,
            "name": name,
            "text": text,
            "extra": None,
            "at": now,
            "delete_after": now + terms.keep,
        },
    )
    if stored.rowcount == 0:
        conn.execute(_UNSPOKEN, {"c": conversation})
        before = _stored(conn, sender, id)
        if before is None:  # pragma: no cover - the conflict above was on this very row
            raise RuntimeError("a message that conflicts cannot be found")
        return Done(before)
    at = now.isoformat()
    message = {
        "conversation": conversation,
        "seq": seq,
        "id": id,
        "by": "counsellor",
        "name": name,
        "text": text,
        "at": at,
    }
    event = Event(EventKind.MESSAGE, conversation, message, skip=socket)
    return Done({"conversation": conversation, "seq": seq, "at": at}, (event,))


def tell_help(conn: Connection, terms: Terms, *, now: datetime, taken: cases.Taken) -> list[Event]:
    """Say in words what is now true about help, and send the phase that carries it."""
    if taken.conversation is None or taken.help is None:
        return []
    row = views.conversation(conn, taken.conversation)
    if row is None:
        return []
    events: list[Event] = []
    key = help_words(conn, terms, now, taken.help, taken.subject)
    if row.phase != Phase.CLOSED.value:
        events.append(tell(conn, terms, now=now, row=row, key=key, name=taken.by_name))
    events.append(Event(EventKind.PHASE, row.id, views.phase_of(conn, terms, now, row.id)))
    return events


def help_words(conn: Connection, terms: Terms, now: datetime, help_: Help, subject: Subject) -> str:
    """Which sentence is true for a state of help; ``alarmed`` depends on whether anybody is there to hear it."""
    about = "_other" if subject is Subject.OTHER else ""
    if help_ is Help.ALARMED and not views.responder_present(conn, terms, now):
        return f"alarmed_nobody_there{about}"
    return f"{_HELP_WORDS[help_]}{about}"


def answer_as_bot(
    conn: Connection,
    terms: Terms,
    *,
    now: datetime,
    conversation: str,
    upto: int,
    lines: Sequence[tuple[str, Mapping[str, Any] | None]],
) -> Done[bool]:
    """Store the bot's answer to everything up to ``upto``, if it may still speak and has not answered yet.

    A counsellor who took the conversation while the bot was thinking finds it silent (invariant 9).
    """
    row = conn.execute(
        update(C)
        .where(
            C.c.id == conversation,
            C.c.phase.in_([Phase.BOT.value, Phase.WAITING.value]),
            C.c.answered_seq < upto,
        )
        .values(answered_seq=upto)
        .returning(C.c.language)
    ).first()
    if row is None:
        return Done(False)
    events = tuple(
        speak(
            conn,
            terms,
            now=now,
            conversation=conversation,
            by=By.BOT,
            language=row.language,
            text=text,
            extra=extra,
        )
        for text, extra in lines
    )
    return Done(True, events)


def seen_by_visitor(
    conn: Connection, *, now: datetime, visitor: str, conversation: str, seq: int
) -> Done[None]:
    """The visitor has read up to ``seq``. Never goes back."""
    moved = conn.execute(
        update(C)
        .where(
            C.c.id == conversation,
            C.c.visitor_id == visitor,
            C.c.visitor_read_seq < seq,
            C.c.last_seq >= seq,
        )
        .values(visitor_read_seq=seq)
    )
    if moved.rowcount == 0:
        return Done(None)
    data = {"conversation": conversation, "by": "visitor", "seq": seq, "state": "read"}
    return Done(None, (Event(EventKind.SEEN, conversation, data),))


def seen_by_staff(conn: Connection, *, now: datetime, staff: str, conversation: str, seq: int) -> Done[None]:
    """The owner has read up to ``seq``."""
    moved = conn.execute(
        update(C)
        .where(C.c.id == conversation, C.c.owner_id == staff, C.c.staff_read_seq < seq, C.c.last_seq >= seq)
        .values(staff_read_seq=seq)
    )
    if moved.rowcount == 0:
        if conn.execute(select(C.c.id).where(C.c.id == conversation, C.c.owner_id == staff)).first() is None:
            raise _why_not_owner(conn, conversation, staff)
        return Done(None)
    data = {"conversation": conversation, "by": "counsellor", "seq": seq, "state": "read"}
    return Done(None, (Event(EventKind.SEEN, conversation, data),))


def _weigh(
    conn: Connection,
    terms: Terms,
    *,
    now: datetime,
    row: Any,
    source: str,
    seq: int | None,
    assessed: Assessed,
    said: Mapping[str, Any],
) -> list[Event]:
    """Keep the assessment; raise the level; in danger open or raise a case, put it in line, and say what is so."""
    plain = not assessed.categories and not assessed.spans
    _ASSESS.execute(
        conn,
        {
            "conversation_id": row.id,
            "seq": seq,
            "source": source,
            "level": assessed.level.value,
            "score": assessed.score,
            "about": assessed.about.value,
            "detail": None if plain else {"categories": said["categories"], "spans": said["spans"]},
            "at": now,
            "delete_after": now + terms.keep,
        },
    )
    if assessed.level is Level.NONE:
        return []
    events: list[Event] = []
    was = Level(row.level)
    higher = assessed.level.rank > was.rank
    whose = {"about": assessed.about.value}
    if was.is_crisis and assessed.about is About.OTHER:
        whose = {}  # their own danger, once said, is not forgotten over somebody else's
    if higher:
        conn.execute(update(C).where(C.c.id == row.id).values(level=assessed.level.value, **whose))
    elif assessed.level.is_crisis and whose:
        conn.execute(update(C).where(C.c.id == row.id).values(whose))
    if higher:
        risk = {"conversation": row.id, "level": assessed.level.value, "was": was.value, "seq": seq}
        events.append(Event(EventKind.RISK, row.id, risk))
        if row.phase == Phase.WAITING.value:
            events.append(Event(EventKind.QUEUE))
    if not assessed.level.is_crisis:
        return events
    subject = Subject.OTHER if assessed.about is About.OTHER else Subject.WRITER
    opened = cases.open_or_raise(
        conn,
        now=now,
        keep=terms.keep_cases,
        conversation=row.id,
        visitor=row.visitor_id,
        subject=subject,
        level=assessed.level,
        by="screening",
        seq=seq,
    )
    events += opened.events
    if row.phase == Phase.BOT.value:
        # Outside hours too: a conversation in danger is offered to the responders on call.
        conn.execute(
            update(C)
            .where(C.c.id == row.id, C.c.phase == Phase.BOT.value)
            .values(
                phase=Phase.WAITING.value,
                waiting_since=func.coalesce(C.c.waiting_since, bindparam("n", now, Moment)),
            )
        )
        events.append(Event(EventKind.QUEUE))
    fresh = views.conversation(conn, row.id)
    if opened.value.new or (fresh is not None and fresh.help != row.help):
        taken = cases.Taken(
            opened.value.case,
            row.id,
            Help(fresh.help if fresh else Help.ALARMED),
            subject,
            opened.value.by_name,
        )
        events += tell_help(conn, terms, now=now, taken=taken)
    elif row.phase == Phase.BOT.value:
        events.append(Event(EventKind.PHASE, row.id, views.phase_of(conn, terms, now, row.id)))
    return events


def _open_again(
    conn: Connection, terms: Terms, *, now: datetime, visitor: str, conversation: str
) -> tuple[tuple[Event, ...], str]:
    """The visitor's open conversation, opening one when there is none; refuses a conversation of somebody else."""
    owned = conn.execute(select(C.c.visitor_id, C.c.language).where(C.c.id == conversation)).first()
    if owned is None or owned.visitor_id != visitor:
        raise Refusal(ErrorCode.UNKNOWN_CONVERSATION, "There is no such conversation.")
    done = open_conversation(conn, terms, now=now, visitor=visitor, language=owned.language)
    return done.events, done.value


def _take_back(conn: Connection, conversation: str) -> None:
    """Undo the numbering of a message that was there already."""
    last = conn.execute(
        select(func.max(M.c.seq)).where(M.c.conversation_id == conversation, M.c.by == By.VISITOR.value)
    ).scalar()
    conn.execute(
        update(C).where(C.c.id == conversation).values(last_seq=C.c.last_seq - 1, visitor_seq=last or 0)
    )


def _stored(conn: Connection, sender: str, id: str) -> dict[str, Any] | None:
    row = conn.execute(_STORED, {"sender": sender, "id": id}).first()
    if row is None:
        return None
    return {"conversation": row.conversation_id, "seq": row.seq, "at": row.at.isoformat()}


def _why_not_owner(conn: Connection, conversation: str, staff: str) -> Refusal:
    row = conn.execute(select(C.c.phase, C.c.owner_id).where(C.c.id == conversation)).first()
    if row is None:
        return Refusal(ErrorCode.UNKNOWN_CONVERSATION, "There is no such conversation.")
    if row.phase == Phase.CLOSED.value and row.owner_id == staff:
        return Refusal(ErrorCode.CLOSED, "This conversation is closed.")
    return Refusal(ErrorCode.NOT_ALLOWED, "This conversation is not yours.")
