"""The line: one owner, offers, vanished counsellors, closing time."""

from __future__ import annotations

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

from tests.gateway.peers import House, running


async def test_of_many_who_accept_at_once_exactly_one_wins(house: House) -> None:
    visitor = await house.visitor()
    conversation = visitor.all("welcome")[0]["conversation"]
    await visitor.call("ask_human")
    # Two screens of each of two people, and a third person: no offer stands yet for anybody.
    staff = [
        await house.staff(e, available=False)
        for e in ("counsellor@demo", "counsellor2@demo", "clinician@demo")
    ]
    answers = await asyncio.gather(*(p.call("accept", {"conversation": conversation}) for p in staff))
    assert sorted(a["ok"] for a in answers) == [False, False, True]
    assert {a["error"]["code"] for a in answers if not a["ok"]} == {"already_taken"}


async def test_a_full_counsellor_is_told_so(house: House) -> None:
    counsellor = await house.staff("counsellor@demo", available=False)
    codes = []
    for _ in range(3):
        visitor = await house.visitor()
        conversation = visitor.all("welcome")[0]["conversation"]
        await visitor.call("ask_human")
        answer = await counsellor.call("accept", {"conversation": conversation})
        codes.append("ok" if answer["ok"] else answer["error"]["code"])
    assert codes == ["ok", "ok", "at_capacity"]


async def test_an_offer_goes_on_to_the_next_when_it_is_declined(house: House) -> None:
    first, second = await house.staff("counsellor@demo"), await house.staff("counsellor2@demo")
    visitor = await house.visitor()
    conversation = visitor.all("welcome")[0]["conversation"]
    await visitor.call("ask_human")
    offer = await first.wait("offer")
    assert offer["conversation"] == conversation
    assert (await second.call("accept", {"conversation": conversation}))["error"]["code"] == "already_taken"
    assert (await first.call("decline", {"conversation": conversation}))["ok"]
    await second.wait("offer")
    assert (await second.call("accept", {"conversation": conversation}))["ok"]


async def test_a_counsellor_who_vanishes_gives_back_the_conversation_with_its_place(house: House) -> None:
    visitor, counsellor, conversation = await house.live()
    await counsellor.close()
    house.clock.forward(seconds=70)
    phase = await visitor.wait("phase", lambda p: p["phase"] == "waiting", since=3)
    assert phase["position"] == 1
    other = await house.staff("counsellor2@demo")
    assert (await other.call("accept", {"conversation": conversation}))["ok"]


async def test_a_counsellor_who_is_back_in_time_finds_everything_as_it_was(house: House) -> None:
    visitor, counsellor, conversation = await house.live()
    await counsellor.close()
    house.clock.forward(seconds=30)
    again = await house.staff("counsellor@demo", available=False)
    assert [c["conversation"] for c in again.all("roster")[0]["conversations"]] == [conversation]
    said = await visitor.call("say", {"id": "b", "text": "you are back"})
    await again.wait("message", lambda m: m["seq"] == said["seq"])
    opened = await again.call("open", {"conversation": conversation})
    assert opened["ok"] and opened["transcript"][-1]["text"] == "you are back"


async def test_closing_time_cuts_no_live_conversation_and_tells_those_who_wait() -> None:
    async with running(hours="13:00-01:00", timezone="Asia/Shanghai") as house:
        house.clock.fixed = datetime(2027, 3, 2, 0, 40, tzinfo=ZoneInfo("Asia/Shanghai"))
        visitor, counsellor, _ = await house.live()
        waiting = await house.visitor()
        phase = (await waiting.call("ask_human"))["phase"]
        assert phase["phase"] == "waiting"
        heard = len(waiting.received)
        house.clock.forward(minutes=20)
        told = await waiting.wait("phase", lambda p: p["phase"] == "bot", since=heard)
        assert told["desk"]["open"] is False and told["desk"]["opens_at"].startswith("2027-03-02T13:00")
        assert await waiting.wait("message", lambda m: m["by"] == "system", since=heard)
        said = await visitor.call("say", {"id": "z", "text": "still here?"})
        assert (await counsellor.wait("message", lambda m: m["seq"] == said["seq"]))["text"] == "still here?"


async def test_an_empty_desk_gives_those_who_wait_back_to_the_bot(house: House) -> None:
    visitor = await house.visitor()
    assert (await visitor.call("ask_human"))["phase"]["phase"] == "waiting"
    heard = len(visitor.received)
    house.clock.forward(minutes=5)
    await visitor.wait("phase", lambda p: p["phase"] == "bot", since=heard)
    said = await visitor.call("say", {"id": "h", "text": "anybody?"})
    await visitor.wait("message", lambda m: m["by"] == "bot" and m["seq"] > said["seq"])


async def test_the_queue_is_shown_by_level_then_by_waiting(house: House) -> None:
    supervisor = await house.staff("supervisor@demo", available=False)
    ids = []
    for text in ("hello", "hello", "I want to die"):
        visitor = await house.visitor()
        await visitor.call("say", {"id": "t", "text": text})
        await visitor.call("ask_human")
        ids.append(visitor.all("welcome")[0]["conversation"])
    queue = await supervisor.wait("queue", lambda q: len(q["waiting"]) == 3)
    assert [w["conversation"] for w in queue["waiting"]] == [ids[2], ids[0], ids[1]]
    assert [w["position"] for w in queue["waiting"]] == [1, 2, 3]
    assert "text" not in str(queue) and "hello" not in str(queue)


async def test_leaving_the_queue_moves_the_others_up(house: House) -> None:
    first, second = await house.visitor(), await house.visitor()
    await first.call("ask_human")
    assert (await second.call("ask_human"))["phase"]["position"] == 2
    assert (await first.call("leave_queue"))["phase"]["phase"] == "bot"
    await second.wait("phase", lambda p: p.get("position") == 1)
