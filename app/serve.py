"""Serving: the event loop, the listening socket, the signals, and the demo staff when they are asked for."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
from datetime import UTC, datetime

import click
import structlog
import uvloop
from aiohttp import web

from app.application import build_app
from app.pages.templates import NotBuilt
from app.settings import Settings
from app.staff.accounts import hash_password
from app.staff.demo import make_demo_staff
from data import migrate
from data.store import open_store

log = structlog.get_logger()


def serve(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit status: 2 when the station cannot start as it is set up."""
    # The writer thread holds the interpreter for microseconds at a time; a short interval keeps the sockets quick.
    sys.setswitchinterval(0.001)
    try:
        if migrate.current(settings.database) != migrate.head():
            click.echo("The database is not up to date: run `station migrate` first.", err=True)
            return 2
        return uvloop.run(_serve(settings))
    except NotBuilt as error:
        click.echo(f"{error}.", err=True)
        return 2


async def _serve(settings: Settings) -> int:
    if settings.demo:
        await _make_demo(settings)
    app = build_app(settings)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port, backlog=1024).start()
    except OSError:
        click.echo(
            f"Port {settings.port} on {settings.host} is in use: set STATION_PORT to another.", err=True
        )
        await runner.cleanup()
        return 2
    log.info(
        "station.serving", host=settings.host, port=settings.port, hours_broken=settings.desk_hours.broken
    )
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await runner.cleanup()
    return 0


async def _make_demo(settings: Settings) -> None:
    """The demo staff. Whoever starts a station by hand without a password of their own is told a random one."""
    password = settings.demo_password or secrets.token_urlsafe(9)
    store = open_store(settings.database, lambda events: None)
    try:
        hashed = await asyncio.to_thread(hash_password, password)
        await store.run(make_demo_staff, now=datetime.now(UTC), password_hash=hashed)
    finally:
        await store.close()
    if not settings.demo_password:
        click.echo(f"The demo staff's password is {password}", err=True)
