"""What is kept, as SQLModel tables. Every table with personal data has ``delete_after``.

Times are :class:`Moment` columns: aware datetimes in Python, microseconds since 1970 in the database, the same
on SQLite and PostgreSQL and cheap on the path of every message. Words with a fixed list (level, phase, role) are
stored as their plain values. What a person wrote, and whatever names a person, is encrypted.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, UniqueConstraint, text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from data.crypto import EncryptedJSON, EncryptedText

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention
metadata = SQLModel.metadata


def table(model: type[SQLModel]) -> Table:
    """The Core table behind a model, which is what commands speak to."""
    return model.__table__  # type: ignore[attr-defined,no-any-return]


def new_id(prefix: str) -> str:
    """An opaque id: a one-letter hint for people who read logs, and 80 random bits."""
    return f"{prefix}_{secrets.token_hex(10)}"


class Moment(TypeDecorator[datetime]):
    """An aware datetime, stored as whole microseconds since 1970 in UTC. A naive one is refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


def _moment(*, index: bool = False, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Moment, index=index, nullable=nullable))


def _delete_after() -> Any:
    return Field(default=None, sa_column=Column(Moment, index=True, nullable=False))


def _secret(context: str, *, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(EncryptedText(context), nullable=nullable))


def _secret_json(context: str, *, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(EncryptedJSON(context), nullable=nullable))


class Visitor(SQLModel, table=True):
    """Somebody who wrote. Anonymous unless the host app's ticket named them."""

    __tablename__ = "visitor"
    id: str = Field(primary_key=True)
    host_user: str | None = _secret("visitor.host_user")
    host_user_index: str | None = Field(default=None, unique=True)
    language: str
    resume_epoch: int = 0
    """Raising it makes every resume secret given out before worthless."""
    consent_version: str | None = None
    consent_agreed: bool | None = None
    age_band: str | None = None
    created_at: datetime = _moment()
    seen_at: datetime = _moment()
    delete_after: datetime = _delete_after()


class Conversation(SQLModel, table=True):
    """One visit, from opening to closing."""

    __tablename__ = "conversation"
    __table_args__ = (
        # Invariant 6: a visitor has at most one open conversation, whatever races.
        Index(
            "uq_conversation_open_visitor",
            "visitor_id",
            unique=True,
            sqlite_where=text("phase <> 'closed'"),
            postgresql_where=text("phase <> 'closed'"),
        ),
        Index("ix_conversation_phase", "phase"),
        Index("ix_conversation_owner", "owner_id"),
    )
    id: str = Field(primary_key=True)
    visitor_id: str = Field(foreign_key="visitor.id", index=True)
    phase: str
    level: str
    help: str
    about: str = "none"
    """Whose danger the highest level speaks of."""
    language: str
    topic: str | None = None
    owner_id: str | None = None
    owned_at: datetime | None = _moment(nullable=True)
    opened_at: datetime = _moment()
    waiting_since: datetime | None = _moment(nullable=True)
    """When the present wait began, set back by what was already waited before a hand-back."""
    waited_us: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    """Microseconds waited before the present owner took it."""
    told_wait_at: datetime | None = _moment(nullable=True)
    closed_at: datetime | None = _moment(nullable=True)
    closed_by: str | None = None
    disposition: str | None = None
    risk_asked: bool | None = None
    risk_answer: str | None = _secret("conversation.risk_answer")
    agreed_by: str | None = None
    last_seq: int = 0
    visitor_seq: int = 0
    """``seq`` of the visitor's last message."""
    answered_seq: int = 0
    """The last visitor ``seq`` that the bot has answered; behind ``visitor_seq`` means an answer is owed."""
    visitor_read_seq: int = 0
    visitor_delivered_seq: int = 0
    staff_read_seq: int = 0
    last_visitor_at: datetime | None = _moment(nullable=True)
    last_staff_at: datetime | None = _moment(nullable=True)
    delete_after: datetime = _delete_after()


class Message(SQLModel, table=True):
    """One message: numbered without gaps inside its conversation, unique by its sender's own id."""

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("sender", "id"),)
    conversation_id: str = Field(primary_key=True)
    seq: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    id: str = Field(sa_column=Column(String(64), nullable=False))
    sender: str
    by: str
    name: str
    text: str = _secret("message.text", nullable=False)
    extra: dict[str, Any] | None = _secret_json("message.extra")
    """``choices`` and ``card``, where the message has them."""
    at: datetime = _moment()
    delete_after: datetime = _delete_after()


