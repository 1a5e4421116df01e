"""Offers, one decision at a time: fit, capacity, the crisis lane, and who may accept."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.desk.queue import Waiting, ordered
from app.desk.routing import (
    OFFER,
    NewOffer,
    OnDuty,
    OpenOffer,
    free_slots,
    live_offers,
    may_accept,
    may_take,
    new_offers,
)
from data.kinds import ErrorCode, Level, Refusal, Role, Status

NOW = datetime(2027, 3, 2, 15, 0, tzinfo=UTC)
NOBODY: frozenset[tuple[str, str]] = frozenset()


def waits(conversation: str, level: Level = Level.NONE, seconds: int = 30, language: str = "zh") -> Waiting:
    return Waiting(conversation, level, NOW - timedelta(seconds=seconds), language)


def on(
    staff: str,
    role: Role = Role.COUNSELLOR,
    *,
    status: Status = Status.AVAILABLE,
    present: bool = True,
    capacity: int = 2,
    owned: int = 0,
    owned_high: int = 0,
    languages: tuple[str, ...] = (),
    idle_s: int = 0,
) -> OnDuty:
    idle_since = NOW - timedelta(seconds=idle_s)
    return OnDuty(staff, role, status, present, capacity, owned, owned_high, frozenset(languages), idle_since)


def standing(conversation: str, staff: str, seconds: float = 10) -> OpenOffer:
    return OpenOffer(conversation, staff, NOW + timedelta(seconds=seconds))


def pairs(offers: list[NewOffer]) -> set[tuple[str, str]]:
    return {(offer.conversation, offer.staff) for offer in offers}


def refused(level: Level, staff: OnDuty, offers: list[OpenOffer], desk_open: bool = True) -> Refusal | None:
    try:
        may_accept(level, staff, offers, "c", desk_open, NOW)
    except Refusal as refusal:
        return refusal
    return None


@pytest.mark.parametrize(
    ("capacity", "owned", "owned_high", "free"),
    [
        (2, 0, 0, 2),
        (2, 1, 0, 1),
        (2, 1, 1, 0),
        (3, 1, 1, 1),
        (3, 2, 2, 0),
        (2, 2, 1, 0),
        (1, 3, 0, 0),
        (0, 0, 0, 0),
    ],
)
def test_one_slot_fewer_while_one_of_theirs_is_high(
    capacity: int, owned: int, owned_high: int, free: int
) -> None:
    assert free_slots(on("a", capacity=capacity, owned=owned, owned_high=owned_high)) == free


def test_an_ordinary_visitor_is_offered_for_twenty_seconds_to_whoever_has_been_idle_longest() -> None:
    staff = [on("fresh", idle_s=5), on("rested", idle_s=900), on("away", status=Status.AWAY, idle_s=9000)]
    made = new_offers([waits("c")], staff, [], NOBODY, True, NOW)
    assert made == [NewOffer("c", "rested", NOW + timedelta(seconds=20))]


def test_while_an_offer_stands_nobody_else_is_asked_and_when_it_lapses_the_next_is() -> None:
    staff = [on("first", idle_s=900), on("second", idle_s=5)]
    assert new_offers([waits("c")], staff, [standing("c", "first", 0.001)], NOBODY, True, NOW) == []
    lapsed = [standing("c", "first", 0)]
    made = new_offers([waits("c")], staff, lapsed, frozenset({("c", "first")}), True, NOW)
    assert pairs(made) == {("c", "second")}


@pytest.mark.parametrize(
    "gone",
    [
        on("first", present=False),
        on("first", status=Status.BUSY),
        on("first", owned=2),
        on("first", owned=1, owned_high=1),
    ],
)
def test_an_offer_to_somebody_who_can_no_longer_take_it_goes_to_the_next_at_once(gone: OnDuty) -> None:
    staff = [gone, on("second")]
    offers = [standing("c", "first")]
    assert live_offers([waits("c")], staff, offers, True, NOW) == []
    assert pairs(new_offers([waits("c")], staff, offers, NOBODY, True, NOW)) == {("c", "second")}


def test_an_offer_for_somebody_who_no_longer_waits_holds_no_slot() -> None:
    staff = [on("a", capacity=1)]
    assert pairs(new_offers([waits("c")], staff, [standing("gone", "a")], NOBODY, True, NOW)) == {("c", "a")}


def test_offers_go_to_those_who_speak_the_language_and_after_two_minutes_to_anybody() -> None:
    staff = [on("zh-only", languages=("zh",), idle_s=900), on("any")]
    assert pairs(new_offers([waits("c", language="ar")], staff, [], NOBODY, True, NOW)) == {("c", "any")}
    only = staff[:1]
    assert new_offers([waits("c", seconds=119, language="ar")], only, [], NOBODY, True, NOW) == []
    late = [waits("c", seconds=120, language="ar")]
    assert pairs(new_offers(late, only, [], NOBODY, True, NOW)) == {("c", "zh-only")}


def test_when_everybody_free_has_declined_the_offers_start_again() -> None:
    made = new_offers([waits("c")], [on("a")], [], frozenset({("c", "a")}), True, NOW)
    assert pairs(made) == {("c", "a")}


def test_somebody_whom_all_have_declined_does_not_keep_the_next_from_being_served() -> None:
    queue = [waits("declined", seconds=90), waits("next", seconds=30)]
    made = new_offers(queue, [on("a", capacity=1)], [], frozenset({("declined", "a")}), True, NOW)
    assert pairs(made) == {("next", "a")}


@pytest.mark.parametrize("level", [Level.HIGH, Level.IMMINENT])
def test_danger_is_offered_at_once_to_all_who_may_take_it(level: Level) -> None:
    staff = [
        on("counsellor"),
        on("clinician", Role.CLINICIAN),
        on("responder", Role.RESPONDER),
        on("supervisor", Role.SUPERVISOR),
        on("admin", Role.ADMINISTRATOR),
        on("absent", present=False),
        on("full", owned=2),
        on("busy", status=Status.BUSY),
    ]
    made = new_offers([waits("c", level)], staff, [], NOBODY, True, NOW)
    assert pairs(made) == {("c", name) for name in ("counsellor", "clinician", "responder", "supervisor")}


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.RESPONDER, Role.SUPERVISOR])
def test_an_ordinary_visitor_is_not_offered_to_those_kept_for_danger(role: Role) -> None:
    assert new_offers([waits("c")], [on("a", role)], [], NOBODY, True, NOW) == []


def test_outside_hours_danger_goes_to_those_on_call_and_nothing_else_goes_to_anybody() -> None:
    staff = [on("counsellor"), on("clinician", Role.CLINICIAN), on("responder", Role.RESPONDER)]
    queue = [waits("danger", Level.HIGH), waits("calm", Level.MODERATE, seconds=3000)]
    assert pairs(new_offers(queue, staff, [], NOBODY, False, NOW)) == {("danger", "responder")}


def test_danger_reaches_the_busy_and_other_languages_when_nobody_better_is_there() -> None:
    danger = [waits("c", Level.HIGH, language="ar")]
    zh, busy = on("zh", languages=("zh",)), on("busy", status=Status.BUSY)
    speaker = on("ar", languages=("ar",))
    assert pairs(new_offers(danger, [zh, busy, speaker], [], NOBODY, True, NOW)) == {("c", "ar")}
    declined = frozenset({("c", "ar")})
    assert pairs(new_offers(danger, [zh, busy, speaker], [], declined, True, NOW)) == {("c", "zh")}
    away = on("away", status=Status.AWAY)
    assert pairs(new_offers(danger, [busy, away], [], NOBODY, True, NOW)) == {("c", "busy")}
    assert pairs(new_offers(danger, [away], [], NOBODY, True, NOW)) == {("c", "away")}
    assert new_offers([waits("calm")], [busy, away], [], NOBODY, True, NOW) == []


def test_danger_that_everybody_passed_by_is_offered_to_everybody_again() -> None:
    staff = [on("a"), on("b", Role.RESPONDER), on("busy", status=Status.BUSY)]
    declined = frozenset(("c", s.staff) for s in staff)
    made = new_offers([waits("c", Level.HIGH)], staff, [], declined, True, NOW)
    assert pairs(made) == {("c", "a"), ("c", "b"), ("c", "busy")}
    again = [OpenOffer(offer.conversation, offer.staff, offer.expires_at) for offer in made]
    assert new_offers([waits("c", Level.HIGH)], staff, again, declined, True, NOW) == []


def test_an_ordinary_offer_never_keeps_a_crisis_offer_away() -> None:
    queue = [waits("danger", Level.IMMINENT, seconds=0), waits("calm")]
    made = new_offers(queue, [on("a", capacity=1)], [standing("calm", "a")], NOBODY, True, NOW)
    assert pairs(made) == {("danger", "a")}


def test_a_crisis_offer_holds_the_slot_until_it_is_passed_by_and_then_no_longer_stops_the_ordinary_lane() -> (
    None
):
    queue = [waits("danger", Level.HIGH), waits("calm")]
    staff = [on("a", capacity=1)]
    assert pairs(new_offers(queue, staff, [], NOBODY, True, NOW)) == {("danger", "a")}
    passed = frozenset({("danger", "a")})
    assert pairs(new_offers(queue, staff, [], passed, True, NOW)) == {("danger", "a"), ("calm", "a")}


def test_danger_said_while_an_ordinary_offer_stands_is_put_to_everybody_else_too() -> None:
    queue = [waits("c", Level.HIGH)]
    staff = [on("a"), on("b"), on("r", Role.RESPONDER)]
    assert pairs(new_offers(queue, staff, [standing("c", "a")], NOBODY, True, NOW)) == {
        ("c", "b"),
        ("c", "r"),
    }


# Who may accept


def test_whoever_is_free_accepts_without_an_offer() -> None:
    assert refused(Level.NONE, on("a"), []) is None
    assert refused(Level.NONE, on("a", status=Status.AWAY), [standing("c", "a")]) is None


def test_an_ordinary_conversation_offered_to_another_is_taken_until_that_lapses() -> None:
    refusal = refused(Level.MODERATE, on("a"), [standing("c", "b", 12)])
    assert refusal is not None
    assert (refusal.code, refusal.retry_after) == (ErrorCode.ALREADY_TAKEN, 12)
    assert refused(Level.MODERATE, on("a"), [standing("c", "b", 0)]) is None
    assert refused(Level.MODERATE, on("a"), [standing("other", "b")]) is None


@pytest.mark.parametrize("level", [Level.HIGH, Level.IMMINENT])
def test_danger_offered_to_another_is_anybodys_who_may_take_it(level: Level) -> None:
    for role in (Role.COUNSELLOR, Role.CLINICIAN, Role.RESPONDER, Role.SUPERVISOR):
        assert refused(level, on("a", role), [standing("c", "b")]) is None


def test_the_full_are_at_capacity() -> None:
    for full in (on("a", owned=2), on("a", owned=1, owned_high=1), on("a", capacity=0)):
        refusal = refused(Level.IMMINENT, full, [standing("c", "a")])
        assert refusal is not None
        assert refusal.code is ErrorCode.AT_CAPACITY


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("desk_open", [True, False])
def test_each_role_at_each_level_and_hour_is_let_in_or_told_no(
    role: Role, level: Level, desk_open: bool
) -> None:
    refusal = refused(level, on("a", role), [], desk_open)
    on_call = role in (Role.RESPONDER, Role.SUPERVISOR)
    fine = role is not Role.ADMINISTRATOR and (desk_open or (level.is_crisis and on_call))
    assert may_take(level, role, desk_open) is fine
    if fine:
        assert refusal is None
    else:
        assert refusal is not None
        assert refusal.code is ErrorCode.NOT_ALLOWED


# Any situation

languages = st.sets(st.sampled_from(["zh", "en", "ar"]), max_size=2).map(lambda found: tuple(sorted(found)))


@st.composite
def situations(
    draw: st.DrawFn,
) -> tuple[list[Waiting], list[OnDuty], list[OpenOffer], frozenset[tuple[str, str]], bool]:
    queue = [
        waits(
            f"c{n}",
            draw(st.sampled_from(Level)),
            draw(st.integers(0, 1500)),
            draw(st.sampled_from(["zh", "ar"])),
        )
        for n in range(draw(st.integers(0, 6)))
    ]
    staff = []
    for n in range(draw(st.integers(0, 5))):
        owned = draw(st.integers(0, 2))
        staff.append(
            on(
                f"s{n}",
                draw(st.sampled_from([Role.COUNSELLOR, Role.COUNSELLOR, *Role])),
                status=draw(st.sampled_from([Status.AVAILABLE, Status.AVAILABLE, *Status])),
                present=draw(st.sampled_from([True, True, True, False])),
                capacity=draw(st.integers(0, 3)),
                owned=owned,
                owned_high=draw(st.integers(0, owned)),
                languages=draw(languages),
                idle_s=draw(st.integers(0, 100)),
            )
        )
    everywhere = [(w.conversation, s.staff) for w in queue for s in staff] or [("gone", "gone")]
    some = st.lists(st.sampled_from(everywhere), unique=True, max_size=6)
    declined = frozenset(draw(some))
    offers: list[OpenOffer] = []
    queue = ordered(queue, NOW)
    for _ in range(draw(st.integers(0, 2))):  # offers such as this very rule made before
        made = new_offers(queue, draw(st.just(staff)), offers, frozenset(), True, NOW)
        kept = draw(st.lists(st.sampled_from(made), unique=True)) if made else []
        offers += [standing(o.conversation, o.staff, draw(st.integers(-1, 20))) for o in kept]
    return queue, staff, offers, declined, draw(st.booleans())


@given(situations())
def test_in_any_situation_the_rules_of_both_lanes_hold(
    situation: tuple[list[Waiting], list[OnDuty], list[OpenOffer], frozenset[tuple[str, str]], bool],
) -> None:
    queue, staff, offers, declined, desk_open = situation
    made = new_offers(queue, staff, offers, declined, desk_open, NOW)
    live = live_offers(queue, staff, offers, desk_open, NOW)
    standing_now = {(o.conversation, o.staff) for o in live} | pairs(made)
    people = {s.staff: s for s in staff}
    level_of = {w.conversation: w.level for w in queue}
    assert len(pairs(made)) == len(made), "nobody is asked the same thing twice"
    assert not pairs(made) & {(o.conversation, o.staff) for o in live}
    assert all(o.expires_at == NOW + OFFER for o in made)

    ordinary_slots: Counter[str] = Counter()
    asked_about: Counter[str] = Counter()
    for conversation, name in standing_now:
        person = people[name]
        assert person.present
        assert free_slots(person) > 0
        assert may_take(level_of[conversation], person.role, desk_open)
        if not level_of[conversation].is_crisis:
            ordinary_slots[name] += 1
            asked_about[conversation] += 1
    assert all(count == 1 for count in asked_about.values()), "two were asked about one ordinary visitor"
    for o in made:
        if not level_of[o.conversation].is_crisis:
            assert ordinary_slots[o.staff] <= free_slots(people[o.staff]), "a new offer passed a capacity"

    held = Counter(name for c, name in standing_now if not level_of[c].is_crisis or (c, name) not in declined)
    for w in queue:
        offered_to = {name for c, name in standing_now if c == w.conversation}
        if w.level.is_crisis:
            could = [s for s in staff if free_slots(s) and s.present]
            could = [s for s in could if may_take(w.level, s.role, desk_open)]
            assert bool(offered_to) or not could, (
                "somebody in danger stood unoffered before somebody who could"
            )
            best = {
                s.staff
                for s in could
                if s.status is Status.AVAILABLE and (not s.languages or w.language in s.languages)
            }
            fresh = {name for name in best if (w.conversation, name) not in declined}
            assert fresh <= offered_to, "somebody fit to help was not asked"
        elif desk_open and not offered_to:
            for s in staff:
                fits = not s.languages or w.language in s.languages or NOW - w.since >= timedelta(minutes=2)
                idle = s.role is Role.COUNSELLOR and s.present and s.status is Status.AVAILABLE
                assert not (fits and idle and free_slots(s) > held[s.staff]), (
                    "a free counsellor was not asked"
                )


@given(situations())
def test_in_any_situation_nobody_is_overtaken_by_whom_the_same_counsellor_could_have_taken_later(
    situation: tuple[list[Waiting], list[OnDuty], list[OpenOffer], frozenset[tuple[str, str]], bool],
) -> None:
    queue, staff, offers, declined, desk_open = situation
    made = new_offers(queue, staff, offers, declined, desk_open, NOW)
    live = live_offers(queue, staff, offers, desk_open, NOW)
    offered = {o.conversation for o in live} | {o.conversation for o in made}
    people = {s.staff: s for s in staff}
    place = {w.conversation: n for n, w in enumerate(queue)}
    for o in made:
        if queue[place[o.conversation]].level.is_crisis:
            continue
        person = people[o.staff]
        for earlier in queue[: place[o.conversation]]:
            if earlier.conversation in offered or (earlier.conversation, o.staff) in declined:
                continue
            speaks = not person.languages or earlier.language in person.languages
            assert not speaks or earlier.level.is_crisis, "somebody ahead was passed over"


@given(situations(), st.randoms(use_true_random=False))
def test_the_offers_do_not_depend_on_the_order_in_which_staff_were_read(
    situation: tuple[list[Waiting], list[OnDuty], list[OpenOffer], frozenset[tuple[str, str]], bool],
    random: object,
) -> None:
    queue, staff, offers, declined, desk_open = situation
    shuffled = [replace(s) for s in staff]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    made = new_offers(queue, staff, offers, declined, desk_open, NOW)
    assert pairs(new_offers(queue, shuffled, offers, declined, desk_open, NOW)) == pairs(made)
