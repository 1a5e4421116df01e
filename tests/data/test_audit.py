"""The audit log cannot be changed, and a change that went round the database is found."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from data import audit
from data.audit import AUDIT, HEAD
from tests.databases import NOW


def fill(conn: Connection, lines: int = 6) -> None:
    for i in range(lines):
        audit.write(
            conn, now=NOW + timedelta(seconds=i), actor=f"s_{i % 2}", action="conversation.opened",
            object=f"c_{i}", detail="high",
        )  # fmt: skip


def unguard(conn: Connection) -> None:
    """Go round the triggers, as somebody with the database's own password could."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        return
    for name in ("audit_no_update", "audit_no_delete", "audit_no_replace"):
        conn.execute(text(f"DROP TRIGGER {name}"))


def test_an_empty_log_and_one_with_lines_are_whole(conn: Connection) -> None:
    assert audit.verify(conn) is None
    fill(conn)
    assert audit.verify(conn) is None
    assert audit.head(conn) == (6, conn.execute(select(AUDIT.c.hash).where(AUDIT.c.n == 6)).scalar_one())


ALTERATIONS: dict[str, Callable[[Connection], object]] = {
    "another actor": lambda c: c.execute(update(AUDIT).where(AUDIT.c.n == 3).values(actor="s_9")),
    "another time": lambda c: c.execute(
        update(AUDIT).where(AUDIT.c.n == 3).values(at=NOW + timedelta(hours=1))
    ),
    "another detail": lambda c: c.execute(update(AUDIT).where(AUDIT.c.n == 3).values(detail="none")),
    "another hash of the line before": lambda c: c.execute(
        update(AUDIT).where(AUDIT.c.n == 3).values(previous=audit.GENESIS)
    ),
    "a line removed": lambda c: c.execute(delete(AUDIT).where(AUDIT.c.n == 3)),
    "two lines exchanged": lambda c: c.execute(
        update(AUDIT)
        .where(AUDIT.c.n.in_([3, 4]))
        .values(object=func.replace(func.replace(AUDIT.c.object, "c_2", "c_x"), "c_3", "c_2"))
    ),
    "a line forged with a right hash of its own": lambda c: c.execute(
        update(AUDIT)
        .where(AUDIT.c.n == 3)
        .values(
            actor="s_9",
            hash=audit.line_hash(
                3, NOW + timedelta(seconds=2), "s_9", "conversation.opened", "c_2", "high",
                c.execute(select(AUDIT.c.previous).where(AUDIT.c.n == 3)).scalar_one(),
            ),
        )
    ),
}  # fmt: skip


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_the_first_broken_line_is_named(conn: Connection, alteration: str) -> None:
    """A forged line with a hash that fits it still breaks the one after, which covers the old hash."""
    fill(conn)
    unguard(conn)
    ALTERATIONS[alteration](conn)
    assert audit.verify(conn) == (4 if "forged" in alteration else 3)


def test_lines_cut_off_at_the_end_are_missed(conn: Connection) -> None:
    fill(conn)
    unguard(conn)
    conn.execute(delete(AUDIT).where(AUDIT.c.n > 4))
    assert audit.verify(conn) == 5


def test_a_line_put_in_front_is_found(conn: Connection) -> None:
    fill(conn, 2)
    conn.execute(
        insert(AUDIT).values(n=0, at=NOW, actor="a", action="b", object="c", detail="", previous="", hash="")
    )
    assert audit.verify(conn) == 1


OWN = {
    "sqlite": "INSERT OR REPLACE INTO audit SELECT n, at, 'nobody', action, object, detail, previous, hash "
    "FROM audit WHERE n = 2",
    "postgresql": "TRUNCATE audit",
}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'nobody' WHERE n = 2",
        "DELETE FROM audit WHERE n = 2",
        "DELETE FROM audit",
        "INSERT INTO audit SELECT * FROM audit WHERE n = 2 ON CONFLICT (n) DO UPDATE SET actor = 'nobody'",
        "its own way round",
    ],
)
def test_the_database_refuses_to_change_a_line(engine: Engine, statement: str) -> None:
    if statement == "its own way round":
        statement = OWN[engine.dialect.name]
    with engine.begin() as conn:
        fill(conn)
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as conn:
        conn.execute(text(statement))
    with engine.begin() as conn:
        assert audit.verify(conn) is None
        assert conn.execute(select(func.count()).select_from(AUDIT)).scalar_one() == 6


def test_concurrent_writers_leave_one_chain_without_gaps(engine: Engine) -> None:
    """Each command is a transaction of its own on PostgreSQL: they queue at the head of the chain."""

    def write(i: int) -> None:
        with engine.begin() as conn:
            audit.write(conn, now=NOW, actor=f"s_{i}", action="case.read", object="k_1")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    with engine.begin() as conn:
        assert audit.verify(conn) is None
        assert audit.head(conn)[0] == 40


def test_what_is_rolled_back_leaves_no_gap(engine: Engine) -> None:
    with engine.begin() as conn:
        fill(conn, 2)
    with engine.connect() as conn:
        transaction = conn.begin()
        fill(conn, 3)
        transaction.rollback()
    with engine.begin() as conn:
        fill(conn, 1)
        assert audit.head(conn)[0] == 3
        assert audit.verify(conn) is None


def test_a_head_that_is_gone_does_not_hide_the_lines(conn: Connection) -> None:
    fill(conn)
    conn.execute(delete(HEAD))
    assert audit.verify(conn) == 7


LINE = st.tuples(
    st.integers(1, 10**6), st.datetimes(timezones=st.just(NOW.tzinfo)), *[st.text(max_size=4)] * 4
)


@given(LINE, LINE)
def test_different_lines_have_different_hashes(one: tuple[object, ...], other: tuple[object, ...]) -> None:
    """No field can run over into its neighbour."""

    def hashed(line: tuple[object, ...]) -> str:
        return audit.line_hash(*line, audit.GENESIS)  # type: ignore[call-arg,arg-type]

    assert (hashed(one) == hashed(other)) == (one == other)
