"""Stations as ``make run`` starts them, for journeys: the real server, the real Rasa, a record of their own.

Starts and ends only what it started itself. Waits for what a station says of itself; never sleeps for a fixed time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from scripts.setup.places import ROOT
from scripts.setup.ports import free_port
from scripts.setup.programs import dying_with_parent, kill_group

PASSWORD = "a lamp in the window"
STARTS_WITHIN_S = 120.0
"""A warm start takes seconds; the rest is for a machine that does much else."""
LOOK_EVERY_S = 0.05


class Station:
    """One running station."""

    def __init__(self, process: asyncio.subprocess.Process, var: Path, port: int) -> None:
        self.process = process
        self.var = var
        self.url = f"http://127.0.0.1:{port}"

    def facts(self) -> dict[str, Any]:
        """Who runs where now: ``run.json``."""
        facts: dict[str, Any] = json.loads((self.var / "run.json").read_text())
        return facts

    async def parts(self) -> dict[str, str]:
        """What ``/readyz`` says of each part; empty while nobody answers."""
        try:
            timeout = aiohttp.ClientTimeout(total=5)
            async with (
                aiohttp.ClientSession(timeout=timeout) as http,
                http.get(f"{self.url}/readyz") as answer,
            ):
                parts: dict[str, str] = await answer.json()
                return parts
        except (aiohttp.ClientError, OSError, TimeoutError):
            return {}

    async def ready(self, **wanted: str) -> None:
        """Wait until the parts named are as named; the database ``ok`` in any case."""
        parts: dict[str, str] = {}
        try:
            async with asyncio.timeout(STARTS_WITHIN_S):
                while not ({"database": "ok", **wanted}.items() <= parts.items()):
                    assert self.process.returncode is None, f"it ended, having said:\n{self.said()}"
                    await asyncio.sleep(LOOK_EVERY_S)
                    parts = await self.parts()
        except TimeoutError:
            raise AssertionError(f"it is {parts} and not {wanted}, having said:\n{self.said()}") from None

    async def changes(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until ``run.json`` is as wanted."""
        async with asyncio.timeout(STARTS_WITHIN_S):
            while True:
                with contextlib.suppress(FileNotFoundError):
                    facts = self.facts()
                    if fits(facts):
                        return facts
                await asyncio.sleep(LOOK_EVERY_S)

    def kill(self, which: str) -> int:
        """SIGKILL to the ``server`` or to ``rasa``. Returns the process that it went to."""
        pid: int = self.facts()[f"{which}_pid"]
        os.kill(pid, signal.SIGKILL)
        return pid

    def said(self) -> str:
        """What ``make run`` has printed so far."""
        return (self.var / "make-run.log").read_text()


@asynccontextmanager
async def running(var: Path, **settings: str) -> AsyncIterator[Station]:
    """``make run`` with settings (names without ``STATION_``), until its server answers; ended as by Ctrl-C.

    ``var`` is a folder that is there and empty.
    """
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STATION_")}
    given = {
        "VAR": str(var),
        "PORT": str(port),
        "DEMO_PASSWORD": PASSWORD,
        "HOURS": "00:00-24:00",
        **settings,
    }
    with open(var / "make-run.log", "wb") as log:  # once, before anything runs
        process = await asyncio.create_subprocess_exec(
            "make",
            "--no-print-directory",
            "run",
            cwd=ROOT,
            env=kept | {f"STATION_{name}": value for name, value in given.items()},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=dying_with_parent(os.getpid()),
        )
    station = Station(process, var, port)
    try:
        await station.ready()
        yield station
    finally:
        kill_group(process.pid, signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), 30)
        finally:
            kill_group(process.pid)
