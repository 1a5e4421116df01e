"""What has passed its time goes, and nothing that somebody in danger still needs goes with it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Connection, Engine, Float, Integer, LargeBinary, func, insert, select, update
from sqlalchemy.sql.schema import Column

from data import audit
from data.crypto import EncryptedJSON, EncryptedText
from data.retention import AFTER_CASE, ORDER, PARTS, Retention, sweep
from data.tables import Moment, metadata
from tests.databases import NOW

TABLES = metadata.tables
PAST, FUTURE = NOW - timedelta(days=1), NOW + timedelta(days=1)

# Tables without a time of their own, and why that is right.
WITHOUT = {
    "clock": "goes with its case",
    "presence": "goes with its member of staff",
    "audit": "append-only; ids alone",
    "audit_head": "one row; a number and a hash",
}


def filler(column: Column[Any]) -> Any:
    """Some value that the column takes."""
    if isinstance(column.type, EncryptedText):
        return "words"
    if isinstance(column.type, EncryptedJSON):
        return {"words": "words"}
    if isinstance(column.type, Moment):
        return NOW - timedelta(days=400)
    if isinstance(column.type, (Boolean, Float, Integer, LargeBinary)):
        return 1
    return "x"


def add(conn: Connection, name: str, **values: Any) -> None:
    """A row with every column that must have a value."""
    table = TABLES[name]
    needed = {c.name: filler(c) for c in table.columns if not c.nullable and c.autoincrement is not True}
    conn.execute(insert(table).values({**needed, **values}))


def count(conn: Connection, *names: str) -> dict[str, int]:
    return {n: conn.execute(select(func.count()).select_from(TABLES[n])).scalar_one() for n in names}


def visit(conn: Connection, n: str = "1", *, delete_after: Any = PAST, phase: str = "closed") -> None:
    """A visitor with one conversation and one row of everything that belongs to it."""
    add(conn, "visitor", id=f"v_{n}", delete_after=delete_after)
    add(conn, "conversation", id=f"c_{n}", visitor_id=f"v_{n}", phase=phase, delete_after=delete_after)
    own: dict[str, dict[str, Any]] = {
        "message": {"id": f"m_{n}"},
        "note": {"id": f"n_{n}"},
        "rating": {"id": f"r_{n}"},
        "watch": {"id": f"w_{n}"},
        "left_message": {"key": f"l_{n}", "id": f"l_{n}", "visitor_id": f"v_{n}"},
        "offer": {"staff_id": f"s_{n}"},
    }
    for part in (*PARTS, "watch"):
        add(conn, part, conversation_id=f"c_{n}", delete_after=delete_after, **own.get(part, {}))


def open_case(conn: Connection, n: str = "1", **values: Any) -> None:
    """A case with a step, a clock and a signal, all past their time."""
    case = {"id": f"k_{n}", "visitor_id": f"v_{n}", "conversation_id": f"c_{n}", "status": "open"}
    add(conn, "case", **{**case, "delete_after": PAST, **values})
    add(conn, "case_step", case_id=f"k_{n}", delete_after=PAST)
    add(conn, "clock", case_id=f"k_{n}")
    add(conn, "signal", id=f"g_{n}", key=f"g_{n}", case_id=f"k_{n}", delete_after=PAST)


def empty(conn: Connection) -> dict[str, int]:
    """Sweep until nothing goes any more; what went in all."""
    gone: dict[str, int] = {}
    while swept := sweep(conn, now=NOW).value:
        for name, rows in swept.items():
            gone[name] = gone.get(name, 0) + rows
    return gone


def test_every_table_with_personal_data_is_swept() -> None:
    """A new table that holds something encrypted, or belongs to a person, needs a time and a place in the order."""
    timed = set()
    for table in metadata.sorted_tables:
        personal = any(
            isinstance(c.type, (EncryptedText, EncryptedJSON))
            or c.name in {"visitor_id", "conversation_id", "case_id", "staff_id", "reported_by"}
            for c in table.columns
        )
        if "delete_after" in table.columns:
            timed.add(table.name)
            assert table.c.delete_after.index, f"{table.name}: the sweep would read it whole"
            assert not table.c.delete_after.nullable or table.name == "staff"
        else:
            assert not personal or table.name in WITHOUT, f"{table.name} has no delete_after"
    assert set(ORDER) == timed
    assert len(ORDER) == len(set(ORDER))


def test_children_are_swept_before_their_parents() -> None:
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            assert ORDER.index(table.name) < ORDER.index(key.column.table.name)


def test_a_closed_conversation_past_its_time_goes_with_everything_of_it(conn: Connection) -> None:
    visit(conn)
    visit(conn, "2", delete_after=FUTURE)
    names = (*PARTS, "watch", "conversation", "visitor")
    assert empty(conn) == dict.fromkeys(names, 1)
    assert count(conn, *names) == dict.fromkeys(names, 1), "the one whose time has not come is whole"


@pytest.mark.parametrize("phase", ["bot", "waiting", "live"])
def test_an_open_conversation_keeps_everything(conn: Connection, phase: str) -> None:
    visit(conn, phase=phase)
    assert empty(conn) == {}


@pytest.mark.parametrize("status", ["open", "acknowledged", "assessed"])
@pytest.mark.parametrize("link", ["conversation_id", "visitor_id"])
def test_an_open_case_keeps_its_conversation_and_its_visitor(
    conn: Connection, status: str, link: str
) -> None:
    """By either link: a case opened in an earlier visit keeps what the same visitor wrote in a later one."""
    visit(conn)
    open_case(conn, status=status, **{link: "elsewhere"})
    assert empty(conn) == {}
    assert count(conn, "case", "case_step", "clock", "signal") == {
        "case": 1, "case_step": 1, "clock": 1, "signal": 1,
    }  # fmt: skip


def test_an_open_case_keeps_its_visitor_when_the_conversation_is_long_gone(conn: Connection) -> None:
    """Who is in danger, and under which name the host app knows them."""
    add(conn, "visitor", id="v_1", delete_after=PAST)
    open_case(conn)
    assert empty(conn) == {}
    conn.execute(update(TABLES["case"]).values(status="closed", closed_at=NOW - AFTER_CASE))
    assert empty(conn)["visitor"] == 1


def test_a_case_closed_lately_still_keeps_them_for_its_review(conn: Connection) -> None:
    visit(conn)
    open_case(conn, status="closed", closed_at=NOW - AFTER_CASE + timedelta(seconds=1))
    assert empty(conn) == {}


def test_a_case_closed_long_ago_goes_with_its_steps_and_clocks(conn: Connection) -> None:
    visit(conn)
    open_case(conn, status="closed", closed_at=NOW - AFTER_CASE)
    gone = empty(conn)
    assert gone == dict.fromkeys(
        (*PARTS, "watch", "conversation", "visitor", "case_step", "signal", "case"), 1
    )
    assert count(conn, "clock") == {"clock": 0}


def test_a_timeline_goes_as_a_whole(conn: Connection) -> None:
    """Steps taken early are kept as long as the case they belong to; a late one keeps the case."""
    closed = {"status": "closed", "closed_at": NOW - timedelta(days=200)}
    open_case(conn, "1", **closed, delete_after=FUTURE)
    open_case(conn, "2", **closed)
    add(conn, "case_step", case_id="k_2", delete_after=FUTURE)
    assert empty(conn) == {"signal": 2, "case_step": 1}
    assert count(conn, "case", "case_step", "clock") == {"case": 2, "case_step": 2, "clock": 2}


def test_a_conversation_waits_for_the_last_of_its_parts(conn: Connection) -> None:
    """What was written late is not left behind without its conversation and its visitor."""
    visit(conn)
    conn.execute(update(TABLES["message"]).values(delete_after=FUTURE))
    gone = empty(conn)
    assert "message" not in gone
    assert "conversation" not in gone
    assert "visitor" not in gone
    assert gone["note"] == 1


def test_the_record_of_a_watch_may_outlive_what_was_watched(conn: Connection) -> None:
    """Kept longer for those who answer for it, it must not keep a visitor's identity with it."""
    visit(conn)
    conn.execute(update(TABLES["watch"]).values(delete_after=FUTURE))
    assert {"conversation", "visitor", "message"} <= set(empty(conn))
    assert count(conn, "watch") == {"watch": 1}


