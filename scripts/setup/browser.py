"""Finds the Chromium that the browser tests drive."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from scripts.setup.places import LOGS, VENV, Unable
from scripts.setup.programs import output_of, run_logged
from scripts.setup.progress import Progress

SETTING = "STATION_CHROMIUM"
"""Names the program, for the tests; given by hand, it is taken as it is."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium(progress: Progress) -> Path:
    """An installed Chromium, else one that Playwright fetches for itself; raises :class:`Unable`."""
    given = os.environ.get(SETTING)
    for name in (given,) if given else NAMES:
        found = shutil.which(name)
        # Some systems put a script there that only says how to install it.
        if found and output_of([found, "--version"]):
            return Path(found)
    if not given:
        fetched = _of_playwright() or _fetched_by_playwright(progress)
        if fetched:
            return fetched
    raise Unable(
        "The browser tests need Chromium, and none that runs was found: please install one "
        f"(on Debian: apt install chromium), or name it with {SETTING}."
    )


def _of_playwright() -> Path | None:
    ask = "from playwright.sync_api import sync_playwright as p\nwith p() as b: print(b.chromium.executable_path)"
    path = output_of([VENV / "bin" / "python", "-c", ask])
    return Path(path) if path and Path(path).exists() else None


def _fetched_by_playwright(progress: Progress) -> Path | None:
    try:
        with progress.step("Chromium for the browser tests"):
            run_logged(
                [VENV / "bin" / "playwright", "install", "chromium"],
                LOGS / "chromium.log",
                failing="Playwright could not fetch Chromium",
            )
    except Unable:
        return None
    return _of_playwright()
