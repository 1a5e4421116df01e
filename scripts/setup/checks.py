"""Everything that must pass before a change is good: linters, type checkers, unit tests, journeys in a browser."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from scripts.setup.browser import SETTING, find_chromium
from scripts.setup.places import ROOT, VENV, WEB, Unable
from scripts.setup.programs import dying_with_parent
from scripts.setup.progress import Progress, say

_BIN = VENV / "bin"
_REPORTS = ROOT / "build" / "tests"


@dataclass(frozen=True, slots=True)
class Check:
    """One program that must end without an error."""

    title: str
    command: Sequence[str | Path]
    where: Path = ROOT


LINTS = (
    Check("ruff, rules", [_BIN / "ruff", "check"]),
    Check("ruff, format", [_BIN / "ruff", "format", "--check"]),
    Check("mypy", [_BIN / "mypy"]),
    Check("imports run downwards only", [_BIN / "lint-imports"]),
    Check("tsc", ["npm", "run", "--silent", "check"], WEB),
)


def lint() -> None:
    """The linters and type checkers; raises :class:`Unable` at the first that finds something."""
    for check in LINTS:
        _pass(check)


def test() -> None:
    """The linters, then every test, the cheap ones first. Raises :class:`Unable` at the first failure.

    A journey that is skipped has not shown anything, so it fails the whole, as does finding no journey.
    """
    with Progress() as progress:
        chromium = find_chromium(progress)
    os.environ[SETTING] = str(chromium)
    lint()
    _pass(Check("tests of the browser code", ["npm", "test", "--silent"], WEB))
    counts = []
    for title, marks in (("tests", "not journey"), ("journeys", "journey")):
        report = _REPORTS / f"{marks.replace(' ', '-')}.xml"
        report.unlink(missing_ok=True)
        command: list[str | Path] = [_BIN / "python", "-m", "pytest", "-m", marks, f"--junitxml={report}"]
        _pass(Check(title, command), nothing_found=5)
        counts.append(read_report(report))
    tests, journeys = counts
    say(f"{tests.ran} tests and {journeys.ran} journeys passed; {tests.skipped} tests were skipped.")
    require_journeys(journeys)


def require_journeys(journeys: Report) -> None:
    """Raise :class:`Unable` when no journey ran or one was skipped."""
    if journeys.skipped:
        raise Unable(f"{journeys.skipped} of the journeys were skipped; each of them must run.")
    if journeys.ran == 0:
        raise Unable("No journey ran, so nothing shows that the whole works.")


@dataclass(frozen=True, slots=True)
class Report:
    """What a run of pytest came to."""

    ran: int
    skipped: int


def read_report(path: Path) -> Report:
    """The counts of a JUnit report; all zero when there is none."""
    if not path.exists():
        return Report(0, 0)
    suites = ElementTree.parse(path).iter("testsuite")  # noqa: S314  # pytest wrote it a moment ago
    found = [(int(suite.get("tests", 0)), int(suite.get("skipped", 0))) for suite in suites]
    skipped = sum(skip for _, skip in found)
    return Report(sum(tests for tests, _ in found) - skipped, skipped)


def _pass(check: Check, *, nothing_found: int | None = None) -> None:
    say(f"\n── {check.title}")
    since = time.monotonic()
    done = subprocess.run(
        list(map(str, check.command)),
        cwd=check.where,
        stdin=subprocess.DEVNULL,
        preexec_fn=dying_with_parent(os.getpid()),
    )
    if done.returncode not in {0, nothing_found}:
        raise Unable(f"{check.title}: did not pass.")
    say(f"   {'passed' if done.returncode == 0 else 'found nothing'}, {time.monotonic() - since:.0f} s")
