"""The throttle on guessing passwords: waits that grow with the failures, by account and by address.

Nobody is locked out for good, and nobody can lock out another: an address from which an account was signed in to
within a month is counted for itself alone, so that strangers who guess at the account, or colleagues behind the
same router who mistype, do not keep its owner out. What is stored are blind indexes, never an account's or a
network's address.

Count a try **before** the password is checked, in the transaction that asked (:func:`attempt`), and take it back
when it was right (:func:`succeeded`): otherwise a thousand tries at once all pass before the first has failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, func, select, update

from app.staff.members import normal_email
from data.crypto import ring
from data.kinds import Done
from data.retention import DEFAULT
from data.sql import upsert
from data.tables import LoginAttempt

ATTEMPT = LoginAttempt.__table__  # type: ignore[attr-defined]

FREE_ACCOUNT = 5  # failures without a wait; OWASP's authentication guidance leaves the number to the service
FREE_ADDRESS = 20  # a whole hospital may sit behind one address
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)
FORGET = timedelta(hours=1)  # failures older than this count no more
_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Keys:
    """What a try is counted under, each a blind index with its kind in front."""

    account: str
    address: str
    pair: str
    """This account from this address."""
    known: str
    """Marks the pair as one that has signed in before."""


def keys(email: str, address: str) -> Keys:
    """The keys of a try. ``email`` as typed, known to us or not; ``address`` is the client's network address."""
    account = normal_email(email)
    hashed = ring().blind_index
    pair = hashed(f"{account}\x00{address}", "throttle.pair")
    return Keys(
        f"account:{hashed(account, 'throttle.account')}",
        f"address:{hashed(address, 'throttle.address')}",
        f"pair:{pair}",
        f"known:{pair}",
    )


def wait(failures: int, free: int) -> timedelta:
    """How long to wait after this many failures: nothing, then 15 s doubling up to 15 minutes."""
    if failures < free:
        return timedelta(0)
    doublings = min(failures - free, 10)
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << doublings))


def attempt(conn: Connection, now: datetime, keys: Keys) -> Done[float | None]:
    """Ask whether a try may be made, and count it. The seconds to wait, or nothing: then check the password."""
    for key, _ in _counted(conn, now, keys):
        _touch(
            conn, now, key, now + _KEPT
        )  # locks the rows, so that tries made at once count one after another
    retry_after = check(conn, now, keys)
    if retry_after is None:
        failed(conn, now, keys)
    return Done(retry_after)


def check(conn: Connection, now: datetime, keys: Keys) -> float | None:
    """The seconds until a try may be made; nothing when it may be made now. A try that is refused costs nothing."""
    asked = [key for key, _ in _counted(conn, now, keys)]
    end = conn.execute(select(func.max(ATTEMPT.c.blocked_until)).where(ATTEMPT.c.key.in_(asked))).scalar()
    return (end - now).total_seconds() if end is not None and end > now else None


def failed(conn: Connection, now: datetime, keys: Keys) -> None:
    """Count a failure. From an address that is known for this account it counts against that pair alone."""
    for key, free in _counted(conn, now, keys):
        _count(conn, now, key, free)


def succeeded(conn: Connection, now: datetime, keys: Keys) -> None:
    """The password was right: the pair is known from now on, and the account's failures are forgotten.

    The address gets back this one try and no more: somebody with an account of their own could otherwise clear
    its count between guesses at others'.
    """
    if not _known(conn, now, keys):
        left = ATTEMPT.c.failures - 1
        conn.execute(
            update(ATTEMPT)
            .where(ATTEMPT.c.key == keys.address, ATTEMPT.c.failures > 0)
            .values(
                failures=left,
                blocked_until=case((left >= FREE_ADDRESS, ATTEMPT.c.blocked_until), else_=None),
            )
        )
    conn.execute(delete(ATTEMPT).where(ATTEMPT.c.key.in_([keys.account, keys.pair])))
    _touch(conn, now, keys.known, DEFAULT.sign_in(now))


def _counted(conn: Connection, now: datetime, keys: Keys) -> list[tuple[str, int]]:
    """What a try is counted under, and how many failures are free there; in the order in which rows are locked."""
    pair = [(keys.pair, FREE_ACCOUNT)]
    if _known(conn, now, keys):
        return pair
    return [*pair, (keys.account, FREE_ACCOUNT), (keys.address, FREE_ADDRESS)]


def _known(conn: Connection, now: datetime, keys: Keys) -> bool:
    known = select(ATTEMPT.c.key).where(ATTEMPT.c.key == keys.known, ATTEMPT.c.delete_after > now)
    return conn.execute(known).first() is not None


def _count(conn: Connection, now: datetime, key: str, free: int) -> None:
    _touch(conn, now, key, now + _KEPT)
    failures: int = conn.execute(
        update(ATTEMPT)
        .where(ATTEMPT.c.key == key)
        .values(
            failures=case((ATTEMPT.c.last_at > now - FORGET, ATTEMPT.c.failures + 1), else_=1),
            last_at=now,
            delete_after=now + _KEPT,
        )
        .returning(ATTEMPT.c.failures)
    ).scalar_one()
    pause = wait(failures, free)
    if pause:
        conn.execute(update(ATTEMPT).where(ATTEMPT.c.key == key).values(blocked_until=now + pause))


def _touch(conn: Connection, now: datetime, key: str, delete_after: datetime) -> None:
    """Make sure that a row is there and is kept until ``delete_after``; works beside another who makes it."""
    conn.execute(
        upsert(ATTEMPT, ["key"], ["delete_after"]),
        {"key": key, "failures": 0, "last_at": now, "delete_after": delete_after},
    )
