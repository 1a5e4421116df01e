"""Talking: the ways of a message between a visitor, the bot, a counsellor, and a supervisor who reads along."""

from __future__ import annotations

from tests.gateway.peers import House, running


async def test_the_welcome_comes_first_with_the_bots_words_and_hotlines(house: House) -> None:
    visitor = await house.visitor()
    event, welcome = visitor.received[0]
    assert event == "welcome"
    assert welcome["phase"]["phase"] == "bot"
    assert [m["seq"] for m in welcome["messages"]] == list(range(1, len(welcome["messages"]) + 1))
    assert {m["by"] for m in welcome["messages"]} == {"bot"}
    assert {"120", "110"} <= {h["number"] for h in welcome["hotlines"]}
    assert welcome["resume"] and welcome["resumed"] is False


async def test_the_bot_answers_what_is_said(house: House) -> None:
    visitor = await house.visitor()
    said = await visitor.call("say", {"id": "a", "text": "I feel so tired lately"})
    assert said["ok"]
    answer = await visitor.wait("message", lambda m: m["seq"] > said["seq"])
    assert answer["by"] == "bot" and answer["text"].strip()


async def test_a_repeated_id_gives_the_same_answer_and_stores_nothing(house: House) -> None:
    visitor = await house.visitor()
    first = await visitor.call("say", {"id": "a", "text": "hello"})
    again = await visitor.call("say", {"id": "a", "text": "something else"})
    assert (again["seq"], again["at"], again["conversation"]) == (
        first["seq"],
        first["at"],
        first["conversation"],
    )
    await visitor.wait("message", lambda m: m["by"] == "bot")
    synced = await visitor.call("sync", {"after": 0})
    assert [m["text"] for m in synced["messages"] if m["by"] == "visitor"] == ["hello"]


async def test_both_ways_of_talking_and_silence_of_the_bot_after_a_hand_over(house: House) -> None:
    visitor, counsellor, conversation = await house.live()
    heard = len(visitor.received)
    for n in range(5):
        said = await visitor.call("say", {"id": f"v{n}", "text": f"from me {n}"})
        shown = await counsellor.wait("message", lambda m, s=said: m["seq"] == s["seq"])
        assert shown["assessment"]["level"] == "none"
        back = await counsellor.call(
            "say", {"conversation": conversation, "id": f"c{n}", "text": f"from you {n}"}
        )
        answer = await visitor.wait("message", lambda m, s=back: m["seq"] == s["seq"])
        assert answer["by"] == "counsellor" and "assessment" not in answer
    assert not [m for m in visitor.all("message", since=heard) if m["by"] == "bot"]
    close = {"conversation": conversation, "disposition": "helped", "risk": {"asked": True, "answer": "no"}}
    assert (await counsellor.call("close", close))["ok"]
    assert (await visitor.wait("phase", lambda p: p["phase"] == "closed"))["conversation"] == conversation


async def test_what_is_said_after_the_end_opens_a_new_conversation(house: House) -> None:
    visitor, _, conversation = await house.live()
    assert (await visitor.call("end"))["phase"]["phase"] == "closed"
    said = await visitor.call("say", {"id": "later", "text": "one more thing"})
    assert said["ok"] and said["conversation"] != conversation
    fresh = await visitor.wait("welcome", lambda w: w["conversation"] == said["conversation"])
    assert "one more thing" in [m["text"] for m in fresh["messages"]]


async def test_resuming_replays_exactly_what_was_missed(house: House) -> None:
    visitor, counsellor, conversation = await house.live()
    welcome = visitor.all("welcome")[0]
    last = (await visitor.call("say", {"id": "x", "text": "before the tunnel"}))["seq"]
    await visitor.close()
    for n in range(3):
        await counsellor.call("say", {"conversation": conversation, "id": f"m{n}", "text": f"missed {n}"})
    back = await house.visitor(resume=welcome["resume"], after=last)
    again = back.all("welcome")[0]
    assert again["resumed"] and again["conversation"] == conversation
    assert [m["text"] for m in again["messages"]] == ["missed 0", "missed 1", "missed 2"]
    assert [m["seq"] for m in again["messages"]] == [last + 1, last + 2, last + 3]


async def test_an_unknown_or_forged_resume_gives_a_fresh_welcome(house: House) -> None:
    first = await house.visitor()
    resume = first.all("welcome")[0]["resume"]
    for forged in ("", "nonsense", resume[:-2] + "xx", "v_0000.0." + resume.rsplit(".", 1)[1]):
        other = await house.visitor(resume=forged)
        welcome = other.all("welcome")[0]
        assert welcome["resumed"] is False
        assert welcome["conversation"] != first.all("welcome")[0]["conversation"]


