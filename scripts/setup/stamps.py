"""Knows whether a step's inputs have changed since it last succeeded: by content, never by time.

A stamp lies inside what the step makes, so deleting the result deletes the stamp with it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path


def digest(*parts: str | bytes) -> str:
    """One hash over the parts in order; ("ab", "c") and ("a", "bc") differ."""
    whole = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        whole.update(len(raw).to_bytes(8, "big"))
        whole.update(raw)
    return whole.hexdigest()


def digest_of_files(base: Path, files: Iterable[Path]) -> str:
    """One hash over names (relative to ``base``) and contents; the order of ``files`` does not matter."""
    parts: list[str | bytes] = []
    for path in sorted(set(files)):
        parts += [path.relative_to(base).as_posix(), path.read_bytes()]
    return digest(*parts)


def files_under(folder: Path, leave_out: frozenset[str] = frozenset()) -> list[Path]:
    """Every file below a folder, without hidden ones and without folders whose name is in ``leave_out``."""
    found: list[Path] = []
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in leave_out and not name.startswith(".")]
        found += [Path(where, name) for name in names if not name.startswith(".")]
    return found


def is_fresh(stamp: Path, wanted: str) -> bool:
    """Whether the step that leaves this stamp last succeeded with exactly these inputs."""
    try:
        return stamp.read_text().strip() == wanted
    except OSError:
        return False


def leave(stamp: Path, value: str) -> None:
    """Note that the step succeeded with these inputs; whole or not at all."""
    fresh = stamp.with_name(f"{stamp.name}.{os.getpid()}")
    fresh.write_text(value + "\n")
    fresh.replace(stamp)
