"""How Rasa is started: a command and an environment, for whoever looks after its process.

Standard library alone. Loopback only, behind a token, with no channel of its own (their webhooks ask for no token).
"""

from __future__ import annotations

from pathlib import Path

from bot.train import PROJECT, ROOT, is_whole, quiet_environment

PYTHON = ROOT / ".venv-bot" / "bin" / "python"
HOST = "127.0.0.1"
TOKEN = "STATION_RASA_TOKEN"  # noqa: S105 - the name of a variable
"""Where :mod:`bot.launch` finds the token: in the environment, so that no list of processes shows it."""


class BrokenModel(RuntimeError):
    """The model is missing, or is not the one that was trained here."""


def rasa_command(port: int, model: Path) -> list[str]:
    """Return the command that serves ``model`` on the loopback interface, to be run in :func:`rasa_environment`.

    Raises :class:`BrokenModel` when the model's checksum is not the one written at training: a model is code.
    """
    if not is_whole(model):
        raise BrokenModel(f"{model} is missing or not what was trained here; train it again")
    return [
        str(PYTHON), "-I", str(ROOT / "bot" / "launch.py"), "run",
        "--enable-api",
        "--interface", HOST,
        "--port", str(port),
        "--model", str(model),
        "--endpoints", str(PROJECT / "endpoints.yml"),
        "--credentials", str(PROJECT / "credentials.yml"),
    ]  # fmt: skip


def rasa_environment(token: str) -> dict[str, str]:
    """Return the environment for :func:`rasa_command`: the token, and none of the station's own secrets."""
    if not token:
        raise ValueError("Rasa's API has no other protection than its token")
    return quiet_environment() | {TOKEN: token}


def rasa_url(port: int) -> str:
    """Return the address for :class:`bot.dialogue.Dialogue`. Rasa answers there about 15 s after its start."""
    return f"http://{HOST}:{port}"
