"""Pairs of a visitor and a counsellor in a live conversation, on the relay and on the station.

Both sides have the same sockets: one for each visitor, and a few for counsellors, each with many conversations. The
station's are made as people make them: visitors ask for a person, counsellors sign in, connect and accept.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from scripts.bench.engine import Socket, connect
from scripts.bench.servers import PASSWORD, Server

Message = dict[str, Any]

_CSRF = re.compile(r'<input[^>]*name="csrf_token"[^>]*>')
_VALUE = re.compile(r'value="([^"]*)"')


class NotLive(Exception):
    """A conversation could not be brought into ``live``."""


@dataclass
class Pair:
    """One live conversation and its two ends. ``to_*`` is told each message that reaches that end."""

    conversation: str
    visitor: Socket
    desk: Socket
    to_visitor: Callable[[Message], None] = field(default=lambda message: None)
    to_desk: Callable[[Message], None] = field(default=lambda message: None)


def counsellor_emails(count: int) -> list[str]:
    """The addresses of the counsellors that the load signs in as."""
    return [f"bench{number}@station.example" for number in range(count)]


@contextlib.asynccontextmanager
async def relay_pairs(server: Server, count: int, desks: int) -> AsyncIterator[list[Pair]]:
    """``count`` rooms of two on the relay, spread over ``desks`` counsellor sockets."""
    pairs: list[Pair] = []
    names = [f"c{number}" for number in range(count)]
    async with _closing() as opened:
        for number in range(desks):
            rooms = names[number::desks]
            desk = opened(await connect(server.port, auth={"by": "counsellor", "rooms": rooms}))
            mine = [
                Pair(room, opened(await connect(server.port, auth={"by": "visitor", "rooms": [room]})), desk)
                for room in rooms
            ]
            _listen(desk, mine)
            pairs += mine
        yield pairs


@contextlib.asynccontextmanager
async def station_pairs(server: Server, count: int, emails: Sequence[str]) -> AsyncIterator[list[Pair]]:
    """``count`` live conversations on the station, spread over these counsellors."""
    pairs: list[Pair] = []
    async with _closing() as opened:
        for number, email in enumerate(emails):
            desk = opened(await staff_socket(server, "/desk", email))
            await _answered(desk, "status", {"status": "available"})
            mine = [
                await _live_pair(server, desk, opened) for _ in range(len(range(number, count, len(emails))))
            ]
            # Only one counsellor is available at a time, so that no visitor is offered to another.
            await _answered(desk, "status", {"status": "busy"})
            _listen(desk, mine)
            pairs += mine
        yield pairs


async def _live_pair(server: Server, desk: Socket, opened: Callable[[Socket], Socket]) -> Pair:
    visitor, conversation = await visitor_socket(server)
    opened(visitor)
    live = asyncio.get_running_loop().create_future()

    def heard(event: str, data: Any) -> None:
        if event == "phase" and data["phase"] == "live" and not live.done():
            live.set_result(None)

    visitor.heard = heard
    await _answered(visitor, "ask_human", {})
    await _answered(desk, "accept", {"conversation": conversation})
    await asyncio.wait_for(live, 10)
    return Pair(conversation, visitor, desk)


def _listen(desk: Socket, pairs: Sequence[Pair]) -> None:
    by_conversation = {pair.conversation: pair for pair in pairs}

    def at_desk(event: str, data: Any) -> None:
        if event == "message" and data["by"] == "visitor":
            by_conversation[data["conversation"]].to_desk(data)

    desk.heard = at_desk
    for pair in pairs:

        def at_visitor(event: str, data: Any, pair: Pair = pair) -> None:
            if event == "message" and data["by"] == "counsellor":
                pair.to_visitor(data)

        pair.visitor.heard = at_visitor


async def visitor_socket(server: Server, *, offer_compression: bool = False) -> tuple[Socket, str]:
    """A visitor who has been welcomed, with the conversation that was opened for them."""
    welcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def heard(event: str, data: Any) -> None:
        if event == "welcome" and not welcome.done():
            welcome.set_result(data)

    socket = await connect(
        server.port, "/visitor", {"language": "zh"}, heard=heard, offer_compression=offer_compression
    )
    try:
        conversation: str = (await asyncio.wait_for(welcome, 30))["conversation"]
    except BaseException:
        socket.close()
        raise
    return socket, conversation


async def staff_socket(server: Server, namespace: str, email: str, first: str = "roster") -> Socket:
    """A member of staff, signed in through the form, connected, and past the ``first`` event."""
    arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def heard(event: str, data: Any) -> None:
        if event == first and not arrived.done():
            arrived.set_result(None)

    cookie = await _sign_in(server, email)
    socket = await connect(server.port, namespace, heard=heard, headers={"Cookie": cookie})
    await asyncio.wait_for(arrived, 10)
    return socket


async def _sign_in(server: Server, email: str) -> str:
    origin = f"http://127.0.0.1:{server.port}"
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address, not of a name
    async with aiohttp.ClientSession(origin, cookie_jar=jar, headers={"Origin": origin}) as session:
        async with session.get("/login") as page:
            form = _CSRF.search(await page.text())
        token = _VALUE.search(form.group()) if form else None
        if token is None:
            raise NotLive("the sign-in page has no csrf_token")
        fields = {"email": email, "password": PASSWORD, "csrf_token": token.group(1)}
        async with session.post("/login", data=fields, allow_redirects=False) as answer:
            if answer.status != 303:
                raise NotLive(f"{email} could not sign in: {answer.status}")
        return "; ".join(f"{cookie.key}={cookie.value}" for cookie in jar)


async def _answered(socket: Socket, event: str, payload: Any) -> Any:
    answer = await socket.call(event, payload)
    if not (isinstance(answer, dict) and answer.get("ok")):
        raise NotLive(f"{event} was answered with {answer}")
    return answer


@contextlib.asynccontextmanager
async def _closing() -> AsyncIterator[Callable[[Socket], Socket]]:
    opened: list[Socket] = []

    def keep(socket: Socket) -> Socket:
        opened.append(socket)
        return socket

    try:
        yield keep
    finally:
        for socket in opened:
            socket.close()
