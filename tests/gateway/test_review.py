"""Two cases at once, and races between what a visitor writes and what the station does meanwhile."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from app.desk import line, presence
from data.tables import Case, Conversation, table
from tests.gateway.peers import House, Peer, running
from tests.gateway.test_crisis import DANGER, step

CASE, CONVERSATION = table(Case), table(Conversation)
FRIEND = "My friend is going to kill himself tonight, he has the pills with him"


async def cases(house: House) -> dict[str, Any]:
    rows = await house.station.store.read(lambda conn: conn.execute(select(CASE)).all())
    return {row.subject: row for row in rows}


async def row(house: House, conversation: str) -> Any:
    return await house.station.store.read(
        lambda conn: conn.execute(select(CONVERSATION).where(CONVERSATION.c.id == conversation)).one()
    )


def browser_of(house: House) -> aiohttp.ClientSession:
    """A browser that runs no script."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Origin": house.url})


async def two_cases(house: House) -> tuple[Peer, Peer, str]:
    """A visitor who reported a friend and then spoke of themselves; a responder at the screen."""
    responder = await house.staff("responder@demo")
    visitor = await house.visitor()
    said = await visitor.call("say", {"id": "f", "text": FRIEND})
    assert (await visitor.call("say", {"id": "d", "text": DANGER}))["ok"]
    assert set(await cases(house)) == {"other", "writer"}
    return visitor, responder, said["conversation"]


async def test_closing_one_of_two_cases_leaves_help_true_for_the_other(house: House) -> None:
    _, responder, conversation = await two_cases(house)
    both = await cases(house)
    for name, form in (
        ("acknowledge", {}),
        ("close", {"outcome": "handed_on", "reason": "his mother is there"}),
    ):
        status, _ = await step(house, responder, both["other"].id, name, form)
        assert status == 200
        assert (await row(house, conversation)).help == "alarmed"
    status, _ = await step(house, responder, both["writer"].id, "acknowledge", {})
    assert status == 200 and (await row(house, conversation)).help == "acknowledged"


async def test_a_sentence_about_help_never_lacks_the_name_of_who_has_the_case(house: House) -> None:
    visitor, responder, _ = await two_cases(house)
    both = await cases(house)
    await step(house, responder, both["writer"].id, "acknowledge", {})
    house.clock.forward(seconds=61)
    await visitor.wait("phase", lambda p: p["help"] == "unanswered")
    await step(house, responder, both["other"].id, "acknowledge", {})
    await visitor.wait("phase", lambda p: p["help"] == "acknowledged")
    assert (await visitor.call("say", {"id": "again", "text": DANGER}))["ok"]
    await visitor.call("sync", {"after": 0})
    assert not [text for text in visitor.texts if text.startswith(" of our crisis team")]


async def test_both_open_cases_follow_their_visitor(house: House) -> None:
    visitor, _, before = await two_cases(house)
    assert (await visitor.call("end"))["ok"]
    after = (await visitor.call("say", {"id": "back", "text": "I am still here"}))["conversation"]
    assert after != before
    both = await cases(house)
    assert {case.conversation_id for case in both.values()} == {after}
    assert (await row(house, after)).about == "self"


async def test_whose_danger_it_is_follows_the_writer_when_both_are_named(house: House) -> None:
    visitor, _, conversation = await two_cases(house)
    assert (await row(house, conversation)).about == "self"
    assert (await visitor.call("say", {"id": "f2", "text": FRIEND}))["ok"]
    assert (await row(house, conversation)).about == "self"


async def test_a_goodbye_does_not_end_what_was_written_after_it(house: House) -> None:
    visitor = await house.visitor()
    bye = await visitor.call("say", {"id": "bye", "text": "hello"})
    conversation, station = bye["conversation"], house.station
    assert (await visitor.call("say", {"id": "d", "text": DANGER}))["ok"]
    who = (await row(house, conversation)).visitor_id
    named = {"now": house.clock(), "visitor": who, "conversation": conversation}
    await station.store.run(line.end, station.terms, **named, upto=bye["seq"], lane=who)
    assert (await row(house, conversation)).phase == "waiting"
    await station.store.run(line.end, station.terms, **named, lane=who)
    assert (await row(house, conversation)).phase == "closed"


