"""Signed-in browsers. The cookie's secret is 256 random bits; the database holds its SHA-256 alone.

A session lasts twelve hours after it was last used and a day at most, so that no shift (13:00 to 01:00, and the
talk that runs over) is cut by it. Reading a session writes nothing: :func:`slide` moves its end along, at most
once a minute.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, case, insert, literal, type_coerce, update

from app.staff.members import STAFF, StaffMember, as_member, members
from data import audit
from data.kinds import Done, Event, EventKind
from data.retention import DEFAULT
from data.tables import Moment, StaffSession

SESSION = StaffSession.__table__  # type: ignore[attr-defined]

UNUSED = timedelta(hours=12)  # ends this long after it was last used
LONGEST = timedelta(hours=24)  # ends this long after signing in, used or not
SLIDE_EVERY = timedelta(minutes=1)  # one write a minute for each browser, not one for each request


def open_session(conn: Connection, *, now: datetime, staff_id: str) -> Done[str]:
    """Sign somebody in, whose password the caller has checked. Returns the cookie's secret."""
    secret = secrets.token_urlsafe(32)
    conn.execute(
        insert(SESSION).values(
            id=session_id(secret),
            staff_id=staff_id,
            created_at=now,
            seen_at=now,
            expires_at=now + UNUSED,
            delete_after=DEFAULT.sign_in(now + LONGEST),
        )
    )
    audit.write(conn, now=now, actor=staff_id, action="session.opened", object=staff_id)
    return Done(secret)


def session_staff(conn: Connection, *, now: datetime, secret: str) -> StaffMember | None:
    """Who is signed in with this cookie; nobody when it is unknown, expired or revoked, or they are disabled."""
    row = conn.execute(
        members()
        .join(SESSION, SESSION.c.staff_id == STAFF.c.id)
        .where(
            SESSION.c.id == session_id(secret),
            SESSION.c.revoked_at.is_(None),
            SESSION.c.expires_at > now,
            STAFF.c.disabled_at.is_(None),
        )
    ).first()
    return None if row is None else as_member(row)


def slide(conn: Connection, *, now: datetime, secret: str) -> Done[None]:
    """Note that a session is in use: its end moves along. Never brings an ended one back."""
    return slide_all(conn, now=now, sessions=[session_id(secret)])


def slide_all(conn: Connection, *, now: datetime, sessions: Collection[str]) -> Done[None]:
    """The same for many at once, by :func:`session_id`: those with an open socket are in use."""
    began = type_coerce(SESSION.c.created_at, BigInteger)
    conn.execute(
        update(SESSION)
        .where(
            SESSION.c.id.in_(sessions),
            SESSION.c.revoked_at.is_(None),
            SESSION.c.expires_at > now,
            SESSION.c.seen_at <= now - SLIDE_EVERY,
        )
        .values(
            seen_at=now,
            expires_at=case(
                (SESSION.c.created_at < now + UNUSED - LONGEST, began + LONGEST // timedelta(microseconds=1)),
                else_=literal(now + UNUSED, Moment()),
            ),
        )
    )
    return Done(None)


def close_session(conn: Connection, *, now: datetime, secret: str) -> Done[None]:
    """Sign a browser out. Its sockets close by the event; an unknown secret is nobody's and changes nothing."""
    ended = conn.execute(
        update(SESSION)
        .where(SESSION.c.id == session_id(secret), SESSION.c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(SESSION.c.staff_id)
    ).first()
    if ended is None:
        return Done(None)
    audit.write(conn, now=now, actor=ended.staff_id, action="session.closed", object=ended.staff_id)
    event = Event(EventKind.STAFF_CLOSED, to=ended.staff_id, data={"session": session_id(secret)})
    return Done(None, (event,))


def revoke_all(conn: Connection, *, now: datetime, staff_id: str) -> Event:
    """Sign somebody out everywhere. Returns the event after which all their sockets close."""
    conn.execute(
        update(SESSION)
        .where(SESSION.c.staff_id == staff_id, SESSION.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return Event(EventKind.STAFF_CLOSED, to=staff_id)


def session_id(secret: str) -> str:
    """What the database and events call a session: the SHA-256 of its secret, in hex."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
