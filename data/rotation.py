"""Key rotation: writes again, with the current key, what an older key of the ring has encrypted.

To rotate: put a new key first in ``STATION_DATA_KEYS``, restart, run ``station keys rotate`` until it reports
nothing left, then take the old key out. A batch is one transaction, found by the key id in front of each stored
value, so that it can be stopped and started again at any time, beside a serving station. Blind indexes do not
rotate. Never logs a value or a key.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Table,
    func,
    or_,
    select,
    type_coerce,
    update,
)

from data.crypto import EncryptedJSON, EncryptedText, ring
from data.tables import metadata

_LONGEST_ID = 16  # characters of a key id, as KeyRing has it


def rotate(conn: Connection, *, limit: int) -> int:
    """Encrypt at most ``limit`` rows again that hold a value of an older key. Returns how many: 0 when none is left.

    Raises :class:`data.crypto.UnknownKey` when a value's key is not in the ring, and changes nothing then.
    """
    keys = ring()
    done = 0
    for table, columns in _encrypted_tables():
        if done == limit:
            break
        primary = list(table.primary_key.columns)
        raw = [type_coerce(column, LargeBinary).label(column.name) for column in columns]
        stale = or_(*(_other_key(column, keys.current) for column in columns))
        for row in conn.execute(select(*primary, *raw).where(stale).limit(limit - done)).all():
            values = {}
            same = [column == row[i] for i, column in enumerate(primary)]
            for column, stored in zip(columns, row[len(primary) :], strict=True):
                if stored is None or keys.key_id(stored) == keys.current:
                    continue
                bound = context(column)
                values[column.name] = type_coerce(
                    keys.encrypt(keys.decrypt(stored, bound), bound), LargeBinary
                )
                # Somebody else may have written it meanwhile (with the current key): theirs stays.
                same.append(type_coerce(column, LargeBinary) == stored)
            conn.execute(update(table).where(*same).values(values))
            done += 1
    return done


def keys_in_use(conn: Connection) -> set[str]:
    """The ids of the keys that stored values name: what is not among them may leave ``STATION_DATA_KEYS``."""
    found: set[str] = set()
    for _table, columns in _encrypted_tables():
        for column in columns:
            stored = type_coerce(column, LargeBinary)
            for size in range(1, _LONGEST_ID + 1):
                head = func.substr(stored, 1, 1 + size, type_=LargeBinary)
                named = select(head).where(func.substr(stored, 1, 1, type_=LargeBinary) == bytes([size]))
                found |= {
                    bytes(value)[1:].decode("ascii", "replace") for (value,) in conn.execute(named.distinct())
                }
    return found


def context(column: Column[object]) -> bytes:
    """What a column's values are bound to."""
    return column.type.context.encode()  # type: ignore[attr-defined,no-any-return]


def _encrypted_tables() -> Iterator[tuple[Table, list[Column[object]]]]:
    for table in metadata.sorted_tables:
        columns = [c for c in table.columns if isinstance(c.type, (EncryptedText, EncryptedJSON))]
        if columns:
            yield table, columns


def _other_key(column: Column[object], current: str) -> ColumnElement[bool]:
    prefix = bytes([len(current)]) + current.encode()
    return func.substr(type_coerce(column, LargeBinary), 1, len(prefix), type_=LargeBinary) != prefix
