"""What the first voice is told before it speaks, and what it answers.

Values only. Whoever asks for an answer fills in :class:`Facts` from what is true at that moment; the first voice
never looks anything up, so whatever it says about help, hours or the queue is as true as its facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from data.kinds import About, Help, Level, Phase

Language = Literal["zh", "en"]


def spoken(tag: str) -> Language:
    """Return the language that the first voice speaks to a reader of ``tag`` (BCP 47): ``zh``, else ``en``."""
    return "zh" if tag.lower().replace("_", "-").split("-")[0] == "zh" else "en"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of a conversation at this moment."""

    language: str
    """The visitor's language tag; the first voice answers in Chinese to ``zh…``, else in English."""
    phase: Phase
    level: Level
    """The conversation's level, the message that is being answered included."""
    help: Help
    desk_open: bool
    opens_at: datetime | None
    """When people are back, in the desk's time zone; ``None`` while open, or when nobody knows."""
    closes_at: datetime | None
    """When the desk closes, in its time zone; ``None`` while closed, or when it never closes."""
    position: int | None
    """Place in the queue, from 1; ``None`` outside it."""
    wait_s: int | None
    """Estimated wait in seconds; ``None`` without an honest estimate."""
    about: About

    @property
    def spoken(self) -> Language:
        """The language of the answer."""
        return spoken(self.language)


class Act(StrEnum):
    """What the visitor asked for in words; the room above carries it out."""

    ASK_HUMAN = "ask_human"
    """To be put in line for a person."""
    LEAVE_MESSAGE = "leave_message"
    """To leave a message for a counsellor."""
    END = "end"
    """To end the conversation."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A quick reply. ``value`` is what is sent, in the visitor's name, when ``label`` is tapped."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the first voice."""

    text: str
    choices: tuple[Choice, ...] = ()
    card: Mapping[str, Any] | None = None
    """``{"kind": "hotlines"}``: the page shows its own list, which it has even when everything is down."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first voice says and what it was asked to bring about."""

    lines: tuple[Line, ...]
    acts: tuple[Act, ...]
    source: Literal["rasa", "script"]


SILENCE = Answer((), (), "script")
"""After a hand-over the bot is silent (invariant 9)."""
