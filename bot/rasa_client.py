"""Speaks to Rasa's HTTP API on the loopback interface. Holds no state of a talk and no rule.

Two requests a turn: what does the message mean, and what is said to that under these facts. A visitor's words go into
the first alone, and nothing of either is written to a log.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import aiohttp

from bot.turn import Nonsense


class RasaClient:
    """A session with one Rasa process. Times out only where its caller says so."""

    def __init__(self, url: str, token: str | None) -> None:
        self._url = url.rstrip("/")
        self._params = {"include_events": "NONE"} | ({"token": token} if token else {})
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the session. Rasa itself need not be up."""
        # No limit on the time here: one deadline spans both requests, and it is the caller's.
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None),
            connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=30),
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the session."""
        if self._session:
            await self._session.close()

    async def parse(self, text: str) -> Any:
        """Return what Rasa makes of a message that :func:`bot.turn.readable` has been through."""
        return await self._call("POST", "/model/parse", {"text": text})

    async def trigger(self, conversation: str, intent: str, entities: list[dict[str, str]]) -> Any:
        """Return what is said to an intent under the facts that the entities hold."""
        path = f"/conversations/{quote(conversation, safe='')}/trigger_intent"
        return await self._call("POST", path, {"name": intent, "entities": entities})

    async def status(self) -> Any:
        """Return Rasa's own status; it answers once a model is loaded."""
        return await self._call("GET", "/status", None)

    async def _call(self, method: str, path: str, body: Any) -> Any:
        if self._session is None:
            raise Nonsense("the session is not open")
        async with self._session.request(
            method, self._url + path, params=self._params, json=body, allow_redirects=False
        ) as response:
            if response.status != 200:
                raise Nonsense(f"status {response.status}")
            return await response.json()
