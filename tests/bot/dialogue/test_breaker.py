"""The circuit breaker against a model that counts in its own way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.breaker import Breaker, State

Steps = st.lists(
    st.tuples(st.sampled_from(["ask", "good", "bad", "gone"]), st.floats(0, 4, allow_nan=False)), max_size=60
)


@given(steps=Steps, limit=st.integers(1, 4))
def test_it_opens_after_so_many_failures_in_a_row_and_never_lets_two_probes_out(
    steps: list[tuple[str, float]], limit: int
) -> None:
    breaker, now, in_a_row, out = Breaker(limit=limit, rest_s=5), 0.0, 0, 0
    for step, passed in steps:
        now += passed
        before = breaker.state(now)
        if step == "ask":
            breaker, allowed = breaker.ask(now)
            if before is State.CLOSED:
                assert allowed
            if before is State.OPEN:
                assert not allowed
            if before is State.HALF_OPEN:
                assert allowed == (out == 0)
                out += allowed
        elif step == "good":
            breaker, in_a_row, out = breaker.succeeded(), 0, 0
            assert breaker.state(now) is State.CLOSED
        elif step == "bad":
            breaker, in_a_row, out = breaker.failed(now), in_a_row + 1, 0
            assert (breaker.state(now) is State.OPEN) or in_a_row < limit
        else:
            breaker, out = breaker.abandoned(), 0
            assert breaker.state(now) is before
        if in_a_row < limit:
            assert breaker.state(now) is State.CLOSED


def test_a_probe_that_fails_opens_it_for_the_whole_rest_again() -> None:
    breaker = Breaker(limit=1, rest_s=5).failed(0.0)
    breaker, allowed = breaker.ask(5.0)
    assert allowed
    breaker = breaker.failed(6.0)
    assert breaker.state(10.9) is State.OPEN
    assert breaker.state(11.0) is State.HALF_OPEN


def test_a_probe_that_nobody_waited_for_lets_the_next_one_out() -> None:
    breaker, _ = Breaker(limit=1, rest_s=5).failed(0.0).ask(5.0)
    assert breaker.ask(5.1)[1] is False
    assert breaker.abandoned().ask(5.2)[1] is True
