"""What people are shown, read from the record: phases, transcripts, the queue, the roster, the board.

Queries only: nothing here writes. Each function returns the JSON-ready shape of the wire contract.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, or_, select

from app.desk import queue
from app.desk.routing import OnDuty, free_slots
from app.desk.terms import Terms
from app.desk.waits import estimate_s
from data.kinds import CaseStatus, Level, Phase, Role, Status
from data.tables import (
    Assessment,
    Case,
    CaseStep,
    Conversation,
    LeftMessage,
    Message,
    Note,
    Offer,
    Presence,
    Staff,
    Visitor,
    table,
)
from escalation.commands import case_event, due_at, legal

C = table(Conversation)
M = table(Message)
A = table(Assessment)
S = table(Staff)
P = table(Presence)
K = table(Case)
KS = table(CaseStep)
O = table(Offer)  # noqa: E741 - the offers

_TRANSCRIPT = (
    select(M).where(M.c.conversation_id == bindparam("c"), M.c.seq > bindparam("after")).order_by(M.c.seq)
)
_ASSESSED = select(A).where(
    A.c.conversation_id == bindparam("c"), A.c.seq > bindparam("after"), A.c.source == "message"
)
_CONVERSATION = select(C).where(C.c.id == bindparam("c"))


def conversation(conn: Connection, id_: str) -> Row[Any] | None:
    """One conversation's row."""
    return conn.execute(_CONVERSATION, {"c": id_}).first()


def message(row: Any) -> dict[str, Any]:
    """A Message as the visitor may see it."""
    out = {
        "conversation": row.conversation_id,
        "seq": row.seq,
        "id": row.id,
        "by": row.by,
        "name": row.name,
        "text": row.text,
        "at": row.at.isoformat(),
    }
    if row.extra:
        out.update(row.extra)
    return out


def messages(conn: Connection, conversation_id: str, after: int = 0) -> list[dict[str, Any]]:
    """The messages after ``after``, as the visitor may see them."""
    return [message(row) for row in conn.execute(_TRANSCRIPT, {"c": conversation_id, "after": after})]


def transcript(conn: Connection, conversation_id: str, after: int = 0) -> list[dict[str, Any]]:
    """The messages after ``after`` for staff: a visitor's with what screening said of it."""
    said = {row.seq: row for row in conn.execute(_ASSESSED, {"c": conversation_id, "after": after})}
    out = messages(conn, conversation_id, after)
    for one in out:
        row = said.get(one["seq"])
        if row is not None:
            detail = row.detail or {"categories": [], "spans": []}
            one["assessment"] = {"level": row.level, "score": row.score, "about": row.about, **detail}
    return out


def duty(conn: Connection, terms: Terms, now: datetime) -> list[OnDuty]:
    """Everybody who works here and is not disabled, with their load and whether they are at their screen."""
    live = _live_by_owner(conn)
    out = []
    for row in conn.execute(
        select(
            S.c.id,
            S.c.role,
            S.c.capacity,
            S.c.languages,
            P.c.status,
            P.c.heard_at,
            P.c.sockets,
            P.c.idle_since,
        )
        .outerjoin(P, P.c.staff_id == S.c.id)
        .where(S.c.disabled_at.is_(None))
        .order_by(S.c.id)
    ):
        load = live.get(row.id)
        out.append(
            OnDuty(
                staff=row.id,
                role=Role(row.role),
                status=Status(row.status or Status.AWAY),
                present=is_present(row, terms, now),
                capacity=row.capacity,
                owned=int(load.owned) if load else 0,
                owned_high=int(load.high) if load else 0,
                languages=frozenset(filter(None, row.languages.split(","))),
                idle_since=row.idle_since or now,
            )
        )
    return out


def is_present(row: Any, terms: Terms, now: datetime) -> bool:
    """At their screen: a socket is open and was heard within ``terms.present``."""
    return bool(row.sockets) and row.heard_at is not None and now - row.heard_at < terms.present


