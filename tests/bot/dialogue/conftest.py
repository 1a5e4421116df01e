"""Facts to start from, and a real Rasa with the trained model on a port of its own."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.facts import Facts
from bot.server import HOST, rasa_command, rasa_environment, rasa_url
from bot.train import train
from data.kinds import About, Help, Level, Phase

TOKEN = "only-for-these-tests"
ZONE = ZoneInfo("Asia/Shanghai")
OPENS = datetime(2026, 11, 22, 13, 0, tzinfo=ZONE)
CLOSES = datetime(2026, 11, 23, 1, 0, tzinfo=ZONE)
IN_HOURS = Facts(
    language="zh",
    phase=Phase.BOT,
    level=Level.NONE,
    help=Help.NONE,
    desk_open=True,
    opens_at=None,
    closes_at=CLOSES,
    position=None,
    wait_s=None,
    about=About.NONE,
)


def facts(**changes: Any) -> Facts:
    """Return facts in staffed hours, with changes; ``desk_open=False`` alone means back at ``OPENS``."""
    if changes.get("desk_open") is False:
        changes = {"opens_at": OPENS, "closes_at": None} | changes
    return replace(IN_HOURS, **changes)


class RasaProcess:
    """A real Rasa that a test may kill, stop and start again."""

    def __init__(self, model: Path, log: Path) -> None:
        self.log = log
        self.url = ""
        self.command: list[str] = []
        self._model = model
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    def start(self) -> None:
        self._port = self._port or free_port()
        self.url = rasa_url(self._port)
        self.command = rasa_command(self._port, self._model)
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self.command, stdout=out, stderr=out, env=rasa_environment(TOKEN), cwd=self.log.parent
            )
        deadline = time.monotonic() + 120
        while status(self._port, f"/status?token={TOKEN}") != 200:
            assert self._process.poll() is None, self.log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < deadline, "Rasa did not come up"
            time.sleep(0.1)

    def status(self, path: str, method: str = "GET") -> int | None:
        return status(self._port, path, method)

    def kill(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    @contextlib.contextmanager
    def hung(self) -> Iterator[None]:
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


def free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
        return port


def status(port: int, path: str, method: str = "GET") -> int | None:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


@pytest.fixture(scope="session")
def model() -> Path:
    return train(lambda _: None)


@pytest.fixture(scope="session")
def rasa(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RasaProcess]:
    process = RasaProcess(model, tmp_path_factory.mktemp("rasa") / "rasa.log")
    process.start()
    yield process
    process.kill()


@pytest.fixture(name="facts")
def make_facts() -> Callable[..., Facts]:
    return facts