async def test_one_visitor_on_two_screens_sees_the_same(house: House) -> None:
    phone = await house.visitor()
    tablet = await house.visitor(resume=phone.all("welcome")[0]["resume"])
    said = await phone.call("say", {"id": "p", "text": "from the phone"})
    assert (await tablet.wait("message", lambda m: m["seq"] == said["seq"]))["text"] == "from the phone"
    assert not [m for m in phone.all("message") if m["seq"] == said["seq"]]


async def test_a_hundred_messages_in_a_row_keep_their_order(house: House) -> None:
    visitor, counsellor, _ = await house.live()
    for n in range(100):
        await visitor.sio.emit("say", {"id": f"r{n}", "text": f"row {n}"}, namespace="/visitor")
    await counsellor.wait("message", lambda m: m["text"] == "row 99")
    rows = [m for m in counsellor.all("message") if m["text"].startswith("row ")]
    assert [m["text"] for m in rows] == [f"row {n}" for n in range(100)]
    assert [m["seq"] for m in rows] == list(range(rows[0]["seq"], rows[0]["seq"] + 100))


async def test_typing_and_read_marks_go_both_ways(house: House) -> None:
    visitor, counsellor, conversation = await house.live()
    await visitor.call("typing", {"on": True})
    assert (await counsellor.wait("typing"))["by"] == "visitor"
    await counsellor.call("typing", {"conversation": conversation, "on": True})
    assert (await visitor.wait("typing", lambda t: t["by"] == "counsellor"))["on"] is True
    said = await visitor.call("say", {"id": "s", "text": "seen?"})
    await visitor.wait("seen", lambda s: s["state"] == "delivered" and s["seq"] == said["seq"])
    await counsellor.call("seen", {"conversation": conversation, "seq": said["seq"]})
    await visitor.wait("seen", lambda s: s["state"] == "read" and s["seq"] == said["seq"])


async def test_a_silent_watch_sends_neither_side_one_byte(house: House) -> None:
    """Everything that reaches the two while a supervisor watches reaches them without one as well."""
    visitor, counsellor, conversation = await house.live()
    supervisor = await house.staff("supervisor@demo", "/watch")
    # The accepting still echoes in the queue's refresh; from then on nothing is due to either.
    live = next(
        i for i, (name, data) in enumerate(counsellor.received) if name == "phase" and data["phase"] == "live"
    )
    await counsellor.wait("queue", lambda q: q["waiting"] == [], since=live)
    quiet = (len(visitor.received), len(counsellor.received))
    sent = {id(p): _bytes_sent(house, p) for p in (visitor, counsellor)}
    watched = await supervisor.call("watch", {"conversation": conversation})
    assert watched["ok"] and watched["transcript"]
    assert (await supervisor.call("unwatch", {"conversation": conversation}))["ok"]
    assert (await supervisor.call("watch", {"conversation": conversation}))["ok"]
    assert (len(visitor.received), len(counsellor.received)) == quiet
    assert sent == {id(p): _bytes_sent(house, p) for p in (visitor, counsellor)}
    said = await visitor.call("say", {"id": "w", "text": "is anybody there"})
    shown = await supervisor.wait("message", lambda m: m["seq"] == said["seq"])
    assert shown["assessment"]["level"] == "none"
    from data.tables import Audit, table

    audit = table(Audit)
    lines = await house.station.store.read(lambda conn: [r.action for r in conn.execute(audit.select())])
    assert lines.count("conversation.watched") == 2


def _bytes_sent(house: House, peer: object) -> int:
    """How many packets the server has queued or sent for a client's socket (pings aside, which are not events)."""
    sid = peer.sio.namespaces[peer.namespace]  # type: ignore[attr-defined]
    client = next(c for c in house.station.server.clients.values() if c.sid == sid)
    return int(client.socket.queue._unfinished_tasks)


async def test_a_closed_conversation_is_watched_only_with_a_reason(house: House) -> None:
    visitor, _, conversation = await house.live()
    await visitor.call("end")
    supervisor = await house.staff("supervisor@demo", "/watch")
    refused = await supervisor.call("watch", {"conversation": conversation})
    assert refused["error"]["code"] == "not_allowed"
    assert (await supervisor.call("watch", {"conversation": conversation, "reason": "review"}))["ok"]


async def test_outside_hours_the_visitor_is_told_and_may_leave_a_message() -> None:
    async with running(hours="closed") as house:
        visitor = await house.visitor()
        asked = await visitor.call("ask_human")
        assert asked["ok"] and asked["phase"]["phase"] == "bot" and asked["phase"]["desk"]["open"] is False
        assert await visitor.wait("message", lambda m: m["by"] in ("system", "bot") and m["seq"] > 1)
        left = await visitor.call("leave_message", {"id": "l", "text": "please call me", "contact": "@me"})
        assert left["ok"]
        assert (await visitor.call("leave_message", {"id": "l", "text": "please call me"}))["ok"]
