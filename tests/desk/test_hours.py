"""The desk's hours: the minutes that matter, clock changes, special days, settings that cannot be read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.desk.hours import DAY, DeskState, Hours, HoursError, Interval, desk_at, parse_hours, read_hours

SHANGHAI = ZoneInfo("Asia/Shanghai")
EVENINGS = parse_hours("13:00-01:00", "Asia/Shanghai")
MINUTE = timedelta(minutes=1)


def local(text: str, zone: str = "Asia/Shanghai", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


@pytest.mark.parametrize(
    ("at", "is_open", "opens_at", "closes_at"),
    [
        ("2027-03-02T00:00:00", True, None, "2027-03-02T01:00:00+08:00"),
        ("2027-03-02T00:59:59", True, None, "2027-03-02T01:00:00+08:00"),
        ("2027-03-02T00:59:59.999999", True, None, "2027-03-02T01:00:00+08:00"),
        ("2027-03-02T01:00:00", False, "2027-03-02T13:00:00+08:00", None),
        ("2027-03-02T12:59:59", False, "2027-03-02T13:00:00+08:00", None),
        ("2027-03-02T12:59:59.999999", False, "2027-03-02T13:00:00+08:00", None),
        ("2027-03-02T13:00:00", True, None, "2027-03-03T01:00:00+08:00"),
        ("2027-03-02T23:59:59", True, None, "2027-03-03T01:00:00+08:00"),
    ],
)
def test_the_evening_runs_from_one_in_the_afternoon_to_one_at_night(
    at: str, is_open: bool, opens_at: str | None, closes_at: str | None
) -> None:
    state = desk_at(EVENINGS, local(at))
    assert (state.open, iso(state.opens_at), iso(state.closes_at)) == (is_open, opens_at, closes_at)


def test_the_payload_speaks_the_contract() -> None:
    assert desk_at(EVENINGS, datetime(2027, 3, 1, 17, 0, tzinfo=UTC)).payload() == {
        "open": False,
        "opens_at": "2027-03-02T13:00:00+08:00",
        "closes_at": None,
        "timezone": "Asia/Shanghai",
    }


def test_a_holiday_takes_its_own_hour_after_midnight_and_leaves_the_one_of_the_evening_before() -> None:
    hours = parse_hours("13:00-01:00", "Asia/Shanghai", "2027-02-17")
    assert desk_at(hours, local("2027-02-17T00:59:59")).open, "this hour belongs to the 16th"
    shut = desk_at(hours, local("2027-02-17T13:00:00"))
    assert not shut.open
    assert iso(shut.opens_at) == "2027-02-18T13:00:00+08:00"
    assert not desk_at(hours, local("2027-02-18T00:30:00")).open, "this hour belongs to the holiday"
    assert desk_at(hours, local("2027-02-18T13:00:00")).open


def test_a_special_day_has_its_own_hours() -> None:
    hours = parse_hours("13:00-01:00", "Asia/Shanghai", "2027-02-17, 2027-02-18=15:00-23:00")
    assert iso(desk_at(hours, local("2027-02-17T13:00:00")).opens_at) == "2027-02-18T15:00:00+08:00"
    assert iso(desk_at(hours, local("2027-02-18T15:00:00")).closes_at) == "2027-02-18T23:00:00+08:00"
    assert iso(desk_at(hours, local("2027-02-18T23:00:00")).opens_at) == "2027-02-19T13:00:00+08:00"


def test_a_desk_that_is_always_open_has_no_closing_minute_at_midnight() -> None:
    hours = parse_hours("00:00-24:00", "Asia/Shanghai")
    for at in ("2027-03-01T23:59:59.999999", "2027-03-02T00:00:00", "2027-03-02T12:00:00"):
        assert desk_at(hours, local(at)) == DeskState(True, None, None, "Asia/Shanghai")


def test_a_desk_that_is_always_open_closes_for_its_holidays_alone() -> None:
    hours = parse_hours("00:00-24:00", "Asia/Shanghai", "2027-02-17,2027-02-18=15:00-23:00")
    assert iso(desk_at(hours, local("2027-01-05T12:00:00")).closes_at) == "2027-02-17T00:00:00+08:00"
    assert iso(desk_at(hours, local("2027-02-17T00:00:00")).opens_at) == "2027-02-18T15:00:00+08:00"
    assert desk_at(hours, local("2027-02-19T00:00:00")).closes_at is None


def test_two_halves_that_touch_are_one_opening() -> None:
    hours = parse_hours("09:00-12:00+12:00-18:00", "Asia/Shanghai")
    assert iso(desk_at(hours, local("2027-03-02T11:59:59")).closes_at) == "2027-03-02T18:00:00+08:00"
    halves = parse_hours("00:00-12:00+12:00-24:00", "Asia/Shanghai")
    assert desk_at(halves, local("2027-03-02T12:00:00")).closes_at is None


def test_a_desk_that_is_closed_never_opens_but_for_a_special_day_within_the_year() -> None:
    shut = DeskState(False, None, None, "Asia/Shanghai")
    assert desk_at(parse_hours("closed", "Asia/Shanghai"), local("2027-03-02T14:00:00")) == shut
    once = parse_hours("closed", "Asia/Shanghai", "2027-12-31=20:00-24:00")
    assert iso(desk_at(once, local("2027-03-02T14:00:00")).opens_at) == "2027-12-31T20:00:00+08:00"
    assert desk_at(once, local("2026-12-26T19:59:59")).opens_at is None, "370 days and a second ahead"
    assert desk_at(once, local("2026-12-26T20:00:00")).opens_at is not None


def test_a_moment_is_read_in_the_desks_zone_wherever_it_was_written() -> None:
    assert desk_at(EVENINGS, datetime(2027, 3, 2, 5, 0, tzinfo=UTC)).open
    assert not desk_at(EVENINGS, datetime(2027, 3, 2, 4, 59, 59, tzinfo=UTC)).open


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        desk_at(EVENINGS, datetime(2027, 3, 2, 5, 0))


# In 2027 Amsterdam's clock jumps from 02:00 to 03:00 on 28 March and back from 03:00 to 02:00 on 31 October;
# New York's on 14 March, and back from 02:00 to 01:00 on 7 November.


@pytest.mark.parametrize(
    ("zone", "hours", "before", "closes_at", "length_h"),
    [
        ("Europe/Amsterdam", "13:00-04:00", "2027-03-27T13:00:00", "2027-03-28T04:00:00+02:00", 14),
        ("Europe/Amsterdam", "13:00-02:30", "2027-03-27T13:00:00", "2027-03-28T03:00:00+02:00", 13),
        ("Europe/Amsterdam", "13:00-02:30", "2027-10-30T13:00:00", "2027-10-31T02:30:00+01:00", 14.5),
        ("Europe/Amsterdam", "13:00-04:00", "2027-10-30T13:00:00", "2027-10-31T04:00:00+01:00", 16),
        ("America/New_York", "13:00-03:00", "2027-03-13T13:00:00", "2027-03-14T03:00:00-04:00", 13),
        ("America/New_York", "13:00-01:00", "2027-11-06T13:00:00", "2027-11-07T01:00:00-05:00", 13),
        ("America/New_York", "13:00-03:00", "2027-11-06T13:00:00", "2027-11-07T03:00:00-05:00", 15),
    ],
)
def test_a_clock_change_in_the_night_neither_cuts_nor_doubles_an_opening(
    zone: str, hours: str, before: str, closes_at: str, length_h: float
) -> None:
    opening = local(before, zone).astimezone(UTC)
    state = desk_at(parse_hours(hours, zone), opening)
    assert iso(state.closes_at) == closes_at
    assert state.closes_at is not None
    assert state.closes_at.astimezone(UTC) - opening == timedelta(hours=length_h)


def test_an_opening_inside_the_skipped_hour_starts_when_the_clock_has_jumped() -> None:
    hours = parse_hours("02:30-05:00", "Europe/Amsterdam")
    state = desk_at(hours, local("2027-03-28T01:59:59", "Europe/Amsterdam"))
    assert iso(state.opens_at) == "2027-03-28T03:00:00+02:00"


def test_hours_that_lie_wholly_in_the_skipped_hour_fall_out_that_day() -> None:
    hours = parse_hours("02:15-02:45", "Europe/Amsterdam")
    state = desk_at(hours, local("2027-03-28T01:00:00", "Europe/Amsterdam"))
    assert iso(state.opens_at) == "2027-03-29T02:15:00+02:00"


def test_a_date_that_a_zone_skipped_does_not_open() -> None:
    """Samoa went from 29 to 31 December 2011."""
    hours = parse_hours("13:00-23:00", "Pacific/Apia")
    state = desk_at(hours, local("2011-12-29T23:30:00", "Pacific/Apia"))
    assert iso(state.opens_at) == "2011-12-31T13:00:00+14:00"


ZONES = ["Asia/Shanghai", "Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "America/Havana"]
AROUND = {
    "Asia/Shanghai": [date(2027, 2, 17)],
    "Europe/Amsterdam": [date(2027, 3, 28), date(2027, 10, 31)],
    "America/New_York": [date(2027, 3, 14), date(2027, 11, 7)],
    "Australia/Lord_Howe": [date(2027, 4, 4), date(2027, 10, 3)],
    "America/Havana": [date(2027, 3, 14), date(2027, 11, 7)],
}
quarter_hours = st.integers(0, 95).map(lambda quarter: quarter * 15)
intervals = st.tuples(quarter_hours, st.integers(1, 96)).map(lambda p: Interval(p[0], p[0] + p[1] * 15))
days = st.lists(intervals, max_size=2).map(lambda found: tuple(sorted(found)))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Hours, datetime]:
    """Hours with special days around a clock change (or a new year's holiday), and a minute near it."""
    zone = draw(st.sampled_from(ZONES))
    centre = draw(st.sampled_from(AROUND[zone]))
    near = st.integers(-2, 2).map(lambda n: centre + timedelta(days=n))
    special = draw(st.dictionaries(near, days, max_size=3))
    start = datetime(centre.year, centre.month, centre.day, tzinfo=UTC)
    return Hours(zone, draw(days), special), start + draw(st.integers(-2000, 3400)) * MINUTE


def scanned(hours: Hours, start: datetime, minutes: int) -> list[bool]:
    """Minute by minute, whether the desk is open, from the wall clock alone."""
    zone = ZoneInfo(hours.timezone)
    lead = 3 * DAY  # so that the wall clock has been seen reaching every start that matters
    walls = [
        (start + (n - lead) * MINUTE).astimezone(zone).replace(tzinfo=None) for n in range(minutes + 2 * lead)
    ]
    is_open = [False] * len(walls)
    first_day = walls[0].date() + timedelta(days=1)
    for n in range((walls[-1].date() - first_day).days):
        day = first_day + timedelta(days=n)
        midnight = datetime(day.year, day.month, day.day)
        for interval in hours.on(day):
            start_wall, end_wall = midnight + interval.start * MINUTE, midnight + interval.end * MINUTE
            opens = next((i for i, wall in enumerate(walls) if wall >= start_wall), len(walls))
            shows = [i for i, wall in enumerate(walls) if wall < end_wall]
            for i in range(opens, shows[-1] + 1 if shows else 0):
                is_open[i] = True
    return is_open[lead : lead + minutes]


@settings(max_examples=40, deadline=None)
@given(histories())
def test_every_answer_agrees_with_a_scan_of_the_wall_clock(history: tuple[Hours, datetime]) -> None:
    hours, now = history
    ahead = 3 * DAY
    is_open = scanned(hours, now, ahead)
    state = desk_at(hours, now)
    assert state.open is is_open[0]
    changes = next((i for i, value in enumerate(is_open) if value is not is_open[0]), None)
    expected = None if changes is None else now + changes * MINUTE
    answered = state.closes_at if state.open else state.opens_at
    if expected is not None:
        assert answered is not None
        assert answered.astimezone(UTC) == expected
    elif answered is not None:
        assert answered.astimezone(UTC) >= now + ahead * MINUTE
    assert (state.opens_at is None) or not state.open
    assert (state.closes_at is None) or state.open


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(1, 59))
def test_the_state_at_its_own_next_change_is_the_other_one(
    history: tuple[Hours, datetime], seconds: int
) -> None:
    hours, now = history
    state = desk_at(hours, now + timedelta(seconds=seconds))
    change = state.closes_at if state.open else state.opens_at
    if change is not None:
        assert desk_at(hours, change).open is not state.open
        assert desk_at(hours, change.astimezone(UTC) - timedelta(microseconds=1)).open is state.open


