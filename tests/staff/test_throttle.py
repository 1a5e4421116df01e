"""The throttle slows down guessing, and cannot be used to keep somebody out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from app.staff.throttle import (
    ATTEMPT,
    FORGET,
    FREE_ACCOUNT,
    FREE_ADDRESS,
    LONGEST_WAIT,
    attempt,
    check,
    failed,
    keys,
    succeeded,
    wait,
)  # fmt: skip
from data.retention import sweep
from tests.databases import NOW

HOME, CAFE = "198.51.100.7", "203.0.113.9"
LIN = "lin@example.org"


def later(**parts: float) -> datetime:
    return NOW + timedelta(**parts)


@given(st.integers(0, 10_000), st.sampled_from([FREE_ACCOUNT, FREE_ADDRESS]))
def test_the_wait_grows_never_shrinks_and_is_never_longer_than_a_quarter_of_an_hour(
    failures: int, free: int
) -> None:
    now, next = wait(failures, free), wait(failures + 1, free)
    assert timedelta(0) <= now <= next <= LONGEST_WAIT
    assert (now > timedelta(0)) == (failures >= free)
    assert next in (now, 2 * now, LONGEST_WAIT) or failures + 1 == free


def test_the_fifth_failure_begins_to_cost(conn: Connection) -> None:
    mine = keys(LIN, HOME)
    for _ in range(FREE_ACCOUNT):
        assert attempt(conn, NOW, mine).value is None
    assert check(conn, NOW, mine) == 15.0
    assert attempt(conn, NOW, mine).value == 15.0
    assert check(conn, later(seconds=15), mine) is None


def test_a_try_that_is_refused_does_not_lengthen_the_wait(conn: Connection) -> None:
    """Somebody who keeps pressing the button is let in when the time has come."""
    mine = keys(LIN, HOME)
    for _ in range(FREE_ACCOUNT):
        attempt(conn, NOW, mine)
    for second in range(15):
        assert attempt(conn, later(seconds=second), mine).value == 15.0 - second
    assert attempt(conn, later(seconds=15), mine).value is None
    assert check(conn, later(seconds=15), mine) == 30.0


def test_an_account_is_slowed_down_from_every_address_at_once(conn: Connection) -> None:
    for n in range(FREE_ACCOUNT):
        assert attempt(conn, NOW, keys(LIN, f"203.0.113.{n}")).value is None
    assert attempt(conn, NOW, keys(LIN, "203.0.113.99")).value == 15.0
    assert attempt(conn, NOW, keys("an@example.org", "203.0.113.99")).value is None


def test_an_address_that_tries_many_accounts_is_slowed_down(conn: Connection) -> None:
    for n in range(FREE_ADDRESS):
        assert attempt(conn, NOW, keys(f"a{n}@example.org", CAFE)).value is None
    assert attempt(conn, NOW, keys("another@example.org", CAFE)).value is not None
    assert attempt(conn, NOW, keys("another@example.org", HOME)).value is None


@pytest.mark.parametrize("spelling", [" LIN@example.org", "ｌｉｎ@example.org", "Lin@EXAMPLE.org "])
def test_another_spelling_is_the_same_account(conn: Connection, spelling: str) -> None:
    """Every spelling that signs in must count, or each would give five more guesses."""
    for _ in range(FREE_ACCOUNT):
        attempt(conn, NOW, keys(spelling, CAFE))
    assert check(conn, NOW, keys(LIN, HOME)) is not None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 600)), max_size=60))
def test_strangers_cannot_keep_the_owner_out(
    engine_of_module: Engine, history: list[tuple[int, int, int]]
) -> None:
    """Whatever strangers do, from wherever, the owner's own address is open when they come."""
    with engine_of_module.connect() as conn:
        transaction = conn.begin()
        now = NOW
        attempt(conn, now, keys(LIN, HOME))
        succeeded(conn, now, keys(LIN, HOME))
        for account, address, seconds in history:
            now += timedelta(seconds=seconds)
            email = LIN if account < 3 else "an@example.org"
            # Strangers behind the owner's own router too, as long as they guess at other accounts.
            where = HOME if address == 3 and email != LIN else f"203.0.113.{address}"
            attempt(conn, now, keys(email, where))
            assert check(conn, now, keys(LIN, HOME)) is None
        transaction.rollback()


@given(st.lists(st.integers(0, 900), min_size=1, max_size=60))
def test_a_guesser_gets_no_more_tries_than_the_rule_allows(
    engine_of_module: Engine, pauses: list[int]
) -> None:
    """However the tries are timed: between two that were let through lies the wait that the count asks for."""
    with engine_of_module.connect() as conn:
        transaction = conn.begin()
        mine, now, failures, last = keys(LIN, CAFE), NOW, 0, None
        for pause in pauses:
            now += timedelta(seconds=pause)
            if attempt(conn, now, mine).value is not None:
                continue
            if last is not None:
                assert now - last >= wait(failures, FREE_ACCOUNT)
                failures = failures if now - last < FORGET else 0
            failures, last = failures + 1, now
        transaction.rollback()


def test_an_own_account_does_not_clear_the_count_of_guesses_at_others(conn: Connection) -> None:
    """A guesser who signs in with an account of their own between guesses gains nothing by it."""
    own = keys("guesser@example.org", CAFE)
    refused = 0
    for n in range(3 * FREE_ADDRESS):
        refused += attempt(conn, NOW, keys(f"a{n}@example.org", CAFE)).value is not None
        if attempt(conn, NOW, own).value is None:
            succeeded(conn, NOW, own)
    assert refused == 2 * FREE_ADDRESS


def test_a_right_password_forgets_the_failures_before_it(conn: Connection) -> None:
    mine = keys(LIN, HOME)
    for _ in range(FREE_ACCOUNT - 1):
        attempt(conn, NOW, mine)
    attempt(conn, NOW, mine)
    succeeded(conn, NOW, mine)
    assert check(conn, NOW, mine) is None
    assert check(conn, NOW, keys(LIN, CAFE)) is None


def test_a_known_address_is_still_slowed_down_by_its_own_guesses(conn: Connection) -> None:
    mine = keys(LIN, HOME)
    succeeded(conn, NOW, mine)
    for _ in range(FREE_ACCOUNT):
        failed(conn, NOW, mine)
    assert check(conn, NOW, mine) == 15.0
    assert check(conn, NOW, keys(LIN, CAFE)) is None


def test_failures_are_forgotten_after_an_hour_without_any(conn: Connection) -> None:
    mine = keys(LIN, CAFE)
    for _ in range(FREE_ACCOUNT + 2):
        failed(conn, NOW, mine)
    failed(conn, NOW + FORGET, mine)
    assert check(conn, NOW + FORGET, mine) is None


def test_a_thousand_tries_at_once_are_counted_one_after_another(engine: Engine) -> None:
    """Counted before the password is looked at: tries made at the same moment do not all slip through."""

    def guess(_: int) -> bool:
        with engine.begin() as conn:
            return attempt(conn, NOW, keys(LIN, CAFE)).value is None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(60))) == FREE_ACCOUNT


def test_neither_account_nor_address_is_stored_and_all_is_deleted(conn: Connection) -> None:
    mine = keys(LIN, HOME)
    attempt(conn, NOW, mine)
    succeeded(conn, NOW, mine)
    attempt(conn, NOW, keys("an@example.org", CAFE))
    stored = str(conn.execute(select(ATTEMPT)).all())
    for word in ("lin", "example", HOME, CAFE):
        assert word not in stored
    sweep(conn, now=later(days=30))
    assert conn.execute(select(ATTEMPT)).all() == []
