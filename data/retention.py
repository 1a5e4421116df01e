"""Retention: how long what is kept is kept, and the sweep that keeps the promise.

Every row with personal data carries ``delete_after``. The sweep deletes what has passed it, children before
parents and a bounded number at a time, but never anything of an open conversation, nor of a conversation or a
visitor with a case that is open or was closed within a month: its review still needs it. ``docs/privacy.md``
says the same in prose. Never deletes a line of the audit log, which holds ids alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, exists, or_, select, tuple_
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from data import audit
from data.kinds import CaseStatus, Done, Phase
from data.tables import metadata


@dataclass(frozen=True, slots=True)
class Retention:
    """How long each kind of record is kept; the settings override the first two."""

    conversation_days: int = 180
    """Conversations with all that belongs to them, and visitors after they were last seen."""
    case_days: int = 1095
    """Cases with their steps, and signals: three years, in which a decision may be asked about."""
    staff_days: int = 365
    """A member of staff's record after they left."""
    sign_in_days: int = 30
    """Ended sessions, spent invitations, and known addresses of the sign-in throttle."""
    outbox_days: int = 30
    """Alarms and calls to the host platform, once delivered or given up."""

    def conversation(self, now: datetime) -> datetime:
        """``delete_after`` of what is written in a conversation now."""
        return now + timedelta(days=self.conversation_days)

    def case(self, now: datetime) -> datetime:
        """``delete_after`` of a case, step or signal of now."""
        return now + timedelta(days=self.case_days)

    def staff(self, now: datetime) -> datetime:
        """``delete_after`` of somebody who leaves now."""
        return now + timedelta(days=self.staff_days)

    def sign_in(self, now: datetime) -> datetime:
        """``delete_after`` of a session or invitation that ends at ``now``."""
        return now + timedelta(days=self.sign_in_days)

    def outbox(self, now: datetime) -> datetime:
        """``delete_after`` of an alarm or call of now."""
        return now + timedelta(days=self.outbox_days)


DEFAULT = Retention()

AFTER_CASE = timedelta(days=30)
"""How long a closed case still holds what belongs to it: its follow-ups and its review are due within 7 days."""

_TABLES = metadata.tables
_CASE = _TABLES["case"]
_CONVERSATION = _TABLES["conversation"]

PARTS = ("assessment", "message", "offer", "note", "rating", "left_message")
"""What belongs to a conversation, which goes after the last of them."""

ORDER = (
    *PARTS, "watch", "conversation", "visitor",
    "case_step", "signal", "case",
    "invitation", "staff_session", "staff",
    "login_attempt", "outbox",
)  # fmt: skip
"""The tables with ``delete_after``, children before parents."""

_GO_WITH = {"case": ("clock", "case_id"), "staff": ("presence", "staff_id")}
"""Rows without a time of their own, which go with their parent."""


def sweep(conn: Connection, *, now: datetime, limit: int = 1000) -> Done[dict[str, int]]:
    """Delete what has passed its time, at most ``limit`` rows of each table.

    Returns how many rows of each table went, without the tables that lost none; call again while it is not empty.
    """
    gone: dict[str, int] = {}
    for name in ORDER:
        table = _TABLES[name]
        key = list(table.primary_key.columns)
        due = select(*key).where(table.c.delete_after <= now, *_free(table, now)).limit(limit)
        rows = [tuple(row) for row in conn.execute(due)]
        if not rows:
            continue
        if name in _GO_WITH:
            child, column = _GO_WITH[name]
            conn.execute(delete(_TABLES[child]).where(_TABLES[child].c[column].in_([row[0] for row in rows])))
        conn.execute(delete(table).where(tuple_(*key).in_(rows)))
        gone[name] = len(rows)
    if gone:
        counts = " ".join(f"{name}={count}" for name, count in gone.items())
        audit.write(conn, now=now, actor="clock", action="retention.swept", object="station", detail=counts)
    return Done(gone)


def _free(table: Table, now: datetime) -> list[ColumnElement[bool]]:
    """What must hold, besides the time, for a row of ``table`` to go."""
    c = table.c
    if table.name in PARTS or table.name == "watch":
        # A record of who watched may outlive what was watched: it keeps nothing else from going.
        return [~_conversation_needed(c.conversation_id, now)]
    match table.name:
        case "conversation":
            # It goes after the last of what belongs to it, which may have been written much later.
            return [*(~_refers(part, "conversation_id", c.id) for part in PARTS), ~_needed(c, now)]
        case "visitor":
            return [
                ~_refers("conversation", "visitor_id", c.id),
                ~_refers("left_message", "visitor_id", c.id),
                ~_case_needed(_CASE.c.visitor_id == c.id, now),
            ]
        case "case_step":
            # A timeline goes as a whole, when its case's time has come.
            case_kept = exists().where(_CASE.c.id == c.case_id, _CASE.c.delete_after > now)
            return [~_case_needed(_CASE.c.id == c.case_id, now), ~case_kept]
        case "signal":
            return [~_case_needed(_CASE.c.id == c.case_id, now)]
        case "case":
            # As _case_needed says, of the row itself.
            return [
                c.status == CaseStatus.CLOSED.value,
                or_(c.closed_at.is_(None), c.closed_at <= now - AFTER_CASE),
                ~_refers("case_step", "case_id", c.id),
            ]
        case "staff":
            return [
                ~_refers("staff_session", "staff_id", c.id),
                ~_refers("invitation", "staff_id", c.id),
                ~_refers("conversation", "owner_id", c.id),
            ]
        case "outbox":
            # An alarm that is still to be delivered is nobody's to forget.
            return [or_(c.delivered_at.is_not(None), c.dead_at.is_not(None))]
        case _:
            return []


def _refers(child: str, column: str, parent_id: ColumnElement[str]) -> ColumnElement[bool]:
    return exists().where(_TABLES[child].c[column] == parent_id)


def _conversation_needed(conversation_id: ColumnElement[str], now: datetime) -> ColumnElement[bool]:
    """Whether a conversation is open, or a case still needs it."""
    return exists().where(_CONVERSATION.c.id == conversation_id, _needed(_CONVERSATION.c, now))


def _needed(conversation: ReadOnlyColumnCollection[str, Column[Any]], now: datetime) -> ColumnElement[bool]:
    of_it = or_(_CASE.c.conversation_id == conversation.id, _CASE.c.visitor_id == conversation.visitor_id)
    return or_(conversation.phase != Phase.CLOSED.value, _case_needed(of_it, now))


def _case_needed(of: ColumnElement[bool], now: datetime) -> ColumnElement[bool]:
    """Whether there is a case that is open, or was closed so lately that its review still needs it."""
    return exists().where(
        of, or_(_CASE.c.status != CaseStatus.CLOSED.value, _CASE.c.closed_at > now - AFTER_CASE)
    )
