"""Keeps one program running: starts it again when it dies, ends it in order when told to.

Each program leads a process group of its own, so that the terminal's Ctrl-C reaches only us and we end them in
order; and the kernel ends it when we are killed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.setup.places import ROOT
from scripts.setup.programs import dying_with_parent, kill_group

STEADY_S = 30.0
"""A program that lived this long has not failed to start: its next death counts as the first."""


def pause_s(deaths: int, most_s: float) -> float:
    """Seconds before the next start: none after the first death in a row, then 0.5, 1, 2 … up to ``most_s``."""
    return 0.0 if deaths <= 1 else min(most_s, 0.5 * 2 ** min(deaths - 2, 32))


@dataclass(frozen=True, slots=True)
class Death:
    """How a program ended: its status (negative for a signal) and how often in a row."""

    status: int
    in_a_row: int

    @property
    def words(self) -> str:
        """For a person: "signal 9" or "status 1"."""
        return f"signal {-self.status}" if self.status < 0 else f"status {self.status}"


class Supervised:
    """One program under supervision."""

    def __init__(
        self,
        command: Sequence[str | Path],
        env: Mapping[str, str],
        log: Path,
        *,
        changed: Callable[[], None],
        most_pause_s: float,
        end_within_s: float,
    ) -> None:
        self.log = log
        self.log_start = 0
        """Where in the log the present (or last) run begins, in bytes."""
        self.started_at = 0.0
        """When the present (or last) run began, on the monotonic clock."""
        self._command = list(map(str, command))
        self._env = dict(env)
        self._changed = changed
        self._most_pause_s = most_pause_s
        self._end_within_s = end_within_s
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The running program's process, which leads its group; nothing between two runs."""
        alive = self._process is not None and self._process.returncode is None
        return self._process.pid if alive and self._process else None

    async def keep(self, on_death: Callable[[Death], None]) -> None:
        """Start it and start it again for ever; an exception from ``on_death`` ends this. Cancel to stop."""
        in_a_row = 0
        try:
            while True:
                await self._start()
                assert self._process is not None  # noqa: S101  # just started
                status = await self._process.wait()
                kill_group(self._process.pid)  # what it left behind would hold its port
                self._changed()
                in_a_row = 1 if time.monotonic() - self.started_at >= STEADY_S else in_a_row + 1
                on_death(Death(status, in_a_row))
                await asyncio.sleep(pause_s(in_a_row, self._most_pause_s))
        finally:
            await self._end()

    async def _start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.log_start = os.fstat(descriptor).st_size
            self.started_at = time.monotonic()
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=ROOT,
                env=self._env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                start_new_session=True,
                preexec_fn=dying_with_parent(os.getpid()),
            )
        finally:
            os.close(descriptor)
        self._changed()

    async def _end(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        kill_group(self._process.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(self._end_within_s):
                await self._process.wait()
        except TimeoutError:
            pass
        finally:
            kill_group(self._process.pid)
        await self._process.wait()