def responder_present(conn: Connection, terms: Terms, now: datetime) -> bool:
    """Whether anybody whom an alarm rings is at a screen at this moment."""
    return (
        conn.execute(
            select(S.c.id)
            .join(P, P.c.staff_id == S.c.id)
            .where(
                S.c.role.in_([Role.RESPONDER.value, Role.SUPERVISOR.value]),
                S.c.disabled_at.is_(None),
                P.c.sockets > 0,
                P.c.heard_at > now - terms.present,
            )
            .limit(1)
        ).first()
        is not None
    )


def waiting(conn: Connection, now: datetime) -> list[queue.Waiting]:
    """The queue in the order in which it is served."""
    rows = conn.execute(
        select(C.c.id, C.c.level, C.c.waiting_since, C.c.language, C.c.topic).where(
            C.c.phase == Phase.WAITING.value
        )
    )
    return queue.ordered(
        (queue.Waiting(r.id, Level(r.level), r.waiting_since or now, r.language, r.topic) for r in rows), now
    )


def estimates(
    conn: Connection, terms: Terms, now: datetime, line: list[queue.Waiting]
) -> dict[str, tuple[int, int | None]]:
    """conversation to (position from 1, seconds to wait or nothing when nobody is on)."""
    if not line:
        return {}
    free, busy = slots(conn, terms, now)
    closes = terms.desk(now).closes_at
    until = None if closes is None else (closes - now).total_seconds()
    lengths = recent_lengths_s(conn)
    return {
        w.conversation: (n, estimate_s(n, free, busy, lengths, until)) for n, w in enumerate(line, start=1)
    }


def slots(conn: Connection, terms: Terms, now: datetime) -> tuple[int, int]:
    """Free and busy slots for the ordinary lane: of the counsellors at their screens, whom alone it is offered to."""
    on = [
        s
        for s in duty(conn, terms, now)
        if s.present and s.status is not Status.AWAY and s.role is Role.COUNSELLOR
    ]
    return sum(free_slots(s) for s in on if s.status is Status.AVAILABLE), sum(s.owned for s in on)


def recent_lengths_s(conn: Connection, n: int = 50) -> list[float]:
    """How long the last conversations with a person took, in seconds."""
    rows = conn.execute(
        select(C.c.owned_at, C.c.closed_at)
        .where(C.c.phase == Phase.CLOSED.value, C.c.owned_at.is_not(None), C.c.closed_at.is_not(None))
        .order_by(C.c.closed_at.desc())
        .limit(n)
    )
    return [(r.closed_at - r.owned_at).total_seconds() for r in rows]


def phase(
    conn: Connection,
    terms: Terms,
    now: datetime,
    row: Any,
    place: tuple[int, int | None] | None = None,
) -> dict[str, Any]:
    """The Phase of the contract, true at ``now``."""
    out: dict[str, Any] = {
        "conversation": row.id,
        "phase": row.phase,
        "help": row.help,
        "desk": terms.desk(now).payload(),
    }
    if row.phase == Phase.WAITING.value:
        if place is None:
            place = estimates(conn, terms, now, waiting(conn, now)).get(row.id)
        if place is not None:
            out["position"] = place[0]
            if place[1] is not None:
                out["wait_s"] = place[1]
    if row.phase == Phase.LIVE.value and row.owner_id is not None:
        owner = conn.execute(select(S.c.desk_name, S.c.role).where(S.c.id == row.owner_id)).first()
        if owner is not None:
            out["counsellor"] = {"name": owner.desk_name, "role": owner.role}
    return out


def phase_of(conn: Connection, terms: Terms, now: datetime, conversation_id: str) -> dict[str, Any]:
    """The Phase of a conversation by id."""
    return phase(conn, terms, now, conn.execute(_CONVERSATION, {"c": conversation_id}).one())


