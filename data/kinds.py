"""The words of the service as types: levels, phases, roles, steps, event kinds. Imports nothing of ours.

Every word has one sentence saying what it means. Tables, events, URLs and pages use these values and no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Level(StrEnum):
    """How much danger was said, by the Columbia triage (C-SSRS) with ``imminent`` above it."""

    NONE = "none"
    """No sign of danger."""
    LOW = "low"
    """A wish to be dead, or thoughts of ending one's life, without method, intent or plan (items 1-2)."""
    MODERATE = "moderate"
    """Thoughts with a method (item 3), behaviour over three months ago, self-harm without a wish to die."""
    HIGH = "high"
    """Some intent (item 4), a plan (item 5), or behaviour within three months."""
    IMMINENT = "imminent"
    """An act begun, or intent with means and a time within 48 hours."""

    @property
    def rank(self) -> int:
        """0 for ``none`` up to 4 for ``imminent``; strings do not sort by danger, this does."""
        return _LEVEL_RANK[self]

    @property
    def is_crisis(self) -> bool:
        """Whether a text of this level opens or raises a case (``high`` and above)."""
        return _LEVEL_RANK[self] >= 3


_LEVEL_RANK = {level: rank for rank, level in enumerate(Level)}


class About(StrEnum):
    """Whose danger a text speaks of."""

    NONE = "none"
    """Nobody's."""
    SELF = "self"
    """The writer's own."""
    OTHER = "other"
    """Somebody else's: the writer is the reporter."""


class Category(StrEnum):
    """What kind of danger or distress a text speaks of."""

    PAST_ATTEMPT = "past_attempt"
    PASSIVE_IDEATION = "passive_ideation"
    ACTIVE_IDEATION = "active_ideation"
    METHOD = "method"
    PLAN = "plan"
    ATTEMPT = "attempt_in_progress"
    FAREWELL = "farewell"
    SELF_HARM = "self_harm"
    HARM_TO_OTHERS = "harm_to_others"
    ABUSE = "abuse"
    CONFUSION = "psychosis_or_confusion"
    EATING = "eating_disorder_danger"
    THIRD_PARTY = "third_party"


class Phase(StrEnum):
    """Where a conversation stands."""

    BOT = "bot"
    """The scripted first voice answers."""
    WAITING = "waiting"
    """In the queue for a person; the bot keeps company."""
    LIVE = "live"
    """A counsellor, clinician or responder owns it; the bot is silent."""
    CLOSED = "closed"
    """Over. What is still written is screened all the same, and opens a new conversation."""


class Help(StrEnum):
    """What is true at this moment about the crisis team, as the visitor is told it."""

    NONE = "none"
    """No alarm has gone out."""
    ALARMED = "alarmed"
    """The crisis team has been alarmed; nobody has acknowledged yet."""
    ACKNOWLEDGED = "acknowledged"
    """A named responder has taken it."""
    UNANSWERED = "unanswered"
    """The time to acknowledge has passed and nobody has."""


class By(StrEnum):
    """Whose voice a message is."""

    VISITOR = "visitor"
    BOT = "bot"
    COUNSELLOR = "counsellor"
    SYSTEM = "system"


class Role(StrEnum):
    """What a member of staff is trusted with."""

    COUNSELLOR = "counsellor"
    """Talks with visitors."""
    CLINICIAN = "clinician"
    """A doctor whom counsellors transfer to."""
    RESPONDER = "responder"
    """Of the crisis team: takes cases, around the clock."""
    SUPERVISOR = "supervisor"
    """Watches, whispers, takes over, reviews; answers for everything."""
    ADMINISTRATOR = "administrator"
    """Hours, staff and content; no conversations."""


class Status(StrEnum):
    """What a member of staff says of themselves. Presence is measured, never stored as this."""

    AVAILABLE = "available"
    BUSY = "busy"
    AWAY = "away"


class Step(StrEnum):
    """The steps of a case. Levers are levers, not stations on the way: most cases end without one."""

    OPENED = "opened"
    ACKNOWLEDGE = "acknowledge"
    ASSESS = "assess"
    CONTACT = "contact"
    PLAN = "plan"
    LOOK_UP = "look_up"
    STOP_LIVE = "stop_live"
    LOCK = "lock"
    REFER = "refer"
    CONFIRM = "confirm"
    OBSERVE = "observe"
    CLOSE = "close"
    REVIEW = "review"


class CaseStatus(StrEnum):
    """Whether a case still needs people."""

    OPEN = "open"
    """Nobody has acknowledged it yet."""
    ACKNOWLEDGED = "acknowledged"
    """A responder has it."""
    ASSESSED = "assessed"
    """A person has graded it."""
    CLOSED = "closed"
    """Ended with a confirmed outcome or a named person's reason."""


class Outcome(StrEnum):
    """How a case ended."""

    SAFE_BY_AGREEMENT = "safe_by_agreement"
    RESCUED = "rescued"
    HOSPITAL = "taken_to_hospital"
    NOT_FOUND = "not_found"
    FALSE_ALARM = "false_alarm"
    DIED = "died"
    HANDED_ON = "handed_on"


class Subject(StrEnum):
    """Who a case is about, seen from the conversation it came from."""

    WRITER = "writer"
    """The person who wrote."""
    OTHER = "other"
    """Somebody else; the writer is the reporter."""


class EventKind(StrEnum):
    """The facts that commands produce, each published after its commit."""

    MESSAGE = "message"
    PHASE = "phase"
    TYPING = "typing"
    SEEN = "seen"
    RISK = "risk"
    CASE = "case"
    QUEUE = "queue"
    OFFER = "offer"
    ROSTER = "roster"
    BOARD = "board"
    OPENED = "opened"
    """A conversation was opened."""
    OWNED = "owned"
    """A conversation got, changed or lost its owner."""
    BOT_TURN = "bot_turn"
    """The visitor wrote something that the bot should answer."""
    STAFF_CLOSED = "staff_closed"
    """Somebody signed out, was disabled or changed role: their sockets close."""
    NOTICE = "notice"
    """Something for one member of staff to read."""


@dataclass(frozen=True, slots=True)
class Event:
    """A fact that a command produced.

    ``data`` is the payload as it goes out, without what only some may see; ``staff`` holds what is added for
    staff alone (a visitor's assessment). ``skip`` is the socket that caused it and already knows.
    """

    kind: EventKind
    conversation: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    staff: Mapping[str, Any] | None = None
    to: str | None = None
    skip: str | None = None


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What a command returns: its value for the caller, and its events for the publisher."""

    value: T
    events: tuple[Event, ...] = ()


class ErrorCode(StrEnum):
    """The codes of the wire contract."""

    INVALID_PAYLOAD = "invalid_payload"
    TOO_LONG = "too_long"
    UNKNOWN_EVENT = "unknown_event"
    UNKNOWN_CONVERSATION = "unknown_conversation"
    NOT_ALLOWED = "not_allowed"
    ALREADY_TAKEN = "already_taken"
    AT_CAPACITY = "at_capacity"
    CLOSED = "closed"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class Refusal(Exception):
    """A command's kind "no": a code of the contract, words for a person, and when to try again.

    A refusal is raised before the command has written anything, so it costs nobody else their transaction.
    """

    def __init__(
        self, code: ErrorCode, message: str, *, retry_after: float | None = None, **extra: Any
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.extra = extra
