"""The line and who takes from it: asking for a person, offers, accepting, handing back, closing.

Rules are asked of the pure modules beside this one; here they meet the record. A refusal is raised before
anything is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from app.desk import phases, routing, views, waits
from app.desk.hours import DeskState
from app.desk.phases import Act
from app.desk.speech import tell
from app.desk.talk import tell_help
from app.desk.terms import Terms
from app.permissions import CRISIS, may_close
from app.staff.members import find_staff
from bot.facts import spoken
from bot.wording import duration, moment
from data import audit
from data.kinds import Done, ErrorCode, Event, EventKind, Help, Level, Phase, Refusal, Role, Status, Step
from data.sql import upsert
from data.tables import Conversation, Note, Offer, Presence, Staff, new_id, table
from escalation import commands as cases

C = table(Conversation)
O = table(Offer)  # noqa: E741 - the offers
P = table(Presence)
S = table(Staff)

_US = timedelta(microseconds=1)
_SAVE_OFFER = upsert(O, ["conversation_id", "staff_id"], ["state", "made_at", "expires_at", "delete_after"])
CHANGED = (Event(EventKind.QUEUE),)


def ask_human(
    conn: Connection, terms: Terms, *, now: datetime, visitor: str, conversation: str
) -> Done[dict[str, Any]]:
    """The visitor asks for a person. Returns the phase; outside hours they are told when somebody is there."""
    row = _own(conn, visitor, conversation)
    if row.phase in (Phase.WAITING.value, Phase.LIVE.value):
        return Done({"phase": views.phase(conn, terms, now, row)})
    phases.next_phase(Phase(row.phase), Act.ASK_HUMAN)
    desk = terms.desk(now)
    crisis = Level(row.level).is_crisis
    if not desk.open and not (crisis and _on_call(conn, terms, now, row)):
        told = tell(conn, terms, now=now, row=row, **_opening("out_of_hours", desk.opens_at, row.language))
        return Done({"phase": views.phase(conn, terms, now, row)}, (told,))
    if not crisis and desk.closes_at is not None and not _can_be_served(conn, terms, now, desk.closes_at):
        told = tell(
            conn,
            terms,
            now=now,
            row=row,
            **_opening("closing_cannot_be_served", _reopens(terms, desk), row.language),
        )
        return Done({"phase": views.phase(conn, terms, now, row)}, (told,))
    conn.execute(
        update(C)
        .where(C.c.id == conversation, C.c.phase == row.phase)
        .values(phase=Phase.WAITING.value, waiting_since=row.waiting_since or now, told_wait_at=now)
    )
    fresh = views.conversation(conn, conversation)
    phase = views.phase(conn, terms, now, fresh)
    told = tell(conn, terms, now=now, row=fresh, **_place_words(phase, desk.open, row.language))
    return Done({"phase": phase}, (told, Event(EventKind.PHASE, conversation, phase), *CHANGED))


def leave_queue(
    conn: Connection, terms: Terms, *, now: datetime, visitor: str, conversation: str
) -> Done[dict[str, Any]]:
    """The visitor no longer wants to wait, and talks on with the bot. A case that is open stays open."""
    row = _own(conn, visitor, conversation)
    if row.phase == Phase.BOT.value:
        return Done({"phase": views.phase(conn, terms, now, row)})
    phases.next_phase(Phase(row.phase), Act.LEAVE_QUEUE)
    left = conn.execute(
        update(C)
        .where(C.c.id == conversation, C.c.phase == Phase.WAITING.value)
        .values(phase=Phase.BOT.value, waiting_since=None)
    )
    fresh = views.conversation(conn, conversation)
    if left.rowcount == 0:  # somebody took it between our look and our write
        return Done({"phase": views.phase(conn, terms, now, fresh)})
    _withdraw(conn, conversation)
    told = tell(conn, terms, now=now, row=fresh, key="left_queue")
    phase = views.phase(conn, terms, now, fresh)
    return Done(
        {"phase": phase},
        (told, Event(EventKind.PHASE, conversation, phase), *CHANGED),
    )


def end(
    conn: Connection,
    terms: Terms,
    *,
    now: datetime,
    visitor: str,
    conversation: str,
    upto: int | None = None,
) -> Done[dict[str, Any]]:
    """The visitor ends the conversation. A case that is open stays open (invariant 5).

    ``upto`` is the ``seq`` of the goodbye that was taken for an ending: whoever has written on, or is with a person
    by now, has not left.
    """
    row = _own(conn, visitor, conversation)
    stayed = upto is not None and (row.visitor_seq > upto or row.phase != Phase.BOT.value)
    if row.phase == Phase.CLOSED.value or stayed:
        return Done({"phase": views.phase(conn, terms, now, row)})
    events = _close(conn, terms, now=now, row=row, by="visitor", disposition="ended_by_visitor")
    fresh = views.conversation(conn, conversation)
    return Done({"phase": views.phase(conn, terms, now, fresh)}, tuple(events))


def accept(
    conn: Connection, terms: Terms, *, now: datetime, staff: str, conversation: str
) -> Done[dict[str, Any]]:
    """A member of staff takes a conversation: of any number who try at once, exactly one wins.

    When they are of the crisis team, they have taken its cases too.
    Returns ``{transcript, phase, context}``. What they already own they are given again.
    """
    row = _known(conn, conversation)
    if row.phase == Phase.LIVE.value:
        if row.owner_id == staff:
            return Done(_opened(conn, terms, now, row))
        raise Refusal(ErrorCode.ALREADY_TAKEN, "Somebody else is already with this person.")
    phases.next_phase(Phase(row.phase), Act.ACCEPT)
    me = next((d for d in views.duty(conn, terms, now) if d.staff == staff), None)
    if me is None:
        raise Refusal(ErrorCode.NOT_ALLOWED, "You are not on the staff.")
    routing.may_accept(Level(row.level), me, _open_offers(conn, now), conversation, terms.desk(now).open, now)
    since = row.waiting_since or now
    taken = conn.execute(
        update(C)
        .where(C.c.id == conversation, C.c.phase == Phase.WAITING.value)
        .values(
            phase=Phase.LIVE.value,
            owner_id=staff,
            owned_at=now,
            waiting_since=None,
            waited_us=(now - since) // _US,
            last_staff_at=now,
            answered_seq=C.c.visitor_seq,
        )
    )
    if taken.rowcount == 0:  # another transaction took it between our look and our write
        raise Refusal(ErrorCode.ALREADY_TAKEN, "Somebody else is already with this person.")
    conn.execute(
        update(O).where(O.c.conversation_id == conversation, O.c.state == "open").values(state="expired")
    )
    conn.execute(
        update(O).where(O.c.conversation_id == conversation, O.c.staff_id == staff).values(state="accepted")
    )
    conn.execute(update(P).where(P.c.staff_id == staff).values(idle_since=now))
    taken_on: tuple[Event, ...] = ()
    if me.role in CRISIS:
        # The crisis team is here: the visitor must not hear that nobody has answered the alarm.
        for case in cases.unacknowledged(conn, conversation):
            taken_on += cases.take_step(
                conn,
                now=now,
                keep=terms.keep_cases,
                case=case,
                step=Step.ACKNOWLEDGE,
                staff=staff,
                role=me.role,
                form={},
            ).events
    audit.write(conn, now=now, actor=staff, action="conversation.accepted", object=conversation)
    fresh = _known(conn, conversation)
    name = conn.execute(select(S.c.desk_name).where(S.c.id == staff)).scalar_one()
    joined = tell(conn, terms, now=now, row=fresh, key="joined", name=name)
    fresh = _known(conn, conversation)
    value = _opened(conn, terms, now, fresh)
    owned = Event(EventKind.OWNED, conversation, {"owner": staff, "was": None})
    phase = Event(EventKind.PHASE, conversation, value["phase"])
    return Done(value, (owned, joined, phase, *taken_on, *CHANGED))


def open_own(
    conn: Connection, terms: Terms, *, now: datetime, staff: str, conversation: str, after: int = 0
) -> Done[dict[str, Any]]:
    """One's own conversation again, after a reload or a gap: ``{transcript, phase, context}``."""
    row = _known(conn, conversation)
    if row.owner_id != staff:
        raise Refusal(ErrorCode.NOT_ALLOWED, "This conversation is not yours.")
    audit.write(conn, now=now, actor=staff, action="conversation.opened", object=conversation)
    return Done(_opened(conn, terms, now, row, after))


