"""The demo staff, for trying a station out on one's own machine. The settings refuse it on any other address."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from app.staff.accounts import add_staff, email_index
from app.staff.members import STAFF, StaffMember
from data.kinds import Done, Role

# e-mail, role, capacity, desk name
DEMO = (
    ("counsellor@demo", Role.COUNSELLOR, 2, "Lin 林"),
    ("counsellor2@demo", Role.COUNSELLOR, 2, "Ning 宁"),
    ("clinician@demo", Role.CLINICIAN, 2, "He 禾"),
    ("responder@demo", Role.RESPONDER, 2, "Zhou 舟"),
    ("supervisor@demo", Role.SUPERVISOR, 2, "Yun 云"),
    ("admin@demo", Role.ADMINISTRATOR, 0, "An 安"),
)


def make_demo_staff(conn: Connection, *, now: datetime, password_hash: str) -> Done[list[StaffMember]]:
    """Make the demo staff, or set those that are there back to what they were, with this password."""
    made = []
    for email, role, capacity, desk_name in DEMO:
        index = email_index(email)
        staff_id = conn.execute(select(STAFF.c.id).where(STAFF.c.email_index == index)).scalar()
        if staff_id is None:
            done = add_staff(
                conn,
                now=now,
                email=email,
                role=role,
                capacity=capacity,
                desk_name=desk_name,
                actor="operator",
            )
            staff_id = done.value[0].id
        conn.execute(
            update(STAFF)
            .where(STAFF.c.id == staff_id)
            .values(
                role=role.value,
                capacity=capacity,
                desk_name=desk_name,
                languages="",
                password_hash=password_hash,
                disabled_at=None,
                delete_after=None,
            )
        )
        made.append(StaffMember(staff_id, desk_name, role, capacity, frozenset()))
    return Done(made)