def queue_view(conn: Connection, terms: Terms, now: datetime) -> dict[str, Any]:
    """The ``queue`` event. Holds no words of a visitor: those are read by accepting."""
    line = waiting(conn, now)
    places = estimates(conn, terms, now, line)
    said = _categories(conn, [w.conversation for w in line])
    return {
        "waiting": [
            {
                "conversation": w.conversation,
                "level": w.level.value,
                "position": places[w.conversation][0],
                "wait_s": places[w.conversation][1],
                "waited_s": max(0, int((now - w.since).total_seconds())),
                "language": w.language,
                "topic": w.topic,
                **said[w.conversation],
            }
            for w in line
        ]
    }


def about(conn: Connection, conversation_id: str) -> dict[str, Any]:
    """What an offer says of a conversation: how many messages, and which categories screening found."""
    return _categories(conn, [conversation_id])[conversation_id]


def context(conn: Connection, terms: Terms, now: datetime, row: Any) -> dict[str, Any]:
    """What the person beside the conversation shows to its owner."""
    visitor = conn.execute(select(table(Visitor)).where(table(Visitor).c.id == row.visitor_id)).one()
    visits = conn.execute(
        select(func.count()).select_from(C).where(C.c.visitor_id == row.visitor_id, C.c.visitor_seq > 0)
    ).scalar_one()
    case = conn.execute(
        select(K.c.id).where(K.c.conversation_id == row.id).order_by(K.c.opened_at.desc()).limit(1)
    ).scalar()
    return {
        "language": row.language,
        "topic": row.topic,
        "level": row.level,
        "about": row.about,
        "opened_at": row.opened_at.isoformat(),
        "visits": visits,
        "help": row.help,
        "notes": notes(conn, row.id),
        "case": case,
        "left_messages": _left(conn, row.visitor_id),
        "consent": None
        if visitor.consent_agreed is None
        else {"agreed": visitor.consent_agreed, "age_band": visitor.age_band},
        **about(conn, row.id),
    }


def notes(conn: Connection, conversation_id: str) -> list[dict[str, Any]]:
    """What staff noted about a conversation, oldest first."""
    n = table(Note)
    rows = conn.execute(
        select(n.c.at, n.c.text, S.c.desk_name)
        .outerjoin(S, S.c.id == n.c.staff_id)
        .where(n.c.conversation_id == conversation_id)
        .order_by(n.c.at)
    )
    return [{"at": r.at.isoformat(), "by": r.desk_name, "text": r.text} for r in rows]


def roster(conn: Connection, terms: Terms, now: datetime, staff_id: str) -> dict[str, Any]:
    """What a member of staff sees on connecting: who they are, and what is theirs."""
    me = conn.execute(
        select(S.c.id, S.c.desk_name, S.c.role, S.c.capacity, P.c.status)
        .outerjoin(P, P.c.staff_id == S.c.id)
        .where(S.c.id == staff_id)
    ).one()
    crisis = me.role in (Role.RESPONDER.value, Role.SUPERVISOR.value)
    mine = conn.execute(
        select(C).where(C.c.owner_id == staff_id, C.c.phase == Phase.LIVE.value).order_by(C.c.owned_at)
    )
    return {
        "me": {"id": me.id, "name": me.desk_name, "role": me.role},
        "status": me.status or Status.AWAY.value,
        "capacity": me.capacity,
        "conversations": [
            {
                "conversation": r.id,
                "level": r.level,
                "language": r.language,
                "phase": r.phase,
                "help": r.help,
                "unread": _unread(conn, r),
                "last_seq": r.last_seq,
            }
            for r in mine
        ],
        "queue": queue_view(conn, terms, now),
        "cases": open_cases(conn) if crisis else [],
        "alarms": unanswered_alarms(conn, now) if crisis else [],
        "offers": offers_to(conn, now, staff_id),
        "seniors": [
            {"id": r.id, "name": r.desk_name, "role": r.role}
            for r in conn.execute(
                select(S.c.id, S.c.desk_name, S.c.role).where(
                    S.c.role.in_([Role.RESPONDER.value, Role.SUPERVISOR.value]), S.c.disabled_at.is_(None)
                )
            )
        ],
    }


