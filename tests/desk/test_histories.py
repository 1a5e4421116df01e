"""After any history, what sockets were sent adds up to what a fresh snapshot shows; and the record keeps its rules.

Random histories of a visitor, two counsellors, a responder and the clock are run as commands; their events go
through the real publisher to a visitor's, an owner's and a supervisor's queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from app.desk import crisis, line, presence, talk, views, visits
from app.desk.hours import parse_hours
from app.desk.terms import Terms
from app.gateway.publisher import DESK, VISITOR, WATCH, Publisher, conversation_room
from app.gateway.wire import Client, Rooms
from app.staff.demo import make_demo_staff
from bot import replies
from bot.facts import Answer, Line
from bot.screening import load_screener
from data.kinds import Level, Refusal, Role, Status, Step
from data.tables import Case, Conversation, table
from tests.databases import NOW, database, keys

__all__ = ["keys"]

C, K = table(Conversation), table(Case)
TERMS = Terms(
    hours=parse_hours("00:00-24:00", "UTC"),
    screen=load_screener().screen,
    words=replies.say,
    greet=lambda language, now: Answer((Line("hello"),), (), "script"),
)
ACTS = st.sampled_from(
    ["say", "say", "say", "danger", "again", "ask", "leave", "end", "accept1", "accept2", "answer1", "answer2",
     "bot", "close1", "vanish", "turn", "acknowledge", "minute", "rate", "seen"]
)  # fmt: skip


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with database("sqlite", tmp_path_factory.mktemp("histories")) as engine:
        yield engine


@dataclass
class World:
    """One visitor's history, and what the three queues were sent."""

    engine: Engine
    now: Any
    visitor: str = ""
    conversation: str = ""
    count: int = 0
    staff: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rooms = Rooms()
        self.screens = {ns: self._screen(ns) for ns in (VISITOR, WATCH)}
        self.desks = {}
        self.publisher = Publisher(
            self.rooms,
            changed=lambda queue: None,
            bot_turn=lambda conversation: None,
            opened=self._moved,
            close=lambda client: None,
        )
        self.publisher._deliver = lambda *mark: None  # type: ignore[method-assign] - gathered by a timer
        with self.engine.begin() as conn:
            self.staff = make_demo_staff(conn, now=self.now, password_hash="x").value
        for member in (self.staff[0], self.staff[1], self.staff[3]):
            self.run(presence.arrive, terms=TERMS, staff=member.id)
            self.run(presence.set_status, staff=member.id, status=Status.AVAILABLE)
            self.desks[member.id] = self._screen(DESK)
            self.rooms.join(self.desks[member.id], f"s:{member.id}")
        arrived = self.run(visits.arrive, terms=TERMS, language="en", resume=None, host_user=None)
        self.visitor, self.conversation = arrived["visitor"], arrived["conversation"]
        self.rooms.join(self.screens[VISITOR], f"v:{self.visitor}")
        self._enter()

    def _screen(self, namespace: str) -> Client:
        client = Client(
            namespace, namespace, namespace, SimpleNamespace(queue=asyncio.Queue()), lambda client: None
        )
        client.gate = None
        return client

    def _enter(self) -> None:
        for namespace in (VISITOR, WATCH):
            client = self.screens[namespace]
            self.rooms.leave(client, conversation_room(getattr(client, "who", None) or ""))
            client.who = self.conversation
            self.rooms.join(client, conversation_room(self.conversation))
            while not client.socket.queue.empty():
                client.socket.queue.get_nowait()
        self.base = self.fresh()["messages"]

    def _moved(self, client: Client, conversation: str) -> None:
        self.conversation = conversation
        for namespace in (VISITOR, WATCH):
            screen = self.screens[namespace]
            self.rooms.leave(screen, conversation_room(screen.who))
            screen.who = conversation
            self.rooms.join(screen, conversation_room(conversation))
            while not screen.socket.queue.empty():
                screen.socket.queue.get_nowait()
        self.base = []

    def fresh(self) -> dict[str, Any]:
        with self.engine.connect() as conn:
            return visits.welcome(conn, TERMS, now=self.now, conversation=self.conversation)

    def run(self, command: Any, **named: Any) -> Any:
        """One command as the store runs it: committed, then published; a refusal changes nothing."""
        try:
            with self.engine.begin() as conn:
                done = command(conn, now=self.now, **named)
        except Refusal:
            return None
        self.publisher.publish(done.events)
        return done.value

    def received(self, client: Client, event: str) -> list[dict[str, Any]]:
        """What a queue holds of one event, in order. Looks without taking."""
        out = []
        for packet in list(client.socket.queue._queue):
            name, data = orjson.loads(packet.data.split(",", 1)[1])
            if name == event:
                out.append(data)
        return out

    def time(self) -> None:
        """What the station's own loop does."""
        self.run(line.ring, terms=TERMS)
        self.run(line.turn, terms=TERMS)

    def act(self, what: str) -> None:
        self.count += 1
        own = {"terms": TERMS, "visitor": self.visitor, "conversation": self.conversation}
        lin, ning, zhou = self.staff[0], self.staff[1], self.staff[3]
        if what in ("say", "danger", "again"):
            text = "I want to kill myself tonight" if what == "danger" else "it was a long day"
            id_ = "again" if what == "again" else f"m{self.count}"
            self.run(talk.say, **own, id=id_, text=text)
        elif what == "ask":
            self.run(line.ask_human, **own)
        elif what == "leave":
            self.run(line.leave_queue, **own)
        elif what == "end":
            self.run(line.end, **own)
        elif what in ("accept1", "accept2"):
            staff = lin if what == "accept1" else ning
            self.run(line.accept, terms=TERMS, staff=staff.id, conversation=self.conversation)
        elif what in ("answer1", "answer2"):
            staff = lin if what == "answer1" else ning
            self.run(
                talk.say_as_staff, terms=TERMS, staff=staff.id, name=staff.desk_name,
                conversation=self.conversation, id=f"s{self.count}", text="I am here",
            )  # fmt: skip
        elif what == "bot":
            seq = self.row().visitor_seq
            self.run(
                talk.answer_as_bot,
                terms=TERMS,
                conversation=self.conversation,
                upto=seq,
                lines=[("mm", None)],
            )
        elif what == "close1":
            self.run(
                line.close, terms=TERMS, staff=lin.id, conversation=self.conversation, disposition="eased",
                risk_asked=True, risk_answer=None, note="n", agreed_by=zhou.id,
            )  # fmt: skip
        elif what == "vanish":
            self.now += timedelta(seconds=61)
            self.time()
        elif what == "minute":
            self.now += timedelta(seconds=60)
            for member in (lin, ning, zhou):
                self.run(lambda conn, now, who=member.id: presence.heard(conn, at={who: now}))
            self.time()
        elif what == "turn":
            self.time()
        elif what == "acknowledge":
            case = self.case()
            if case is not None:
                self.run(
                    crisis.take_step, terms=TERMS, case=case.id, step=Step.ACKNOWLEDGE, staff=zhou.id,
                    role=Role.RESPONDER, form={},
                )  # fmt: skip
        elif what == "rate":
            self.run(visits.rate, **own, mood=2, score=None, comment="I might kill myself tonight")
        elif what == "seen":
            self.run(
                talk.seen_by_visitor,
                visitor=self.visitor,
                conversation=self.conversation,
                seq=self.row().last_seq,
            )

    def row(self) -> Any:
        with self.engine.connect() as conn:
            return views.conversation(conn, self.conversation)

    def case(self) -> Any:
        with self.engine.connect() as conn:
            rows = conn.execute(select(K).where(K.c.visitor_id == self.visitor, K.c.status != "closed")).all()
        assert len(rows) <= 1, "one open case for one person"
        return rows[0] if rows else None


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(ACTS, min_size=5, max_size=40))
def test_events_add_up_to_the_snapshot_after_any_history(sqlite: Engine, history: list[str]) -> None:
    asyncio.run(_history(sqlite, history))


