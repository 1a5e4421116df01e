"""Real clients against a real server on a real port, for tests of the wire contract."""

from __future__ import annotations

import asyncio
import re
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import socketio
from aiohttp import web

from app.application import build_app
from app.pages.guard import STATION
from app.settings import Settings
from app.staff.accounts import hash_password
from app.staff.demo import make_demo_staff
from app.station import Station
from data import crypto, migrate
from data.store import open_store

PASSWORD = "a quiet river at night"
_HASHED = hash_password(PASSWORD)
WAIT_S = 8.0


class Clock:
    """A clock that tests move forward; between moves it runs like any other."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        self.fixed: datetime | None = None

    def __call__(self) -> datetime:
        return (self.fixed or datetime.now(UTC)) + self.ahead

    def forward(self, **span: float) -> None:
        self.ahead += timedelta(**span)


class Peer:
    """One Socket.IO client in one namespace, and everything it received."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.sio = socketio.AsyncClient(reconnection=False)
        self.received: list[tuple[str, Any]] = []
        self.refused: Any = None
        self._news = asyncio.Condition()
        self.http: aiohttp.ClientSession | None = None
        self.sio.on("*", self._on, namespace=namespace)
        self.sio.on("connect_error", self._on_refused, namespace=namespace)

    async def _on(self, event: str, data: Any = None) -> None:
        async with self._news:
            self.received.append((event, data))
            self._news.notify_all()

    async def _on_refused(self, data: Any = None) -> None:
        self.refused = data

    async def call(self, event: str, payload: Any = None) -> dict[str, Any]:
        """Send an event and return its acknowledgement."""
        answer = await self.sio.call(
            event, {} if payload is None else payload, namespace=self.namespace, timeout=WAIT_S
        )
        assert isinstance(answer, dict), f"{event} was answered with {answer!r}"
        return answer

    async def wait(
        self, event: str, fits: Callable[[Any], bool] = lambda data: True, *, since: int = 0
    ) -> Any:
        """The first such event received, now or within :data:`WAIT_S`."""
        async with self._news:
            try:
                await asyncio.wait_for(
                    self._news.wait_for(lambda: self._find(event, fits, since) is not None), WAIT_S
                )
            except TimeoutError:
                names = [name for name, _ in self.received[since:]]
                raise AssertionError(f"{self.namespace}: no fitting {event} came; received {names}") from None
        return self._find(event, fits, since)

    def _find(self, event: str, fits: Callable[[Any], bool], since: int) -> Any:
        return next((data for name, data in self.received[since:] if name == event and fits(data)), None)

    def all(self, event: str, *, since: int = 0) -> list[Any]:
        """Every such event received so far."""
        return [data for name, data in self.received[since:] if name == event]

    @property
    def texts(self) -> list[str]:
        """The texts of the messages received, welcome included."""
        out = []
        for name, data in self.received:
            if name == "welcome":
                out += [m["text"] for m in data["messages"]]
            elif name == "message":
                out.append(data["text"])
        return out

    async def close(self) -> None:
        await self.sio.disconnect()
        if self.http is not None:
            await self.http.close()


class House:
    """A running station and the means to meet it."""

    def __init__(self, station: Station, url: str, clock: Clock) -> None:
        self.station = station
        self.url = url
        self.clock = clock
        self.peers: list[Peer] = []

    async def visitor(self, **auth: Any) -> Peer:
        """A visitor's socket, welcomed."""
        peer = Peer("/visitor")
        self.peers.append(peer)
        await peer.sio.connect(
            self.url,
            namespaces=["/visitor"],
            auth={"language": "en", **auth},
            transports=["websocket"],
            wait_timeout=8,
        )
        await peer.wait("welcome")
        return peer

    async def sign_in(self, email: str, password: str = PASSWORD) -> aiohttp.ClientSession:
        """A browser's cookies after signing in."""
        session = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Origin": self.url}
        )
        async with session.get(f"{self.url}/login") as page:
            token = re.search(r'name="csrf_token" value="([^"]+)"', await page.text())
        assert token is not None
        form = {"email": email, "password": password, "csrf_token": token[1]}
        async with session.post(f"{self.url}/login", data=form, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
        return session

    async def staff(self, email: str, namespace: str = "/desk", *, available: bool = True) -> Peer:
        """A member of staff's socket, with its roster or board."""
        peer = Peer(namespace)
        self.peers.append(peer)
        peer.http = await self.sign_in(email)
        await peer.sio.connect(
            self.url,
            namespaces=[namespace],
            headers={"Cookie": cookie_header(peer.http, self.url), "Origin": self.url},
            transports=["websocket"],
            wait_timeout=8,
        )
        await peer.wait("roster" if namespace == "/desk" else "board")
        if available and namespace == "/desk":
            assert (await peer.call("status", {"status": "available"}))["ok"]
        return peer

    async def live(self, text: str = "hello") -> tuple[Peer, Peer, str]:
        """A visitor and a counsellor in a live conversation."""
        visitor = await self.visitor()
        assert (await visitor.call("say", {"id": "first", "text": text}))["ok"]
        counsellor = await self.staff("counsellor@demo")
        conversation = visitor.all("welcome")[0]["conversation"]
        assert (await visitor.call("ask_human"))["phase"]["phase"] == "waiting"
        await counsellor.wait("offer", lambda o: o["conversation"] == conversation)
        assert (await counsellor.call("accept", {"conversation": conversation}))["ok"]
        await visitor.wait("phase", lambda p: p["phase"] == "live")
        return visitor, counsellor, conversation


def cookie_header(session: aiohttp.ClientSession, url: str) -> str:
    """The session's cookies as a header."""
    from yarl import URL

    return "; ".join(
        f"{name}={morsel.value}" for name, morsel in session.cookie_jar.filter_cookies(URL(url)).items()
    )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def running(var: Path | None = None, **settings: Any) -> AsyncIterator[House]:
    """A station on a port of its own, in this event loop."""
    folder = var or Path(tempfile.mkdtemp(prefix="station"))
    given = {"hours": "00:00-24:00", "rate_say": "1000/1s", **settings}
    config = Settings(_env_file=None, var=folder, port=free_port(), **given)
    crypto.install(config.keys)
    migrate.upgrade(config.database)
    clock = Clock()
    store = open_store(config.database, lambda events: None)
    await store.run(make_demo_staff, now=clock(), password_hash=_HASHED)
    await store.close()
    app = build_app(config, clock=clock)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, config.host, config.port).start()
    house = House(app[STATION], config.own_origins[0], clock)
    try:
        yield house
    finally:
        for peer in house.peers:
            await peer.close()
        await runner.cleanup()