def decline(conn: Connection, *, now: datetime, staff: str, conversation: str) -> Done[None]:
    """Pass an offer on; the conversation goes to the next who fits."""
    _known(conn, conversation)
    conn.execute(
        update(O)
        .where(O.c.conversation_id == conversation, O.c.staff_id == staff, O.c.state == "open")
        .values(state="declined")
    )
    return Done(None, CHANGED)


def close(
    conn: Connection,
    terms: Terms,
    *,
    now: datetime,
    staff: str,
    conversation: str,
    disposition: str,
    risk_asked: bool,
    risk_answer: str | None,
    note: str | None,
    agreed_by: str | None,
) -> Done[None]:
    """The owner closes. At ``high`` and above a responder or supervisor must have agreed."""
    row = _known(conn, conversation)
    if row.owner_id != staff or row.phase != Phase.LIVE.value:
        if row.owner_id == staff and row.phase == Phase.CLOSED.value:
            return Done(None)
        raise Refusal(ErrorCode.NOT_ALLOWED, "This conversation is not yours.")
    if not may_close(Level(row.level), staff, find_staff(conn, agreed_by or "")):
        raise Refusal(
            ErrorCode.NOT_ALLOWED,
            "At this level another person, a responder or supervisor, must agree before it is closed.",
        )
    if note:
        add_note(conn, terms, now=now, staff=staff, conversation=conversation, text=note)
    conn.execute(
        update(C)
        .where(C.c.id == conversation)
        .values(risk_asked=risk_asked, risk_answer=risk_answer, agreed_by=agreed_by)
    )
    events = _close(conn, terms, now=now, row=row, by=staff, disposition=disposition)
    return Done(None, tuple(events))


