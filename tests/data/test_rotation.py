"""After a rotation everything is readable and the old key is not needed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, insert, select, update

from data import crypto, rotation
from data.crypto import KeyRing, UnknownKey
from data.tables import Message, Note, Visitor
from tests.databases import NOW, database

MESSAGE = Message.__table__  # type: ignore[attr-defined]
NOTE = Note.__table__  # type: ignore[attr-defined]
VISITOR = Visitor.__table__  # type: ignore[attr-defined]

INDEX = os.urandom(32)
OLD, NEW = os.urandom(32), os.urandom(32)


def install(**keys: bytes) -> None:
    crypto.install(KeyRing(keys, INDEX))


def fill(conn: Connection, messages: int = 7) -> None:
    for seq in range(1, messages + 1):
        conn.execute(
            insert(MESSAGE).values(
                conversation_id="c_1", seq=seq, id=f"m{seq}", sender="v_1", by="visitor", name="",
                text=f"第{seq}句", extra={"n": seq} if seq % 2 else None, at=NOW, delete_after=NOW,
            )
        )  # fmt: skip
    for n in range(3):
        conn.execute(
            insert(NOTE).values(
                id=f"n_{n}", conversation_id="c_1", staff_id="s_1", text="note", at=NOW, delete_after=NOW
            )
        )
    conn.execute(
        insert(VISITOR).values(
            id="v_1",
            host_user=None,
            language="zh",
            resume_epoch=0,
            created_at=NOW,
            seen_at=NOW,
            delete_after=NOW,
        )
    )


def texts(conn: Connection) -> list[tuple[str, dict[str, int] | None]]:
    return [
        tuple(row) for row in conn.execute(select(MESSAGE.c.text, MESSAGE.c.extra).order_by(MESSAGE.c.seq))
    ]


def test_rotation_leaves_everything_readable_and_the_old_key_unneeded(engine: Engine) -> None:
    install(old=OLD)
    with engine.begin() as conn:
        fill(conn)
        before = texts(conn)
    install(new=NEW, old=OLD)
    batches = []
    while True:  # each batch a transaction of its own, as the command runs them
        with engine.begin() as conn:
            batches.append(rotation.rotate(conn, limit=3))
            assert texts(conn) == before, "readable at every moment, by a serving station too"
        if not batches[-1]:
            break
    assert batches == [3, 3, 3, 1, 0]
    install(new=NEW)
    with engine.begin() as conn:
        assert texts(conn) == before
        assert conn.execute(select(NOTE.c.text)).scalars().all() == ["note"] * 3
        assert rotation.keys_in_use(conn) == {"new"}


def test_keys_in_use_names_what_must_stay(conn: Connection) -> None:
    install(old=OLD)
    fill(conn, 2)
    install(**{"a-longer_id": NEW, "old": OLD})
    conn.execute(
        insert(NOTE).values(
            id="n_x", conversation_id="c_1", staff_id="s_1", text="two", at=NOW, delete_after=NOW
        )
    )
    assert rotation.keys_in_use(conn) == {"old", "a-longer_id"}


def test_a_key_id_that_begins_like_another_is_another(conn: Connection) -> None:
    """``k1`` is a prefix of ``k10``: the length in front of the id tells them apart."""
    install(k10=OLD)
    fill(conn, 2)
    install(k1=NEW, k10=OLD)
    assert rotation.rotate(conn, limit=100) == 5
    assert rotation.keys_in_use(conn) == {"k1"}


def test_a_second_rotation_finds_nothing_to_do(conn: Connection) -> None:
    install(old=OLD)
    fill(conn, 2)
    install(new=NEW, old=OLD)
    assert rotation.rotate(conn, limit=100) == 5
    assert rotation.rotate(conn, limit=100) == 0


def test_a_rotation_without_the_old_key_changes_nothing(engine: Engine) -> None:
    install(old=OLD)
    with engine.begin() as conn:
        fill(conn, 2)
    install(new=NEW)
    with pytest.raises(UnknownKey, match="old"), engine.begin() as conn:
        rotation.rotate(conn, limit=100)
    install(old=OLD)
    with engine.begin() as conn:
        assert [text for text, _ in texts(conn)] == ["第1句", "第2句"]


def test_what_somebody_writes_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """Beside a serving station on PostgreSQL: between the reading and the writing of a row, it is written anew."""
    with database("postgresql", tmp_path) as engine:
        install(old=OLD)
        with engine.begin() as conn:
            fill(conn, 1)
        install(new=NEW, old=OLD)
        meanwhile = [update(MESSAGE).values(text="written meanwhile")]

        @event.listens_for(engine, "before_cursor_execute")
        def _before(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
            if statement.startswith("UPDATE message") and meanwhile:
                write = meanwhile.pop()
                with engine.begin() as other:
                    other.execute(write)

        with engine.begin() as conn:
            rotation.rotate(conn, limit=100)
        assert not meanwhile
        with engine.begin() as conn:
            assert texts(conn)[0][0] == "written meanwhile"
