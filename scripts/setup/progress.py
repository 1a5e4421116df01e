"""Tells whoever waits what is happening: one moving line on a terminal, plain lines elsewhere.

A step that takes less than a second is not spoken of. Losing the terminal never stops the work.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

QUIET_S = 1.0
"""A step shorter than this goes unmentioned."""
REPEAT_S = 15.0
"""How often a long step says that it is still at it, where there is no terminal."""
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


@dataclass
class Step:
    """One thing being done; ``detail`` is how far it has come, in a few words."""

    title: str
    since: float = field(default_factory=time.monotonic)
    detail: str = ""
    said_at: float | None = None

    def line(self, now: float) -> str:
        """The step in one line, as "title (detail), 12 s"."""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.title}{detail}, {now - self.since:.0f} s"


class Progress:
    """Steps may run side by side in threads. Use as a context manager around all of them."""

    def __init__(self, out: TextIO | None = None, *, quiet_s: float = QUIET_S) -> None:
        self._out = out or sys.stdout
        self._tty = self._out.isatty()
        self._quiet_s = quiet_s
        self._steps: list[Step] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._frame = 0

    def __enter__(self) -> Progress:
        self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._ticker.join()
        with self._lock:
            self._wipe()

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Around the work; says how long it took when that was long enough to matter."""
        step = Step(title)
        with self._lock:
            self._steps.append(step)
        try:
            yield step
        except BaseException:
            self._end(step, "✗", "did not succeed")
            raise
        self._end(step, "✓", "")

    def say(self, text: str) -> None:
        """A line of its own, at once."""
        with self._lock:
            self._wipe()
            self._write(text + "\n")

    def _end(self, step: Step, mark: str, note: str) -> None:
        with self._lock:
            self._steps.remove(step)
            took = time.monotonic() - step.since
            if took >= self._quiet_s or note:
                self._wipe()
                self._write(f"{mark} {step.title}{', ' + note if note else ''}, {took:.0f} s\n")

    def _tick(self) -> None:
        while not self._over.wait(0.1):
            with self._lock:
                if self._tty:
                    self._draw()
                else:
                    self._repeat()

    def _draw(self) -> None:
        now = time.monotonic()
        slow = [step.line(now) for step in self._steps if now - step.since >= self._quiet_s]
        self._wipe()
        if slow:
            self._frame += 1
            line = f"{_FRAMES[self._frame % len(_FRAMES)]} " + " · ".join(slow)
            self._write(line[: shutil.get_terminal_size().columns - 1])

    def _repeat(self) -> None:
        now = time.monotonic()
        for step in self._steps:
            due = step.since + self._quiet_s if step.said_at is None else step.said_at + REPEAT_S
            if now >= due:
                self._write(f"… {step.title if step.said_at is None else step.line(now)}\n")
                step.said_at = now

    def _wipe(self) -> None:
        if self._tty:
            self._write("\r\x1b[2K")

    def _write(self, text: str) -> None:
        say(text, out=self._out, end="")


def say(text: str, *, out: TextIO | None = None, end: str = "\n") -> None:
    """Print at once. Nobody reading any more is no reason to stop a station."""
    with contextlib.suppress(OSError, ValueError):
        print(text, file=out or sys.stdout, end=end, flush=True)
