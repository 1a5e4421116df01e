"""When the desk is staffed: opening hours in the desk's own time zone, special days, the next change.

Hours are half-open intervals of wall-clock time, each keyed by the date on which it starts: at ``13:00-01:00``
the hour after midnight belongs to the evening before, and so do its special days. An interval is open from the
first moment the wall clock shows its start to the last moment it shows its end, so a clock put forward or back
neither closes the desk in the middle nor opens it twice.

Must never: read a clock or a setting, or stand in the way of the crisis route. What cannot be read is a desk that
is shut, which the crisis route does not ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

DAY = 24 * 60
"""Minutes on the wall clock from one midnight to the next."""
HORIZON = timedelta(days=370)
"""How far ahead an opening or a closing is looked for: a year, and a few days for the holidays around it."""

CLOSED_WORD = "closed"
_INTERVAL = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ONE_DAY = timedelta(days=1)


class HoursError(ValueError):
    """A setting for the hours that cannot be read; its text is a sentence that names the bad part."""


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """Half-open ``[start, end)`` in wall-clock minutes after the midnight that begins the date it is keyed by.

    ``0 <= start < 1440`` and ``start < end <= start + 1440``; an ``end`` past 1440 lies on the next date.
    """

    start: int
    end: int


Day = tuple[Interval, ...]
"""The intervals that start on one date, in order; empty when the desk stays shut."""


@dataclass(frozen=True, slots=True)
class Hours:
    """The desk's hours as set. ``broken`` says why the settings could not be read; such a desk is shut."""

    timezone: str
    regular: Day
    special: Mapping[date, Day] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    broken: str | None = None

    def on(self, day: date) -> Day:
        """The intervals that start on ``day``."""
        return self.special.get(day, self.regular)


@dataclass(frozen=True, slots=True)
class DeskState:
    """Whether the desk is open at one moment, and what comes next.

    ``opens_at`` is the next opening while it is shut, ``None`` while it is open or when none comes within 370 days.
    ``closes_at`` is the end of the present opening, ``None`` while it is shut or when it does not close within
    370 days. Both are aware, in the desk's zone.
    """

    open: bool
    opens_at: datetime | None
    closes_at: datetime | None
    timezone: str

    def payload(self) -> dict[str, Any]:
        """The contract's ``desk``: times in ISO 8601 with an offset, or null."""
        return {
            "open": self.open,
            "opens_at": self.opens_at.isoformat() if self.opens_at else None,
            "closes_at": self.closes_at.isoformat() if self.closes_at else None,
            "timezone": self.timezone,
        }


def parse_hours(hours: str, timezone: str, holidays: str = "") -> Hours:
    """Read the settings strictly.

    ``hours`` is ``HH:MM-HH:MM`` (an end at or before the start lies on the next date), several of them joined by
    ``+``, ``00:00-24:00`` for always, or ``closed`` for never. ``holidays`` is a comma-separated list of dates,
    each closed when it stands alone, or ``date=hours``.

    Raises:
        HoursError: with a sentence that names the part that cannot be read.
    """
    _zone(timezone)
    special: dict[date, Day] = {}
    for entry in filter(None, (part.strip() for part in holidays.split(","))):
        written, given, own = entry.partition("=")
        day = _parse_date(written.strip())
        if day in special:
            raise HoursError(f"The holidays name {day.isoformat()} twice.")
        special[day] = _parse_day(own) if given else ()
    return Hours(timezone, _parse_day(hours), MappingProxyType(special))


def read_hours(hours: str | None, timezone: str | None, holidays: str | None) -> Hours:
    """Read the settings without ever failing: what is broken or missing gives a desk that is shut and says why."""
    try:
        if not timezone:
            raise HoursError("The desk's time zone is not set.")
        if hours is None:
            raise HoursError("The desk's hours are not set.")
        return parse_hours(hours, timezone, holidays or "")
    except HoursError as reason:
        return Hours(_readable_zone(timezone), (), broken=str(reason))


