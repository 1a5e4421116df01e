"""The store: one sync for a group, one failure for itself alone, and order in everything."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.exc import IntegrityError

from data.kinds import Done, ErrorCode, Event, EventKind, Refusal
from data.store import PostgresStore, SqliteStore, open_store
from data.tables import Clock, table
from tests.databases import NOW

CLOCK = table(Clock)


@pytest.fixture
def published() -> list[Event]:
    """What the store published, in order."""
    return []


@pytest.fixture
async def store(engine: Engine, published: list[Event]) -> AsyncIterator[SqliteStore | PostgresStore]:
    """A store on an empty database, once of each kind."""
    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    store = open_store(url, published.extend)
    yield store
    await store.close()


def put(conn: Connection, n: int, *, fail: BaseException | None = None, early: bool = False) -> Done[int]:
    """Write one row and report it; or fail, before or after having written."""
    if fail is not None and early:
        raise fail
    conn.execute(insert(CLOCK).values(case_id=f"k{n}", kind="test", round=n, due_at=NOW))
    if fail is not None:
        raise fail
    return Done(n, (Event(EventKind.BOARD, data={"n": n}),))


def rows(conn: Connection) -> list[int]:
    return sorted(r.round for r in conn.execute(select(CLOCK.c.round)))


async def hold(store: Any) -> Callable[[], None]:
    """Keep a SQLite store's writer busy, so that what follows queues up into one group."""
    begun, go = threading.Event(), threading.Event()

    def wait(conn: Connection) -> Done[None]:
        begun.set()
        go.wait(10)
        return Done(None)

    held = store.run(wait)
    await asyncio.to_thread(begun.wait, 10)

    def release() -> None:
        go.set()
        assert held

    return release


async def test_what_is_answered_can_be_read(store: Any) -> None:
    assert await store.run(put, 1) == 1
    assert await store.read(rows) == [1]


async def test_one_that_fails_after_writing_takes_no_other_with_it(
    store: Any, published: list[Event]
) -> None:
    """Its neighbours in the group are stored and published; it leaves nothing behind."""
    release = await hold(store)
    results = [store.run(put, n, fail=RuntimeError("broken") if n == 5 else None) for n in range(10)]
    release()
    answers = await asyncio.gather(*results, return_exceptions=True)
    assert [a for a in answers if not isinstance(a, BaseException)] == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert isinstance(answers[5], RuntimeError)
    assert await store.read(rows) == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert sorted(e.data["n"] for e in published) == [0, 1, 2, 3, 4, 6, 7, 8, 9]


@pytest.mark.parametrize("early", [True, False])
async def test_a_refusal_is_answered_and_leaves_nothing(store: Any, early: bool) -> None:
    """Before it wrote anything, as commands promise; and should one not keep the promise, all the same."""
    refusal = Refusal(ErrorCode.NOT_ALLOWED, "no")
    release = await hold(store)
    good, bad = store.run(put, 1), store.run(put, 2, fail=refusal, early=early)
    release()
    assert await good == 1
    with pytest.raises(Refusal, match="no"):
        await bad
    assert await store.read(rows) == [1]


async def test_a_broken_constraint_is_its_own_commands_alone(store: Any) -> None:
    await store.run(put, 1)
    release = await hold(store)
    again, other = store.run(put, 1), store.run(put, 2)
    release()
    with pytest.raises(IntegrityError):
        await again
    assert await other == 2
    assert await store.read(rows) == [1, 2]


async def test_commands_of_one_lane_run_and_publish_in_order(store: Any, published: list[Event]) -> None:
    await asyncio.gather(*(store.run(put, n, lane="one visitor") for n in range(60)))
    assert [e.data["n"] for e in published] == list(range(60))


async def test_the_answer_comes_before_its_events_and_both_after_the_commit(
    store: Any, engine: Engine
) -> None:
    """Whoever is answered can already be found by another connection."""
    seen: list[Any] = []
    out = asyncio.Event()

    def publish(events: Sequence[Event]) -> None:
        seen.append("published")
        out.set()

    store._publish = publish

    def answer(value: Any, error: BaseException | None) -> None:
        with engine.connect() as other:
            seen.append(rows(other))

    store.submit(lambda conn: put(conn, 1), answer)
    await asyncio.wait_for(out.wait(), 10)
    assert seen == [[1], "published"]


async def test_a_publisher_that_fails_loses_no_answer(store: Any) -> None:
    def publish(events: Sequence[Event]) -> None:
        raise RuntimeError("a bug in a publisher")

    store._publish = publish
    assert await store.run(put, 1) == 1
    assert await store.run(put, 2) == 2


async def test_sqlite_syncs_fully_and_uses_a_write_ahead_log(tmp_path: Path) -> None:
    store = SqliteStore(f"sqlite:///{tmp_path}/station.db", lambda events: None)
    try:
        pragmas = await store.run(
            lambda conn: Done(
                (
                    conn.execute(text("PRAGMA synchronous")).scalar(),
                    conn.execute(text("PRAGMA journal_mode")).scalar(),
                    conn.execute(text("PRAGMA foreign_keys")).scalar(),
                )
            )
        )
        assert pragmas == (2, "wal", 1)
    finally:
        await store.close()


async def test_those_that_wait_share_the_next_commit(tmp_path: Path) -> None:
    """A hundred commands that arrive during a commit make one more commit, not a hundred."""
    store = SqliteStore(f"sqlite:///{tmp_path}/station.db", lambda events: None)
    try:
        with store._engine.begin() as conn:
            CLOCK.create(conn)
        commits = 0

        def count(statement: Any) -> None:
            nonlocal commits
            commits += 1

        from sqlalchemy import event

        event.listen(store._engine, "commit", count)
        release = await hold(store)
        results = [store.run(put, n) for n in range(100)]
        release()
        await asyncio.gather(*results)
        assert commits == 2
    finally:
        await store.close()


async def test_a_read_cannot_write(tmp_path: Path) -> None:
    store = SqliteStore(f"sqlite:///{tmp_path}/station.db", lambda events: None)
    try:
        with store._engine.begin() as conn:
            CLOCK.create(conn)
        with pytest.raises(Exception, match=r"readonly|read-only"):
            await store.read(put, 1)
    finally:
        await store.close()


async def test_a_store_that_is_closing_says_unavailable(tmp_path: Path) -> None:
    store = SqliteStore(f"sqlite:///{tmp_path}/station.db", lambda events: None)
    await store.close()
    with pytest.raises(Refusal) as refused:
        await store.run(put, 1)
    assert refused.value.code is ErrorCode.UNAVAILABLE


async def test_a_database_that_somebody_else_holds_keeps_nobody_waiting_in_turn(tmp_path: Path) -> None:
    """Each waits as long as the first does, and is told to try again; afterwards all goes on."""
    path = tmp_path / "locked.db"
    store = SqliteStore(f"sqlite:///{path}", lambda events: None)
    other = sqlite3.connect(path, isolation_level=None)
    try:
        await store.run(lambda conn: Done(conn.exec_driver_sql("PRAGMA busy_timeout=300").close()))
        other.execute("BEGIN IMMEDIATE")
        asked = [store.run(lambda conn: Done(None)) for _ in range(40)]
        async with asyncio.timeout(3):  # 40 in turn would be 12 seconds
            refused = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(r, Refusal) and r.code is ErrorCode.UNAVAILABLE for r in refused)
        other.execute("ROLLBACK")
        assert await store.run(lambda conn: Done("written")) == "written"
    finally:
        other.close()
        await store.close()
