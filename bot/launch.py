"""Starts Rasa inside its own environment. Run by that environment's Python; imports nothing of ours.

It does two things that Rasa's command line cannot do: it takes the API's token from the environment, so that
no list of processes shows it, and it keeps what visitors write out of the log, exceptions included.
It must never print a token or a message.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any

TOKEN = "STATION_RASA_TOKEN"  # noqa: S105 - the name of a variable


def wordless(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """Make a log record that says what went wrong where, never with what words.

    Rasa's errors carry the message that caused them, as an argument or inside a traceback. A record factory
    cannot be taken away again by the handlers that Rasa and Sanic install later.
    """
    record = logging.LogRecord(*args, **kwargs)
    kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else record.levelname
    record.msg = f"{kind} in {record.name} ({record.module}:{record.lineno})"
    record.args = record.exc_info = record.exc_text = record.stack_info = None
    return record


def main() -> None:
    """Hand the arguments to Rasa, with the token added where only this process sees it."""
    token = os.environ.pop(TOKEN, "")
    if not token:
        sys.exit(f"{TOKEN} is not set: Rasa's API would be open to everybody on this machine")
    logging.setLogRecordFactory(wordless)
    # Rasa repeats requests in its warnings; its libraries' deprecations are not an operator's business.
    warnings.showwarning = lambda *_args, **_kwargs: None
    # endpoints.yml names a class that stands beside it.
    sys.path.insert(0, str(Path(__file__).parent / "rasa"))
    sys.argv = ["rasa", *sys.argv[1:], "--auth-token", token]
    # Rasa exists only in the environment that runs this file.
    from rasa.__main__ import main as rasa  # type: ignore[import-not-found]

    rasa()


if __name__ == "__main__":
    main()
