"""The ``station`` command: migrate, serve, staff, screen, keys."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
from pydantic import ValidationError

from app.log import configure
from app.settings import Settings, SettingsError, check
from bot.screening import screen_lines
from data import crypto, migrate, rotation
from data.kinds import Done, Refusal, Role
from data.store import open_store

T = TypeVar("T")


def _settings() -> Settings:
    """The settings, checked; one plain sentence and exit status 2 when they cannot be used."""
    try:
        settings = Settings()
        check(settings)
        crypto.install(settings.keys)
        return settings
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "STATION_" + "_".join(str(part) for part in first["loc"]).upper()
        click.echo(f"{name}: {first['msg']}.", err=True)
    except SettingsError as error:
        click.echo(str(error), err=True)
    sys.exit(2)


def _run(settings: Settings, command: Callable[..., Done[T]], **named: Any) -> T:
    """One command against the store, outside the server."""

    async def work() -> T:
        store = open_store(settings.database, lambda events: None)
        try:
            return await store.run(command, **named)
        finally:
            await store.close()

    return asyncio.run(work())


@click.group()
def main() -> None:
    """The energy station."""
    configure("warning")


@main.command()
def serve() -> None:
    """Serve until interrupted."""
    settings = _settings()
    configure(settings.log_level)
    from app.serve import serve as run

    sys.exit(run(settings))


@main.command("migrate")
def migrate_() -> None:
    """Bring the database to the newest revision."""
    settings = _settings()
    settings.var.mkdir(parents=True, exist_ok=True)
    for revision in migrate.upgrade(settings.database):
        click.echo(f"migrated to {revision}")


@main.group()
def staff() -> None:
    """Who works here."""


@staff.command("add")
@click.argument("email")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--capacity", default=2, show_default=True, help="Conversations at once.")
@click.option("--name", default=None, help="The desk name that visitors see.")
@click.option("--languages", default="", help="Comma-separated; empty means any.")
@click.option("--password-stdin", is_flag=True, help="Set the password from standard input; no invitation.")
def staff_add(
    email: str, role: str, capacity: int, name: str | None, languages: str, password_stdin: bool
) -> None:
    """Add a member of staff; prints an invitation."""
    from app.staff import accounts

    settings = _settings()
    hashed = None
    try:
        if password_stdin:
            password = sys.stdin.readline().rstrip("\n")
            accounts.check_password(password)
            hashed = accounts.hash_password(password)

        def command(conn: Any) -> Done[str]:
            now = datetime.now(UTC)
            done = accounts.add_staff(
                conn,
                now=now,
                email=email,
                role=Role(role),
                capacity=capacity,
                desk_name=name,
                languages=languages,
                actor="operator",
            )
            member, token = done.value
            if hashed is not None:
                accounts.set_password(conn, now=now, staff_id=member.id, password_hash=hashed)
            return Done(token)

        token = _run(settings, command)
    except Refusal as refusal:
        click.echo(refusal.message, err=True)
        sys.exit(1)
    if hashed is None:
        click.echo(f"{_address(settings)}/invitation/{token}")
    else:
        click.echo(f"{email} can sign in.")


@main.command()
def screen() -> None:
    """Screen JSON lines from standard input."""
    sys.exit(screen_lines(sys.stdin, sys.stdout))


@main.group()
def keys() -> None:
    """The keys of the encryption at rest."""


@keys.command("rotate")
def keys_rotate() -> None:
    """Re-encrypt everything with the first key of STATION_DATA_KEYS."""
    settings = _settings()
    total = 0
    while done := _run(settings, lambda conn: Done(rotation.rotate(conn, limit=500))):
        total += done
        click.echo(f"{total} rows")
    click.echo("Everything is written with the first key.")


@main.group()
def audit() -> None:
    """The audit log."""


@audit.command("verify")
def audit_verify() -> None:
    """Check the chain; exit status 1 and the first broken line when it does not hold."""
    from data import audit as log

    settings = _settings()
    broken = _run(settings, lambda conn: Done(log.verify(conn)))
    if broken is not None:
        click.echo(f"The chain is broken at line {broken}.", err=True)
        sys.exit(1)
    click.echo("The chain holds.")


def _address(settings: Settings) -> str:
    return settings.own_origins[0]
