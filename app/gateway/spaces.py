"""What the three namespaces share: running a command for a client, and answering it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeVar

from app.gateway.payloads import Payload
from app.gateway.server import Reply
from app.gateway.wire import Client
from app.permissions import may
from app.staff.members import StaffMember
from app.staff.sessions import session_staff
from app.station import Station
from data.kinds import Done, ErrorCode, Refusal, Role

T = TypeVar("T")

COOKIE = "station_session"
"""The staff's session cookie."""


@dataclass(slots=True)
class StaffSocket:
    """Who is behind a staff socket."""

    id: str
    name: str
    role: Role
    session: str


class Space:
    """A namespace over a station."""

    name: str
    events: Mapping[str, type[Payload]]

    def __init__(self, station: Station) -> None:
        self.station = station

    def command(
        self, reply: Reply, command: Callable[..., Done[Any]], *, lane: str | None = None, **named: Any
    ) -> None:
        """Queue a command now, before anything is awaited, and answer with its value after the commit."""
        now = self.station.clock()
        self.station.store.submit(lambda conn: command(conn, now=now, **named), reply, lane)

    def query(self, reply: Reply, query: Callable[..., Any], **named: Any) -> None:
        """Answer with what is read from the record."""

        async def work() -> None:
            try:
                value = await self.station.store.read(query, now=self.station.clock(), **named)
            except Exception as error:
                reply(None, error)
            else:
                reply(value, None)

        self.station.server.background(work())


class StaffSpace(Space):
    """A namespace for staff: the session cookie says who they are, the permission table what they may."""

    roles: frozenset[Role]

    def allows(self, client: Client, event: str) -> bool:
        """Whether this client's role may send this event."""
        return may(client.who.role, self.name, event)

    async def sign_in(self, environ: Mapping[str, Any]) -> tuple[StaffMember, str]:
        """The member of staff behind the cookie, and their session. Refuses everybody else."""
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and origin not in self.station.settings.own_origins:
            raise Refusal(ErrorCode.NOT_ALLOWED, "The staff's pages are the station's own alone.")
        secret = cookie(environ, COOKIE)
        staff = None
        if secret:
            staff = await self.station.store.read(session_staff, now=self.station.clock(), secret=secret)
        if staff is None or secret is None:
            raise Refusal(ErrorCode.NOT_ALLOWED, "Please sign in.")
        if staff.role not in self.roles:
            raise Refusal(ErrorCode.NOT_ALLOWED, "Your role has no place here.")
        return staff, secret


def cookie(environ: Mapping[str, Any], name: str) -> str | None:
    """A cookie of the request that opened the socket."""
    try:
        found = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(name)
    except CookieError:
        return None
    return None if found is None else found.value


def still_signed_in(
    conn: Any, *, now: Any, secret: str, then: Callable[..., Done[T]], **named: Any
) -> Done[T]:
    """A command for somebody who must not have been signed out since we looked, checked in its own transaction."""
    if session_staff(conn, now=now, secret=secret) is None:
        raise Refusal(ErrorCode.NOT_ALLOWED, "Please sign in.")
    return then(conn, now=now, **named)