def add_note(
    conn: Connection, terms: Terms, *, now: datetime, staff: str, conversation: str, text: str
) -> Done[None]:
    """The owner writes something down for the staff."""
    row = _known(conn, conversation)
    if row.owner_id != staff:
        raise Refusal(ErrorCode.NOT_ALLOWED, "This conversation is not yours.")
    conn.execute(
        insert(table(Note)).values(
            id=new_id("n"),
            conversation_id=conversation,
            staff_id=staff,
            text=text,
            at=now,
            delete_after=now + terms.keep,
        )
    )
    return Done(None)


def hand_back(conn: Connection, terms: Terms, *, now: datetime, row: Row[Any], reason: str) -> list[Event]:
    """Put a live conversation back into the line, with the time it had already waited."""
    back = conn.execute(
        update(C)
        .where(C.c.id == row.id, C.c.phase == Phase.LIVE.value)
        .values(
            phase=Phase.WAITING.value,
            owner_id=None,
            owned_at=None,
            waiting_since=now - timedelta(microseconds=row.waited_us),
            answered_seq=C.c.visitor_seq,
        )
    )
    if back.rowcount == 0:  # it was closed between our look and our write
        return []
    audit.write(
        conn,
        now=now,
        actor="clock",
        action=f"conversation.{reason}",
        object=row.id,
        detail=row.owner_id or "",
    )
    fresh = _known(conn, row.id)
    name = conn.execute(select(S.c.desk_name).where(S.c.id == row.owner_id)).scalar() or ""
    told = tell(conn, terms, now=now, row=fresh, key="counsellor_left", name=name)
    phase = views.phase(conn, terms, now, fresh)
    return [
        told,
        # The one who lost it hears so before the rooms change.
        Event(EventKind.PHASE, row.id, phase),
        Event(EventKind.OWNED, row.id, {"owner": None, "was": row.owner_id}),
        *CHANGED,
    ]


def ring(conn: Connection, terms: Terms, *, now: datetime) -> Done[datetime | None]:
    """Ring the case clocks that are due, and tell their visitors. Returns when the next one is.

    A command of its own, so that nothing that goes wrong with offers or hours can hold an alarm back.
    """
    rung = cases.ring_due(conn, now=now, keep=terms.keep_cases)
    events = list(rung.events)
    for taken in rung.value:
        events += tell_help(conn, terms, now=now, taken=taken)
    return Done(cases.next_due(conn), tuple(events))


def turn(conn: Connection, terms: Terms, *, now: datetime) -> Done[None]:
    """What time does to the desk: offers run out, counsellors vanish, the desk closes or empties.

    Writes nothing when nothing is due.
    """
    events = _vanished(conn, terms, now)
    events += _run_out(conn, now)
    events += _shut(conn, terms, now)
    events += _lapsed(conn, terms, now)
    events += _route(conn, terms, now)
    return Done(None, tuple(events))


