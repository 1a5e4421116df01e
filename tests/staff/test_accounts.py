"""Staff accounts: added by invitation, found by address, let go at once; passwords that only their owner opens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, LargeBinary, func, select, type_coerce

from app.staff import accounts, invitations, sessions
from app.staff.accounts import DUMMY_HASH, StaffMember, add_staff, credentials, hash_password, verify_password
from app.staff.demo import DEMO, make_demo_staff
from app.staff.members import STAFF, all_staff, find_staff
from app.staff.names import DESK_NAMES, free_desk_name
from data import audit
from data.kinds import ErrorCode, Event, EventKind, Refusal, Role
from tests.databases import NOW

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43


def join(
    conn: Connection, email: str = "Lin@Example.org", role: Role = Role.COUNSELLOR
) -> tuple[StaffMember, str]:
    return add_staff(conn, now=NOW, email=email, role=role, capacity=2, languages="zh, EN").value


def actions(conn: Connection) -> list[tuple[str, str, str]]:
    rows = conn.execute(select(audit.AUDIT.c.actor, audit.AUDIT.c.action, audit.AUDIT.c.object).order_by("n"))
    return [tuple(row) for row in rows]


def test_a_new_member_signs_in_only_after_accepting_the_invitation(conn: Connection) -> None:
    member, token = join(conn)
    assert member.languages == {"zh", "en"}
    assert credentials(conn, "lin@example.org") == (member, DUMMY_HASH, False)
    done = accounts.accept_invitation(conn, now=NOW + timedelta(hours=71), token=token, password_hash=HASH)
    assert done.value == member
    assert credentials(conn, " LIN@example.ORG ") == (member, HASH, False), "whatever the case"
    assert actions(conn) == [
        ("operator", "staff.added", member.id),
        (member.id, "staff.password_set", member.id),
    ]
    assert audit.verify(conn) is None


def test_an_invitation_opens_once_and_not_for_ever(conn: Connection) -> None:
    member, token = join(conn)
    assert invitations.invited(conn, now=NOW, token=token) == member.id
    stored = conn.execute(select(invitations.INVITATION.c.id)).scalar_one()
    assert token not in stored, "a copy of the table lets nobody in"
    for late, wrong in ((NOW + invitations.VALID, token), (NOW, token + "x"), (NOW, "\ud800")):
        with pytest.raises(Refusal) as refused:
            accounts.accept_invitation(conn, now=late, token=wrong, password_hash=HASH)
        assert refused.value.code is ErrorCode.NOT_ALLOWED
    accounts.accept_invitation(conn, now=NOW, token=token, password_hash=HASH)
    with pytest.raises(Refusal):
        accounts.accept_invitation(conn, now=NOW, token=token, password_hash=HASH)


def test_a_fresh_invitation_makes_the_earlier_one_worthless(conn: Connection) -> None:
    member, first = join(conn)
    second = accounts.invite_again(conn, now=NOW, staff_id=member.id, actor="operator").value
    assert invitations.invited(conn, now=NOW, token=first) is None
    assert invitations.invited(conn, now=NOW, token=second) == member.id


def test_the_address_is_stored_unreadable(conn: Connection) -> None:
    join(conn, "somebody.rare@example.org")
    row = conn.execute(select(type_coerce(STAFF.c.email, LargeBinary), STAFF.c.email_index)).one()
    assert b"somebody.rare" not in bytes(row[0])
    assert "somebody.rare" not in row[1]
    assert conn.execute(select(STAFF.c.email)).scalar_one() == "somebody.rare@example.org"
    audited = conn.execute(select(audit.AUDIT.c.object, audit.AUDIT.c.detail)).all()
    assert "rare" not in str(audited)


@pytest.mark.parametrize(
    ("email", "capacity"),
    [
        ("LIN@example.org", 2), ("ｌｉｎ@example.org", 2), ("", 2), ("lin", 2), ("@example.org", 2), ("lin@", 2),
        ("a b@example.org", 2), ("a\x00b@example.org", 2), ("x" * 250 + "@example.org", 2),
        ("new@example.org", -1), ("new@example.org", 11),
    ],
)  # fmt: skip
def test_what_cannot_be_added_is_refused_before_anything_is_written(
    conn: Connection, email: str, capacity: int
) -> None:
    """An address that exists in another spelling is the same address."""
    join(conn)
    before = audit.head(conn)
    with pytest.raises(Refusal) as refused:
        add_staff(conn, now=NOW, email=email, role=Role.COUNSELLOR, capacity=capacity)
    assert refused.value.code is ErrorCode.INVALID_PAYLOAD
    assert audit.head(conn) == before
    assert conn.execute(select(func.count()).select_from(STAFF)).scalar_one() == 1


def test_an_unknown_address_has_no_credentials(conn: Connection) -> None:
    for email in ("nobody@example.org", "", "\ud800@x", "no address"):
        assert credentials(conn, email) is None


def test_disabling_ends_sessions_invitations_and_sockets_at_once(conn: Connection) -> None:
    member, token = join(conn)
    secrets = [sessions.open_session(conn, now=NOW, staff_id=member.id).value for _ in range(2)]
    done = accounts.disable(conn, now=NOW, staff_id=member.id, actor="s_admin")
    assert done.events == (Event(EventKind.STAFF_CLOSED, to=member.id),)
    assert [sessions.session_staff(conn, now=NOW, secret=s) for s in secrets] == [None, None]
    assert invitations.invited(conn, now=NOW, token=token) is None
    assert find_staff(conn, member.id) is None
    assert all_staff(conn) == []
    found = credentials(conn, "lin@example.org")
    assert found is not None
    assert found[1:] == (DUMMY_HASH, True)
    kept = conn.execute(select(STAFF.c.delete_after)).scalar_one()
    assert kept == NOW + timedelta(days=365)
    assert actions(conn)[-1] == ("s_admin", "staff.disabled", member.id)


def test_a_new_role_signs_out_and_the_same_role_changes_nothing(conn: Connection) -> None:
    member, _ = join(conn)
    secret = sessions.open_session(conn, now=NOW, staff_id=member.id).value
    same = accounts.change_role(conn, now=NOW, staff_id=member.id, role=Role.COUNSELLOR, actor="s_admin")
    assert same.events == ()
    assert sessions.session_staff(conn, now=NOW, secret=secret) == member
    done = accounts.change_role(conn, now=NOW, staff_id=member.id, role=Role.RESPONDER, actor="s_admin")
    assert done.events == (Event(EventKind.STAFF_CLOSED, to=member.id),)
    assert sessions.session_staff(conn, now=NOW, secret=secret) is None
    assert find_staff(conn, member.id) == done.value
    assert done.value.role is Role.RESPONDER


def test_a_new_password_signs_out_whoever_had_the_old_one(conn: Connection) -> None:
    member, _ = join(conn)
    secret = sessions.open_session(conn, now=NOW, staff_id=member.id).value
    done = accounts.set_password(conn, now=NOW, staff_id=member.id, password_hash=HASH)
    assert done.events == (Event(EventKind.STAFF_CLOSED, to=member.id),)
    assert sessions.session_staff(conn, now=NOW, secret=secret) is None


def test_commands_refuse_somebody_who_is_not_there(conn: Connection) -> None:
    for command in (
        lambda: accounts.disable(conn, now=NOW, staff_id="s_x", actor="a"),
        lambda: accounts.change_role(conn, now=NOW, staff_id="s_x", role=Role.RESPONDER, actor="a"),
        lambda: accounts.set_password(conn, now=NOW, staff_id="s_x", password_hash=HASH),
        lambda: accounts.invite_again(conn, now=NOW, staff_id="s_x", actor="a"),
    ):
        with pytest.raises(Refusal):
            command()
    assert audit.head(conn)[0] == 0


def test_a_password_opens_its_own_hash_and_no_other() -> None:
    hashed = hash_password("pässwörd of Lin")
    assert hashed.startswith("$argon2id$")
    assert verify_password(hashed, "pässwörd of Lin")
    assert verify_password(hashed, "pa\u0308sswo\u0308rd of Lin"), "typed on another keyboard"
    for wrong in ("passwörd of Lin", "", "pässwörd of Lin ", "\ud800", "x" * 1_000_000):
        assert not verify_password(hashed, wrong)
    assert not verify_password("not a hash", "x")


def test_the_hash_for_nobody_costs_the_same_and_opens_for_nothing() -> None:
    """With other parameters, or a broken form, the time of a sign-in would tell whose address exists."""
    real = hash_password("x")
    assert DUMMY_HASH.split("$")[:4] == real.split("$")[:4]
    assert len(DUMMY_HASH) == len(real)
    assert not verify_password(DUMMY_HASH, "nobody's password")
    assert accounts._HASHER.check_needs_rehash(DUMMY_HASH) is False


@pytest.mark.parametrize("password", ["", "elevenchars", "x" * 257])
def test_a_password_too_short_or_too_long_is_refused(password: str) -> None:
    with pytest.raises(Refusal):
        accounts.check_password(password)


def test_demo_staff_are_made_once_and_set_back_each_time(conn: Connection) -> None:
    first = make_demo_staff(conn, now=NOW, password_hash=HASH).value
    assert [(m.role, m.capacity) for m in first] == [(role, capacity) for _, role, capacity, _ in DEMO]
    for (email, *_), member in zip(DEMO, first, strict=True):
        assert credentials(conn, email) == (member, HASH, False)
        assert member.desk_name.split()[0].lower() not in email
    accounts.disable(conn, now=NOW, staff_id=first[0].id, actor="a")
    accounts.change_role(conn, now=NOW, staff_id=first[1].id, role=Role.ADMINISTRATOR, actor="a")
    assert make_demo_staff(conn, now=NOW, password_hash=HASH + "2").value == first
    assert credentials(conn, "counsellor@demo") == (first[0], HASH + "2", False)
    assert len(all_staff(conn)) == len(DEMO)


def test_desk_names_are_free_ones_and_never_run_out(conn: Connection) -> None:
    assert len(set(DESK_NAMES)) == len(DESK_NAMES)
    taken: set[str] = set()
    for _ in range(2 * len(DESK_NAMES) + 1):
        name = free_desk_name(taken)
        assert name not in taken
        taken.add(name)
    names = [join(conn, f"a{n}@example.org")[0].desk_name for n in range(3)]
    assert len(set(names)) == 3
