"""Runs a station: the server first, then Rasa, both kept alive until Ctrl-C.

Visitors are answered while Rasa is still loading or down: the server has a built-in script for that. So the
server's trouble ends a start that never worked, and Rasa's trouble never ends anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from scripts.setup.locks import hold
from scripts.setup.options import Options
from scripts.setup.places import VENV, Unable
from scripts.setup.ports import answers, free_port, require_free
from scripts.setup.programs import run_logged, tail
from scripts.setup.progress import Progress, say
from scripts.setup.supervise import Death, Supervised

STATION = VENV / "bin" / "station"
DEMO_STAFF = (
    "counsellor@demo",
    "counsellor2@demo",
    "clinician@demo",
    "responder@demo",
    "supervisor@demo",
    "admin@demo",
)

REFUSED = 2
"""The server's status when it cannot start as it is set up: starting it again would not help."""
TRIES = 3
"""Deaths in a row before it ever answered after which a server is given up."""
LOG_BYTES = 10_000_000
"""A log longer than this is put aside, in place of the one put aside before, at the next start."""

ServeRasa = Callable[[int, str], tuple[list[str], Mapping[str, str]]]
"""From a port of 127.0.0.1 and a token: the command that serves Rasa there, and its environment."""


def run(options: Options, environment: Mapping[str, str], serve_rasa: ServeRasa | None) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP. ``serve_rasa`` is None when Rasa runs elsewhere.

    Raises :class:`Unable` when a port is in use, another station has this ``var``, or the server does not start.
    """
    options.var.mkdir(mode=0o700, parents=True, exist_ok=True)
    with hold(options.var / "run.lock", wait=False):
        require_free(options.host, options.port, "STATION_PORT")
        if serve_rasa is not None and options.rasa_port:
            require_free("127.0.0.1", options.rasa_port, "STATION_RASA_PORT")
        migrate(options, environment)
        asyncio.run(_Run(options, environment, serve_rasa).until_told_to_stop())


def migrate(options: Options, environment: Mapping[str, str]) -> None:
    """Bring the database to the present tables. Always asked: only the database knows where it stands."""
    with Progress() as progress, progress.step("Database"):
        run_logged(
            [STATION, "migrate"],
            options.var / "log" / "migrate.log",
            env=settings_for_server(options, environment, rasa_port=0),
            failing="The database could not be brought up to date",
        )


def settings_for_server(options: Options, environment: Mapping[str, str], rasa_port: int) -> dict[str, str]:
    """The server's environment; ``rasa_port`` is 0 when Rasa runs elsewhere."""
    env = {**environment, "STATION_VAR": str(options.var)}
    env["STATION_DEMO"] = "1" if options.demo else "0"
    if options.demo:
        env["STATION_DEMO_PASSWORD"] = options.demo_password
    if rasa_port:
        env["STATION_RASA_URL"] = f"http://127.0.0.1:{rasa_port}"
        env["STATION_RASA_TOKEN"] = options.rasa_token
    return env