def _route(conn: Connection, terms: Terms, now: datetime) -> list[Event]:
    line = views.waiting(conn, now)
    if not line:
        return []
    staff, desk_open = views.duty(conn, terms, now), terms.desk(now).open
    standing = _open_offers(conn, now)
    live = routing.live_offers(line, staff, standing, desk_open, now)
    for old in standing:
        if old not in live:  # its person has gone or is full: the next one is asked at once
            conn.execute(
                update(O)
                .where(O.c.conversation_id == old.conversation, O.c.staff_id == old.staff)
                .values(state="expired")
            )
    tried = conn.execute(
        select(O.c.conversation_id, O.c.staff_id).where(
            O.c.state.in_(["declined", "expired"]),
            O.c.expires_at > now - routing.DECLINE_STANDS,
            O.c.conversation_id.in_([w.conversation for w in line]),
        )
    )
    declined = frozenset((r.conversation_id, r.staff_id) for r in tried)
    fresh = routing.new_offers(line, staff, live, declined, desk_open, now)
    levels = {w.conversation: w.level for w in line}
    events = []
    for offer in fresh:
        conn.execute(
            _SAVE_OFFER,
            {
                "conversation_id": offer.conversation,
                "staff_id": offer.staff,
                "state": "open",
                "made_at": now,
                "expires_at": offer.expires_at,
                "delete_after": now + terms.keep,
            },
        )
        data = {
            "conversation": offer.conversation,
            "expires_at": offer.expires_at.isoformat(),
            "level": levels[offer.conversation].value,
            **views.about(conn, offer.conversation),
        }
        events.append(Event(EventKind.OFFER, offer.conversation, data, to=offer.staff))
    return events


def _vanished(conn: Connection, terms: Terms, now: datetime) -> list[Event]:
    gone = conn.execute(
        select(C)
        .outerjoin(P, P.c.staff_id == C.c.owner_id)
        .where(
            C.c.phase == Phase.LIVE.value,
            func.coalesce(P.c.heard_at, C.c.owned_at) < now - terms.vanish,
        )
    ).all()
    return [
        event for row in gone for event in hand_back(conn, terms, now=now, row=row, reason="owner_vanished")
    ]


def _run_out(conn: Connection, now: datetime) -> list[Event]:
    ended = conn.execute(update(O).where(O.c.state == "open", O.c.expires_at <= now).values(state="expired"))
    return list(CHANGED) if ended.rowcount else []


def _shut(conn: Connection, terms: Terms, now: datetime) -> list[Event]:
    """When the desk closes or empties: those who wait below ``high`` are told, and the bot takes them back.

    So are those whose case a person has closed: no alarm rings for them any more, so they would wait for nobody.
    Their place stays in the record (``waiting_since``): who asks again has the time they waited.
    """
    line = conn.execute(select(C).where(C.c.phase == Phase.WAITING.value)).all()
    if not line:
        return []
    desk = terms.desk(now)
    heard = None
    if desk.open:
        heard = conn.execute(
            select(func.max(P.c.heard_at))
            .join(S, S.c.id == P.c.staff_id)
            .where(S.c.role != Role.ADMINISTRATOR.value, P.c.status != Status.AWAY.value)
        ).scalar()
    events: list[Event] = []
    for row in line:
        if Level(row.level).is_crisis and (
            row.help != Help.NONE.value or (not desk.open and _on_call(conn, terms, now, row))
        ):
            continue
        if desk.open:
            quiet_since = max(filter(None, (heard, row.told_wait_at, row.waiting_since)), default=now)
            if now - quiet_since < terms.empty:
                continue
            key = {"key": "desk_empty"}
        else:
            key = _opening("desk_closed_before_your_turn", desk.opens_at, row.language)
        taken_back = conn.execute(
            update(C).where(C.c.id == row.id, C.c.phase == Phase.WAITING.value).values(phase=Phase.BOT.value)
        )
        if taken_back.rowcount == 0:  # somebody took it between our look and our write
            continue
        _withdraw(conn, row.id)
        fresh = _known(conn, row.id)
        events.append(tell(conn, terms, now=now, row=fresh, **key))
        events.append(Event(EventKind.PHASE, row.id, views.phase(conn, terms, now, fresh)))
        events.extend(CHANGED)
    return events


