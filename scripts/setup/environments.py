"""Makes the two Python environments from their locks with hashes.

The checkout itself is put on ``.venv``'s path by a ``.pth`` file and its command by a small launcher: an editable
build would have to download a build system first.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

from scripts.setup import stamps
from scripts.setup.interpreters import BOT_VERSION, find_bot_python, runs_as
from scripts.setup.places import LOCKS, LOGS, ROOT, VENV, VENV_BOT, Unable
from scripts.setup.programs import output_of, run_logged
from scripts.setup.progress import Progress, Step

_STAMP = ".stamp"
_LAYOUT = "1"
"""Raised when an environment made by older code should be made again."""

_LAUNCHER = """#!/bin/sh
exec {python} -P -c 'import sys; sys.argv[0] = "station"; from app.cli import main; sys.exit(main())' "$@"
"""


def make_station(progress: Progress, *, for_tests: bool) -> None:
    """``.venv`` with the station's packages, and those of the tests when asked for."""
    own, with_tests = (_wanted(LOCKS / name) for name in ("station.txt", "dev.txt"))
    good = {with_tests} if for_tests else {own, with_tests}  # the tests' lock holds all of the station's
    if _runs(VENV) and any(stamps.is_fresh(VENV / _STAMP, wanted) for wanted in good):
        return
    with progress.step("Python packages of the station") as step:
        version = sys.version_info[:2]
        lock = LOCKS / ("dev.txt" if for_tests else "station.txt")
        if not runs_as(VENV / "bin" / "python", version):
            _make_empty(VENV, Path(sys.executable), LOGS / "station.log")
        (VENV / _STAMP).unlink(missing_ok=True)
        _install(VENV, lock, LOGS / "station.log", step)
        put_checkout_into(VENV, ROOT)
        stamps.leave(VENV / _STAMP, with_tests if for_tests else own)


def make_bot(progress: Progress) -> None:
    """``.venv-bot``: Rasa under a Python 3.10."""
    lock = LOCKS / "bot.txt"
    wanted = _wanted(lock)
    if stamps.is_fresh(VENV_BOT / _STAMP, wanted) and _runs(VENV_BOT):
        return
    with progress.step("Python packages of the bot") as step:
        if not runs_as(VENV_BOT / "bin" / "python", BOT_VERSION):
            _make_empty(VENV_BOT, find_bot_python(os.environ), LOGS / "bot.log")
        (VENV_BOT / _STAMP).unlink(missing_ok=True)
        _install(VENV_BOT, lock, LOGS / "bot.log", step)
        stamps.leave(VENV_BOT / _STAMP, wanted)


def require_bot_python() -> None:
    """Say at once, before minutes of installing, when there is no Python 3.10. Raises :class:`Unable`."""
    if not runs_as(VENV_BOT / "bin" / "python", BOT_VERSION):
        find_bot_python(os.environ)


def put_checkout_into(environment: Path, root: Path) -> None:
    """Make the checkout importable in an environment, and give it the ``station`` command."""
    library = next(iter(sorted((environment / "lib").glob("python3.*/site-packages"))))
    (library / "energy_station.pth").write_text(f"{root}\n")
    launcher = environment / "bin" / "station"
    fresh = launcher.with_name(f"station.{os.getpid()}")
    fresh.write_text(_LAUNCHER.format(python=shlex.quote(str(environment / "bin" / "python"))))
    fresh.chmod(0o755)
    fresh.replace(launcher)


def packages_in(lock: Path) -> list[str]:
    """The lock's packages as ``name==version``, in its order."""
    return re.findall(r"^([A-Za-z0-9][\w.-]*==[^\s;\\]+)", lock.read_text(), re.MULTILINE)


def _wanted(lock: Path) -> str:
    # The checkout's own place is in the launcher and in every script's first line: moved is changed.
    return stamps.digest(_LAYOUT, str(ROOT), lock.read_bytes())


def _runs(environment: Path) -> bool:
    # A Python that was uninstalled leaves a link to nothing behind.
    return output_of([environment / "bin" / "python", "-I", "-c", ""]) is not None


def _make_empty(environment: Path, python: Path, log: Path) -> None:
    if environment.is_symlink():
        raise Unable(f"{environment} is a link; please remove it, so that an environment can be made there.")
    shutil.rmtree(environment, ignore_errors=True)
    run_logged(
        [python, "-I", "-m", "venv", environment],
        log,
        failing=f"An environment for {python} could not be made",
    )


def _install(environment: Path, lock: Path, log: Path, step: Step) -> None:
    total = len(packages_in(lock))
    seen = 0

    def count(line: str) -> None:
        nonlocal seen
        if line.startswith(("Collecting ", "Requirement already satisfied")):
            seen += 1
            step.detail = f"{seen} of {total}"
        elif line.startswith("Installing collected"):
            step.detail = "unpacking"

    # --no-deps: the lock is whole. --no-compile: Python compiles what is used, when it is first used.
    command: list[str | Path] = [environment / "bin" / "python", "-m", "pip", "install"]
    command += ["--require-hashes", "--no-deps", "--no-compile", "--no-input", "--disable-pip-version-check"]
    command += ["--progress-bar", "off", "-r", lock]
    hidden = {"PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "VIRTUAL_ENV"}
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    run_logged(command, log, env=env, on_line=count, failing=f"{lock.name} could not be installed by pip")