async def _history(engine: Engine, history: list[str]) -> None:
    world = World(engine, NOW)
    level = Level.NONE
    for what in history:
        before = world.conversation
        world.act(what)
        row = world.row()
        if world.conversation == before:
            assert Level(row.level).rank >= level.rank, "a level never falls by itself"
        level = Level(row.level)
        assert (row.phase == "live") == (row.owner_id is not None and row.closed_at is None)
        assert row.help == "none" or world.case() is not None, "help is only claimed while a case is open"
        if level.is_crisis and row.phase != "closed":
            assert world.case() is not None and row.phase in ("waiting", "live", "bot")
    snapshot = world.fresh()
    for namespace in (VISITOR, WATCH):
        sent = world.base + [
            {k: v for k, v in m.items() if k != "assessment"}
            for m in world.received(world.screens[namespace], "message")
        ]
        assert sent == snapshot["messages"], namespace
    assert [m["seq"] for m in snapshot["messages"]] == list(range(1, len(snapshot["messages"]) + 1))
    phases = world.received(world.screens[VISITOR], "phase")
    if phases:
        last = phases[-1]
        assert (last["phase"], last["help"], last.get("counsellor")) == (
            snapshot["phase"]["phase"],
            snapshot["phase"]["help"],
            snapshot["phase"].get("counsellor"),
        )
    assert not any("assessment" in m for m in world.received(world.screens[VISITOR], "message"))
