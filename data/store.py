"""The store: where every command is run, off the event loop, and where its events come back after the commit.

A command is a function of a SQLAlchemy ``Connection`` that returns :class:`data.kinds.Done`. On SQLite one writer
thread runs whatever queued up during its last commit as one transaction: no timer, and one sync for all of them.
A command that fails takes no other with it: one that refuses before it wrote anything is simply answered, after
any other failure the group is rolled back and each of its commands is run again in a transaction of its own.
On PostgreSQL each command is a transaction of its own from a pool, in order inside its lane.

This module alone knows which database it is. It never looks into an event or a value.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from data.kinds import Done, ErrorCode, Event, Refusal

T = TypeVar("T")
Command = Callable[[Connection], Done[T]]
Answer = Callable[[Any, BaseException | None], None]
Publish = Callable[[Sequence[Event]], None]

log = structlog.get_logger()

GROUP_MAX = 512  # commands in one transaction: bounds how long the first of them waits for the last
_RETRIES = 4  # PostgreSQL: how often a deadlocked or serialisation-failed transaction is tried in all


class Store(Protocol):
    """What commands are run on. ``answer`` is called on the event loop after the commit, before the events go out."""

    name: str

    def submit(self, command: Command[Any], answer: Answer, lane: str | None = None) -> None:
        """Queue a command without waiting. Commands of one lane run in the order they were submitted."""

    def run(
        self, command: Callable[..., Done[T]], *args: Any, lane: str | None = None, **named: Any
    ) -> asyncio.Future[T]:
        """Queue ``command(connection, *args, **named)`` at once; the future gives its value or what it raised."""

    async def read(self, query: Callable[..., T], *args: Any, **named: Any) -> T:
        """Run a query that writes nothing, beside the writer, on what is committed."""

    async def close(self) -> None:
        """Finish what is queued, then let go of the database."""


class _Base:
    """What both stores share: answering and publishing on the event loop, in the order of the commits."""

    name = ""

    def __init__(self, publish: Publish) -> None:
        self._loop = asyncio.get_running_loop()
        self._publish = publish

    def _finish(self, finished: Sequence[tuple[Answer, Done[Any] | None, BaseException | None]]) -> None:
        for answer, done, error in finished:
            try:
                answer(None if done is None else done.value, error)
            except Exception:
                log.exception("store.answer_failed")
            if done is not None and done.events:
                try:
                    self._publish(done.events)
                except Exception:
                    log.exception("store.publish_failed", kinds=[e.kind for e in done.events])

    def submit(self, command: Command[Any], answer: Answer, lane: str | None = None) -> None:
        raise NotImplementedError  # pragma: no cover - each store has its own

    def run(
        self, command: Callable[..., Done[T]], *args: Any, lane: str | None = None, **named: Any
    ) -> asyncio.Future[T]:
        future: asyncio.Future[T] = self._loop.create_future()

        def answer(value: Any, error: BaseException | None) -> None:
            if future.cancelled():
                return
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)

        self.submit(lambda connection: command(connection, *args, **named), answer, lane)
        return future


def as_refusal(error: BaseException) -> BaseException:
    """A database that cannot write (full, locked, away) as the contract's ``unavailable``; others unchanged."""
    if isinstance(error, OperationalError):
        return Refusal(
            ErrorCode.UNAVAILABLE,
            "The station cannot write this down just now. Please try again.",
            retry_after=2.0,
        )
    return error


