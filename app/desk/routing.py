"""Who is offered whom: a pure function of (queue, staff, offers, now).

Two lanes. The crisis lane (``high`` and above) comes first, runs at every hour, and is offered to all who may take
it at once; the first to accept wins. The ordinary lane runs while the desk is open and offers each visitor to one
counsellor at a time, who has 20 s: the one who has a free slot, speaks the language and has been idle longest.

An ordinary offer holds a slot until it ends. A crisis offer holds one too, unless that person has already passed
the same conversation by: an alarm that everybody ignores must not stop the ordinary lane. No offer ever keeps a
crisis offer away.

Must never: pass anybody's capacity, let an ordinary visitor stand before two people at once, or leave somebody
unoffered while someone who could take them is free.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.desk.queue import Waiting
from data.kinds import ErrorCode, Level, Refusal, Role, Status

OFFER = timedelta(seconds=20)
"""How long an offer stands before the next person is asked."""
DECLINE_STANDS = timedelta(seconds=60)
"""How long the caller counts a decline, or an offer let lapse: after that its visitor regains their turn."""
ANY_LANGUAGE_AFTER = timedelta(minutes=2)
"""After so long a wait somebody who does not speak the language is better than nobody."""

_EVERYBODY = frozenset({Role.COUNSELLOR, Role.CLINICIAN, Role.RESPONDER, Role.SUPERVISOR})
_ON_CALL = frozenset({Role.RESPONDER, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class OnDuty:
    """One of the staff as routing sees them.

    ``present`` is measured, ``status`` is what they say. ``owned`` counts their live conversations, ``owned_high``
    those of them at ``high`` or above. No ``languages`` means any. ``idle_since`` is when they last took or ended
    a conversation.
    """

    staff: str
    role: Role
    status: Status
    present: bool
    capacity: int
    owned: int
    owned_high: int
    languages: frozenset[str]
    idle_since: datetime


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """An offer made and neither accepted, declined nor withdrawn."""

    conversation: str
    staff: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewOffer:
    """An offer to make now."""

    conversation: str
    staff: str
    expires_at: datetime


def free_slots(s: OnDuty) -> int:
    """How many more conversations they may hold: one fewer while one of theirs is ``high``, never below 0."""
    return max(0, s.capacity - s.owned - (1 if s.owned_high > 0 else 0))


def may_take(level: Level, role: Role, desk_open: bool) -> bool:
    """Whether this role may accept a waiting conversation at this level now. Outside hours: those on call, ``high``."""
    if desk_open:
        return role in _EVERYBODY
    return level.is_crisis and role in _ON_CALL


def live_offers(
    queue: Iterable[Waiting],
    staff: Iterable[OnDuty],
    open_offers: Iterable[OpenOffer],
    desk_open: bool,
    now: datetime,
) -> list[OpenOffer]:
    """The open offers that still hold: not lapsed, to somebody who can take it, for somebody who waits.

    The caller withdraws the others: what was offered to somebody who has since vanished, or filled their last
    slot, goes to the next person at once.
    """
    level_of = {w.conversation: w.level for w in queue}
    on_duty = {s.staff: s for s in staff}
    return [
        offer
        for offer in open_offers
        if offer.expires_at > now
        and (level := level_of.get(offer.conversation)) is not None
        and (person := on_duty.get(offer.staff)) is not None
        and _is_asked(person, level, desk_open)
    ]


def new_offers(
    queue: Sequence[Waiting],
    staff: Sequence[OnDuty],
    open_offers: Sequence[OpenOffer],
    declined: frozenset[tuple[str, str]],
    desk_open: bool,
    now: datetime,
) -> list[NewOffer]:
    """The offers to make now, the crisis lane first.

    ``queue`` is in order; ``declined`` holds the pairs of (conversation, staff) declined or let lapse within
    ``DECLINE_STANDS``. Where everybody free has declined, the offers start again, after those whom somebody free
    has not declined yet.
    """
    live = live_offers(queue, staff, open_offers, desk_open, now)
    offered = {(offer.conversation, offer.staff) for offer in live}
    crisis = {w.conversation for w in queue if w.level.is_crisis}
    made: list[tuple[str, str]] = []
    for w in queue:
        if w.level.is_crisis:
            made += _crisis_offers(w, staff, offered, declined, desk_open)
    held = Counter(
        person
        for conversation, person in [*offered, *made]
        if conversation not in crisis or (conversation, person) not in declined
    )
    under_offer = {conversation for conversation, _ in offered}
    unoffered = [w for w in queue if not w.level.is_crisis and w.conversation not in under_offer]
    passed_by: list[Waiting] = []
    for again in (False, True):
        for w in passed_by if again else unoffered:
            able = [s for s in _able(w, staff, desk_open, now) if free_slots(s) > held[s.staff]]
            willing = able if again else [s for s in able if (w.conversation, s.staff) not in declined]
            if willing:
                longest_idle = min(willing, key=lambda s: (held[s.staff], s.idle_since, s.staff))
                held[longest_idle.staff] += 1
                made.append((w.conversation, longest_idle.staff))
            elif able:
                passed_by.append(w)
    return [NewOffer(conversation, person, now + OFFER) for conversation, person in made]


def may_accept(
    conversation_level: Level,
    staff: OnDuty,
    open_offers: Iterable[OpenOffer],
    conversation: str,
    desk_open: bool,
    now: datetime,
) -> None:
    """Whether ``staff`` may accept a waiting conversation, offered to them or not; returns, or refuses.

    Status and presence are not asked: whoever accepts is here.

    Raises:
        Refusal: ``not_allowed`` for a role, or an hour, that may not; ``already_taken`` while an ordinary one is
            offered to another, with ``retry_after`` until that lapses; ``at_capacity`` without a free slot.
    """
    if not may_take(conversation_level, staff.role, desk_open):
        words = "The desk is closed: those on call take what is high or imminent."
        if desk_open:
            words = f"A {staff.role} does not take conversations."
        raise Refusal(ErrorCode.NOT_ALLOWED, words)
    standing = [o for o in open_offers if o.conversation == conversation and o.expires_at > now]
    theirs = any(offer.staff == staff.staff for offer in standing)
    if standing and not theirs and not conversation_level.is_crisis:
        lapses = max(offer.expires_at for offer in standing)
        raise Refusal(
            ErrorCode.ALREADY_TAKEN,
            "This conversation is offered to somebody else just now.",
            retry_after=(lapses - now).total_seconds(),
        )
    if free_slots(staff) < 1:
        raise Refusal(ErrorCode.AT_CAPACITY, "You hold as many conversations as you can for now.")


def _is_asked(s: OnDuty, level: Level, desk_open: bool) -> bool:
    """Whether they can be offered a conversation of this level at all. Danger is put to the busy and away as well."""
    if not s.present or free_slots(s) < 1 or not may_take(level, s.role, desk_open):
        return False
    return level.is_crisis or (s.status is Status.AVAILABLE and s.role is Role.COUNSELLOR)


def _speaks(s: OnDuty, w: Waiting) -> bool:
    return not s.languages or w.language in s.languages


def _able(w: Waiting, staff: Iterable[OnDuty], desk_open: bool, now: datetime) -> list[OnDuty]:
    """Who can be offered an ordinary conversation, slots held by offers aside."""
    any_language = now - w.since >= ANY_LANGUAGE_AFTER
    return [s for s in staff if _is_asked(s, w.level, desk_open) and (any_language or _speaks(s, w))]


def _crisis_offers(
    w: Waiting,
    staff: Iterable[OnDuty],
    offered: set[tuple[str, str]],
    declined: frozenset[tuple[str, str]],
    desk_open: bool,
) -> list[tuple[str, str]]:
    """Everybody in the first circle that has not wholly passed it by.

    The circles: the available who speak the language, the available, the busy too, the away too. When all have
    passed it by, everybody is asked again.
    """
    asked = [s for s in staff if _is_asked(s, w.level, desk_open)]
    available = [s for s in asked if s.status is Status.AVAILABLE]
    not_away = [s for s in asked if s.status is not Status.AWAY]
    for circle in ([s for s in available if _speaks(s, w)], available, not_away, asked):
        willing = [s for s in circle if (w.conversation, s.staff) not in declined]
        if willing:
            break
    else:
        willing = asked
    return [(w.conversation, s.staff) for s in willing if (w.conversation, s.staff) not in offered]