BROKEN = [
    ("", "Asia/Shanghai", "", "is not hours"),
    ("13:00", "Asia/Shanghai", "", "“13:00” is not hours"),
    ("1pm-1am", "Asia/Shanghai", "", "“1pm-1am” is not hours"),
    ("13:00–01:00", "Asia/Shanghai", "", "is not hours"),
    ("13:00-01:00:00", "Asia/Shanghai", "", "is not hours"),
    ("25:00-26:00", "Asia/Shanghai", "", "“25:00-26:00” is not a time of day"),
    ("24:00-01:00", "Asia/Shanghai", "", "is not a time of day"),
    ("13:00-24:01", "Asia/Shanghai", "", "is not a time of day"),
    ("13:60-14:00", "Asia/Shanghai", "", "is not a time of day"),
    ("13:00-13:00", "Asia/Shanghai", "", "starts and ends at once"),
    ("09:00-12:00+", "Asia/Shanghai", "", "“” is not hours"),
    ("13:00-01:00", "Mars/Olympus", "", "“Mars/Olympus” is not a time zone"),
    ("13:00-01:00", "Asia", "", "“Asia” is not a time zone"),
    ("13:00-01:00", "../etc/passwd", "", "is not a time zone"),
    ("13:00-01:00", "", "", "time zone"),
    ("13:00-01:00", "Asia/Shanghai", "2027-02-30", "“2027-02-30” is not a date"),
    ("13:00-01:00", "Asia/Shanghai", "20270217", "“20270217” is not a date"),
    ("13:00-01:00", "Asia/Shanghai", "2027-02-17=", "is not hours"),
    ("13:00-01:00", "Asia/Shanghai", "2027-02-17,2027-02-17=closed", "name 2027-02-17 twice"),
]