def desk_at(hours: Hours, now: datetime) -> DeskState:
    """The desk at ``now`` (aware). Intervals that touch or overlap are one: ``00:00-24:00`` has no closing minute.

    Raises:
        ValueError: ``now`` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    return _state(hours, now.astimezone(UTC).replace(microsecond=0))


@lru_cache(maxsize=64)
def _state(hours: Hours, moment: datetime) -> DeskState:
    """The state during the second that begins at ``moment`` (UTC): openings change on whole seconds.

    Kept, since every message of a busy second asks, and a desk that is always open looks a year ahead for its
    next holiday.
    """
    zone = _zone(hours.timezone)
    for opens, closes in _openings(hours, zone, moment):
        if closes is not None and closes <= moment:
            continue
        if opens > moment + HORIZON:
            break
        if opens > moment:
            return DeskState(False, opens.astimezone(zone), None, hours.timezone)
        return DeskState(True, None, closes.astimezone(zone) if closes else None, hours.timezone)
    return DeskState(False, None, None, hours.timezone)


def _openings(hours: Hours, zone: ZoneInfo, moment: datetime) -> Iterator[tuple[datetime, datetime | None]]:
    """The joined openings around and after ``moment``, in UTC and in order; an end of ``None`` is never.

    Starts three dates back: an interval lasts a day at most, and a zone may skip a whole date (Samoa, 2011).
    """
    first = moment.astimezone(zone).date() - 3 * _ONE_DAY
    last = first + HORIZON + 3 * _ONE_DAY
    last_special = max(hours.special, default=first)
    always = _covers_the_day(hours.regular)
    endless = False
    current: tuple[datetime, datetime] | None = None
    day = first
    while day <= last:
        if day > last_special and not hours.regular:
            break
        if day > last_special + _ONE_DAY and always and current and current[1] > moment:
            endless = True
            break
        for interval in hours.on(day):
            opens = _instant(zone, day, interval.start, last=False)
            closes = _instant(zone, day, interval.end, last=True)
            if opens >= closes:
                continue  # the clock jumped over the whole of it
            if current is None:
                current = (opens, closes)
            elif opens <= current[1]:
                current = (current[0], max(current[1], closes))
            else:
                yield current
                current = (opens, closes)
        day += _ONE_DAY
    if current is not None:
        endless = endless or current[1] > moment + HORIZON
        yield current[0], None if endless else current[1]


def _instant(zone: ZoneInfo, day: date, minutes: int, *, last: bool) -> datetime:
    """The moment, in UTC, at which the wall clock shows ``minutes`` after the midnight that begins ``day``.

    A time that comes twice gives its first moment, or its ``last``; a time that the clock jumps over gives the
    moment of the jump.
    """
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    moment = wall.replace(tzinfo=zone, fold=1 if last else 0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # PEP 495: in a gap, fold=1 gives a moment before the jump and fold=0 one after it.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=1) // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def _covers_the_day(day: Day) -> bool:
    """Whether these intervals, repeated every date, leave no minute out."""
    reached = max((interval.end for interval in day), default=0) - DAY
    reached = max(reached, 0)
    for interval in day:
        if interval.start > reached:
            return False
        reached = max(reached, interval.end)
    return reached >= DAY


def _parse_day(text: str) -> Day:
    text = text.strip()
    if text == CLOSED_WORD:
        return ()
    return tuple(sorted(_parse_interval(part.strip()) for part in text.split("+")))


def _parse_interval(text: str) -> Interval:
    match = _INTERVAL.fullmatch(text)
    if match is None:
        raise HoursError(f"“{text}” is not hours: write 13:00-01:00, 00:00-24:00 or closed.")
    from_hour, from_minute, to_hour, to_minute = (int(part) for part in match.groups())
    start, end = from_hour * 60 + from_minute, to_hour * 60 + to_minute
    if from_minute > 59 or to_minute > 59 or start >= DAY or end > DAY:
        raise HoursError(f"“{text}” is not a time of day: hours run from 00:00 to 24:00.")
    if start == end:
        raise HoursError(f"“{text}” starts and ends at once: write 00:00-24:00 for always, closed for never.")
    return Interval(start, end if end > start else end + DAY)


def _parse_date(text: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise HoursError(f"“{text}” is not a date: write holidays as 2027-02-17 or 2027-02-18=15:00-23:00.")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; not a name at all; a folder of zones such as "Asia"
        raise HoursError(f"“{name}” is not a time zone: write one such as Asia/Shanghai.") from None


def _readable_zone(name: str | None) -> str:
    try:
        return _zone(name).key if name else "UTC"
    except HoursError:
        return "UTC"
