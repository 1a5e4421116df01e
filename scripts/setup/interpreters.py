"""Finds a Python 3.10 that really runs, for Rasa: on PATH, among pyenv's versions, then through uv.

A pyenv shim stands on PATH for every version that pyenv knows and runs only the chosen one, so a name is never
believed: each candidate is started and asked what it is.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.setup.places import Unable
from scripts.setup.programs import output_of

BOT_VERSION = (3, 10)

# Debian ships Python without ensurepip, and a self-built one may lack ssl: better to know it now.
_ASK = "import sys, ssl, sqlite3, ctypes, venv, ensurepip; print(*sys.version_info[:2])"


def find_bot_python(environment: Mapping[str, str]) -> Path:
    """A Python 3.10 that runs and can make environments; raises :class:`Unable` when there is none."""
    for candidate in candidates(environment):
        if runs_as(candidate, BOT_VERSION):
            return candidate
    through_uv = _from_uv(environment)
    if through_uv is not None:
        return through_uv
    raise Unable(
        "The bot needs Python 3.10, and none that runs was found on PATH, among pyenv's versions or through uv: "
        'please install one, for example with "pyenv install 3.10" or "uv python install 3.10".'
    )


def runs_as(python: Path, version: tuple[int, int]) -> bool:
    """Whether this program starts, is that version of Python, and has all that an environment needs."""
    return output_of([python, "-I", "-c", _ASK]) == f"{version[0]} {version[1]}"


def candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    """Programs that may be Python 3.10, the likeliest first; each once, none of them tried yet."""
    seen: set[Path] = set()
    for path in (*_on_path(environment), *_of_pyenv(environment)):
        if path not in seen and os.access(path, os.X_OK) and path.is_file():
            seen.add(path)
            yield path


def _on_path(environment: Mapping[str, str]) -> Iterator[Path]:
    # Every folder, not only the first hit: a shim that does not run may hide one that does.
    folders = [Path(folder) for folder in environment.get("PATH", "").split(os.pathsep) if folder]
    for name in ("python3.10", "python3", "python"):
        for folder in folders:
            yield folder / name


def _of_pyenv(environment: Mapping[str, str]) -> list[Path]:
    roots = [Path(environment["PYENV_ROOT"])] if environment.get("PYENV_ROOT") else []
    roots.append(Path(environment.get("HOME") or Path.home()) / ".pyenv")
    found: list[Path] = []
    for root in roots:
        versions = root.glob("versions/3.10*/bin/python3.10")
        found += sorted(versions, key=lambda path: _numbers(path.parts[-3]), reverse=True)
    return found


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _from_uv(environment: Mapping[str, str]) -> Path | None:
    uv = shutil.which("uv", path=environment.get("PATH", ""))
    if uv is None:
        return None
    for fetch in (False, True):
        if fetch and output_of([uv, "python", "install", "3.10"], timeout_s=180) is None:
            return None
        found = output_of([uv, "python", "find", "--no-project", "3.10"])
        if found and runs_as(Path(found), BOT_VERSION):
            return Path(found)
    return None
