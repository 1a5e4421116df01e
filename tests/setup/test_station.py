"""A run of the station, with the real server; a small HTTP server stands where Rasa's process would be."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from scripts.setup.options import read_options
from scripts.setup.places import ROOT
from scripts.setup.ports import answers, free_port
from scripts.setup.station import settings_for_server
from tests.setup.test_supervise import alive, until

PASSWORD = "words-for-a-test"

PROGRAM = """
    import os, sys
    from scripts.setup import __main__ as setup, station
    from scripts.setup.options import read_options
    from scripts.setup.places import ROOT

    second = "import sys; from http.server import *; " \\
             "HTTPServer(('127.0.0.1', int(sys.argv[1])), SimpleHTTPRequestHandler).serve_forever()"

    def serve_rasa(port, token):
        return [sys.executable, "-c", second, str(port)], os.environ

    def run():
        station.run(read_options(os.environ, ROOT), os.environ, serve_rasa)

    sys.exit(setup.report(run))
"""


class Running:
    """A station started by a process of its own, and what it has printed so far."""

    def __init__(self, process: asyncio.subprocess.Process, var: Path, port: int) -> None:
        self.process = process
        self.var = var
        self.port = port
        self.printed = ""

    async def says(self, pattern: str, *, within_s: float = 40.0) -> str:
        """Read on until this has been printed, in whatever order; each thing printed counts once."""
        assert self.process.stdout is not None
        async with asyncio.timeout(within_s):
            while not (found := re.search(pattern, self.printed)):
                piece = await self.process.stdout.read(4096)
                assert piece, f"it ended without {pattern!r}, having said: {self.printed}"
                self.printed += piece.decode()
        self.printed = self.printed[: found.start()] + self.printed[found.end() :]
        return found[0]

    async def ends(self) -> tuple[int, str]:
        rest, _ = await asyncio.wait_for(self.process.communicate(), 40)
        return await self.process.wait(), self.printed + rest.decode()

    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads((self.var / "run.json").read_text())
        return facts


def surroundings(var: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STATION_")}
    own = {"VAR": str(var), "PORT": str(port), "DEMO_PASSWORD": PASSWORD}
    return kept | {f"STATION_{name}": value for name, value in own.items()}


@asynccontextmanager
async def station(var: Path, port: int, **settings: str) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        textwrap.dedent(PROGRAM),
        cwd=ROOT,
        env=surroundings(var, port) | settings,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    running = Running(process, var, port)
    try:
        yield running
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_addresses_and_log_ins_are_told_then_that_the_bot_is_up_and_ctrl_c_ends_all_of_it(
    tmp_path: Path,
) -> None:
    port = free_port()
    async with station(tmp_path, port) as running:
        for page in ("chat", "desk", "watch", "cases"):
            await running.says(rf"http://127\.0\.0\.1:{port}/{page}\b")
        await running.says(rf"/login with the password +{PASSWORD}")
        await running.says("counsellor@demo.*admin@demo")
        await running.says("The bot is up")
        facts = running.facts()
        assert facts["pid"] == running.process.pid
        assert (facts["port"], facts["rasa_up"]) == (port, True)
        assert await answers("127.0.0.1", port, "/healthz")
        assert await answers("127.0.0.1", facts["rasa_port"], "/")
        running.process.send_signal(signal.SIGINT)
        status, _ = await running.ends()
    assert status == 0
    assert not alive(facts["server_pid"])
    assert not alive(facts["rasa_pid"])
    assert not (tmp_path / "run.json").exists()


async def test_a_killed_server_and_a_killed_bot_are_started_again_on_their_ports(tmp_path: Path) -> None:
    port = free_port()
    async with station(tmp_path, port) as running:
        await running.says("Energy station is open")
        await running.says("The bot is up")
        before = running.facts()
        os.kill(before["server_pid"], signal.SIGKILL)
        await running.says(r"The server stopped \(signal 9\)")
        await running.says("The server is up again")
        os.kill(before["rasa_pid"], signal.SIGKILL)
        await running.says(r"The bot stopped \(signal 9\); starting it again")
        await running.says("The bot is up")
        after = running.facts()
        assert after["server_pid"] not in {None, before["server_pid"]}
        assert after["rasa_pid"] not in {None, before["rasa_pid"]}
        assert after["rasa_port"] == before["rasa_port"]
        assert await answers("127.0.0.1", port, "/healthz")
        running.process.terminate()
        assert (await running.ends())[0] == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child together with its parent")
async def test_killed_itself_it_leaves_nothing_running(tmp_path: Path) -> None:
    async with station(tmp_path, free_port()) as running:
        await running.says("The bot is up")
        facts = running.facts()
        running.process.kill()
        await until(lambda: not alive(facts["server_pid"]) and not alive(facts["rasa_pid"]))


async def test_a_port_in_use_is_told_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with station(tmp_path, taken.getsockname()[1]) as running:
            status, said = await running.ends()
    assert status == 1
    assert said.startswith("Port ")
    assert "is already in use" in said
    assert said.count("\n") == 1


async def test_settings_that_the_server_refuses_are_told_in_its_own_words_and_end_the_run(
    tmp_path: Path,
) -> None:
    async with station(tmp_path, free_port(), STATION_HOST="0.0.0.0") as running:  # noqa: S104  # refused
        status, said = await running.ends()
    assert status == 1
    assert "STATION_DEMO makes staff with a known password: it needs STATION_HOST=127.0.0.1." in said
    assert "Traceback" not in said


async def test_a_second_station_on_the_same_var_is_refused_and_the_first_lives_on(tmp_path: Path) -> None:
    async with station(tmp_path, free_port()) as first:
        await first.says("Energy station is open")
        async with station(tmp_path, free_port()) as second:
            status, said = await second.ends()
        assert status == 1
        assert "A station is already running" in said
        assert first.facts()["pid"] == first.process.pid
        assert await answers("127.0.0.1", first.port, "/healthz")
        first.process.terminate()
        assert (await first.ends())[0] == 0


def test_the_server_is_told_where_the_bot_is_only_when_this_run_starts_it(tmp_path: Path) -> None:
    environment = {"STATION_RASA_URL": "http://127.0.0.1:5005", "STATION_RASA_TOKEN": "theirs"}
    options = read_options(environment, tmp_path)
    elsewhere = settings_for_server(options, environment, rasa_port=0)
    assert elsewhere["STATION_RASA_URL"] == "http://127.0.0.1:5005"
    assert elsewhere["STATION_RASA_TOKEN"] == "theirs"
    own = settings_for_server(read_options({}, tmp_path), {}, rasa_port=20_005)
    assert own["STATION_RASA_URL"] == "http://127.0.0.1:20005"
    assert len(own["STATION_RASA_TOKEN"]) >= 24
