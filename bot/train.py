"""Trains Rasa's model when its sources changed, by their hash and never by their time.

Standard library alone: it runs before anything is installed. It must never leave a half-written model where a whole
one is looked for.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PROJECT: Final = ROOT / "bot" / "rasa"
MODELS: Final = ROOT / "var" / "models"
RASA: Final = ROOT / ".venv-bot" / "bin" / "rasa"
# What a model is made of: the project, and the versions that read it.
_SOURCES: Final = (
    "bot/rasa/config.yml",
    "bot/rasa/domain/**/*.yml",
    "bot/rasa/data/**/*.yml",
    "requirements/bot.txt",
)
_LIMIT_S: Final = 600
_TELL_EVERY_S: Final = 5.0


class TrainingFailed(RuntimeError):
    """Rasa would not train; the message holds the end of what it printed."""


def sources_hash() -> str:
    """Return the hash of everything that the model is made of: names and contents."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _SOURCES for path in ROOT.glob(pattern)):
        for part in (path.relative_to(ROOT).as_posix().encode(), path.read_bytes()):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


def model_path() -> Path:
    """Return where the model of the present sources is, or would be."""
    return MODELS / f"{sources_hash()}.tar.gz"


def is_whole(model: Path) -> bool:
    """Whether a model is there and is, byte for byte, the one that was trained here."""
    try:
        return _checksum(model) == _beside(model).read_text(encoding="ascii")
    except OSError:
        return False


def train(progress: Callable[[str], None] = print) -> Path:
    """Return the model of the present sources, training it first if there is none.

    ``progress`` gets a line now and then. Raises :class:`TrainingFailed`.
    """
    model = model_path()
    if is_whole(model):
        return model
    MODELS.mkdir(parents=True, exist_ok=True)
    progress("training the bot's model (about half a minute)")
    with tempfile.TemporaryDirectory(dir=MODELS, prefix=".training-") as folder:
        started = time.monotonic()
        _run_rasa(Path(folder), progress)
        made = Path(folder) / "model.tar.gz"
        if not made.is_file():
            raise TrainingFailed("rasa train ended without a model")
        _beside(model).write_text(_checksum(made), encoding="ascii")
        os.replace(made, model)
    progress(f"the bot's model is ready ({time.monotonic() - started:.0f} s)")
    return model


def quiet_environment() -> dict[str, str]:
    """Return the environment in which Rasa runs: what it needs to run, and none of the station's secrets."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR") if name in os.environ
    }
    return kept | {
        "RASA_TELEMETRY_ENABLED": "false",
        "RASA_MAX_CACHE_SIZE": "0",
        "LOG_LEVEL": "WARNING",
        "LOG_LEVEL_LIBRARIES": "ERROR",
        "PYTHONWARNINGS": "ignore",
        "PYTHONIOENCODING": "utf-8",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",
        "MPLCONFIGDIR": tempfile.gettempdir(),
    }


def _run_rasa(folder: Path, progress: Callable[[str], None]) -> None:
    if not RASA.exists():
        raise TrainingFailed(f"{RASA} is missing: Rasa's environment has not been set up")
    command = [
        str(RASA), "train",
        "--config", str(PROJECT / "config.yml"),
        "--domain", str(PROJECT / "domain"),
        "--data", str(PROJECT / "data"),
        "--out", str(folder),
        "--fixed-model-name", "model",
    ]  # fmt: skip
    log = folder / "log"
    started = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, cwd=folder, env=quiet_environment()
        )
        try:
            while True:
                try:
                    code = process.wait(_TELL_EVERY_S)
                    break
                except subprocess.TimeoutExpired:
                    passed = time.monotonic() - started
                    if passed > _LIMIT_S:
                        raise TrainingFailed(f"rasa train took more than {_LIMIT_S} s") from None
                    progress(f"training the bot's model, {passed:.0f} s so far")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if code != 0:
        raise TrainingFailed(log.read_text(encoding="utf-8", errors="replace")[-2000:])


def _checksum(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _beside(model: Path) -> Path:
    return model.with_name(model.name + ".sha256")


if __name__ == "__main__":
    if shutil.which(str(RASA)) is None:
        sys.exit("Rasa's environment (.venv-bot) has not been set up")
    print(train())
