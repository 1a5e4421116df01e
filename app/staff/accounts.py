"""Staff accounts: who works here, in which role, and their passwords.

E-mail addresses are encrypted and found by a blind index; passwords are argon2id hashes. Hashing takes tens of
milliseconds of a processor: do it off the event loop and outside the writer's transaction, never in a command.
Every change is written to the audit log, with ids alone.
"""

from __future__ import annotations

import base64
import secrets
import unicodedata
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, insert, select, update

from app.staff import invitations, sessions
from app.staff.members import STAFF, StaffMember, as_member, find_staff, language_tags, members, normal_email
from app.staff.names import free_desk_name
from data import audit
from data.crypto import ring
from data.kinds import Done, ErrorCode, Refusal, Role
from data.retention import DEFAULT, Retention
from data.tables import new_id

__all__ = ["StaffMember"]

PASSWORD_MIN = (
    12  # characters; NIST SP 800-63B-4 asks for 15 where a password stands alone, 8 beside a second factor
)
PASSWORD_MAX = 256  # characters: what a stranger can make us hash is bounded
CAPACITY_MAX = 10

# RFC 9106's second recommended option, argon2-cffi's own default: 64 MiB, 3 passes, 4 lanes.
_HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    """An argon2id hash with its own salt and parameters in it. Slow on purpose: off the event loop."""
    return _HASHER.hash(_normal(password))


def verify_password(hash: str, password: str) -> bool:
    """Whether the password is the one behind the hash. Slow on purpose: off the event loop."""
    if len(password) > PASSWORD_MAX:
        return False
    try:
        return _HASHER.verify(hash, _normal(password))
    except (VerificationError, InvalidHashError):
        return False


def _nobodys_hash() -> str:
    digest, salt = (base64.b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (32, 16))
    h = _HASHER
    return f"$argon2id$v=19$m={h.memory_cost},t={h.time_cost},p={h.parallelism}${salt}${digest}"


DUMMY_HASH = _nobodys_hash()
"""A hash of random bytes that no password opens, at the usual cost: what a sign-in with an unknown address, or
of somebody who has no password yet, is checked against, so that the time it takes tells nothing."""


def check_password(password: str) -> None:
    """Refuse a password that is too short or too long (``invalid_payload``); says which."""
    if len(password) < PASSWORD_MIN:
        raise Refusal(
            ErrorCode.INVALID_PAYLOAD,
            f"A password needs at least {PASSWORD_MIN} characters.",
            field="password",
        )
    if len(password) > PASSWORD_MAX:
        raise Refusal(
            ErrorCode.INVALID_PAYLOAD, f"A password has at most {PASSWORD_MAX} characters.", field="password"
        )


def add_staff(
    conn: Connection,
    *,
    now: datetime,
    email: str,
    role: Role,
    capacity: int,
    desk_name: str | None = None,
    languages: str = "",
    actor: str = "operator",
) -> Done[tuple[StaffMember, str]]:
    """Add a member of staff, who cannot sign in before they set a password by the invitation returned.

    Refuses (``invalid_payload``) an address that exists or is none, and a capacity outside 0-10.
    """
    index = email_index(email)
    if conn.execute(select(STAFF.c.id).where(STAFF.c.email_index == index)).first() is not None:
        raise Refusal(ErrorCode.INVALID_PAYLOAD, "There is staff with this e-mail address.", field="email")
    if not 0 <= capacity <= CAPACITY_MAX:
        raise Refusal(ErrorCode.INVALID_PAYLOAD, f"Capacity is from 0 to {CAPACITY_MAX}.", field="capacity")
    member = StaffMember(
        new_id("s"), desk_name or free_desk_name(_names(conn)), role, capacity, language_tags(languages)
    )
    conn.execute(
        insert(STAFF).values(
            id=member.id,
            email=_address(email),
            email_index=index,
            desk_name=member.desk_name,
            role=role.value,
            capacity=capacity,
            languages=",".join(sorted(member.languages)),
            created_at=now,
        )
    )
    token = invitations.invite(conn, now=now, staff_id=member.id)
    audit.write(conn, now=now, actor=actor, action="staff.added", object=member.id, detail=role.value)
    return Done((member, token))


def invite_again(conn: Connection, *, now: datetime, staff_id: str, actor: str) -> Done[str]:
    """A fresh invitation for somebody who lost theirs or their password; earlier ones are worthless."""
    member = find_staff(conn, staff_id)
    if member is None:
        raise _unknown()
    token = invitations.invite(conn, now=now, staff_id=staff_id)
    audit.write(conn, now=now, actor=actor, action="staff.invited", object=staff_id)
    return Done(token)


