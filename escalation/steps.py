"""A case as a pure state machine: which step may follow, who may take it, what its form must say.

A machine's level opens a case and may raise it; every step is a named person's. So a case never closes by itself,
by a visitor's leaving or by a clock: only by a person who acknowledged it and either confirms the outcome or gives
a reason. Its level never falls here: a person's grade stands beside what was said, never in its place.

Must never: let further danger be refused, read a missing answer as "no", or lower a level because of a "no".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from data.kinds import CaseStatus, ErrorCode, Level, Outcome, Refusal, Role, Step

_Word = TypeVar("_Word", bound=StrEnum)

REASON_LIMIT = 4000
"""The longest reason, in code points: as long as a message may be."""

LEGAL: Mapping[CaseStatus, tuple[Step, ...]] = MappingProxyType(
    {
        CaseStatus.OPEN: (Step.ACKNOWLEDGE,),
        CaseStatus.ACKNOWLEDGED: (Step.ASSESS, Step.CLOSE),
        CaseStatus.ASSESSED: (Step.ASSESS, Step.CLOSE),
        CaseStatus.CLOSED: (),
    }
)
"""The steps open from each status. Grading again is open as long as the case is: what people tell us changes."""

TAKEN_BY: Mapping[Step, frozenset[Role]] = MappingProxyType(
    {step: frozenset({Role.RESPONDER, Role.SUPERVISOR}) for step in Step}
)
"""Who may take a step. The crisis team and those who answer for it; nobody else, whatever the step."""

CONFIRMABLE = frozenset({Outcome.SAFE_BY_AGREEMENT, Outcome.RESCUED, Outcome.HOSPITAL, Outcome.DIED})
"""Outcomes that services, family or the person can confirm. The others are a judgement and need its reason."""


@dataclass(frozen=True, slots=True)
class CaseState:
    """Where a case stands.

    ``level`` is the highest that was said or graded, and never falls. ``graded`` is what a person made of it,
    ``None`` until one has, and again once something worse than the grade was said. ``outcome`` is set exactly
    when ``status`` is ``closed``.
    """

    status: CaseStatus
    level: Level
    graded: Level | None
    outcome: Outcome | None


class StepRefused(Refusal):
    """A step out of order. ``allowed`` (and the error's ``allowed``) are the steps that are legal from here."""

    def __init__(self, step: Step, state: CaseState) -> None:
        self.allowed = legal_steps(state)
        if state.status is CaseStatus.CLOSED:
            code, words = ErrorCode.CLOSED, "This case is closed."
        else:
            named = ", ".join(self.allowed)
            code, words = ErrorCode.NOT_ALLOWED, f"{step} is not open now; open from here: {named}."
        super().__init__(code, words, allowed=self.allowed)


def opened(level: Level) -> CaseState:
    """A new case at the level that opened it."""
    return CaseState(CaseStatus.OPEN, level, None, None)


def legal_steps(state: CaseState) -> tuple[Step, ...]:
    """The steps that people may take now, in the order they are usually taken."""
    return LEGAL[state.status]


def take(state: CaseState, step: Step, role: Role, form: Mapping[str, Any]) -> CaseState:
    """The case after ``role`` took ``step`` with what ``form`` says. Total over (state, step, role).

    ``acknowledge``: no form. ``assess``: ``grade`` (a level), ``begun``, ``means`` and ``alone`` (true, false, or
    null where it is not known), or ``false_alarm`` true with a ``reason``, which ends the case. ``close``:
    ``outcome``, and ``confirmed`` true or a ``reason``.

    Raises:
        Refusal: ``not_allowed`` for a role that may not take it; ``invalid_payload`` with the ``field`` to mend.
        StepRefused: the step is not legal from here; names the legal ones.
    """
    if role not in TAKEN_BY[step]:
        raise Refusal(ErrorCode.NOT_ALLOWED, f"A {role} cannot take the step {step}.")
    if step not in legal_steps(state):
        raise StepRefused(step, state)
    if step is Step.ASSESS:
        return _assess(state, form)
    if step is Step.CLOSE:
        return _close(state, form)
    return replace(state, status=CaseStatus.ACKNOWLEDGED)


def raise_level(state: CaseState, level: Level) -> CaseState:
    """The case after further danger at ``level``: raised where that is more, never lowered.

    Something worse than a person's grade puts the grade in question: the case asks to be assessed again.

    Raises:
        ValueError: the case is closed; what is said afterwards opens a new one.
    """
    if state.status is CaseStatus.CLOSED:
        raise ValueError("a closed case is not raised: open a new one")
    if state.graded is not None and level.rank > state.graded.rank:
        state = replace(state, status=CaseStatus.ACKNOWLEDGED, graded=None)
    return replace(state, level=_higher(state.level, level))


def _assess(state: CaseState, form: Mapping[str, Any]) -> CaseState:
    """C-SSRS triage by a person. An act begun is ``imminent`` by the table of levels; nothing else binds them."""
    begun, _, _ = (_answer(form, name) for name in ("begun", "means", "alone"))
    if _answer(form, "false_alarm"):
        _reason(form, "A false alarm needs a reason.")
        if begun:
            raise _mend("false_alarm", "An act that has begun is no false alarm.")
        graded = _word(form, "grade", Level) if form.get("grade") is not None else Level.NONE
        return replace(state, status=CaseStatus.CLOSED, graded=graded, outcome=Outcome.FALSE_ALARM)
    grade = _word(form, "grade", Level)
    if begun and grade is not Level.IMMINENT:
        raise _mend("grade", "An act that has begun is imminent.")
    return replace(state, status=CaseStatus.ASSESSED, graded=grade, level=_higher(state.level, grade))


def _close(state: CaseState, form: Mapping[str, Any]) -> CaseState:
    outcome = _word(form, "outcome", Outcome)
    if not (_answer(form, "confirmed") and outcome in CONFIRMABLE):
        _reason(form, "A case closes with a confirmed outcome, or with a reason.")
    return replace(state, status=CaseStatus.CLOSED, outcome=outcome)


def _higher(one: Level, other: Level) -> Level:
    return max(one, other, key=lambda level: level.rank)


def _word(form: Mapping[str, Any], name: str, words: type[_Word]) -> _Word:
    value = form.get(name)
    if isinstance(value, str) and value in list(words):
        return words(value)
    raise _mend(name, f"{name} is one of: {', '.join(words)}.")


def _answer(form: Mapping[str, Any], name: str) -> bool | None:
    """True, false, or ``None`` for unanswered, which is never "no"."""
    value = form.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise _mend(name, f"{name} is true, false, or left open.")


def _reason(form: Mapping[str, Any], words: str) -> str:
    value = form.get("reason")
    if not isinstance(value, str) or not value.strip():
        raise _mend("reason", words)
    if len(value) > REASON_LIMIT:
        raise Refusal(ErrorCode.TOO_LONG, f"A reason has at most {REASON_LIMIT} characters.", field="reason")
    return value


def _mend(name: str, words: str) -> Refusal:
    return Refusal(ErrorCode.INVALID_PAYLOAD, words, field=name)