class Assessment(SQLModel, table=True):
    """What screening said of one text: a message (by ``seq``), or something else that a visitor wrote."""

    __tablename__ = "assessment"
    __table_args__ = (Index("ix_assessment_conversation", "conversation_id", "seq"),)
    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    conversation_id: str
    seq: int | None = None
    source: str
    """``message``, ``left_message``, ``comment``, ``risk_answer`` …"""
    level: str
    score: float
    about: str
    detail: dict[str, Any] | None = _secret_json("assessment.detail")
    """``categories`` and ``spans``; nothing when the level is ``none`` and there are none."""
    at: datetime = _moment()
    delete_after: datetime = _delete_after()


class Staff(SQLModel, table=True):
    """A member of staff. Visitors and colleagues see the desk name, never another."""

    __tablename__ = "staff"
    id: str = Field(primary_key=True)
    email: str = _secret("staff.email", nullable=False)
    email_index: str = Field(unique=True)
    desk_name: str
    role: str
    capacity: int
    languages: str = ""
    """Comma-separated; empty means any."""
    password_hash: str | None = None
    created_at: datetime = _moment()
    disabled_at: datetime | None = _moment(nullable=True)
    delete_after: datetime | None = Field(default=None, sa_column=Column(Moment, index=True, nullable=True))
    """Nothing while they work here; set when they are disabled."""


class Presence(SQLModel, table=True):
    """When a member of staff was last heard, and what they said of themselves then."""

    __tablename__ = "presence"
    staff_id: str = Field(primary_key=True)
    status: str
    heard_at: datetime = _moment(index=True)
    sockets: int = 0
    idle_since: datetime = _moment()


class StaffSession(SQLModel, table=True):
    """A signed-in browser. ``id`` is the SHA-256 of the cookie, so a copy of the table signs nobody in."""

    __tablename__ = "staff_session"
    id: str = Field(primary_key=True)
    staff_id: str = Field(foreign_key="staff.id", index=True)
    created_at: datetime = _moment()
    seen_at: datetime = _moment()
    expires_at: datetime = _moment()
    revoked_at: datetime | None = _moment(nullable=True)
    delete_after: datetime = _delete_after()


class Invitation(SQLModel, table=True):
    """A link with which a new member of staff sets their password, once."""

    __tablename__ = "invitation"
    id: str = Field(primary_key=True)
    staff_id: str = Field(foreign_key="staff.id", index=True)
    created_at: datetime = _moment()
    expires_at: datetime = _moment()
    used_at: datetime | None = _moment(nullable=True)
    delete_after: datetime = _delete_after()


class LoginAttempt(SQLModel, table=True):
    """Failed sign-ins by blind index of address and of account, for the throttle."""

    __tablename__ = "login_attempt"
    key: str = Field(primary_key=True)
    failures: int = 0
    last_at: datetime = _moment()
    blocked_until: datetime | None = _moment(nullable=True)
    delete_after: datetime = _delete_after()


class Offer(SQLModel, table=True):
    """A conversation offered to one member of staff, who has until ``expires_at``."""

    __tablename__ = "offer"
    conversation_id: str = Field(primary_key=True)
    staff_id: str = Field(primary_key=True, index=True)
    state: str
    """``open``, ``accepted``, ``declined`` or ``expired``."""
    made_at: datetime = _moment()
    expires_at: datetime = _moment(index=True)
    delete_after: datetime = _delete_after()


class Note(SQLModel, table=True):
    """What a member of staff wrote down about a conversation, for staff."""

    __tablename__ = "note"
    id: str = Field(primary_key=True)
    conversation_id: str = Field(index=True)
    staff_id: str
    text: str = _secret("note.text", nullable=False)
    at: datetime = _moment()
    delete_after: datetime = _delete_after()


class LeftMessage(SQLModel, table=True):
    """What a visitor left outside staffed hours, for a counsellor to follow up."""

    __tablename__ = "left_message"
    __table_args__ = (UniqueConstraint("visitor_id", "id"),)
    key: str = Field(primary_key=True)
    id: str
    visitor_id: str
    conversation_id: str = Field(index=True)
    text: str = _secret("left_message.text", nullable=False)
    contact: str | None = _secret("left_message.contact")
    level: str
    at: datetime = _moment()
    handled_at: datetime | None = _moment(nullable=True)
    handled_by: str | None = None
    delete_after: datetime = _delete_after()


