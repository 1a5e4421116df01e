"""Signing in and out, invitations, and the shells of the staff's pages."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp_jinja2
from aiohttp import web

from app.desk import views
from app.gateway.spaces import COOKIE
from app.pages.guard import LANGUAGE, STAFF, STATION, check_form, csrf_token, is_secure
from app.pages.keys import CATALOGUE
from app.permissions import home_page
from app.proxies import address_of
from app.staff import accounts, invitations, throttle
from app.staff.members import StaffMember
from app.staff.sessions import LONGEST, close_session, open_session
from data.kinds import Done, Refusal


def context(request: web.Request, page: str, **more: Any) -> dict[str, Any]:
    """What every shell needs."""
    staff: StaffMember | None = request.get(STAFF)
    me = None if staff is None else {"id": staff.id, "name": staff.desk_name, "role": staff.role.value}
    return {
        "lang": request[LANGUAGE],
        "direction": "ltr",
        "page": page,
        "csrf_token": csrf_token(request),
        "me": me,
        "boot": {},
        **more,
    }


def shell(page: str) -> Any:
    """A handler that answers with a staff page's shell; its script does the rest over the socket."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return aiohttp_jinja2.render_template(f"{page}.html", request, context(request, page))

    return handler


async def case_page(request: web.Request) -> web.StreamResponse:
    """One case's room."""
    return aiohttp_jinja2.render_template(
        "case.html", request, context(request, "case", case_id=request.match_info["case"])
    )


async def admin_page(request: web.Request) -> web.StreamResponse:
    """Who works here, and the hours in force."""
    station = request.app[STATION]
    now = station.clock()
    board = await station.store.read(views.board, station.terms, now)
    settings = station.settings
    return aiohttp_jinja2.render_template(
        "admin.html",
        request,
        context(
            request,
            "admin",
            staff=board["staff"],
            hours=settings.hours,
            timezone=settings.timezone,
            broken=settings.desk_hours.broken,
            desk_open=station.terms.desk(now).open,
        ),
    )


async def login_page(request: web.Request) -> web.StreamResponse:
    """The sign-in form; who is signed in already goes on to their page."""
    staff = request.get(STAFF)
    if staff is not None:
        raise web.HTTPSeeOther(home_page(staff.role))
    return _login(request)


async def login(request: web.Request) -> web.StreamResponse:
    """Sign in. The password is checked off the event loop, and counted before it is checked."""
    station = request.app[STATION]
    form = await request.post()
    check_form(request, str(form.get("csrf_token", "")))
    email, password = str(form.get("email", ""))[:254], str(form.get("password", ""))
    address = address_of(request, station.settings)
    keys = throttle.keys(email, str(address))
    retry_after = await station.store.run(lambda conn: throttle.attempt(conn, station.clock(), keys))
    if retry_after is not None:
        response = _login(request, error="login.throttled", email=email, status=429)
        response.headers["Retry-After"] = str(max(1, round(retry_after)))
        return response
    found = await station.store.read(accounts.credentials, email)
    expected = accounts.DUMMY_HASH if found is None else found[1]
    right = await asyncio.to_thread(accounts.verify_password, expected, password)
    if found is None or not right or found[2]:
        return _login(request, error="login.wrong", email=email, status=401)
    member = found[0]

    def sign_in(conn: Any) -> Done[str]:
        throttle.succeeded(conn, station.clock(), keys)
        return open_session(conn, now=station.clock(), staff_id=member.id)

    secret = await station.store.run(sign_in)
    response = web.HTTPSeeOther(home_page(member.role))
    response.set_cookie(
        COOKIE,
        secret,
        httponly=True,
        samesite="Lax",
        secure=is_secure(request),
        path="/",
        max_age=int(LONGEST.total_seconds()),
    )
    raise response


async def logout(request: web.Request) -> web.StreamResponse:
    """Sign out: the session ends, and its sockets close at once."""
    form = await request.post()
    secret = request.cookies.get(COOKIE)
    if secret:
        check_form(request, str(form.get("csrf_token", "")))
        station = request.app[STATION]
        await station.store.run(close_session, now=station.clock(), secret=secret)
    response = web.HTTPSeeOther("/login")
    response.del_cookie(COOKIE, path="/")
    raise response


async def invitation_page(request: web.Request) -> web.StreamResponse:
    """Where somebody new chooses their password."""
    station = request.app[STATION]
    token = request.match_info["token"]
    valid = await station.store.read(invitations.invited, now=station.clock(), token=token)
    return _invitation(request, error=None if valid else "invitation.spent")


async def invitation(request: web.Request) -> web.StreamResponse:
    """Set the password that an invitation is for, once."""
    station = request.app[STATION]
    form = await request.post()
    check_form(request, str(form.get("csrf_token", "")))
    password, again = str(form.get("password", "")), str(form.get("again", ""))
    try:
        accounts.check_password(password)
    except Refusal:
        return _invitation(request, error="invitation.length", status=422)
    if password != again:
        return _invitation(request, error="invitation.differ", status=422)
    hashed = await asyncio.to_thread(accounts.hash_password, password)
    try:
        await station.store.run(
            accounts.accept_invitation,
            now=station.clock(),
            token=request.match_info["token"],
            password_hash=hashed,
        )
    except Refusal:
        return _invitation(request, error="invitation.spent", status=403)
    raise web.HTTPSeeOther("/login")


def _login(
    request: web.Request, *, error: str | None = None, email: str = "", status: int = 200
) -> web.Response:
    words = None if error is None else request.app[CATALOGUE].say(request[LANGUAGE], error)
    data = context(request, "login", error=words, email=email)
    return aiohttp_jinja2.render_template("login.html", request, data, status=status)


def _invitation(request: web.Request, *, error: str | None = None, status: int = 200) -> web.Response:
    words = None if error is None else request.app[CATALOGUE].say(request[LANGUAGE], error)
    data = context(request, "invitation", error=words, style="login", token=request.match_info["token"])
    return aiohttp_jinja2.render_template("invitation.html", request, data, status=status)
