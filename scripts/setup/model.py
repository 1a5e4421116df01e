"""Trains the Rasa model when its sources have changed, and says how Rasa is served.

What the sources are, where the model lies and how it is trained and served is the bot's to say (:mod:`bot.train`,
:mod:`bot.server`).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from bot.server import rasa_command, rasa_environment
from bot.train import is_whole, model_path
from scripts.setup.places import LOGS
from scripts.setup.programs import run_logged
from scripts.setup.progress import Progress


def make_model(progress: Progress) -> None:
    """The trained model of the present sources; ``.venv-bot`` must stand."""
    if is_whole(model_path()):
        return
    with progress.step("The bot's model"):
        # A program of its own, so that a set-up which is stopped stops the training too.
        run_logged(
            [sys.executable, "-m", "bot.train"],
            LOGS / "model.log",
            failing="The bot's model could not be trained",
        )


def serve_rasa(port: int, token: str) -> tuple[list[str], Mapping[str, str]]:
    """The command that serves the model of the present sources on a port of 127.0.0.1, and its environment."""
    return rasa_command(port, model_path()), rasa_environment(token)
