"""Who works here, as the rules see them, and how they are read. Changes nothing."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from data.kinds import Role
from data.tables import Staff

STAFF = Staff.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A member of staff. Visitors see the desk name alone."""

    id: str
    desk_name: str
    role: Role
    capacity: int
    """How many conversations at once."""
    languages: frozenset[str]
    """Language tags in lower case; empty means any."""


def find_staff(conn: Connection, staff_id: str) -> StaffMember | None:
    """A member of staff by id; nothing for an unknown or disabled one."""
    row = conn.execute(members().where(STAFF.c.id == staff_id, STAFF.c.disabled_at.is_(None))).first()
    return None if row is None else as_member(row)


def all_staff(conn: Connection) -> list[StaffMember]:
    """Everybody who works here, by desk name."""
    rows = conn.execute(members().where(STAFF.c.disabled_at.is_(None)).order_by(STAFF.c.desk_name))
    return [as_member(row) for row in rows]


def members() -> Select[Any]:
    """The query whose rows :func:`as_member` reads; add conditions, joins and columns to it."""
    return select(STAFF.c.id, STAFF.c.desk_name, STAFF.c.role, STAFF.c.capacity, STAFF.c.languages)


def as_member(row: Row[Any]) -> StaffMember:
    """The member in a row of :func:`members`."""
    return StaffMember(row.id, row.desk_name, Role(row.role), row.capacity, language_tags(row.languages))


def language_tags(text: str) -> frozenset[str]:
    """``zh, EN`` as tags in lower case."""
    return frozenset(tag for tag in (part.strip().lower() for part in text.split(",")) if tag)


def normal_email(email: str) -> str:
    """An address in the one form in which it is compared, stored and throttled."""
    plain = email.encode("utf-8", "replace").decode()  # an unpaired surrogate cannot be hashed
    return unicodedata.normalize("NFKC", plain).strip().casefold()