class _Run:
    """One run of the station, from the first start to the last stop."""

    def __init__(
        self, options: Options, environment: Mapping[str, str], serve_rasa: ServeRasa | None
    ) -> None:
        self._options = options
        self._has_answered = False
        self._rasa_up = False
        self._rasa_port = (options.rasa_port or free_port()) if serve_rasa is not None else 0
        logs = options.var / "log"
        self._server = Supervised(
            [STATION, "serve"],
            settings_for_server(options, environment, self._rasa_port),
            _put_aside_when_long(logs / "server.log"),
            changed=self._write_down,
            most_pause_s=10.0,
            end_within_s=10.0,
        )
        self._rasa = None
        if serve_rasa is not None:
            command, rasa_environment = serve_rasa(self._rasa_port, options.rasa_token)
            self._rasa = Supervised(
                command,
                rasa_environment,
                _put_aside_when_long(logs / "rasa.log"),
                changed=self._write_down,
                most_pause_s=60.0,
                end_within_s=5.0,
            )

    async def until_told_to_stop(self) -> None:
        """Returns when told to stop and everything has ended; raises :class:`Unable` as :func:`run` does."""
        options = self._options
        with _told_to_stop() as told:
            stop = asyncio.create_task(told.wait())
            tasks = [
                stop,
                asyncio.create_task(self._server.keep(self._server_died)),
                asyncio.create_task(
                    _tell(self._server, options.local_host, options.port, "/healthz", self._server_answers)
                ),
            ]
            if self._rasa:
                tasks.append(asyncio.create_task(self._rasa.keep(self._rasa_died)))
                tasks.append(
                    asyncio.create_task(
                        _tell(self._rasa, "127.0.0.1", self._rasa_port, "/", self._rasa_answers)
                    )
                )
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if stop in done:
                say("\nStopping …")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            (options.var / "run.json").unlink(missing_ok=True)
            for task in done:
                task.result()

    def _server_answers(self, after_s: float) -> None:
        if self._has_answered:
            say(f"The server is up again ({after_s:.1f} s).")
            return
        self._has_answered = True
        say(greeting(self._options))
        if self._rasa and not self._rasa_up:
            say("The bot is still loading; until it is up, a built-in script answers visitors.")

    def _server_died(self, death: Death) -> None:
        said = tail(self._server.log, start=self._server.log_start, lines=8)
        last = f"{said[-1]} (in {self._server.log})" if said else f"its log is {self._server.log}"
        if not self._has_answered and death.status == REFUSED:
            raise Unable("\n".join(said) or "The server refuses its settings.")
        if not self._has_answered and death.in_a_row >= TRIES:
            raise Unable(f"The server does not start ({death.words}): {last}")
        # Once it has served, people may be talking to it: it is never given up.
        say(f"The server stopped ({death.words}); starting it again: {last}")

    def _rasa_answers(self, after_s: float) -> None:
        self._rasa_up = True
        self._write_down()
        say(f"The bot is up ({after_s:.0f} s).")

    def _rasa_died(self, death: Death) -> None:
        self._rasa_up = False
        self._write_down()
        say(
            f"The bot stopped ({death.words}); starting it again. Meanwhile a built-in script answers visitors. "
            f"Its log: {self._options.var / 'log' / 'rasa.log'}"
        )

    def _write_down(self) -> None:
        """Keep ``run.json`` true: who runs where at this moment."""
        options = self._options
        facts = {
            "pid": os.getpid(),
            "url": options.local_url,
            "host": options.host,
            "port": options.port,
            "server_pid": self._server.pid,
            "rasa_port": self._rasa_port or None,
            "rasa_pid": self._rasa.pid if self._rasa else None,
            "rasa_up": self._rasa_up,
        }
        fresh = options.var / f"run.json.{os.getpid()}"
        fresh.write_text(json.dumps(facts, indent=2) + "\n")
        fresh.replace(options.var / "run.json")


async def _tell(
    program: Supervised, host: str, port: int, path: str, answers_now: Callable[[float], None]
) -> None:
    """Call ``answers_now`` with the seconds since its start each time that a fresh run first answers."""
    told_of = None
    while True:
        pid = program.pid
        if pid and pid != told_of and await answers(host, port, path) and program.pid == pid:
            told_of = pid
            answers_now(time.monotonic() - program.started_at)
        await asyncio.sleep(0.05)


@contextlib.contextmanager
def _told_to_stop() -> Iterator[asyncio.Event]:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, told.set)
    try:
        yield told
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def greeting(options: Options) -> str:
    """The addresses and the demo log-ins."""
    lines = ["", "Energy station is open:"]
    pages = {"chat": "visitors", "desk": "counsellors", "watch": "supervisors", "cases": "responders"}
    lines += [f"  {options.url + '/' + page:<40} {who}" for page, who in pages.items()]
    if options.demo:
        lines += [f"Sign in at {options.url}/login with the password  {options.demo_password}  as"]
        lines += ["  " + ", ".join(DEMO_STAFF)]
    lines += ["Ctrl-C stops it.", ""]
    return "\n".join(lines)


def _put_aside_when_long(log: Path) -> Path:
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            log.replace(log.with_name(log.name + ".1"))
    return log
