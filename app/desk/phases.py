"""Which phase of a conversation follows which: one table of (phase, act), and nothing else decides it.

What machines report (danger, the desk closing) is never refused in any phase: a refusal there would cost somebody
in danger their transaction. What people ask for and already have (a person, twice, on a bad network) is not an
error either.

Must never: know who may act (permissions do), or end a live conversation because the desk closes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from data.kinds import ErrorCode, Level, Phase, Refusal

FIRST = Phase.BOT
"""Where every conversation begins."""


class Act(StrEnum):
    """What moves a conversation from phase to phase."""

    ASK_HUMAN = "ask_human"
    """The visitor asks for a person."""
    LEAVE_QUEUE = "leave_queue"
    """The visitor no longer wants to wait."""
    ACCEPT = "accept"
    """One of the staff takes the conversation out of the queue."""
    TAKE_OVER = "take_over"
    """A supervisor or responder steps in, whoever has it."""
    HAND_BACK = "hand_back"
    """Its owner returns it to the queue, or has vanished; the time waited before counts again."""
    DESK_CLOSED = "desk_closed"
    """The desk has closed, or nobody is on: the bot takes back those who wait below ``high``."""
    DANGER = "danger"
    """Screening or a person found ``high`` or ``imminent``: a person is called, at any hour."""
    CLOSE = "close"
    """The visitor ends it, its owner closes it, or it has lain still too long."""


TABLE: Mapping[tuple[Phase, Act], Phase] = MappingProxyType(
    {
        (Phase.BOT, Act.ASK_HUMAN): Phase.WAITING,
        (Phase.BOT, Act.LEAVE_QUEUE): Phase.BOT,
        (Phase.BOT, Act.TAKE_OVER): Phase.LIVE,
        (Phase.BOT, Act.DESK_CLOSED): Phase.BOT,
        (Phase.BOT, Act.DANGER): Phase.WAITING,
        (Phase.BOT, Act.CLOSE): Phase.CLOSED,
        (Phase.WAITING, Act.ASK_HUMAN): Phase.WAITING,
        (Phase.WAITING, Act.LEAVE_QUEUE): Phase.BOT,
        (Phase.WAITING, Act.ACCEPT): Phase.LIVE,
        (Phase.WAITING, Act.TAKE_OVER): Phase.LIVE,
        (Phase.WAITING, Act.DESK_CLOSED): Phase.BOT,
        (Phase.WAITING, Act.DANGER): Phase.WAITING,
        (Phase.WAITING, Act.CLOSE): Phase.CLOSED,
        (Phase.LIVE, Act.ASK_HUMAN): Phase.LIVE,
        (Phase.LIVE, Act.TAKE_OVER): Phase.LIVE,
        (Phase.LIVE, Act.HAND_BACK): Phase.WAITING,
        (Phase.LIVE, Act.DESK_CLOSED): Phase.LIVE,
        (Phase.LIVE, Act.DANGER): Phase.LIVE,
        (Phase.LIVE, Act.CLOSE): Phase.CLOSED,
        # A text written after the end is screened and opens a case; the talk goes on in a new conversation.
        (Phase.CLOSED, Act.DESK_CLOSED): Phase.CLOSED,
        (Phase.CLOSED, Act.DANGER): Phase.CLOSED,
    }
)


def next_phase(phase: Phase, act: Act, level: Level = Level.NONE) -> Phase:
    """The phase after ``act``. ``level`` is the conversation's: at ``high`` or above a closed desk leaves it waiting.

    Raises:
        Refusal: ``closed`` when the conversation is over, ``already_taken`` when one accepts what is live,
            ``not_allowed`` otherwise; its text and its ``allowed`` name the acts that are open from here.
    """
    if act is Act.DESK_CLOSED and phase is Phase.WAITING and level.is_crisis:
        return phase  # the responders on call are offered it, at every hour
    follows = TABLE.get((phase, act))
    if follows is not None:
        return follows
    open_acts = allowed(phase)
    if phase is Phase.CLOSED:
        raise Refusal(ErrorCode.CLOSED, "This conversation has ended.", allowed=open_acts)
    named = ", ".join(open_acts)
    if phase is Phase.LIVE and act is Act.ACCEPT:
        raise Refusal(ErrorCode.ALREADY_TAKEN, "Somebody is already in this conversation.", allowed=open_acts)
    raise Refusal(
        ErrorCode.NOT_ALLOWED,
        f"{act} is not possible while the phase is {phase}; open from here: {named}.",
        allowed=open_acts,
    )


def allowed(phase: Phase) -> tuple[Act, ...]:
    """What people can do from ``phase``, in the order of :class:`Act`; what machines report is always taken."""
    return tuple(act for act in Act if (phase, act) in TABLE and act not in (Act.DANGER, Act.DESK_CLOSED))