@pytest.mark.parametrize(("hours", "timezone", "holidays", "says"), BROKEN)
def test_a_broken_setting_is_named_and_makes_a_desk_that_is_shut(
    hours: str, timezone: str, holidays: str, says: str
) -> None:
    with pytest.raises(HoursError, match=says):
        parse_hours(hours, timezone, holidays)
    read = read_hours(hours, timezone, holidays)
    assert read.broken is not None
    assert says in read.broken
    state = desk_at(read, local("2027-03-02T14:00:00"))
    assert (state.open, state.opens_at, state.closes_at) == (False, None, None)


@pytest.mark.parametrize(
    ("hours", "timezone"), [(None, "Asia/Shanghai"), ("13:00-01:00", None), (None, None)]
)
def test_a_missing_setting_makes_a_desk_that_is_shut(hours: str | None, timezone: str | None) -> None:
    read = read_hours(hours, timezone, None)
    assert "not set" in (read.broken or "")
    assert not desk_at(read, local("2027-03-02T14:00:00")).open


@settings(max_examples=200)
@given(st.none() | st.text(max_size=30), st.none() | st.text(max_size=20), st.none() | st.text(max_size=40))
def test_reading_settings_never_fails(hours: str | None, timezone: str | None, holidays: str | None) -> None:
    state = desk_at(read_hours(hours, timezone, holidays), local("2027-03-02T14:00:00"))
    assert state.open in (True, False)


def test_settings_that_can_be_read_are_not_called_broken() -> None:
    read = read_hours(" 13:00-01:00 ", "Asia/Shanghai", "2027-02-17,")
    assert read.broken is None
    assert read == parse_hours("13:00-01:00", "Asia/Shanghai", "2027-02-17")