def _lapsed(conn: Connection, terms: Terms, now: datetime) -> list[Event]:
    """Talks with the bot that nobody touched for a day are closed, so that a new visit starts afresh."""
    old = conn.execute(
        select(C)
        .where(
            C.c.phase == Phase.BOT.value,
            func.coalesce(C.c.last_visitor_at, C.c.opened_at) < now - terms.lapse,
        )
        .limit(100)
    ).all()
    for row in old:
        conn.execute(
            update(C)
            # Whoever writes at this very moment has come back.
            .where(C.c.id == row.id, C.c.phase == Phase.BOT.value, C.c.last_seq == row.last_seq)
            .values(phase=Phase.CLOSED.value, closed_at=now, closed_by="clock", disposition="lapsed")
        )
    return [Event(EventKind.BOARD)] if old else []


def _close(
    conn: Connection, terms: Terms, *, now: datetime, row: Row[Any], by: str, disposition: str
) -> list[Event]:
    phases.next_phase(Phase(row.phase), Act.CLOSE)
    told = tell(conn, terms, now=now, row=row, key="ended")
    conn.execute(
        update(C)
        .where(C.c.id == row.id)
        .values(
            phase=Phase.CLOSED.value, closed_at=now, closed_by=by, disposition=disposition, waiting_since=None
        )
    )
    _withdraw(conn, row.id)
    if row.owner_id is not None:
        conn.execute(update(P).where(P.c.staff_id == row.owner_id).values(idle_since=now))
    audit.write(conn, now=now, actor=by, action="conversation.closed", object=row.id)
    fresh = _known(conn, row.id)
    return [
        told,
        Event(EventKind.PHASE, row.id, views.phase(conn, terms, now, fresh)),
        Event(EventKind.OWNED, row.id, {"owner": None, "was": row.owner_id}),
        *CHANGED,
    ]


def _withdraw(conn: Connection, conversation: str) -> None:
    conn.execute(
        update(O).where(O.c.conversation_id == conversation, O.c.state == "open").values(state="expired")
    )


def _opened(conn: Connection, terms: Terms, now: datetime, row: Row[Any], after: int = 0) -> dict[str, Any]:
    return {
        "transcript": views.transcript(conn, row.id, after),
        "phase": views.phase(conn, terms, now, row),
        "context": views.context(conn, terms, now, row),
    }


def _open_offers(conn: Connection, now: datetime) -> list[routing.OpenOffer]:
    rows = conn.execute(select(O).where(O.c.state == "open", O.c.expires_at > now))
    return [routing.OpenOffer(r.conversation_id, r.staff_id, r.expires_at) for r in rows]


def _on_call(conn: Connection, terms: Terms, now: datetime, row: Row[Any]) -> bool:
    """Whether anybody can come to a conversation in danger outside hours: an alarm rings, or one is at a screen."""
    return row.help != Help.NONE.value or views.responder_present(conn, terms, now)


def _can_be_served(conn: Connection, terms: Terms, now: datetime, closes_at: datetime) -> bool:
    free, busy = views.slots(conn, terms, now)
    return waits.can_be_served(
        len(views.waiting(conn, now)) + 1,
        free,
        busy,
        views.recent_lengths_s(conn),
        (closes_at - now).total_seconds(),
    )


def _place_words(phase: Mapping[str, Any], desk_open: bool, language: str) -> dict[str, str]:
    """The sentence that says where in the line somebody is, and its values."""
    if not desk_open:
        return {"key": "waiting_on_call"}
    place = str(phase.get("position", 1))
    if phase.get("wait_s") is None:
        return {"key": "waiting_no_estimate", "position": place}
    return {
        "key": "waiting_estimate",
        "position": place,
        "wait": duration(int(phase["wait_s"]), spoken(language)),
    }


def _opening(key: str, at: datetime | None, language: str) -> dict[str, str]:
    """A sentence that names when people are back, or the one that says we cannot say."""
    if at is None:
        return {"key": f"{key}_unknown"}
    return {"key": key, "opens_at": moment(at, spoken(language))}


def _reopens(terms: Terms, desk: DeskState) -> datetime | None:
    """When the desk opens again after the closing that is near."""
    return None if desk.closes_at is None else terms.desk(desk.closes_at).opens_at


def _own(conn: Connection, visitor: str, conversation: str) -> Row[Any]:
    row = views.conversation(conn, conversation)
    if row is None or row.visitor_id != visitor:
        raise Refusal(ErrorCode.UNKNOWN_CONVERSATION, "There is no such conversation.")
    return row


def _known(conn: Connection, conversation: str) -> Row[Any]:
    row = views.conversation(conn, conversation)
    if row is None:
        raise Refusal(ErrorCode.UNKNOWN_CONVERSATION, "There is no such conversation.")
    return row
