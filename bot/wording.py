"""Times and waits in a reader's words. Pure; says nothing that its arguments do not hold."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.facts import Language

_WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

# Zones that readers call by a name. Others are given as their distance from UTC.
_ZONES = {"Asia/Shanghai": {"zh": "北京时间", "en": "Beijing time"}}


def moment(at: datetime, language: Language) -> str:
    """Return ``at`` (aware, in the desk's zone) with its day and zone: true wherever and whenever it is read.

    No "tomorrow" and no bare "13:00": the reader may be in another zone, or read it after midnight.
    """
    clock = f"{at:%H:%M}"
    zone = _zone(at, language)
    if language == "zh":
        return f"{zone}{at.month}月{at.day}日（{_WEEKDAYS[at.weekday()]}）{clock}"
    return f"{clock} ({zone}) on {_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]}"


def until(at: datetime | None, language: Language) -> str:
    """Return a clause that says when it ends, or nothing when it does not."""
    if at is None:
        return ""
    return f"，到{moment(at, language)}" if language == "zh" else f", until {moment(at, language)}"


def duration(seconds: int, language: Language) -> str:
    """Return a wait in whole minutes, never less than one: an estimate has no seconds."""
    minutes = max(1, -(-seconds // 60))
    if language == "zh":
        return f" {minutes} 分钟"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def _zone(at: datetime, language: Language) -> str:
    if isinstance(at.tzinfo, ZoneInfo) and at.tzinfo.key in _ZONES:
        return _ZONES[at.tzinfo.key][language]
    offset = at.utcoffset()
    if offset is None:
        raise ValueError("a moment that is told to a person needs a zone")
    sign = "-" if offset.total_seconds() < 0 else "+"
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    return f"UTC{sign}{hours}" + (f":{minutes:02}" if minutes else "")
