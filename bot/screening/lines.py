"""Screens JSON lines: what stands behind ``station screen``. Writes what was found, never the text itself."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TextIO

from bot.screening.screener import Screener, load_screener


def screen_lines(source: Iterable[str], sink: TextIO) -> int:
    """Screen every line of ``source``, an object with ``text`` and maybe ``language``, in order.

    Writes one JSON line each: the assessment's payload, or ``{"error": {code, message, field?, line}}`` for a line
    that cannot be screened (lines count from 1; blank ones are bad too, so that output lines match input lines).
    Returns the exit status: 0, or 1 when any line was bad.
    """
    screener = load_screener()
    status = 0
    for number, line in enumerate(source, 1):
        answer = _screen_line(screener, line)
        if "error" in answer:
            answer["error"]["line"] = number
            status = 1
        sink.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return status


def _screen_line(screener: Screener, line: str) -> dict[str, Any]:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError):
        return _error("the line is not JSON")
    if not isinstance(given, dict):
        return _error("the line is not a JSON object")
    text, language = given.get("text"), given.get("language")
    if not isinstance(text, str):
        return _error("text must be a string", "text")
    if language is not None and not isinstance(language, str):
        return _error("language must be a string", "language")
    return screener.screen(text, language).payload(language or "en")


def _error(message: str, field: str | None = None) -> dict[str, Any]:
    error = {"code": "invalid_payload", "message": message}
    if field is not None:
        error["field"] = field
    return {"error": error}
