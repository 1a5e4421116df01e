"""The case as a state machine: total, in order, by the right people; its level never falls, it never ends by itself."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from data.kinds import CaseStatus, ErrorCode, Level, Outcome, Refusal, Role, Step
from escalation.steps import CaseState, StepRefused, legal_steps, opened, raise_level, take

STATES = [
    opened(Level.HIGH),
    CaseState(CaseStatus.ACKNOWLEDGED, Level.HIGH, None, None),
    CaseState(CaseStatus.ASSESSED, Level.HIGH, Level.HIGH, None),
    CaseState(CaseStatus.CLOSED, Level.HIGH, Level.LOW, Outcome.SAFE_BY_AGREEMENT),
]
FORMS: dict[Step, dict[str, Any]] = {
    Step.ASSESS: {"grade": "high", "begun": None, "means": False, "alone": True},
    Step.CLOSE: {"outcome": "safe_by_agreement", "reason": "Her sister is with her."},
}
TEAM = (Role.RESPONDER, Role.SUPERVISOR)
ACKNOWLEDGED = STATES[1]


@pytest.mark.parametrize(("state", "step", "role"), list(product(STATES, Step, Role)))
def test_every_step_in_every_state_by_every_role_is_taken_or_refused_with_the_legal_ones_named(
    state: CaseState, step: Step, role: Role
) -> None:
    form = FORMS.get(step, {})
    if role not in TEAM:
        with pytest.raises(Refusal) as wrong_role:
            take(state, step, role, form)
        assert wrong_role.value.code is ErrorCode.NOT_ALLOWED
        assert not isinstance(wrong_role.value, StepRefused)
    elif step in legal_steps(state):
        assert take(state, step, role, form) != state or step is Step.ASSESS
    else:
        with pytest.raises(StepRefused) as refused:
            take(state, step, role, form)
        assert refused.value.allowed == legal_steps(state)
        assert refused.value.extra["allowed"] == legal_steps(state)
        closed = state.status is CaseStatus.CLOSED
        assert refused.value.code is (ErrorCode.CLOSED if closed else ErrorCode.NOT_ALLOWED)
        assert all(legal.value in refused.value.message for legal in legal_steps(state))


def test_the_way_of_a_case() -> None:
    case = opened(Level.IMMINENT)
    assert legal_steps(case) == (Step.ACKNOWLEDGE,)
    case = take(case, Step.ACKNOWLEDGE, Role.RESPONDER, {})
    assert case == CaseState(CaseStatus.ACKNOWLEDGED, Level.IMMINENT, None, None)
    case = take(case, Step.ASSESS, Role.RESPONDER, {"grade": "imminent", "begun": True})
    assert case == CaseState(CaseStatus.ASSESSED, Level.IMMINENT, Level.IMMINENT, None)
    case = take(case, Step.CLOSE, Role.SUPERVISOR, {"outcome": "rescued", "confirmed": True})
    assert case == CaseState(CaseStatus.CLOSED, Level.IMMINENT, Level.IMMINENT, Outcome.RESCUED)
    assert legal_steps(case) == ()


def test_a_case_cannot_close_before_a_person_has_acknowledged_it() -> None:
    with pytest.raises(StepRefused, match="acknowledge"):
        take(opened(Level.HIGH), Step.CLOSE, Role.SUPERVISOR, FORMS[Step.CLOSE])


def test_a_false_alarm_ends_the_case_with_its_reason() -> None:
    form = {"false_alarm": True, "reason": "A line from a game."}
    case = take(ACKNOWLEDGED, Step.ASSESS, Role.RESPONDER, form)
    assert case == CaseState(CaseStatus.CLOSED, Level.HIGH, Level.NONE, Outcome.FALSE_ALARM)
    graded = take(ACKNOWLEDGED, Step.ASSESS, Role.RESPONDER, {**form, "grade": "low"})
    assert graded.graded is Level.LOW


@pytest.mark.parametrize(
    ("step", "form", "field"),
    [
        (Step.ASSESS, {}, "grade"),
        (Step.ASSESS, {"grade": None}, "grade"),
        (Step.ASSESS, {"grade": "severe"}, "grade"),
        (Step.ASSESS, {"grade": 3}, "grade"),
        (Step.ASSESS, {"grade": ["high"]}, "grade"),
        (Step.ASSESS, {"grade": "high", "begun": True}, "grade"),
        (Step.ASSESS, {"grade": "high", "begun": "yes"}, "begun"),
        (Step.ASSESS, {"grade": "high", "means": 1}, "means"),
        (Step.ASSESS, {"grade": "high", "alone": "no"}, "alone"),
        (Step.ASSESS, {"grade": "none", "false_alarm": "true", "reason": "x"}, "false_alarm"),
        (Step.ASSESS, {"grade": "none", "false_alarm": True}, "reason"),
        (Step.ASSESS, {"grade": "none", "false_alarm": True, "reason": "  "}, "reason"),
        (Step.ASSESS, {"false_alarm": True, "reason": "x", "begun": True}, "false_alarm"),
        (Step.CLOSE, {}, "outcome"),
        (Step.CLOSE, {"outcome": "fine", "reason": "x"}, "outcome"),
        (Step.CLOSE, {"outcome": "rescued"}, "reason"),
        (Step.CLOSE, {"outcome": "rescued", "confirmed": False}, "reason"),
        (Step.CLOSE, {"outcome": "rescued", "confirmed": "yes"}, "confirmed"),
        (Step.CLOSE, {"outcome": "rescued", "reason": ""}, "reason"),
        (Step.CLOSE, {"outcome": "rescued", "reason": 7}, "reason"),
        (Step.CLOSE, {"outcome": "false_alarm", "confirmed": True}, "reason"),
        (Step.CLOSE, {"outcome": "not_found", "confirmed": True}, "reason"),
        (Step.CLOSE, {"outcome": "handed_on", "confirmed": True}, "reason"),
    ],
)
def test_a_form_that_lacks_something_is_told_which_field(
    step: Step, form: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        take(ACKNOWLEDGED, step, Role.RESPONDER, form)
    assert (refused.value.code, refused.value.extra["field"]) == (ErrorCode.INVALID_PAYLOAD, field)


def test_a_reason_as_long_as_a_book_is_refused_as_too_long() -> None:
    with pytest.raises(Refusal) as refused:
        take(ACKNOWLEDGED, Step.CLOSE, Role.RESPONDER, {"outcome": "not_found", "reason": "x" * 4001})
    assert refused.value.code is ErrorCode.TOO_LONG


answers = st.sampled_from([None, False])


@given(st.sampled_from(Level), answers, answers, answers)
def test_a_no_and_a_missing_answer_never_change_the_grade_that_a_person_gave(
    grade: Level, begun: bool | None, means: bool | None, alone: bool | None
) -> None:
    form = {"grade": grade, "begun": begun, "means": means, "alone": alone}
    assert take(ACKNOWLEDGED, Step.ASSESS, Role.RESPONDER, form).graded is grade


@given(st.sampled_from(STATES[:3]), st.sampled_from(Level))
def test_further_danger_raises_and_never_lowers(state: CaseState, level: Level) -> None:
    after = raise_level(state, level)
    assert after.level.rank == max(state.level.rank, level.rank)


def test_something_worse_than_a_persons_grade_asks_for_a_new_one() -> None:
    graded = take(ACKNOWLEDGED, Step.ASSESS, Role.RESPONDER, {"grade": "low"})
    assert graded.level is Level.HIGH, "what was said stays on record"
    assert raise_level(graded, Level.LOW) == graded
    again = raise_level(graded, Level.HIGH)
    assert (again.status, again.graded) == (CaseStatus.ACKNOWLEDGED, None)


def test_a_case_that_nobody_has_acknowledged_stays_unacknowledged_when_raised() -> None:
    assert raise_level(opened(Level.HIGH), Level.IMMINENT) == opened(Level.IMMINENT)


def test_a_closed_case_is_not_raised() -> None:
    with pytest.raises(ValueError, match="open a new one"):
        raise_level(STATES[3], Level.IMMINENT)


forms = st.fixed_dictionaries(
    {},
    optional={
        "grade": st.sampled_from([*Level, "severe", None]),
        "begun": st.sampled_from([None, True, False]),
        "false_alarm": st.booleans(),
        "outcome": st.sampled_from([*Outcome, "fine"]),
        "confirmed": st.booleans(),
        "reason": st.sampled_from(["", " ", "She is safe."]),
    },
)


class CaseHistory(RuleBasedStateMachine):
    """Any order of steps, forms, people and further danger."""

    def __init__(self) -> None:
        super().__init__()
        self.case = opened(Level.HIGH)
        self.worst = Level.HIGH.rank
        self.acknowledged_by: Role | None = None
        self.ended_with: dict[str, Any] | None = None

    @rule(step=st.sampled_from(Step), role=st.sampled_from(Role), form=forms)
    def somebody_takes_a_step(self, step: Step, role: Role, form: dict[str, Any]) -> None:
        was = self.case
        try:
            self.case = take(was, step, role, form)
        except Refusal:
            assert self.case is was
            return
        assert step in legal_steps(was)
        assert role in TEAM
        if step is Step.ACKNOWLEDGE:
            self.acknowledged_by = role
        if step is Step.ASSESS:
            self.worst = max(self.worst, 0 if self.case.graded is None else self.case.graded.rank)
        if self.case.status is CaseStatus.CLOSED:
            self.ended_with = form

    @rule(level=st.sampled_from(Level))
    def more_is_said(self, level: Level) -> None:
        if self.case.status is not CaseStatus.CLOSED:
            self.case = raise_level(self.case, level)
            self.worst = max(self.worst, level.rank)
            assert self.case.graded is None or self.case.graded.rank >= level.rank, "a grade outlived it"

    @invariant()
    def its_level_never_falls(self) -> None:
        assert self.case.level.rank == self.worst

    @invariant()
    def it_is_over_only_when_a_person_acknowledged_and_confirmed_or_gave_a_reason(self) -> None:
        over = self.case.status is CaseStatus.CLOSED
        assert over is (self.case.outcome is not None)
        assert over is (self.ended_with is not None)
        if self.ended_with is not None:
            assert self.acknowledged_by is not None
            judged = self.case.outcome in (Outcome.FALSE_ALARM, Outcome.NOT_FOUND, Outcome.HANDED_ON)
            confirmed = self.ended_with.get("confirmed") and not judged
            assert confirmed or self.ended_with["reason"].strip()

    @invariant()
    def it_is_assessed_exactly_while_a_grade_stands(self) -> None:
        if self.case.status is not CaseStatus.CLOSED:
            assert (self.case.status is CaseStatus.ASSESSED) is (self.case.graded is not None)

    @invariant()
    def somebody_can_always_go_on_until_it_is_over(self) -> None:
        assert bool(legal_steps(self.case)) is (self.case.status is not CaseStatus.CLOSED)


TestCaseHistory = CaseHistory.TestCase
