"""The chat page, and the form that works without script."""

from __future__ import annotations

from typing import Any

import aiohttp_jinja2
import structlog
from aiohttp import web
from sqlalchemy import Connection

from app.desk import talk, views, visits
from app.gateway.payloads import Say, read
from app.pages.guard import LANGUAGE, LANGUAGE_COOKIE, STATION, STATUS, check_form, csrf_token, is_secure
from app.pages.keys import CATALOGUE
from app.pages.refusals import in_words
from app.tokens import make_resume, read_resume
from data.kinds import Done, Refusal
from data.tables import new_id

log = structlog.get_logger()

VISITOR_COOKIE = "station_visitor"
"""The resume secret of somebody who writes without script."""
NOTICE_VERSION = "1"


async def chat_page(request: web.Request) -> web.StreamResponse:
    """The chat page. Opening it makes nobody a visitor; the socket or the form does."""
    return await _page(request)


async def _page(
    request: web.Request, *, problem: str | None = None, text: str = "", status: int = 200
) -> web.Response:
    """The page. It comes with its box and its hotlines whatever the record can say."""
    station = request.app[STATION]
    language = request[LANGUAGE]
    messages: list[dict[str, Any]] = []
    known = read_resume(station.settings.signing_key, request.cookies.get(VISITOR_COOKIE))
    if known is not None:
        try:
            messages = await station.store.read(_recent, visitor=known)
        except Exception:
            log.exception("chat.record_unread")
    response = aiohttp_jinja2.render_template(
        "chat.html",
        request,
        {
            "lang": language,
            "direction": "ltr",
            "page": "chat",
            "csrf_token": csrf_token(request),
            "boot": {"hotlines": station.hotlines(language), "host_origins": station.settings.host_origins},
            "hotlines": station.hotlines(language),
            "messages": messages,
            "notice_version": NOTICE_VERSION,
            "problem": problem,
            "text": text,
        },
        status=status,
    )
    if request.query.get("lang"):
        response.set_cookie(LANGUAGE_COOKIE, language, samesite="Lax", secure=is_secure(request), path="/")
    return response


async def chat_form(request: web.Request) -> web.StreamResponse:
    """A message from a page without script: stored and screened like any other, then the page again.

    What cannot be taken comes back in its box, with the reason above it: nobody is left with an error and no hotline.
    """
    form = await request.post()
    text = str(form.get("text", ""))
    try:
        return await _say(request, str(form.get("csrf_token", "")), text)
    except Refusal as refusal:
        why = in_words(request.app[CATALOGUE])(refusal, request[LANGUAGE])
        return await _page(request, problem=why, text=text, status=STATUS[refusal.code])
    except Exception:
        log.exception("chat.form_failed")
        why = request.app[CATALOGUE].say(request[LANGUAGE], "chat.not_reached")
        return await _page(request, problem=why, text=text, status=500)


async def _say(request: web.Request, csrf: str, text: str) -> web.Response:
    station = request.app[STATION]
    check_form(request, csrf)
    said = read(Say, {"id": new_id("f"), "text": text})
    known = read_resume(station.settings.signing_key, request.cookies.get(VISITOR_COOKIE))
    now = station.clock()
    if known is None:
        station.flood.arrival(station.address(request))
    else:
        station.flood.message(
            known[0], lambda: station.terms.screen(said.text, request[LANGUAGE]).level.is_crisis
        )

    def command(conn: Connection) -> Done[dict[str, Any]]:
        arrived = visits.arrive(
            conn, station.terms, now=now, language=request[LANGUAGE], resume=known, host_user=None
        )
        value = arrived.value
        done = talk.say(
            conn,
            station.terms,
            now=now,
            visitor=value["visitor"],
            conversation=value["conversation"],
            id=said.id,
            text=said.text,
        )
        return Done(value, (*arrived.events, *done.events))

    value = await station.store.run(command)
    await station.voice.settled(value["conversation"])
    response = web.Response(status=303, headers={"Location": f"/chat?lang={request[LANGUAGE]}"})
    response.set_cookie(
        VISITOR_COOKIE,
        make_resume(station.settings.signing_key, value["visitor"], value["epoch"]),
        httponly=True,
        samesite="Lax",
        secure=is_secure(request),
        path="/chat",
    )
    return response


def _recent(conn: Connection, *, visitor: tuple[str, int]) -> list[dict[str, Any]]:
    """What somebody without script has said and heard in their latest conversation."""
    conversation = visits.latest(conn, visitor)
    return [] if conversation is None else views.messages(conn, conversation)