def test_a_sweep_takes_no_more_than_its_limit(conn: Connection) -> None:
    """A bounded batch keeps the writer free for those who are writing."""
    visit(conn)
    for seq in range(2, 12):
        add(conn, "message", conversation_id="c_1", seq=seq, id=f"m_{seq}", delete_after=PAST)
    assert sweep(conn, now=NOW, limit=4).value["message"] == 4
    assert count(conn, "message", "conversation") == {"message": 7, "conversation": 1}


def test_an_alarm_that_was_never_delivered_is_not_forgotten(conn: Connection) -> None:
    add(conn, "outbox", id="o_1", key="1", delete_after=PAST)
    add(conn, "outbox", id="o_2", key="2", delete_after=PAST, delivered_at=PAST)
    add(conn, "outbox", id="o_3", key="3", delete_after=PAST, dead_at=PAST)
    assert empty(conn) == {"outbox": 2}
    assert conn.execute(select(TABLES["outbox"].c.id)).scalars().all() == ["o_1"]


def test_staff_who_left_go_with_their_sessions_and_those_who_work_here_stay(conn: Connection) -> None:
    add(conn, "staff", id="s_1", email_index="1", delete_after=None)
    add(conn, "staff", id="s_2", email_index="2", delete_after=PAST)
    add(conn, "staff_session", id="t_2", staff_id="s_2", delete_after=PAST)
    add(conn, "invitation", id="i_2", staff_id="s_2", delete_after=PAST)
    add(conn, "presence", staff_id="s_1")
    add(conn, "presence", staff_id="s_2")
    assert empty(conn) == {"staff_session": 1, "invitation": 1, "staff": 1}
    assert conn.execute(select(TABLES["staff"].c.id)).scalars().all() == ["s_1"]
    assert conn.execute(select(TABLES["presence"].c.staff_id)).scalars().all() == ["s_1"]


