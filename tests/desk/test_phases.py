"""The phases: total over (phase, act), machines never refused, nobody live cut off, nobody in danger sent back."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.desk.phases import FIRST, TABLE, Act, allowed, next_phase
from data.kinds import ErrorCode, Level, Phase, Refusal

levels = st.sampled_from(Level)
EVERYTHING = list(product(Phase, Act))


@pytest.mark.parametrize(("phase", "act"), EVERYTHING)
def test_every_act_in_every_phase_is_answered_or_refused_with_the_open_ones_named(
    phase: Phase, act: Act
) -> None:
    if (phase, act) in TABLE:
        assert next_phase(phase, act) is TABLE[phase, act]
        return
    with pytest.raises(Refusal) as refused:
        next_phase(phase, act)
    assert refused.value.extra["allowed"] == allowed(phase)
    assert act not in allowed(phase)
    if phase is Phase.CLOSED:
        assert refused.value.code is ErrorCode.CLOSED
    elif (phase, act) == (Phase.LIVE, Act.ACCEPT):
        assert refused.value.code is ErrorCode.ALREADY_TAKEN
    else:
        assert refused.value.code is ErrorCode.NOT_ALLOWED
        assert all(act.value in refused.value.message for act in allowed(phase))


@pytest.mark.parametrize(
    ("phase", "act", "follows"),
    [
        (Phase.BOT, Act.ASK_HUMAN, Phase.WAITING),
        (Phase.WAITING, Act.ACCEPT, Phase.LIVE),
        (Phase.WAITING, Act.LEAVE_QUEUE, Phase.BOT),
        (Phase.WAITING, Act.DESK_CLOSED, Phase.BOT),
        (Phase.LIVE, Act.HAND_BACK, Phase.WAITING),
        (Phase.LIVE, Act.CLOSE, Phase.CLOSED),
        (Phase.BOT, Act.CLOSE, Phase.CLOSED),
        (Phase.WAITING, Act.CLOSE, Phase.CLOSED),
    ],
)
def test_the_way_of_an_evening(phase: Phase, act: Act, follows: Phase) -> None:
    assert next_phase(phase, act) is follows


@pytest.mark.parametrize(("phase", "level"), list(product(Phase, Level)))
def test_danger_is_never_refused_and_calls_a_person_while_the_conversation_is_open(
    phase: Phase, level: Level
) -> None:
    follows = next_phase(phase, Act.DANGER, level)
    assert follows in (Phase.WAITING, Phase.LIVE) or phase is Phase.CLOSED


@pytest.mark.parametrize(("phase", "level"), list(product(Phase, Level)))
def test_a_closing_desk_takes_back_those_who_wait_and_nobody_else(phase: Phase, level: Level) -> None:
    follows = next_phase(phase, Act.DESK_CLOSED, level)
    if phase is Phase.WAITING and not level.is_crisis:
        assert follows is Phase.BOT
    else:
        assert follows is phase


@pytest.mark.parametrize("act", [Act.ASK_HUMAN, Act.LEAVE_QUEUE, Act.DANGER, Act.DESK_CLOSED])
def test_what_is_sent_twice_on_a_bad_network_is_no_error(act: Act) -> None:
    for phase in (Phase.BOT, Phase.WAITING):
        once = next_phase(phase, act)
        assert next_phase(once, act) is once


@given(st.lists(st.tuples(st.sampled_from(Act), levels), max_size=30))
def test_only_a_close_ends_a_conversation_and_only_a_person_makes_it_live(
    acts: list[tuple[Act, Level]],
) -> None:
    phase = FIRST
    for act, level in acts:
        was = phase
        try:
            phase = next_phase(phase, act, level)
        except Refusal:
            assert phase is was
            continue
        if phase is Phase.CLOSED and was is not Phase.CLOSED:
            assert act is Act.CLOSE
        if phase is Phase.LIVE and was is not Phase.LIVE:
            assert act in (Act.ACCEPT, Act.TAKE_OVER)
        if was is Phase.LIVE and phase is not Phase.LIVE:
            assert act in (Act.HAND_BACK, Act.CLOSE)
        if was is Phase.CLOSED:
            assert phase is Phase.CLOSED
