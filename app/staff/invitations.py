"""Invitations: the link with which somebody sets their password, once.

The token is 256 random bits; the database holds its SHA-256, so a copy of the table lets nobody in. What is
invited to, and the audit line, belong to ``accounts``.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from data.retention import DEFAULT
from data.tables import Invitation

INVITATION = Invitation.__table__  # type: ignore[attr-defined]

VALID = timedelta(hours=72)  # a volunteer reads their mail at the weekend


def invite(conn: Connection, *, now: datetime, staff_id: str) -> str:
    """A token that sets the password of ``staff_id``; earlier ones are withdrawn."""
    withdraw(conn, now=now, staff_id=staff_id)
    token = secrets.token_urlsafe(32)
    conn.execute(
        insert(INVITATION).values(
            id=_id(token),
            staff_id=staff_id,
            created_at=now,
            expires_at=now + VALID,
            delete_after=DEFAULT.sign_in(now + VALID),
        )
    )
    return token


def invited(conn: Connection, *, now: datetime, token: str) -> str | None:
    """The id of the member of staff whom a token is for; nothing for an unknown, used or expired one."""
    return conn.execute(
        select(INVITATION.c.staff_id).where(
            INVITATION.c.id == _id(token), INVITATION.c.used_at.is_(None), INVITATION.c.expires_at > now
        )
    ).scalar()


def use(conn: Connection, *, now: datetime, token: str) -> bool:
    """Spend a token. ``False`` when somebody else has just done so."""
    spent = conn.execute(
        update(INVITATION)
        .where(INVITATION.c.id == _id(token), INVITATION.c.used_at.is_(None), INVITATION.c.expires_at > now)
        .values(used_at=now)
    )
    return spent.rowcount == 1


def withdraw(conn: Connection, *, now: datetime, staff_id: str) -> None:
    """Make every open invitation of a member of staff worthless."""
    conn.execute(
        update(INVITATION)
        .where(
            INVITATION.c.staff_id == staff_id, INVITATION.c.used_at.is_(None), INVITATION.c.expires_at > now
        )
        .values(expires_at=now)
    )


def _id(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