def board(conn: Connection, terms: Terms, now: datetime) -> dict[str, Any]:
    """The supervisors' board, whole. Holds no words of a visitor: those are read by watching."""
    names = {r.id: r for r in conn.execute(select(S.c.id, S.c.desk_name, S.c.role, S.c.capacity))}
    open_ = conn.execute(
        select(C)
        .where(C.c.phase != Phase.CLOSED.value, or_(C.c.visitor_seq > 0, C.c.phase != Phase.BOT.value))
        .order_by(C.c.opened_at)
    )
    conversations = []
    for r in open_:
        owner = names.get(r.owner_id) if r.owner_id else None
        waited = now - r.waiting_since if r.phase == Phase.WAITING.value and r.waiting_since else None
        conversations.append(
            {
                "conversation": r.id,
                "level": r.level,
                "about": r.about,
                "phase": r.phase,
                "help": r.help,
                "language": r.language,
                "waited_s": int((waited or timedelta(microseconds=r.waited_us)).total_seconds()),
                "opened_at": r.opened_at.isoformat(),
                "last_at": r.last_visitor_at.isoformat() if r.last_visitor_at else None,
                "owner": {"id": owner.id, "name": owner.desk_name} if owner is not None else None,
                "last_seq": r.last_seq,
            }
        )
    staff = [
        {
            "id": s.staff,
            "name": names[s.staff].desk_name,
            "role": s.role.value,
            "status": s.status.value,
            "present": s.present,
            "capacity": s.capacity,
            "owned": s.owned,
        }
        for s in duty(conn, terms, now)
    ]
    return {
        "conversations": conversations,
        "queue": queue_view(conn, terms, now)["waiting"],
        "staff": staff,
        "cases": open_cases(conn),
        "service": {"desk": terms.desk(now).payload()},
    }


def open_cases(conn: Connection) -> list[dict[str, Any]]:
    """The cases that still need people, the gravest and oldest first."""
    rows = conn.execute(select(K).where(K.c.status != CaseStatus.CLOSED.value)).all()
    ranked = sorted(rows, key=lambda r: (-Level(r.level).rank, r.opened_at))
    return [case(conn, row) for row in ranked]


def offers_to(conn: Connection, now: datetime, staff_id: str) -> list[dict[str, Any]]:
    """The offers that stand for one member of staff: a reload loses none."""
    rows = conn.execute(
        select(O.c.conversation_id, O.c.expires_at, C.c.level)
        .join(C, C.c.id == O.c.conversation_id)
        .where(O.c.staff_id == staff_id, O.c.state == "open", O.c.expires_at > now)
    ).all()
    return [
        {
            "conversation": r.conversation_id,
            "expires_at": r.expires_at.isoformat(),
            "level": r.level,
            **about(conn, r.conversation_id),
        }
        for r in rows
    ]


def unanswered_alarms(conn: Connection, now: datetime) -> list[dict[str, Any]]:
    """The ``case`` events of what nobody has acknowledged: who comes to their screen is rung at once."""
    rows = conn.execute(select(K).where(K.c.status == CaseStatus.OPEN.value).order_by(K.c.opened_at))
    return [dict(case_event(conn, row, now=now, ring=True).data) for row in rows]


def cases(conn: Connection, limit: int = 100) -> list[dict[str, Any]]:
    """The open cases, then the ones closed last."""
    closed = conn.execute(
        select(K).where(K.c.status == CaseStatus.CLOSED.value).order_by(K.c.closed_at.desc()).limit(limit)
    ).all()
    return open_cases(conn) + [case(conn, row) for row in closed]