def sqlite_engine(url: str, *, writer: bool) -> Engine:
    """A SQLite engine in WAL mode with ``synchronous=FULL``; transactions are begun by us, never by pysqlite."""
    engine = create_engine(
        url, hide_parameters=True, connect_args={"timeout": 10, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # pysqlite's own transaction handling once kept a row of a rolled-back transaction: it is off.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        if not writer:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine


class SqliteStore(_Base):
    """One writer thread with group commit; readers beside it."""

    name = "sqlite"

    def __init__(self, url: str, publish: Publish) -> None:
        super().__init__(publish)
        self._engine = sqlite_engine(url, writer=True)
        self._read_engine = sqlite_engine(url, writer=False)
        self._jobs: queue.SimpleQueue[tuple[Command[Any], Answer] | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(2, "station-read")
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="station-write", daemon=True)
        self._thread.start()

    def submit(self, command: Command[Any], answer: Answer, lane: str | None = None) -> None:
        if self._closing:
            answer(None, Refusal(ErrorCode.UNAVAILABLE, "The station is restarting.", retry_after=2.0))
            return
        self._jobs.put((command, answer))

    async def read(self, query: Callable[..., T], *args: Any, **named: Any) -> T:
        def work() -> T:
            with self._read_engine.connect() as connection:
                return query(connection, *args, **named)

        return await self._loop.run_in_executor(self._readers, work)

    async def close(self) -> None:
        self._closing = True
        self._jobs.put(None)
        await self._loop.run_in_executor(None, self._thread.join)
        self._readers.shutdown()
        self._engine.dispose()
        self._read_engine.dispose()

    def _work(self) -> None:
        with self._engine.connect() as connection:
            while True:
                group, stop = self._next_group()
                if group:
                    finished = self._run_group(connection, group)
                    self._loop.call_soon_threadsafe(self._finish, finished)
                if stop:
                    return

    def _next_group(self) -> tuple[list[tuple[Command[Any], Answer]], bool]:
        job = self._jobs.get()
        group: list[tuple[Command[Any], Answer]] = []
        while job is not None:
            group.append(job)
            if len(group) >= GROUP_MAX:
                return group, False
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _run_group(
        self, connection: Connection, group: list[tuple[Command[Any], Answer]]
    ) -> list[tuple[Answer, Done[Any] | None, BaseException | None]]:
        finished: list[tuple[Answer, Done[Any] | None, BaseException | None]] = []
        begun = False
        try:
            with connection.begin():
                begun = True
                raw = connection.connection.dbapi_connection
                for command, answer in group:
                    before = raw.total_changes  # type: ignore[union-attr]
                    try:
                        finished.append((answer, command(connection), None))
                    except Refusal as refusal:
                        if raw.total_changes != before:  # type: ignore[union-attr]
                            raise
                        finished.append((answer, None, refusal))
            return finished
        except Exception as error:
            if not begun:
                # Somebody else holds the database: each would wait as long again, one after another.
                log.error("store.not_begun", error=type(error).__name__, commands=len(group))
                return [(answer, None, as_refusal(error)) for _, answer in group]
            if len(group) == 1:
                if not isinstance(error, Refusal):
                    log.error("store.command_failed", error=type(error).__name__, exc_info=error)
                return [(group[0][1], None, as_refusal(error))]
        # Somebody's command failed after it had written: each again, alone, so that only its own is lost.
        return [result for job in group for result in self._run_group(connection, [job])]


class PostgresStore(_Base):
    """Each command a transaction of its own, from a pool; those of one lane one after another."""

    name = "postgresql"

    def __init__(self, url: str, publish: Publish, *, workers: int = 8) -> None:
        super().__init__(publish)
        self._engine = create_engine(
            url, pool_size=workers, max_overflow=2, pool_pre_ping=True, hide_parameters=True
        )
        self._workers = ThreadPoolExecutor(workers, "station-db")
        self._lanes: dict[str, deque[tuple[Command[Any], Answer]]] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False

    def submit(self, command: Command[Any], answer: Answer, lane: str | None = None) -> None:
        if self._closing:
            answer(None, Refusal(ErrorCode.UNAVAILABLE, "The station is restarting.", retry_after=2.0))
            return
        if lane is None:
            self._workers.submit(self._run_one, command, answer, None)
            return
        waiting = self._lanes.get(lane)
        if waiting is None:
            self._lanes[lane] = deque()
            self._idle.clear()
            self._workers.submit(self._run_one, command, answer, lane)
        else:
            waiting.append((command, answer))

    async def read(self, query: Callable[..., T], *args: Any, **named: Any) -> T:
        def work() -> T:
            with self._engine.connect() as connection:
                return query(connection, *args, **named)

        return await self._loop.run_in_executor(self._workers, work)

    async def close(self) -> None:
        self._closing = True
        await self._idle.wait()
        await self._loop.run_in_executor(None, self._workers.shutdown)
        self._engine.dispose()

    def _run_one(self, command: Command[Any], answer: Answer, lane: str | None) -> None:
        done: Done[Any] | None = None
        error: BaseException | None = None
        for attempt in range(1, _RETRIES + 1):
            try:
                with self._engine.begin() as connection:
                    done = command(connection)
                error = None
                break
            except Refusal as refusal:
                error = refusal
                break
            except Exception as fault:
                error = fault
                if attempt == _RETRIES or not _worth_retrying(fault):
                    log.error("store.command_failed", error=type(fault).__name__, exc_info=fault)
                    error = as_refusal(fault)
                    break
        self._loop.call_soon_threadsafe(self._finish_one, answer, done, error, lane)

    def _finish_one(
        self, answer: Answer, done: Done[Any] | None, error: BaseException | None, lane: str | None
    ) -> None:
        self._finish([(answer, done, error)])
        if lane is None:
            return
        waiting = self._lanes[lane]
        if waiting:
            command, following = waiting.popleft()
            self._workers.submit(self._run_one, command, following, lane)
        else:
            del self._lanes[lane]
            if not self._lanes:
                self._idle.set()


def _worth_retrying(error: BaseException) -> bool:
    """Whether another try can succeed: lost a deadlock or a race (a unique key, a serialisation), or the link."""
    if isinstance(error, IntegrityError):
        return True  # two who created the same thing at once: the second try finds it
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return isinstance(error, DBAPIError) and (state in {"40001", "40P01"} or error.connection_invalidated)


def open_store(url: str, publish: Publish) -> SqliteStore | PostgresStore:
    """The store for a database URL. Must be called with the event loop running."""
    backend = make_url(url).get_backend_name()
    if backend == "sqlite":
        return SqliteStore(url, publish)
    if backend == "postgresql":
        return PostgresStore(url.replace("postgresql://", "postgresql+psycopg://", 1), publish)
    raise ValueError(f"STATION_DATABASE_URL: {backend} is not supported; use sqlite or postgresql")
