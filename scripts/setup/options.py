"""What the set-up itself must know of a station's settings: the environment first, then ``.env``.

The station reads and checks its settings itself; this reads only what is needed to start it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.setup.places import Unable

_LINE = re.compile(r"\s*(?:export\s+)?(STATION_\w+)\s*=\s*(.*?)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Options:
    """The settings that decide what is started and where."""

    host: str
    port: int
    var: Path
    """Absolute. The database, the keys, the logs and ``run.json`` of this station."""
    rasa_url: str
    """Rasa that somebody else runs; empty when this program starts its own."""
    rasa_port: int
    """Where to start Rasa; 0 for a free port."""
    rasa_token: str
    demo: bool
    demo_password: str
    demo_password_given: bool
    public_url: str

    @property
    def local_host(self) -> str:
        """The address at which this machine itself reaches the station."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104

    @property
    def local_url(self) -> str:
        """The station's address as this machine opens it."""
        name = f"[{self.local_host}]" if ":" in self.local_host else self.local_host
        return f"http://{name}:{self.port}"

    @property
    def url(self) -> str:
        """The station's address as people open it."""
        return self.public_url.rstrip("/") or self.local_url


def read_options(environment: Mapping[str, str], root: Path) -> Options:
    """The options in force; raises :class:`Unable` when a port is no number."""
    told = {**read_dotenv(root / ".env"), **environment}

    def get(name: str, default: str = "") -> str:
        return told.get(f"STATION_{name}", "").strip() or default

    return Options(
        host=get("HOST", "127.0.0.1"),
        port=_port("STATION_PORT", get("PORT", "8080"), least=1),
        var=root / Path(get("VAR", "var")).expanduser(),
        rasa_url=get("RASA_URL"),
        rasa_port=_port("STATION_RASA_PORT", get("RASA_PORT", "0"), least=0),
        rasa_token=get("RASA_TOKEN") or secrets.token_urlsafe(24),
        demo=get("DEMO", "1").lower() in {"1", "true", "yes", "on", "t", "y"},
        demo_password=get("DEMO_PASSWORD") or secrets.token_urlsafe(9),
        demo_password_given=bool(get("DEMO_PASSWORD")),
        public_url=get("PUBLIC_URL"),
    )


def read_dotenv(path: Path) -> dict[str, str]:
    """The ``STATION_*`` lines of a ``.env`` file, names in capitals; nothing when there is no file."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:
        match = _LINE.match(line)
        if match:
            found[match[1].upper()] = _value(match[2])
    return found


def _value(raw: str) -> str:
    if raw[:1] in {"'", '"'}:
        end = raw.find(raw[0], 1)
        return raw[1:end] if end > 0 else raw
    return re.split(r"(?:^|\s)#", raw, maxsplit=1)[0].strip()


def _port(name: str, text: str, *, least: int) -> int:
    if not (text.isascii() and text.isdecimal()) or not least <= int(text) <= 65535:
        raise Unable(f"{name} must be a number from {least} to 65535, and it is {text!r}.")
    return int(text)
