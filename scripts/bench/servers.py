"""The servers under test as child processes: pinned to a core, watched through /proc, killed by pid on any exit.

Linux only. A child dies with the benchmark, also when the benchmark is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

STATION = Path(sys.executable).with_name("station")
PASSWORD = "bench-loopback-only-9137"  # noqa: S105  # of a station that lives in a temporary folder for minutes

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class NotServing(Exception):
    """A server did not come up; the message holds the end of what it printed."""


@dataclass(frozen=True)
class Server:
    """A running server: where it listens and which process it is."""

    name: str
    port: int
    pid: int
    core: int | None = None

    def cpu_s(self) -> float:
        """CPU seconds used so far by the process, all threads, user and system (resolution 10 ms)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * _TICK_S

    def core_s(self) -> float:
        """Seconds for which anything at all kept this server's core busy; 0 when it has no core of its own."""
        for line in Path("/proc/stat").read_text().splitlines():
            if line.startswith(f"cpu{self.core} "):
                user, nice, system, _, _, *interrupts = (int(field) for field in line.split()[1:9])
                return (user + nice + system + sum(interrupts)) * _TICK_S
        return 0.0

    def resident(self) -> int:
        """Resident memory in bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE


def cores() -> tuple[int | None, int | None]:
    """The core for the servers and the core for the load; (None, None) when there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


def _in_child(core: int | None) -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if core is not None:
        os.sched_setaffinity(0, {core})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def _serving(
    name: str,
    command: Sequence[str],
    port: int,
    log: Path,
    core: int | None,
    *,
    ready: str,
    env: Mapping[str, str] | None = None,
    wait_s: float = 60.0,
) -> AsyncIterator[Server]:
    child = _start(command, log, core, env)
    try:
        if not await _answers(child, f"http://127.0.0.1:{port}{ready}", wait_s):
            raise NotServing(f"{name} does not answer at {ready}\n{_end_of(log)}")
        yield Server(name, port, child.pid, core)
    finally:
        child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _start(
    command: Sequence[str], log: Path, core: int | None, env: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            command,
            cwd=log.parent,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: _in_child(core),
        )


async def _answers(child: subprocess.Popen[bytes], url: str, wait_s: float) -> bool:
    until = time.monotonic() + wait_s
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
        while child.poll() is None and time.monotonic() < until:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(url) as response:
                    if response.status == 200:
                        return True
            await asyncio.sleep(0.05)
    return False


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


def relay(folder: Path, core: int | None, *, tuned: bool) -> contextlib.AbstractAsyncContextManager[Server]:
    """The bare relay as a child process, ready to be connected to; its log is written into ``folder``."""
    name, port = ("tuned" if tuned else "bare"), _free_port()
    command = [sys.executable, str(Path(__file__).with_name("relay.py")), "--port", str(port)]
    command += ["--tuned"] if tuned else []
    return _serving(name, command, port, folder / f"{name}.log", core, ready="/healthz")


def _station_environment(folder: Path, port: int) -> dict[str, str]:
    """A station of its own: no setting of the caller's station may leak in, from the environment or a `.env`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STATION_")}
    return kept | {
        "STATION_VAR": str(folder),
        "STATION_HOST": "127.0.0.1",
        "STATION_PORT": str(port),
        "STATION_HOURS": "00:00-24:00",
        "STATION_DEMO": "1",
        "STATION_DEMO_PASSWORD": PASSWORD,
        "STATION_RATE_SAY": "9999/1s",
    }


@contextlib.asynccontextmanager
async def station(
    folder: Path, core: int | None, *, counsellors: Sequence[str] = ()
) -> AsyncIterator[Server]:
    """The real station on a database of its own in ``folder`` (which exists), with these counsellors (email
    addresses), each of whom can hold ten conversations, the most that the station allows.

    No Rasa is started: the built-in script serves, and in ``live`` the bot is silent anyway.
    """
    port = _free_port()
    env = _station_environment(folder, port)
    _station_command(env, "migrate")
    for email in counsellors:
        _station_command(
            env,
            *("staff", "add", email, "--role", "counsellor", "--capacity", "10", "--password-stdin"),
            stdin=PASSWORD,
        )
    command = [str(STATION), "serve"]
    async with _serving(
        "station", command, port, folder / "station.log", core, ready="/readyz", env=env
    ) as up:
        yield up


def _station_command(env: Mapping[str, str], *words: str, stdin: str = "") -> None:
    done = subprocess.run(
        [str(STATION), *words],
        cwd=env["STATION_VAR"],
        env=dict(env),
        input=stdin + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        raise NotServing(f"station {' '.join(words)} failed\n{done.stderr[-2000:]}")
