"""What stands before every route: who is asking, whether they may, and whether a change comes from our own page.

Deny by default: a route that ``app.permissions`` does not declare is never reached. A change that comes with the
session cookie must carry the station's own Origin, and a form its token besides.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import web

from app.gateway.spaces import COOKIE
from app.pages.catalogue import negotiate
from app.pages.keys import CATALOGUE
from app.pages.refusals import in_words
from app.permissions import Gate, route_access
from app.staff.members import StaffMember
from app.staff.sessions import session_staff, slide
from app.station import Station
from app.tokens import make_csrf
from data.kinds import ErrorCode, Refusal

log = structlog.get_logger()

STATION = web.AppKey("station", Station)
STAFF = web.RequestKey("staff", StaffMember)
LANGUAGE = web.RequestKey("language", str)
FORM_COOKIE = "station_form"
FRESH_FORM = web.RequestKey("form_cookie", str)
LANGUAGE_COOKIE = "station_language"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
STATUS = {
    ErrorCode.INVALID_PAYLOAD: 422,
    ErrorCode.TOO_LONG: 413,
    ErrorCode.UNKNOWN_EVENT: 404,
    ErrorCode.UNKNOWN_CONVERSATION: 404,
    ErrorCode.NOT_ALLOWED: 403,
    ErrorCode.ALREADY_TAKEN: 409,
    ErrorCode.AT_CAPACITY: 409,
    ErrorCode.CLOSED: 409,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.INTERNAL: 500,
}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def error(status: int, code: str, message: str, **extra: Any) -> web.Response:
    """An error as the contract has it."""
    body = {"error": {"code": code, "message": message, **{k: v for k, v in extra.items() if v is not None}}}
    return web.json_response(body, status=status)


def is_secure(request: web.Request) -> bool:
    """Whether the browser reaches us by TLS, so that cookies may say so."""
    return request.app[STATION].settings.public_url.startswith("https://") or request.secure


def csrf_token(request: web.Request) -> str:
    """The token for forms of this browser."""
    binding = request.cookies.get(COOKIE) or request.cookies.get(FORM_COOKIE) or request.get(FRESH_FORM, "")
    if not binding:
        binding = request[FRESH_FORM] = secrets.token_urlsafe(18)
    return make_csrf(request.app[STATION].settings.signing_key, binding)


def check_form(request: web.Request, token: str) -> None:
    """Refuse a form that did not come from our own page."""
    binding = request.cookies.get(COOKIE) or request.cookies.get(FORM_COOKIE)
    expected = make_csrf(request.app[STATION].settings.signing_key, binding or "")
    if not binding or not hmac.compare_digest(token.encode("utf-8", "replace"), expected.encode()):
        raise Refusal(ErrorCode.NOT_ALLOWED, "This form has expired. Please open the page again.")


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every failure as an answer that a person or a program can use, and the headers that browsers need."""
    response: web.StreamResponse
    try:
        response = await handler(request)
    except web.HTTPException as fault:
        if fault.status < 400:
            response = fault
        else:
            wanted = {404: "There is nothing here.", 405: "This cannot be done here."}
            response = error(
                fault.status,
                "not_found" if fault.status == 404 else "invalid_request",
                wanted.get(fault.status, fault.reason),
            )
    except Refusal as refusal:
        extra = {k: v for k, v in refusal.extra.items() if k in ("field", "allowed")}
        language = request.get(LANGUAGE, "en")
        response = error(
            STATUS[refusal.code],
            refusal.code.value,
            in_words(request.app[CATALOGUE])(refusal, language),
            retry_after=refusal.retry_after,
            **extra,
        )
        if refusal.retry_after is not None:
            response.headers["Retry-After"] = str(max(1, round(refusal.retry_after)))
    except Exception:
        log.exception("http.failed", route=_route(request))
        response = error(500, "internal", "Something broke on our side. Please try again.")
    if response.prepared:
        return response
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    framed = request.path == "/chat"
    if framed:
        # A host page may open the chat and hand it a ticket; the staff's pages stay apart from whoever opens them.
        response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    response.headers["Content-Security-Policy"] += (
        f"; frame-ancestors {' '.join(o for o in _framers(request) if '[' not in o)}"
        if framed
        else "; frame-ancestors 'none'"
    )
    form = request.get(FRESH_FORM)
    if form:
        response.set_cookie(
            FORM_COOKIE, form, httponly=True, samesite="Lax", secure=is_secure(request), path="/"
        )
    if isinstance(response, web.HTTPException):
        raise response
    return response


@web.middleware
async def permission(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Ask the table. Pages send strangers to the sign-in, JSON routes say 401."""
    resource = request.match_info.route.resource
    if resource is None:
        return await handler(request)  # no such route: the router's own 404 or 405
    access = route_access(request.method, resource.canonical)
    if access is None:
        return error(403, "not_allowed", "Nobody may do this.")
    request[LANGUAGE] = _language(request)
    changing = request.method not in _SAFE
    secret = request.cookies.get(COOKIE)
    station = request.app[STATION]
    origin = request.headers.get("Origin")
    if changing and resource.canonical != "/socket.io/":
        own = station.settings.own_origins
        if (secret and origin not in own) or (origin is not None and origin not in own):
            return error(403, "not_allowed", "This request did not come from the station's own page.")
    if secret:
        staff = await station.store.read(session_staff, now=station.clock(), secret=secret)
        if staff is not None:
            request[STAFF] = staff
    if access is Gate.PUBLIC:
        return await handler(request)
    if access is Gate.SIGNAL:
        return error(403, "not_allowed", "Nobody may do this.")
    who = request.get(STAFF)
    if who is None:
        if request.path.startswith("/api/"):
            return error(401, "not_allowed", "Please sign in.")
        raise web.HTTPFound("/login")
    if not isinstance(access, frozenset) or who.role not in access:
        return error(403, "not_allowed", "Your role has no place here.")
    if secret:
        await station.store.run(slide, now=station.clock(), secret=secret)
    return await handler(request)


def _framers(request: web.Request) -> list[str]:
    """Whose pages may show the chat inside theirs."""
    settings = request.app[STATION].settings
    return [*settings.own_origins, *settings.host_origins]


def _language(request: web.Request) -> str:
    return negotiate(
        request.query.get("lang"),
        request.cookies.get(LANGUAGE_COOKIE),
        accept=request.headers.get("Accept-Language"),
    )


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return "none" if resource is None else resource.canonical
