"""``build_app``: the one place where everything is wired."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import web

from app.desk import presence
from app.desk.hours import desk_at
from app.desk.terms import Terms
from app.gateway.desk import DeskSpace
from app.gateway.visitor import VisitorSpace
from app.gateway.watch import WatchSpace
from app.pages import api, guard, staff_pages, templates, visitor_pages
from app.pages.catalogue import load
from app.pages.keys import CATALOGUE
from app.pages.refusals import in_words
from app.permissions import check_declared
from app.settings import Settings
from app.station import Station, utc_now
from bot import replies
from bot.dialogue import Dialogue
from bot.facts import Answer, Facts
from bot.screening import load_screener
from data import crypto
from data.kinds import About, Help, Level, Phase
from data.store import open_store

WEB = Path(__file__).resolve().parent.parent / "web"


def make_terms(settings: Settings, dialogue: Dialogue) -> Terms:
    """The desk's terms from the settings."""
    screener = load_screener()

    def greet(language: str, now: datetime) -> Answer:
        desk = desk_at(settings.desk_hours, now)
        return dialogue.greet(
            Facts(
                language=language,
                phase=Phase.BOT,
                level=Level.NONE,
                help=Help.NONE,
                desk_open=desk.open,
                opens_at=desk.opens_at,
                closes_at=desk.closes_at,
                position=None,
                wait_s=None,
                about=About.NONE,
            )
        )

    return Terms(
        hours=settings.desk_hours,
        screen=screener.screen,
        words=replies.say,
        greet=greet,
        keep=timedelta(days=settings.conversation_days),
        keep_cases=timedelta(days=settings.case_days),
        offer=timedelta(seconds=settings.offer_s),
        vanish=timedelta(seconds=settings.vanish_s),
    )


def build_app(settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> web.Application:
    """The whole application. The database must have been migrated. Raises when a permission is undeclared."""
    crypto.install(settings.keys)
    dialogue = Dialogue(settings.rasa_url or None, settings.rasa_token or None)
    catalogue = load(WEB / "locale")
    station = Station(settings, make_terms(settings, dialogue), dialogue, in_words(catalogue), clock)
    app = web.Application(middlewares=[guard.errors, guard.permission], client_max_size=256 * 1024)
    app[guard.STATION] = station
    app[CATALOGUE] = catalogue
    assets = templates.read_assets(WEB / "dist")
    templates.install(app, app[CATALOGUE], assets, WEB / "templates")
    app.add_routes(
        [
            web.get("/", _home),
            web.get("/healthz", api.healthz),
            web.get("/readyz", api.readyz),
            web.get("/metrics", api.metrics),
            web.get("/chat", visitor_pages.chat_page),
            web.post("/chat", visitor_pages.chat_form),
            web.get("/login", staff_pages.login_page),
            web.post("/login", staff_pages.login),
            web.post("/logout", staff_pages.logout),
            web.get("/invitation/{token}", staff_pages.invitation_page),
            web.post("/invitation/{token}", staff_pages.invitation),
            web.get("/desk", staff_pages.shell("desk")),
            web.get("/watch", staff_pages.shell("watch")),
            web.get("/cases", staff_pages.shell("cases")),
            web.get("/cases/{case}", staff_pages.case_page),
            web.get("/admin", staff_pages.admin_page),
            web.get("/api/cases", api.list_cases),
            web.get("/api/cases/{case}", api.show_case),
            web.post("/api/cases/{case}/{step}", api.take_step),
            web.get(templates.ASSET_ROUTE, assets.serve),
        ]
    )
    for space in (VisitorSpace(station), DeskSpace(station), WatchSpace(station)):
        station.server.add(space)
    station.server.attach(app)
    declared = ((route.method, route.resource.canonical) for route in app.router.routes() if route.resource)
    check_declared(declared, {name: list(space.events) for name, space in station.server.spaces.items()})

    async def life(app: web.Application) -> AsyncIterator[None]:
        await dialogue.start()
        store = open_store(settings.database, station.publisher.publish)
        await store.run(presence.nobody_connected, now=clock())
        station.start(store)
        yield
        await station.stop()
        await dialogue.close()

    app.cleanup_ctx.append(life)
    return app


async def _home(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/chat")