def test_the_audit_log_outlives_what_it_tells_of(conn: Connection) -> None:
    audit.write(conn, now=NOW, actor="s_1", action="conversation.opened", object="c_1")
    visit(conn)
    empty(conn)
    assert audit.verify(conn) is None
    swept = conn.execute(select(audit.AUDIT).order_by(audit.AUDIT.c.n.desc())).first()
    assert swept is not None
    assert (swept.n, swept.action) == (2, "retention.swept")
    assert "conversation=1" in swept.detail


def test_an_empty_sweep_writes_nothing(engine: Engine) -> None:
    with engine.begin() as conn:
        assert sweep(conn, now=NOW).value == {}
        assert audit.head(conn) == (0, audit.GENESIS)


def test_retention_counts_in_days() -> None:
    kept = Retention(conversation_days=1, case_days=2, staff_days=3, sign_in_days=4, outbox_days=5)
    times = [kept.conversation(NOW), kept.case(NOW), kept.staff(NOW), kept.sign_in(NOW), kept.outbox(NOW)]
    assert times == [NOW + timedelta(days=n) for n in (1, 2, 3, 4, 5)]


def test_the_privacy_page_tells_of_every_table_and_of_the_times_in_force() -> None:
    """The page is a promise: a table that is missing from it, or another number of days, breaks it."""
    page = (Path(audit.__file__).parent.parent / "docs" / "privacy.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert told == set(TABLES)

    def kept(table: str) -> str:
        return next(row.split("|")[4] for row in rows if f"`{table}`" in row.split("|")[1])

    usual = Retention()
    assert f"{usual.conversation_days} days" in kept("message")
    assert f"{usual.case_days} days" in kept("case_step")
    assert f"{usual.staff_days} days" in kept("staff")
    assert f"{usual.sign_in_days} days" in kept("staff_session")
    assert f"{usual.outbox_days} days" in kept("outbox")
    assert f"{AFTER_CASE.days} days after the case was closed" in page
