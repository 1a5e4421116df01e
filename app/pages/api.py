"""The JSON routes of the case flow, and what machines ask about the station's health."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from app.desk import crisis, views
from app.pages.guard import STAFF, STATION, error
from data import audit
from data.kinds import Done, ErrorCode, Refusal, Step

_BODY_MAX = 64 * 1024


async def list_cases(request: web.Request) -> web.StreamResponse:
    """The cases that need people, then the ones closed last."""
    station, staff = request.app[STATION], request[STAFF]

    def read(conn: Any) -> Done[list[dict[str, Any]]]:
        audit.write(conn, now=station.clock(), actor=staff.id, action="cases.listed", object="cases")
        return Done(views.cases(conn))

    return _json({"cases": await station.store.run(read)})


async def show_case(request: web.Request) -> web.StreamResponse:
    """One case whole; reading it is on record."""
    station = request.app[STATION]
    case = await station.store.run(
        crisis.read_case,
        now=station.clock(),
        case=request.match_info["case"],
        staff=request[STAFF].id,
        role=request[STAFF].role,
    )
    if case is None:
        raise web.HTTPNotFound
    return _json(case)


async def take_step(request: web.Request) -> web.StreamResponse:
    """A step of a case; 409 with the allowed steps when it is out of order."""
    station, staff = request.app[STATION], request[STAFF]
    form = await _body(request)
    try:
        step = Step(request.match_info["step"])
    except ValueError:
        raise web.HTTPNotFound from None
    try:
        case = await station.store.run(
            crisis.take_step,
            station.terms,
            now=station.clock(),
            case=request.match_info["case"],
            step=step,
            staff=staff.id,
            role=staff.role,
            form=form,
        )
    except Refusal as refusal:
        allowed = getattr(refusal, "allowed", None)
        if allowed is not None:
            return error(409, refusal.code.value, refusal.message, allowed=[s.value for s in allowed])
        raise
    return _json({"case": case})


async def healthz(request: web.Request) -> web.StreamResponse:
    """The process lives."""
    return _json({"status": "ok"})


async def readyz(request: web.Request) -> web.StreamResponse:
    """Each part by name; 503 only when the database is down."""
    station = request.app[STATION]
    parts: dict[str, str] = {}
    try:
        await station.store.read(lambda conn: conn.execute(text("SELECT 1")).scalar())
        parts["database"] = "ok"
    except Exception:
        parts["database"] = "down"
    parts["redis"] = "ok"  # none is asked for: nothing is missing
    parts["bot"] = await station.dialogue.health()
    return _json(parts, status=503 if parts["database"] == "down" else 200)


async def metrics(request: web.Request) -> web.StreamResponse:
    """Prometheus' text format; numbers, never a name or a word."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _json(data: Mapping[str, Any], status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(data),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise Refusal(ErrorCode.INVALID_PAYLOAD, "This route takes application/json.")
    raw = await request.content.read(_BODY_MAX + 1)
    if len(raw) > _BODY_MAX:
        raise Refusal(ErrorCode.TOO_LONG, "This is more than the form can hold.")
    try:
        body = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError:
        raise Refusal(ErrorCode.INVALID_PAYLOAD, "This could not be read as JSON.") from None
    if not isinstance(body, dict):
        raise Refusal(ErrorCode.INVALID_PAYLOAD, "The form must be a JSON object.")
    return body
