"""The hotlines: each with its source, the ambulance first, and none called open that nobody knows to be."""

from __future__ import annotations

import re
import warnings
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.hotlines import Entry, entries, hotlines_for, numbers

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: f"{entry.country} {entry.number} {entry.role}")
def test_every_entry_names_its_source_and_the_day_it_was_checked(entry: Entry) -> None:
    assert entry.source
    assert re.match(r"https?://", entry.page)
    assert set(entry.names) == set(entry.hours) == {"zh", "en"}
    assert entry.checked <= date.today() + timedelta(days=1)
    if date.today() - entry.checked > timedelta(days=365):
        warnings.warn(f"{entry.country} {entry.number}: last checked {entry.checked}", stacklevel=1)


@pytest.mark.parametrize("country", sorted({entry.country for entry in entries()}))
@pytest.mark.parametrize("language", ["zh", "zh-CN", "en", "nl"])
def test_the_ambulance_and_the_police_come_first_then_what_is_open(country: str, language: str) -> None:
    shown = hotlines_for(language, NOON, country)
    assert [line.number for line in shown[:2]] == [numbers(country)["ambulance"], numbers(country)["police"]]
    rest = [line.open_now for line in shown[2:]]
    assert rest == sorted(rest, reverse=True)


def test_nobody_is_left_without_a_hotline() -> None:
    assert hotlines_for("en", NOON, "XX") == hotlines_for("en", NOON)


def test_a_line_whose_hours_differ_by_place_is_never_called_open() -> None:
    national = next(line for line in hotlines_for("zh", NOON) if line.number == "12356")
    assert not national.open_now


@pytest.mark.parametrize(
    ("clock", "open_now"), [("07:59", False), ("08:00", True), ("01:59", True), ("02:00", False)]
)
def test_hours_over_midnight_are_half_open_in_the_lines_own_zone(clock: str, open_now: bool) -> None:
    entry = Entry(
        country="CN", role="more", number="1", names={}, hours={}, open="08:00-02:00", source="s", page="p",
        checked=date(2026, 1, 1), timezone="Asia/Shanghai",
    )  # fmt: skip
    at = datetime.fromisoformat(f"2026-11-21T{clock}").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    assert entry.open_at(at.astimezone(UTC)) is open_now


def test_the_payload_is_the_contracts() -> None:
    for line in hotlines_for("en", NOON, "GB"):
        assert set(line.payload()) - {"url"} == {"name", "number", "hours", "open_now"}
        assert None not in line.payload().values()