async def test_a_responder_who_takes_the_conversation_has_answered_the_alarm(house: House) -> None:
    responder = await house.staff("responder@demo")
    visitor = await house.visitor()
    said = await visitor.call("say", {"id": "d", "text": DANGER})
    assert (await responder.call("accept", {"conversation": said["conversation"]}))["ok"]
    assert (await visitor.wait("phase", lambda p: p["phase"] == "live"))["help"] == "acknowledged"
    await responder.wait("case", lambda c: c["status"] == "acknowledged")
    case = (await cases(house))["writer"]
    assert case.acknowledged_by == responder.all("roster")[0]["me"]["id"]


async def test_a_counsellor_who_takes_the_conversation_does_not_quiet_the_alarm(house: House) -> None:
    counsellor = await house.staff("counsellor@demo")
    visitor = await house.visitor()
    said = await visitor.call("say", {"id": "d", "text": DANGER})
    assert (await counsellor.call("accept", {"conversation": said["conversation"]}))["ok"]
    assert (await visitor.wait("phase", lambda p: p["phase"] == "live"))["help"] == "alarmed"
    assert (await cases(house))["writer"].acknowledged_at is None


async def test_an_alarm_rings_while_the_rest_of_the_desk_is_broken(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a row that cannot be read")

    monkeypatch.setattr(line, "_route", broken)
    responder = await house.staff("responder@demo")
    visitor = await house.visitor()
    assert (await visitor.call("say", {"id": "d", "text": DANGER}))["ok"]
    house.clock.forward(seconds=60)
    assert (await responder.wait("case", lambda c: c["alarm"]["round"] == 1))["alarm"]["ring"]
    await visitor.wait("phase", lambda p: p["help"] == "unanswered")


async def test_nobody_waits_for_a_person_whom_no_alarm_calls() -> None:
    async with running(hours="closed") as house:
        responder = await house.staff("responder@demo")
        visitor = await house.visitor()
        said = await visitor.call("say", {"id": "d", "text": DANGER})
        case = (await cases(house))["writer"].id
        for name, form in (
            ("acknowledge", {}),
            ("close", {"outcome": "safe_by_agreement", "confirmed": True}),
        ):
            assert (await step(house, responder, case, name, form))[0] == 200
        assert (await row(house, said["conversation"])).phase == "waiting", "they can still be accepted"
        await responder.close()
        house.peers.remove(responder)
        seen = len(visitor.received)
        house.station.changed(True)
        await visitor.wait("phase", lambda p: p["phase"] == "bot", since=seen)
        asked = await visitor.call("ask_human")
        assert asked["ok"] and asked["phase"]["phase"] == "bot"
        told = await visitor.wait("message", lambda m: "No counsellor is on duty" in m["text"], since=seen)
        assert told["by"] == "system"


async def test_a_restart_takes_nobody_from_their_counsellor(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        _, _, conversation = await house.live()
    async with running(tmp_path) as house:
        house.clock.forward(minutes=10)
        await house.station.store.run(presence.nobody_connected, now=house.clock())
        await house.station.store.run(line.turn, house.station.terms, now=house.clock())
        assert (await row(house, conversation)).phase == "live"
        await house.station.store.run(
            line.turn, house.station.terms, now=house.clock() + timedelta(seconds=61)
        )
        assert (await row(house, conversation)).phase == "waiting"


async def test_danger_in_a_comment_after_the_end_opens_a_conversation_with_people(house: House) -> None:
    counsellor = await house.staff("counsellor@demo")
    visitor = await house.visitor()
    before = (await visitor.call("say", {"id": "a", "text": "a long day"}))["conversation"]
    assert (await visitor.call("end"))["ok"]
    seen = len(visitor.received)
    assert (await visitor.call("rate", {"mood": 1, "comment": DANGER}))["ok"]
    welcome = await visitor.wait("welcome", since=seen)
    assert welcome["conversation"] != before and welcome["resumed"]
    assert welcome["phase"]["phase"] == "waiting" and welcome["phase"]["help"] == "alarmed"
    assert any(m["by"] == "system" and "alerted our crisis team" in m["text"] for m in welcome["messages"])
    assert (await cases(house))["writer"].conversation_id == welcome["conversation"]
    await counsellor.wait("offer", lambda o: o["conversation"] == welcome["conversation"])


async def test_an_answer_that_failed_to_be_asked_for_is_given_at_the_next_look(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = house.station
    visitor = await house.visitor()
    with monkeypatch.context() as patched:
        patched.setattr(station.voice, "owe", lambda conversation: None)
        said = await visitor.call("say", {"id": "a", "text": "a long day"})
    monkeypatch.setattr("app.station.DEBTS_S", 0.05)
    look = asyncio.ensure_future(station._debts())
    try:
        await visitor.wait("message", lambda m: m["by"] == "bot" and m["seq"] > said["seq"])
    finally:
        look.cancel()


async def test_a_socket_that_is_gone_is_not_put_into_a_room_any_more(house: House) -> None:
    visitor, counsellor, conversation = await house.live()
    rooms = house.station.rooms
    client = next(iter(rooms.members("/desk", f"c:{conversation}")))
    await counsellor.close()
    rooms.leave_all(client)
    rooms.join(client, f"c:{conversation}")
    assert not rooms.occupied("/desk", f"c:{conversation}")
    seen = len(visitor.received)
    assert (await visitor.call("say", {"id": "x", "text": "are you there?"}))["ok"]
    await visitor.call("sync", {"after": 0})
    assert not visitor.all("seen", since=seen), "nothing was delivered to anybody"


async def test_a_welcome_that_fails_does_not_leave_a_visitor_deaf(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = await house.visitor()
    assert (await visitor.call("end"))["ok"]

    async def fails(*_: Any, **__: Any) -> None:
        raise OSError("the record cannot be read")

    gone = asyncio.Event()
    visitor.sio.on("disconnect", lambda *_: gone.set(), namespace="/visitor")
    monkeypatch.setattr(house.station, "send_welcome", fails)
    await visitor.sio.emit("say", {"id": "b", "text": "hello again"}, namespace="/visitor")
    async with asyncio.timeout(5):
        await gone.wait()


async def test_a_form_that_cannot_be_taken_comes_back_with_its_words_and_the_hotlines() -> None:
    async with running() as house, browser_of(house) as browser:
        for text, token, status in (("help me", "stale", 403), ("x" * 4001, "", 413)):
            async with browser.get(f"{house.url}/chat?lang=en") as page:
                found = re.search(r'name="csrf_token" value="([^"]+)"', await page.text())
            assert found is not None
            form = {"text": text, "csrf_token": token or found[1]}
            async with browser.post(f"{house.url}/chat?lang=en", data=form) as answer:
                html = await answer.text()
            assert answer.status == status
            assert f">{text}</textarea>" in html
            assert 'data-testid="form-problem"' in html and 'id="hotlines"' in html


async def test_the_chat_page_comes_with_its_hotlines_while_the_record_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as house, browser_of(house) as browser:
        async with browser.get(f"{house.url}/chat?lang=en") as page:
            found = re.search(r'name="csrf_token" value="([^"]+)"', await page.text())
        assert found is not None
        form = {"text": "a long day", "csrf_token": found[1]}
        async with browser.post(f"{house.url}/chat?lang=en", data=form) as answer:
            assert "a long day" in await answer.text()

        async def away(*_: Any, **__: Any) -> Any:
            raise OSError("the database is away")

        monkeypatch.setattr(house.station.store, "read", away)
        async with browser.get(f"{house.url}/chat?lang=en") as page:
            assert page.status == 200 and 'id="hotlines"' in await page.text()


async def test_a_supervisor_at_the_board_counts_as_somebody_whom_the_alarm_reaches(house: House) -> None:
    await house.staff("supervisor@demo", "/watch")
    visitor = await house.visitor()
    await visitor.call("say", {"id": "d", "text": "I want to kill myself tonight, I have the pills here"})
    told = await visitor.wait("message", lambda m: m["by"] == "system")
    assert "somebody of the team is online" in told["text"]


async def test_a_flood_of_other_events_is_held_back_and_a_cry_for_help_is_not(house: House) -> None:
    visitor = await house.visitor()
    answers = [await visitor.call("typing", {"on": True}) for _ in range(130)]
    assert answers[0]["ok"] and answers[-1]["error"]["code"] == "rate_limited"
    assert (await visitor.call("say", {"id": "d", "text": "I want to kill myself tonight"}))["ok"]
