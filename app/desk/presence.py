"""Who is at their screen: measured by what was last heard over their sockets, never by a stored flag alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from app.desk import views
from app.desk.line import CHANGED
from app.desk.terms import Terms
from data.kinds import Done, Phase, Status
from data.sql import insert_if_absent
from data.tables import Conversation, Presence, table

C = table(Conversation)
P = table(Presence)


def arrive(conn: Connection, terms: Terms, *, now: datetime, staff: str) -> Done[dict[str, Any]]:
    """A console connects. Returns the roster; a first-time arrival is ``away`` until they say otherwise."""
    conn.execute(
        insert_if_absent(P, "staff_id"),
        {"staff_id": staff, "status": Status.AWAY.value, "heard_at": now, "sockets": 0, "idle_since": now},
    )
    conn.execute(update(P).where(P.c.staff_id == staff).values(heard_at=now, sockets=P.c.sockets + 1))
    return Done(views.roster(conn, terms, now, staff), CHANGED)


def leave(conn: Connection, *, now: datetime, staff: str) -> Done[None]:
    """A console's socket is gone. Their conversations stay theirs until they have been unheard for long enough."""
    conn.execute(update(P).where(P.c.staff_id == staff, P.c.sockets > 0).values(sockets=P.c.sockets - 1))
    return Done(None, CHANGED)


def heard(conn: Connection, *, at: Mapping[str, datetime]) -> Done[None]:
    """When each connected member of staff was last heard."""
    for staff, when in at.items():
        conn.execute(update(P).where(P.c.staff_id == staff, P.c.heard_at < when).values(heard_at=when))
    return Done(None)


def set_status(conn: Connection, *, now: datetime, staff: str, status: Status) -> Done[dict[str, Any]]:
    """What a member of staff says of themselves. Becoming available puts them at the end of the idle."""
    was = conn.execute(select(P.c.status).where(P.c.staff_id == staff)).scalar()
    values: dict[str, Any] = {"status": status.value, "heard_at": now}
    if status is Status.AVAILABLE and was != Status.AVAILABLE.value:
        values["idle_since"] = now
    conn.execute(update(P).where(P.c.staff_id == staff).values(values))
    return Done({"status": status.value}, CHANGED)


def nobody_connected(conn: Connection, *, now: datetime) -> Done[None]:
    """At the start of the only process no socket is open, whatever the last one wrote before it died.

    Nobody was heard while the station was down, which is no sign that they left: whoever holds a conversation has
    from now on to be heard again.
    """
    conn.execute(update(P).where(P.c.sockets != 0).values(sockets=0))
    holding = select(C.c.owner_id).where(C.c.phase == Phase.LIVE.value)
    conn.execute(update(P).where(P.c.staff_id.in_(holding), P.c.heard_at < now).values(heard_at=now))
    return Done(None)