def accept_invitation(
    conn: Connection, *, now: datetime, token: str, password_hash: str
) -> Done[StaffMember]:
    """Set the password that an invitation is for, once. Refuses (``not_allowed``) one that is spent or too old."""
    staff_id = invitations.invited(conn, now=now, token=token)
    member = None if staff_id is None else find_staff(conn, staff_id)
    if member is None or not invitations.use(conn, now=now, token=token):
        raise Refusal(
            ErrorCode.NOT_ALLOWED, "This invitation has been used or is too old. Please ask for a new one."
        )
    done = set_password(conn, now=now, staff_id=member.id, password_hash=password_hash)
    return Done(member, done.events)


def set_password(conn: Connection, *, now: datetime, staff_id: str, password_hash: str) -> Done[None]:
    """Set a password; whoever is signed in with the old one is signed out."""
    if find_staff(conn, staff_id) is None:
        raise _unknown()
    conn.execute(update(STAFF).where(STAFF.c.id == staff_id).values(password_hash=password_hash))
    closed = sessions.revoke_all(conn, now=now, staff_id=staff_id)
    audit.write(conn, now=now, actor=staff_id, action="staff.password_set", object=staff_id)
    return Done(None, (closed,))


def disable(
    conn: Connection, *, now: datetime, staff_id: str, actor: str, retention: Retention = DEFAULT
) -> Done[None]:
    """Let somebody go: sessions, invitations and open sockets end at once, the record follows in its time.

    What they own is handed back by the desk, which hears the event.
    """
    if find_staff(conn, staff_id) is None:
        raise _unknown()
    conn.execute(
        update(STAFF)
        .where(STAFF.c.id == staff_id)
        .values(disabled_at=now, password_hash=None, delete_after=retention.staff(now))
    )
    invitations.withdraw(conn, now=now, staff_id=staff_id)
    closed = sessions.revoke_all(conn, now=now, staff_id=staff_id)
    audit.write(conn, now=now, actor=actor, action="staff.disabled", object=staff_id)
    return Done(None, (closed,))


def change_role(
    conn: Connection, *, now: datetime, staff_id: str, role: Role, actor: str
) -> Done[StaffMember]:
    """Give somebody another role: they are signed out and come back with what it allows."""
    member = find_staff(conn, staff_id)
    if member is None:
        raise _unknown()
    if member.role is role:
        return Done(member)
    conn.execute(update(STAFF).where(STAFF.c.id == staff_id).values(role=role.value))
    closed = sessions.revoke_all(conn, now=now, staff_id=staff_id)
    audit.write(conn, now=now, actor=actor, action="staff.role_changed", object=staff_id, detail=role.value)
    changed = StaffMember(member.id, member.desk_name, role, member.capacity, member.languages)
    return Done(changed, (closed,))


def credentials(conn: Connection, email: str) -> tuple[StaffMember, str, bool] | None:
    """For signing in: the member, the hash to check the password against, and whether they are disabled.

    Nothing for an unknown address; a member without a password yet has :data:`DUMMY_HASH`. The caller checks
    unknown addresses against it too, so that both take the same time.
    """
    try:
        index = email_index(email)
    except Refusal:
        return None
    row = conn.execute(
        members().add_columns(STAFF.c.password_hash, STAFF.c.disabled_at).where(STAFF.c.email_index == index)
    ).first()
    if row is None:
        return None
    return as_member(row), row.password_hash or DUMMY_HASH, row.disabled_at is not None


def email_index(email: str) -> str:
    """The blind index of an address, whatever its case. Refuses (``invalid_payload``) what is no address."""
    return ring().blind_index(_address(email), "staff.email")


def _names(conn: Connection) -> set[str]:
    return set(conn.execute(select(STAFF.c.desk_name).where(STAFF.c.disabled_at.is_(None))).scalars())


def _address(email: str) -> str:
    address = normal_email(email)
    name, _, host = address.rpartition("@")
    if not name or not host or len(address) > 254 or any(c.isspace() or not c.isprintable() for c in address):
        raise Refusal(ErrorCode.INVALID_PAYLOAD, "This is not an e-mail address.", field="email")
    return address


def _normal(password: str) -> str:
    # The same password typed on two keyboards is the same password (RFC 8265 asks for NFC); an unpaired
    # surrogate cannot be encoded, and is nobody's password.
    return unicodedata.normalize("NFC", password.encode("utf-8", "replace").decode())


def _unknown() -> Refusal:
    return Refusal(ErrorCode.INVALID_PAYLOAD, "There is no such member of staff.", field="staff_id")
