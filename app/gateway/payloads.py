"""The payloads of client-to-server events, as the contract has them. What does not fit is refused by name."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from data.kinds import ErrorCode, Level, Refusal, Status

_SURROGATES = re.compile("[\ud800-\udfff]")
_CONTROLS = re.compile("[\x00-\x1f\x7f]")
TEXT_MAX = 4000  # code points


def _writable(text: str) -> str:
    """A text that every store and socket can carry: half an emoji becomes U+FFFD, never a lost message."""
    return _SURROGATES.sub("\ufffd", text)


def _plain(value: str) -> str:
    if _CONTROLS.search(value) or _SURROGATES.search(value):
        raise ValueError("must not hold control characters")
    return value


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


Id = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_plain)]
Text = Annotated[
    str, Field(min_length=1, max_length=TEXT_MAX), AfterValidator(_writable), AfterValidator(_not_blank)
]
Short = Annotated[str, Field(max_length=500), AfterValidator(_writable)]
Seq = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Payload(BaseModel):
    """A payload: unknown fields are ignored (clients may be newer), known ones are of exactly their type."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, hide_input_in_errors=True)


class Nothing(Payload):
    """``{}``."""


class Say(Payload):
    """A visitor's message."""

    id: Id
    text: Text


class Sync(Payload):
    """What was missed after ``after``."""

    after: Seq = 0


class LeaveMessage(Payload):
    """A message for a counsellor to follow up."""

    id: Id
    text: Text
    contact: Annotated[str, Field(max_length=200), AfterValidator(_writable)] | None = None


class Typing(Payload):
    """The visitor is typing, or stopped."""

    on: bool


class Seen(Payload):
    """Read up to ``seq``."""

    seq: Seq


class Consent(Payload):
    """An answer to the notice."""

    version: Annotated[str, Field(min_length=1, max_length=32), AfterValidator(_plain)]
    agreed: bool
    age_band: Annotated[str, Field(max_length=16), AfterValidator(_plain)] | None = None


class Rate(Payload):
    """Mood and score, 1 to 5, and a comment."""

    mood: Annotated[int, Field(ge=1, le=5)] | None = None
    score: Annotated[int, Field(ge=1, le=5)] | None = None
    comment: Annotated[str, Field(max_length=TEXT_MAX), AfterValidator(_writable)] | None = None


class SetStatus(Payload):
    """What a member of staff says of themselves."""

    model_config = ConfigDict(extra="ignore", strict=False, frozen=True, hide_input_in_errors=True)
    status: Status


class One(Payload):
    """One conversation."""

    conversation: Id


class Open(One):
    """One's own conversation again."""

    after: Seq = 0


class StaffSay(One):
    """A counsellor's message."""

    id: Id
    text: Text


class Escalate(One):
    """A counsellor opens or raises a case."""

    model_config = ConfigDict(extra="ignore", strict=False, frozen=True, hide_input_in_errors=True)
    level: Level
    reason: Annotated[
        str, Field(min_length=1, max_length=2000), AfterValidator(_writable), AfterValidator(_not_blank)
    ]


class Risk(Payload):
    """Whether risk was asked about, and what was answered."""

    asked: bool
    answer: Short | None = None


class Close(One):
    """The end of a conversation, said by its owner."""

    disposition: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_plain)]
    risk: Risk
    note: Annotated[str, Field(max_length=TEXT_MAX), AfterValidator(_writable)] | None = None
    agreed_by: Id | None = None


class StaffTyping(One):
    """A counsellor is typing, or stopped."""

    on: bool


class StaffSeen(One):
    """A counsellor has read up to ``seq``."""

    seq: Seq


class WriteNote(One):
    """A note for the staff."""

    text: Text


class Watch(One):
    """A supervisor begins to read along."""

    reason: Short | None = None


class Connect(Payload):
    """What a visitor's socket brings along. Lenient: a strange field never keeps anybody out."""

    model_config = ConfigDict(extra="ignore", strict=False, frozen=True, hide_input_in_errors=True)
    language: Annotated[str, Field(max_length=35)] | None = None
    ticket: Annotated[str, Field(max_length=8192)] | None = None
    resume: Annotated[str, Field(max_length=512)] | None = None
    after: Annotated[int, Field(ge=0)] = 0


P = TypeVar("P", bound=Payload)


def read(model: type[P], data: Any) -> P:
    """The validated payload. Raises a :class:`Refusal` that names the field, never what was written in it."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "payload"
        if first["type"] == "string_too_long" and field in ("text", "comment", "note", "reason"):
            raise Refusal(
                ErrorCode.TOO_LONG,
                "This is longer than one message can be. Please send it in parts.",
                field=field,
            ) from None
        raise Refusal(ErrorCode.INVALID_PAYLOAD, f"{field}: {first['msg']}", field=field) from None