class Rating(SQLModel, table=True):
    """How a visitor felt, and what they thought of the conversation."""

    __tablename__ = "rating"
    id: str = Field(primary_key=True)
    conversation_id: str = Field(index=True)
    mood: int | None = None
    score: int | None = None
    comment: str | None = _secret("rating.comment")
    at: datetime = _moment()
    delete_after: datetime = _delete_after()


class Watch(SQLModel, table=True):
    """A supervisor's silent reading of one conversation, from opening to leaving it."""

    __tablename__ = "watch"
    id: str = Field(primary_key=True)
    staff_id: str = Field(index=True)
    socket: str
    """The supervisor's socket: its closing ends what it was reading."""
    conversation_id: str = Field(index=True)
    reason: str | None = _secret("watch.reason")
    started_at: datetime = _moment()
    ended_at: datetime | None = _moment(nullable=True)
    delete_after: datetime = _delete_after()


class Case(SQLModel, table=True):
    """One crisis being escalated. ``subject`` says whether the person in danger is the writer."""

    __tablename__ = "case"
    __table_args__ = (
        # One open case for one person in danger: further danger raises it and never doubles it.
        Index(
            "uq_case_open_subject",
            "visitor_id",
            "subject",
            unique=True,
            sqlite_where=text("status <> 'closed'"),
            postgresql_where=text("status <> 'closed'"),
        ),
        Index("ix_case_status", "status"),
    )
    id: str = Field(primary_key=True)
    conversation_id: str | None = Field(default=None, index=True)
    visitor_id: str | None = None
    """The person in danger when ``subject`` is ``writer``, their reporter when it is ``other``."""
    subject: str
    level: str
    status: str
    opened_by: str
    """``screening``, or the id of whoever opened it."""
    opened_at: datetime = _moment()
    opened_seq: int | None = None
    acknowledged_at: datetime | None = _moment(nullable=True)
    acknowledged_by: str | None = None
    graded: str | None = None
    """The level that a person gave it."""
    assessed_at: datetime | None = _moment(nullable=True)
    assessed_by: str | None = None
    outcome: str | None = None
    closed_at: datetime | None = _moment(nullable=True)
    closed_by: str | None = None
    delete_after: datetime = _delete_after()


class CaseStep(SQLModel, table=True):
    """One line of a case's timeline: what was done, when, by whom."""

    __tablename__ = "case_step"
    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    case_id: str = Field(index=True)
    step: str
    by: str
    """A member of staff's id, or ``screening`` or ``clock``."""
    detail: dict[str, Any] | None = _secret_json("case_step.detail")
    at: datetime = _moment()
    delete_after: datetime = _delete_after()


class Clock(SQLModel, table=True):
    """A deadline of a case that survives restarts: it fires once when due, unless stopped before."""

    __tablename__ = "clock"
    case_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    round: int = 0
    due_at: datetime = _moment(index=True)
    stopped_at: datetime | None = _moment(nullable=True)


class Signal(SQLModel, table=True):
    """A risk alert from outside the chat."""

    __tablename__ = "signal"
    id: str = Field(primary_key=True)
    key: str = Field(unique=True)
    source: str
    subject: dict[str, Any] | None = _secret_json("signal.subject")
    text: str | None = _secret("signal.text")
    reported_by: str | None = _secret("signal.reported_by")
    level: str
    case_id: str | None = None
    observed_at: datetime | None = _moment(nullable=True)
    at: datetime = _moment()
    delete_after: datetime = _delete_after()


class Outbox(SQLModel, table=True):
    """An alarm or a call to the host platform, written in the transaction that caused it."""

    __tablename__ = "outbox"
    id: str = Field(primary_key=True)
    key: str = Field(unique=True)
    """The idempotency key that the receiver is given."""
    kind: str
    payload: dict[str, Any] | None = _secret_json("outbox.payload")
    created_at: datetime = _moment()
    next_at: datetime = _moment(index=True)
    attempts: int = 0
    delivered_at: datetime | None = _moment(nullable=True)
    dead_at: datetime | None = _moment(nullable=True)
    delete_after: datetime = _delete_after()


class Audit(SQLModel, table=True):
    """Who did or read what, by ids alone: append-only, each line's hash covering the one before."""

    __tablename__ = "audit"
    n: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    at: datetime = _moment()
    actor: str
    action: str
    object: str
    detail: str = ""
    previous: str
    hash: str


class AuditHead(SQLModel, table=True):
    """The end of the audit chain: one row, locked by whoever appends."""

    __tablename__ = "audit_head"
    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    n: int
    hash: str
