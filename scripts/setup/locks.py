"""Lets one set-up run in a checkout at a time, and one station on a ``var``. The kernel frees what a dead one held."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from scripts.setup.places import Unable
from scripts.setup.progress import say


@contextlib.contextmanager
def hold(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold a lock file while inside. When another holds it: wait for it, or raise :class:`Unable`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                raise Unable(
                    f"A station is already running on {path.parent}: stop it, or give this one a place of its "
                    "own with STATION_VAR."
                ) from None
            say("… Another set-up is at work in this checkout; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
