"""A throw-away PostgreSQL for tests: a cluster of its own in a temporary folder, reached over its Unix socket.

It keeps nothing (no sync) and listens on no port. The server refuses to run as root, so root starts it as the
``postgres`` user that its packages make.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from data.tables import new_id


def programs() -> Path | None:
    """The folder of the newest installed PostgreSQL's programs; nothing when there is none."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0,
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def postgres_url() -> Iterator[str | None]:
    """The URL of a running cluster's ``postgres`` database while inside; nothing where none is installed."""
    folder_of_programs = programs()
    if folder_of_programs is None:
        yield None
        return
    as_postgres = (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
    )
    # Straight under /tmp: a Unix socket's path has room for 107 bytes.
    home = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    try:
        if as_postgres:
            shutil.chown(home, "postgres", "postgres")

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [*as_postgres, str(folder_of_programs / program), *arguments],
                check=True,
                cwd=home,
                stdout=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
            )

        record = str(home / "record")
        run("initdb", "-D", record, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        settings = (
            f"-k {home} -c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=60"
        )
        run("pg_ctl", "-D", record, "-o", settings, "-l", str(home / "log"), "-w", "start")
        try:
            yield f"postgresql+psycopg://postgres@/postgres?host={quote(str(home))}"
        finally:
            run("pg_ctl", "-D", record, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


@cache
def shared_cluster() -> str | None:
    """The URL of one cluster for the whole test run, stopped when Python ends; nothing where none is installed."""
    open_until_exit = ExitStack()
    atexit.register(open_until_exit.close)
    return open_until_exit.enter_context(postgres_url())


@contextmanager
def fresh_database(cluster: str) -> Iterator[str]:
    """The URL of an empty database of its own on the cluster, dropped afterwards."""
    name = new_id("t")
    admin = create_engine(cluster, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(cluster).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
