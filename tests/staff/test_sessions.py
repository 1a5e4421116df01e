"""Signed-in browsers: who holds the right cookie is let in, and nobody else, and not for longer than they should."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from app.staff import sessions
from app.staff.accounts import StaffMember, add_staff, disable
from app.staff.sessions import (
    SESSION,
    close_session,
    open_session,
    session_id,
    session_staff,
    slide,
    slide_all,
)
from data.kinds import EventKind, Role
from data.retention import sweep
from tests.databases import NOW

HOUR = timedelta(hours=1)


@pytest.fixture
def member(conn: Connection) -> StaffMember:
    """Somebody who works here."""
    return add_staff(conn, now=NOW, email="lin@example.org", role=Role.COUNSELLOR, capacity=2).value[0]


def sign_in(conn: Connection, member: StaffMember, now: datetime = NOW) -> str:
    return open_session(conn, now=now, staff_id=member.id).value


def test_the_right_cookie_is_its_owner(conn: Connection, member: StaffMember) -> None:
    secret = sign_in(conn, member)
    assert session_staff(conn, now=NOW, secret=secret) == member
    assert len(secret) >= 43, "256 bits"
    assert sign_in(conn, member) != secret


def test_the_database_holds_no_cookie(conn: Connection, member: StaffMember) -> None:
    secret = sign_in(conn, member)
    stored = str(conn.execute(select(SESSION)).all())
    assert secret not in stored
    assert session_staff(conn, now=NOW, secret=session_id(secret)) is None, "nor does its copy let anybody in"


@pytest.mark.parametrize("forged", ["", "x", "A" * 43, "\ud800", "' OR 1=1 --", "\x00"])
def test_a_forged_cookie_is_nobody(conn: Connection, member: StaffMember, forged: str) -> None:
    sign_in(conn, member)
    assert session_staff(conn, now=NOW, secret=forged) is None
    assert close_session(conn, now=NOW, secret=forged).events == ()
    slide(conn, now=NOW + HOUR, secret=forged)


def test_a_session_ends_twelve_hours_after_it_was_last_used(conn: Connection, member: StaffMember) -> None:
    secret = sign_in(conn, member)
    assert session_staff(conn, now=NOW + 12 * HOUR - timedelta(seconds=1), secret=secret) == member
    assert session_staff(conn, now=NOW + 12 * HOUR, secret=secret) is None


def test_a_session_in_use_lasts_over_a_whole_shift_and_a_day_at_most(
    conn: Connection, member: StaffMember
) -> None:
    """Signed in at 12:50 for a shift that ends at 01:00: the talk that runs over is not cut."""
    secret = sign_in(conn, member)
    for hour in range(1, 24):
        slide(conn, now=NOW + hour * HOUR, secret=secret)
        assert session_staff(conn, now=NOW + hour * HOUR, secret=secret) == member
    slide(conn, now=NOW + 24 * HOUR - timedelta(minutes=1), secret=secret)
    assert session_staff(conn, now=NOW + 24 * HOUR, secret=secret) is None


def test_use_is_written_at_most_once_a_minute(conn: Connection, member: StaffMember) -> None:
    secret = sign_in(conn, member)
    seen = select(SESSION.c.seen_at)
    slide(conn, now=NOW + timedelta(seconds=59), secret=secret)
    assert conn.execute(seen).scalar_one() == NOW
    slide(conn, now=NOW + timedelta(seconds=60), secret=secret)
    assert conn.execute(seen).scalar_one() == NOW + timedelta(seconds=60)


def test_open_sockets_keep_their_sessions_and_no_others(conn: Connection, member: StaffMember) -> None:
    """A console that stays open all evening asks for no page, and is in use all the same."""
    open_console, closed_console = sign_in(conn, member), sign_in(conn, member)
    slide_all(conn, now=NOW + HOUR, sessions=[session_id(open_console), "unknown"])
    slide_all(conn, now=NOW + HOUR, sessions=[])
    assert session_staff(conn, now=NOW + 12.5 * HOUR, secret=open_console) == member
    assert session_staff(conn, now=NOW + 12.5 * HOUR, secret=closed_console) is None


def test_use_never_brings_an_ended_session_back(conn: Connection, member: StaffMember) -> None:
    late, out = sign_in(conn, member), sign_in(conn, member)
    close_session(conn, now=NOW, secret=out)
    slide(conn, now=NOW + 12 * HOUR, secret=late)
    slide(conn, now=NOW + HOUR, secret=out)
    assert session_staff(conn, now=NOW + 12 * HOUR, secret=late) is None
    assert session_staff(conn, now=NOW + HOUR, secret=out) is None


def test_signing_out_ends_this_browser_alone_and_closes_its_sockets(
    conn: Connection, member: StaffMember
) -> None:
    here, there = sign_in(conn, member), sign_in(conn, member)
    (event,) = close_session(conn, now=NOW, secret=here).events
    assert (event.kind, event.to, event.data) == (
        EventKind.STAFF_CLOSED, member.id, {"session": session_id(here)},
    )  # fmt: skip
    assert here not in str(event)
    assert session_staff(conn, now=NOW, secret=here) is None
    assert session_staff(conn, now=NOW, secret=there) == member
    assert close_session(conn, now=NOW, secret=here).events == (), "a second time changes nothing"


def test_ended_sessions_are_deleted_in_their_time(conn: Connection, member: StaffMember) -> None:
    sign_in(conn, member)
    ended = NOW + sessions.LONGEST
    assert "staff_session" not in sweep(conn, now=ended + timedelta(days=29)).value
    assert sweep(conn, now=ended + timedelta(days=30)).value["staff_session"] == 1


def test_a_session_of_another_member_is_not_mixed_up(conn: Connection, member: StaffMember) -> None:
    other = add_staff(conn, now=NOW, email="an@example.org", role=Role.SUPERVISOR, capacity=0).value[0]
    mine, theirs = sign_in(conn, member), sign_in(conn, other)
    assert session_staff(conn, now=NOW, secret=mine) == member
    assert session_staff(conn, now=NOW, secret=theirs) == other
    assert conn.execute(select(SESSION.c.id).where(SESSION.c.staff_id == other.id)).scalars().all() == [
        session_id(theirs)
    ]


def test_a_session_opened_while_its_owner_was_being_disabled_is_nobodys(
    conn: Connection, member: StaffMember
) -> None:
    """The password was checked a moment before, outside the transaction."""
    disable(conn, now=NOW, staff_id=member.id, actor="s_admin")
    assert session_staff(conn, now=NOW, secret=sign_in(conn, member)) is None
