"""Logs hold ids and never words, also when something breaks while words are in its hands."""

from __future__ import annotations

import subprocess
import sys

BREAKS = """
import asyncio, sys
from data.kinds import Done
from data.store import open_store
from app.log import configure

configure("debug")

def command(conn, text):
    secret_words = text
    raise RuntimeError("broken")

async def main():
    store = open_store("sqlite:///" + sys.argv[1], lambda events: None)
    try:
        await store.run(command, text="my private " + "despair")
    except RuntimeError:
        pass
    await store.close()

asyncio.run(main())
"""


def test_a_traceback_shows_code_and_no_values(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BREAKS, f"{tmp_path}/station.db"], capture_output=True, text=True, check=True
    )
    assert "store.command_failed" in done.stderr and "RuntimeError" in done.stderr
    assert "despair" not in done.stderr and "secret_words = " not in done.stderr.replace(
        "secret_words = text", ""
    )
