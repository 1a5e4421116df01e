"""Starts child programs so that none outlives us, and runs those of the set-up with their output in a log.

On Linux the kernel kills a child when its starter dies, SIGKILL included; elsewhere only an orderly end does.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scripts.setup.places import ROOT, Unable

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

_running: set[subprocess.Popen[str]] = set()
_stopping = threading.Event()


def dying_with_parent(parent: int, number: int = signal.SIGKILL) -> Callable[[], None]:
    """What a fresh child calls before it becomes its program: it gets this signal when ``parent`` dies."""

    def prepare() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
            if os.getppid() != parent:  # it died before we could ask
                os._exit(1)

    return prepare


def end_with_starter() -> None:
    """Have this process itself ended in order (SIGTERM) when the ``make`` that started it is killed."""
    if "MAKELEVEL" in os.environ:
        dying_with_parent(os.getppid(), signal.SIGTERM)()


def run_logged(
    command: Sequence[str | Path],
    log: Path,
    *,
    failing: str,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
) -> None:
    """Run a program to its end with its output in ``log``.

    Raises :class:`Unable` with the sentence ``failing`` and the last lines when it ends with an error.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as kept:
        child = subprocess.Popen(
            list(map(str, command)),
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=dying_with_parent(os.getpid()),
        )
        _running.add(child)
        try:
            if _stopping.is_set():
                kill_group(child.pid)
            assert child.stdout is not None  # noqa: S101  # asked for above
            for line in child.stdout:
                kept.write(line)
                if on_line is not None:
                    on_line(line)
            status = child.wait()
        except BaseException:
            kill_group(child.pid)
            raise
        finally:
            _running.discard(child)
    if status != 0:
        last = "\n".join(f"  {line}" for line in tail(log))
        raise Unable(f"{failing} (its output: {_from_root(log)})\n{last}")


def stop_all() -> None:
    """Kill every program that :func:`run_logged` has under way, and any that it starts from now on."""
    _stopping.set()
    for child in list(_running):
        kill_group(child.pid)


def kill_group(leader: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to a child that leads its own group, and to all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def output_of(command: Sequence[str | Path], timeout_s: float = 20.0) -> str | None:
    """What a quick program printed, or None when it is missing, hangs or ends with an error."""
    try:
        done = subprocess.run(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=timeout_s,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def tail(log: Path, *, start: int = 0, lines: int = 15) -> list[str]:
    """The last lines of a log that are not empty, counted from byte ``start``."""
    try:
        with log.open("rb") as kept:
            size = kept.seek(0, os.SEEK_END)
            kept.seek(max(start, size - 64 * 1024))
            text = kept.read().decode(errors="replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-lines:]


def _from_root(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
