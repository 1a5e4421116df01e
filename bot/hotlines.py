"""The hotlines, as data, in the order in which somebody in need should see them.

Only numbers with a named official source stand in ``data/hotlines.yml``. This module must never make a line look
open when nobody knows that it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import yaml

from bot.facts import spoken

FILE: Final = Path(__file__).resolve().parent.parent / "data" / "hotlines.yml"
HOME: Final = "CN"
"""Where the station stands; also what a country without entries of its own is shown."""
ROLES: Final = ("ambulance", "police", "line", "more")
_EMERGENCY = ("ambulance", "police")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the data, as written down and checked by a person."""

    country: str
    role: str
    number: str
    names: dict[str, str]
    hours: dict[str, str]
    open: str
    """``always``, ``varies`` or ``HH:MM-HH:MM`` in ``timezone``."""
    source: str
    page: str
    checked: date
    url: str | None = None
    timezone: str | None = None

    def open_at(self, now: datetime) -> bool:
        """Whether the line is known to answer at ``now`` (aware)."""
        if self.open in ("always", "varies"):
            return self.open == "always"
        begin, end = (time.fromisoformat(part) for part in self.open.split("-"))
        clock = now.astimezone(ZoneInfo(str(self.timezone))).time()
        return begin <= clock < end if begin < end else clock >= begin or clock < end


@dataclass(frozen=True, slots=True)
class Hotline:
    """A line as a reader sees it at one moment."""

    name: str
    number: str
    hours: str
    open_now: bool
    url: str | None
    emergency: bool

    def payload(self) -> dict[str, Any]:
        """Return it as the wire contract has it: ``{name, number, hours, open_now, url?}``."""
        shown = {"name": self.name, "number": self.number, "hours": self.hours, "open_now": self.open_now}
        return shown | ({"url": self.url} if self.url else {})


def hotlines_for(language: str, now: datetime, country: str = HOME) -> list[Hotline]:
    """Return a country's lines: ambulance and police first, then those open at ``now`` (aware), then the rest.

    Never empty: a country without entries gets those of the station's own.
    """
    tongue = spoken(language)
    found = [
        Hotline(
            name=entry.names[tongue],
            number=entry.number,
            hours=entry.hours[tongue],
            open_now=entry.open_at(now),
            url=entry.url,
            emergency=entry.role in _EMERGENCY,
        )
        for entry in _of(country)
    ]
    return sorted(found, key=lambda line: (not line.emergency, not line.open_now))


def numbers(country: str = HOME) -> dict[str, str]:
    """Return the numbers that sentences name: ``ambulance``, ``police`` and ``line``, the support line."""
    return {entry.role: entry.number for entry in _of(country) if entry.role != "more"}


@lru_cache(maxsize=1)
def entries() -> tuple[Entry, ...]:
    """Return every entry of the file. A malformed one raises: better no start than a wrong number."""
    loaded = tuple(Entry(**raw) for raw in yaml.safe_load(FILE.read_text(encoding="utf-8")))
    for entry in loaded:
        if (
            entry.role not in ROLES
            or not isinstance(entry.checked, date)
            or not entry.source
            or not entry.page
        ):
            raise ValueError(
                f"hotline {entry.country} {entry.number}: role, source, page or checked is wrong"
            )
        entry.open_at(datetime.now(ZoneInfo("UTC")))  # a zone or interval that cannot be read raises here
    for country in {entry.country for entry in loaded}:
        missing = {"ambulance", "police", "line"} - {e.role for e in loaded if e.country == country}
        if missing:
            raise ValueError(f"hotlines of {country} lack {sorted(missing)}")
    return loaded


def _of(country: str) -> list[Entry]:
    return [e for e in entries() if e.country == country.upper()] or [
        e for e in entries() if e.country == HOME
    ]
