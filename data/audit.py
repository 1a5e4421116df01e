"""The audit log: who did or read what, append-only, each line's hash covering the one before.

A line holds ids and words of fixed lists, never a person's words, name or address. Triggers in the database
refuse to change or remove a line, whoever asks; :func:`verify` finds a line that was changed by going round them.

The head row is locked from the first line a transaction writes until it commits, so that concurrent transactions
on PostgreSQL queue up and the numbers have no gap. Write the line **last** in a command: whoever locks other rows
after it can deadlock with somebody who has them and waits here.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import orjson
from sqlalchemy import DDL, Connection, event, insert, select, update

from data.sql import insert_if_absent
from data.tables import Audit, AuditHead

AUDIT = Audit.__table__  # type: ignore[attr-defined]
HEAD = AuditHead.__table__  # type: ignore[attr-defined]

GENESIS = "0" * 64
"""What the first line gives as the hash before it."""

# What verify() reads at once: bounds its memory on a log of millions of lines.
_BATCH = 2000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

REFUSE = {
    "sqlite": (
        "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
        # INSERT OR REPLACE removes the old row without asking the trigger above.
        "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit "
        "WHEN EXISTS (SELECT 1 FROM audit WHERE n = NEW.n) "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$",
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    ),
}
"""The triggers, by database. The first migration holds its own copy, and a test that they agree."""

for _dialect, _statements in REFUSE.items():
    for _statement in _statements:
        event.listen(AUDIT, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]


def line_hash(n: int, at: datetime, actor: str, action: str, object: str, detail: str, previous: str) -> str:
    """SHA-256, in hex, over a line's fields as a JSON list (which no choice of fields can imitate)."""
    microseconds = (at - _EPOCH) // timedelta(microseconds=1)
    fields = orjson.dumps([n, microseconds, actor, action, object, detail, previous])
    return hashlib.sha256(fields).hexdigest()


def write(conn: Connection, *, now: datetime, actor: str, action: str, object: str, detail: str = "") -> None:
    """Append a line.

    Parameters
    ----------
    actor:
        a member of staff's id, or ``operator``, ``screening``, ``clock``, ``host``.
    action:
        what was done, as ``noun.verb``: ``staff.added``, ``conversation.watched``.
    object:
        the id of what it was done to.
    detail:
        ids and words of fixed lists only.
    """
    # The row lock comes with the UPDATE; the hash in it is still the one of the line before.
    taken = conn.execute(
        update(HEAD).where(HEAD.c.id == 1).values(n=HEAD.c.n + 1).returning(HEAD.c.n, HEAD.c.hash)
    ).first()
    if taken is None:
        conn.execute(insert_if_absent(HEAD, "id"), {"id": 1, "n": 0, "hash": GENESIS})
        write(conn, now=now, actor=actor, action=action, object=object, detail=detail)
        return
    n, previous = taken
    line = line_hash(n, now, actor, action, object, detail, previous)
    conn.execute(
        insert(AUDIT).values(
            n=n,
            at=now,
            actor=actor,
            action=action,
            object=object,
            detail=detail,
            previous=previous,
            hash=line,
        )
    )
    conn.execute(update(HEAD).where(HEAD.c.id == 1).values(hash=line))


def verify(conn: Connection) -> int | None:
    """The number of the first line that is altered, missing or out of its place; nothing when the log is whole.

    Whoever can write to the database and knows this code can forge a whole new chain: note :func:`head` elsewhere
    from time to time, and an old hash that is no longer in the log gives them away.
    """
    previous, expected = GENESIS, 1
    lines = conn.execute(
        select(
            AUDIT.c.n, AUDIT.c.at, AUDIT.c.actor, AUDIT.c.action, AUDIT.c.object, AUDIT.c.detail,
            AUDIT.c.previous, AUDIT.c.hash,
        ).order_by(AUDIT.c.n),
        execution_options={"yield_per": _BATCH},
    )  # fmt: skip
    for n, at, actor, action, object, detail, before, stored in lines:
        right = line_hash(n, at, actor, action, object, detail, previous)
        if n != expected or before != previous or stored != right:
            lines.close()
            return expected
        previous, expected = stored, expected + 1
    return None if head(conn) == (expected - 1, previous) else expected


def head(conn: Connection) -> tuple[int, str]:
    """The number and hash of the last line; ``(0, GENESIS)`` while there is none."""
    row = conn.execute(select(HEAD.c.n, HEAD.c.hash).where(HEAD.c.id == 1)).first()
    return (0, GENESIS) if row is None else (row.n, row.hash)
