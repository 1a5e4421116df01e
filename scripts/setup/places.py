"""Where things stand in a checkout, and the one error that ends a set-up. Imports nothing of ours."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

VENV = ROOT / ".venv"
"""The station's Python environment (3.11 or newer)."""
VENV_BOT = ROOT / ".venv-bot"
"""Rasa's Python environment (3.10: its dependencies cannot share ours)."""
LOCKS = ROOT / "requirements"
"""The locks with hashes."""
WEB = ROOT / "web"
NODE_MODULES = WEB / "node_modules"
DIST = WEB / "dist"
LOGS = ROOT / "build" / "setup"
"""What the programs of the set-up wrote, one file a step; safe to delete."""


class Unable(Exception):
    """The set-up or the station cannot go on. The text is one plain sentence (and what a program said last)."""
