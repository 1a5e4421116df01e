"""What is written down is unreadable without the key, and cannot be altered or moved unnoticed."""

from __future__ import annotations

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, LargeBinary, insert, select, type_coerce, update

from data import crypto
from data.crypto import BadKeys, KeyRing, UnknownKey
from data.rotation import context
from data.tables import LeftMessage, Message, metadata
from tests.databases import NOW

MESSAGE = Message.__table__  # type: ignore[attr-defined]
LEFT = LeftMessage.__table__  # type: ignore[attr-defined]
WORDS = "我今天真的很难受，想找个人说说话。 A long day, and nobody to tell."


def say(conn: Connection, text: str, seq: int = 1) -> bytes:
    """Store a message; what the database holds of its text."""
    conn.execute(
        insert(MESSAGE).values(
            conversation_id="c_1", seq=seq, id=f"m{seq}", sender="v_1", by="visitor", name="", text=text,
            extra={"card": {"kind": "exercise", "note": text}}, at=NOW, delete_after=NOW,
        )
    )  # fmt: skip
    raw = select(type_coerce(MESSAGE.c.text, LargeBinary)).where(MESSAGE.c.seq == seq)
    return bytes(conn.execute(raw).scalar_one())


def test_the_database_never_sees_the_words(conn: Connection) -> None:
    say(conn, WORDS)
    row = conn.execute(
        select(type_coerce(MESSAGE.c.text, LargeBinary), type_coerce(MESSAGE.c.extra, LargeBinary))
    ).one()
    for stored in map(bytes, row):
        for part in (WORDS, "难受", "nobody", "exercise"):
            assert part.encode() not in stored
            assert part.encode("utf-16-le") not in stored
    assert conn.execute(select(MESSAGE.c.text)).scalar_one() == WORDS
    assert conn.execute(select(MESSAGE.c.extra)).scalar_one()["card"]["note"] == WORDS


def test_the_same_words_twice_look_different(conn: Connection) -> None:
    """Equal bytes would tell that somebody wrote the same thing again."""
    assert say(conn, "好", 1) != say(conn, "好", 2)


def test_an_altered_value_is_refused(conn: Connection) -> None:
    stored = bytearray(say(conn, WORDS))
    for place in (len(stored) - 1, len(stored) // 2, 8):
        altered = bytearray(stored)
        altered[place] ^= 1
        conn.execute(update(MESSAGE).values(text=type_coerce(bytes(altered), LargeBinary)))
        with pytest.raises(ValueError, match="does not verify"):
            conn.execute(select(MESSAGE.c.text)).all()


def test_a_value_moved_to_another_column_is_refused(conn: Connection) -> None:
    """Somebody's words must not turn up as another thing that they said."""
    stored = say(conn, WORDS)
    conn.execute(
        insert(LEFT).values(
            key="l_1", id="m1", visitor_id="v_1", conversation_id="c_1", level="none", at=NOW,
            text=type_coerce(stored, LargeBinary), delete_after=NOW,
        )
    )  # fmt: skip
    with pytest.raises(ValueError, match="does not verify"):
        conn.execute(select(LEFT.c.text)).all()


def test_a_value_whose_key_is_gone_is_an_error_and_not_rubbish(conn: Connection) -> None:
    say(conn, WORDS)
    crypto.install(KeyRing({"k2": os.urandom(32)}, os.urandom(32)))
    with pytest.raises(UnknownKey, match="k1"):
        conn.execute(select(MESSAGE.c.text)).all()
    crypto.install(KeyRing({"k1": os.urandom(32)}, os.urandom(32)))
    with pytest.raises(ValueError, match="does not verify"):
        conn.execute(select(MESSAGE.c.text)).all()


def test_every_encrypted_column_is_bound_to_its_own_name() -> None:
    """A context copied from another column would let values move between the two."""
    bound = {
        (table.name, column.name): context(column)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, (crypto.EncryptedText, crypto.EncryptedJSON))
    }
    assert bound == {(table, column): f"{table}.{column}".encode() for table, column in bound}
    assert ("message", "text") in bound
    assert ("staff", "email") in bound


def test_a_blind_index_finds_again_and_tells_nothing(keys: KeyRing) -> None:
    index = keys.blind_index("lin@example.org", "staff.email")
    assert index == keys.blind_index("lin@example.org", "staff.email")
    assert len({index, keys.blind_index("lin@example.org", "visitor.host_user"),
                keys.blind_index("lin@example.com", "staff.email")}) == 3  # fmt: skip
    other = KeyRing({"k1": os.urandom(32)}, os.urandom(32))
    assert other.blind_index("lin@example.org", "staff.email") != index
    assert "lin" not in index


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=200), st.binary(max_size=20))
def test_any_text_comes_back_as_it_was(text: str, bound: bytes) -> None:
    """Lone surrogates too: a browser can send half an emoji."""
    column = crypto.EncryptedText("t.c")
    stored = column.process_bind_param(text, None)  # type: ignore[arg-type]
    assert column.process_result_value(stored, None) == text  # type: ignore[arg-type]
    ring = crypto.ring()
    assert ring.decrypt(ring.encrypt(b"x" + bound, bound), bound) == b"x" + bound


GOOD = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("data_keys", "index_key", "named"),
    [
        ("", GOOD, "no key"),
        (f"k1:{GOOD},k1:{GOOD}", GOOD, "stands twice"),
        ("k1:not base64!", GOOD, "'k1' is not base64"),
        ("k1:AAAA", GOOD, "32 bytes"),
        (f"a key:{GOOD}", GOOD, "key id"),
        (f"{'k' * 17}:{GOOD}", GOOD, "key id"),
        (f"k1:{GOOD}", "AAAA", "STATION_INDEX_KEY"),
        (f"k1:{GOOD}", "?", "STATION_INDEX_KEY"),
    ],
)
def test_a_key_ring_that_cannot_be_read_says_which_part(data_keys: str, index_key: str, named: str) -> None:
    with pytest.raises(BadKeys, match=named) as refused:
        KeyRing.parse(data_keys, index_key)
    assert GOOD not in str(refused.value)