def case(conn: Connection, row: Any) -> dict[str, Any]:
    """One case as lists show it."""
    by = None
    if row.acknowledged_by is not None:
        name = conn.execute(select(S.c.desk_name).where(S.c.id == row.acknowledged_by)).scalar()
        by = {"id": row.acknowledged_by, "name": name}
    help_ = None
    if row.conversation_id is not None:
        help_ = conn.execute(select(C.c.help).where(C.c.id == row.conversation_id)).scalar()
    return {
        "case": row.id,
        "conversation": row.conversation_id,
        "level": row.level,
        "graded": row.graded,
        "status": row.status,
        "subject": row.subject,
        "opened_at": row.opened_at.isoformat(),
        "due_at": due_at(conn, row),
        "acknowledged_by": by,
        "acknowledged_at": row.acknowledged_at.isoformat() if row.acknowledged_at else None,
        "help": help_,
        "outcome": row.outcome,
        "closed_at": row.closed_at.isoformat() if row.closed_at else None,
    }


def case_room(conn: Connection, case_id: str, role: Role) -> dict[str, Any] | None:
    """One case whole: its facts, the legal next steps, its timeline, and the conversation it came from."""
    row = conn.execute(select(K).where(K.c.id == case_id)).first()
    if row is None:
        return None
    # Afterwards the words are for the review alone, which is a supervisor's.
    readable = row.status != CaseStatus.CLOSED.value or role is Role.SUPERVISOR
    names = {r.id: r.desk_name for r in conn.execute(select(S.c.id, S.c.desk_name))}
    steps = conn.execute(select(KS).where(KS.c.case_id == case_id).order_by(KS.c.at, KS.c.id))
    return {
        **case(conn, row),
        "opened_by": names.get(row.opened_by, row.opened_by),
        "allowed": legal(row),
        "timeline": [
            {
                "at": r.at.isoformat(),
                "step": r.step,
                "by": {"id": r.by, "name": names.get(r.by, r.by)},
                "detail": r.detail or {},
            }
            for r in steps
        ],
        "transcript": transcript(conn, row.conversation_id) if row.conversation_id and readable else None,
    }


def owed_answers(conn: Connection) -> list[str]:
    """The conversations in which the bot still owes an answer: asked for after a restart."""
    rows = conn.execute(
        select(C.c.id).where(
            C.c.phase.in_([Phase.BOT.value, Phase.WAITING.value]), C.c.answered_seq < C.c.visitor_seq
        )
    )
    return [r.id for r in rows]


def _live_by_owner(conn: Connection) -> dict[str, Any]:
    high = func.count().filter(C.c.level.in_([Level.HIGH.value, Level.IMMINENT.value])).label("high")
    rows = conn.execute(
        select(C.c.owner_id, func.count().label("owned"), high)
        .where(C.c.phase == Phase.LIVE.value)
        .group_by(C.c.owner_id)
    )
    return {row.owner_id: row for row in rows}


def _unread(conn: Connection, row: Any) -> int:
    return conn.execute(
        select(func.count())
        .select_from(M)
        .where(and_(M.c.conversation_id == row.id, M.c.seq > row.staff_read_seq, M.c.by == "visitor"))
    ).scalar_one()


def _left(conn: Connection, visitor_id: str) -> list[dict[str, Any]]:
    left = table(LeftMessage)
    rows = conn.execute(
        select(left).where(left.c.visitor_id == visitor_id, left.c.handled_at.is_(None)).order_by(left.c.at)
    )
    return [{"at": r.at.isoformat(), "text": r.text, "contact": r.contact, "level": r.level} for r in rows]


def _categories(conn: Connection, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    wanted = list(ids)
    found: dict[str, list[str]] = {id_: [] for id_ in wanted}
    counted: dict[str, int] = dict.fromkeys(wanted, 0)
    for row in conn.execute(
        select(A.c.conversation_id, A.c.detail, A.c.source)
        .where(A.c.conversation_id.in_(wanted))
        .order_by(A.c.id)
    ):
        if row.source == "message":
            counted[row.conversation_id] += 1
        for category in (row.detail or {}).get("categories", []):
            if category not in found[row.conversation_id]:
                found[row.conversation_id].append(category)
    return {
        id_: {
            "messages": counted[id_],
            "categories": found[id_],
            "summary": " · ".join([f"{counted[id_]} ✉", *found[id_]]),
        }
        for id_ in wanted
    }
