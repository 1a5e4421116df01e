"""Times and waits in words: true in whatever zone and on whatever day they are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from bot.facts import spoken
from bot.wording import duration, moment, until

AT = datetime(2026, 11, 22, 13, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_a_moment_names_its_day_and_its_zone() -> None:
    assert moment(AT, "zh") == "北京时间11月22日（周日）13:00"
    assert moment(AT, "en") == "13:00 (Beijing time) on Sunday 22 November"
    assert moment(AT.astimezone(UTC), "en") == "05:00 (UTC+0) on Sunday 22 November"
    assert "UTC-3:30" in moment(AT.astimezone(timezone(timedelta(hours=-3, minutes=-30))), "en")


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        moment(datetime(2026, 11, 22, 13, 0), "zh")


def test_what_never_ends_has_no_end() -> None:
    assert until(None, "zh") == until(None, "en") == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "1 minute"), (60, "1 minute"), (61, "2 minutes"), (600, "10 minutes")]
)
def test_a_wait_is_whole_minutes_and_never_none(seconds: int, words: str) -> None:
    assert duration(seconds, "en") == words


@pytest.mark.parametrize(
    ("tag", "language"),
    [("zh", "zh"), ("zh-Hant-TW", "zh"), ("ZH_cn", "zh"), ("en-GB", "en"), ("ar", "en"), ("", "en")],
)
def test_other_languages_are_answered_in_english(tag: str, language: str) -> None:
    assert spoken(tag) == language
