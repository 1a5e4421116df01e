"""Danger: the case in the same transaction, the alarm on the screens, and what the visitor is told about it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from data.tables import Case, CaseStep, Conversation, table
from tests.gateway.peers import House, Peer, running

DANGER = "I want to kill myself tonight, I have the pills here"
CASE, STEP, CONVERSATION = table(Case), table(CaseStep), table(Conversation)


async def the_case(house: House) -> Any:
    rows = await house.station.store.read(lambda conn: conn.execute(select(CASE)).all())
    assert len(rows) == 1
    return rows[0]


async def step(
    house: House, peer: Peer, case: str, name: str, form: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    assert peer.http is not None
    async with peer.http.post(f"{house.url}/api/cases/{case}/{name}", json=form) as answer:
        return answer.status, await answer.json()


async def test_danger_reaches_responder_and_supervisor_and_the_visitor_hears_the_truth(house: House) -> None:
    responder = await house.staff("responder@demo")
    board = await house.staff("supervisor@demo", "/watch")
    visitor = await house.visitor()
    said = await visitor.call("say", {"id": "d", "text": DANGER})
    assert said["ok"]
    alarm = await responder.wait("case")
    assert alarm["conversation"] == said["conversation"] and alarm["status"] == "open"
    assert alarm["level"] in ("high", "imminent") and alarm["alarm"] == {
        "round": 0,
        "ring": True,
        "to": ["responder"],
    }
    assert (await board.wait("case"))["case"] == alarm["case"]
    assert (await board.wait("risk"))["was"] == "none"
    phase = await visitor.wait("phase", lambda p: p["help"] == "alarmed")
    assert phase["phase"] == "waiting"
    assert await visitor.wait("message", lambda m: m["by"] == "system")
    assert await visitor.wait("message", lambda m: m["by"] == "bot" and m["seq"] > said["seq"])
    case = await the_case(house)
    assert case.subject == "writer" and case.opened_seq == said["seq"]

    heard = len(visitor.received)
    status, body = await step(house, responder, case.id, "acknowledge", {})
    assert status == 200 and body["case"]["status"] == "acknowledged"
    await visitor.wait("phase", lambda p: p["help"] == "acknowledged", since=heard)
    told = await visitor.wait("message", lambda m: m["by"] == "system", since=heard)
    assert "Zhou" in told["text"]

    status, body = await step(house, responder, case.id, "assess", {"grade": "high", "alone": True})
    assert status == 200 and body["case"]["graded"] == "high"
    status, body = await step(
        house, responder, case.id, "close", {"outcome": "safe_by_agreement", "reason": "with her sister now"}
    )
    assert status == 200 and body["case"]["outcome"] == "safe_by_agreement"
    assert [t["step"] for t in body["case"]["timeline"]] == ["opened", "acknowledge", "assess", "close"]


async def test_an_alarm_that_nobody_acknowledges_climbs_every_minute_and_the_visitor_hears_so(
    house: House,
) -> None:
    responder = await house.staff("responder@demo")
    visitor = await house.visitor()
    await visitor.call("say", {"id": "d", "text": DANGER})
    first = await responder.wait("case")
    for number in (1, 2, 3):
        seen = len(responder.received)
        house.clock.forward(seconds=60)
        again = await responder.wait("case", lambda c, n=number: c["alarm"]["round"] == n, since=seen)
        assert again["case"] == first["case"] and again["alarm"]["ring"]
        assert again["alarm"]["to"] == ["responder", "supervisor"]
    phase = await visitor.wait("phase", lambda p: p["help"] == "unanswered")
    assert phase["help"] == "unanswered"
    assert [t for t in visitor.texts if "120" in t]
    case = await the_case(house)
    await step(house, responder, case.id, "acknowledge", {})
    await visitor.wait("phase", lambda p: p["help"] == "acknowledged")
    rung = len(responder.all("case"))
    house.clock.forward(seconds=90)
    await visitor.call("sync", {})
    assert [c for c in responder.all("case")[rung:] if c["alarm"]["round"] > 0] == []


async def test_clocks_survive_a_restart() -> None:
    """An alarm that came due while the station was down rings within a second of its being up."""
    import tempfile
    from pathlib import Path

    var = Path(tempfile.mkdtemp(prefix="station"))
    async with running(var) as house:
        visitor = await house.visitor()
        await visitor.call("say", {"id": "d", "text": DANGER})
        case = await the_case(house)
        resume = visitor.all("welcome")[0]["resume"]
    async with running(var) as house:
        house.clock.forward(seconds=130)
        responder = await house.staff("responder@demo")
        roster = responder.all("roster")[0]
        assert [c["case"] for c in roster["cases"]] == [case.id]
        await responder.wait("case", lambda c: c["alarm"]["round"] >= 2)
        visitor = await house.visitor(resume=resume)
        assert visitor.all("welcome")[0]["phase"]["help"] == "unanswered"


async def test_further_danger_raises_the_one_case_and_never_doubles_it(house: House) -> None:
    visitor = await house.visitor()
    for n in range(4):
        await visitor.call("say", {"id": f"d{n}", "text": DANGER})
    await the_case(house)


async def test_leaving_closes_no_case_and_what_is_written_after_the_end_belongs_to_it(house: House) -> None:
    visitor = await house.visitor()
    await visitor.call("say", {"id": "d", "text": DANGER})
    assert (await visitor.call("end"))["phase"]["phase"] == "closed"
    assert (await the_case(house)).status == "open"
    later = await visitor.call("say", {"id": "e", "text": "are you still there"})
    case = await the_case(house)
    assert case.status == "open" and case.conversation_id == later["conversation"]
    welcome = await visitor.wait("welcome", lambda w: w["conversation"] == later["conversation"])
    assert welcome["phase"]["help"] == "alarmed"


async def test_somebody_elses_danger_makes_them_the_subject_and_the_writer_their_reporter(
    house: House,
) -> None:
    visitor = await house.visitor(language="zh")
    await visitor.call("say", {"id": "o", "text": "我朋友说她今晚要自杀，我该怎么办"})
    case = await the_case(house)
    assert case.subject == "other"
    assert case.visitor_id is not None


async def test_rating_comments_and_left_messages_are_screened_too(house: House) -> None:
    for event, payload in (
        ("rate", {"score": 1, "comment": DANGER}),
        ("leave_message", {"id": "l", "text": DANGER}),
    ):
        visitor = await house.visitor()
        assert (await visitor.call(event, payload))["ok"]
        phase = await visitor.wait("phase", lambda p: p["help"] == "alarmed")
        assert phase["help"] == "alarmed"


async def test_outside_hours_danger_waits_for_those_on_call_who_may_take_it() -> None:
    async with running(hours="closed") as house:
        responder = await house.staff("responder@demo")
        counsellor = await house.staff("counsellor@demo")
        visitor = await house.visitor()
        said = await visitor.call("say", {"id": "d", "text": DANGER})
        assert (await visitor.wait("phase", lambda p: p["phase"] == "waiting"))["desk"]["open"] is False
        assert (await responder.wait("offer"))["conversation"] == said["conversation"]
        refused = await counsellor.call("accept", {"conversation": said["conversation"]})
        assert refused["error"]["code"] == "not_allowed"
        assert (await responder.call("accept", {"conversation": said["conversation"]}))["ok"]


async def test_a_flood_limit_never_stops_a_cry_for_help() -> None:
    async with running(rate_say="3/60s") as house:
        visitor = await house.visitor()
        answers = [await visitor.call("say", {"id": f"n{n}", "text": "hello"}) for n in range(6)]
        assert [a["ok"] for a in answers] == [True, True, True, False, False, False]
        assert answers[-1]["error"]["code"] == "rate_limited" and answers[-1]["error"]["retry_after"] > 0
        assert (await visitor.call("say", {"id": "d", "text": DANGER}))["ok"]
        await the_case(house)


async def test_a_step_out_of_order_is_409_with_the_allowed_ones(house: House) -> None:
    responder = await house.staff("responder@demo")
    visitor = await house.visitor()
    await visitor.call("say", {"id": "d", "text": DANGER})
    case = (await the_case(house)).id
    status, body = await step(house, responder, case, "assess", {"grade": "high"})
    assert status == 409 and body["error"]["allowed"] == ["acknowledge"]
    status, _ = await step(house, responder, case, "acknowledge", {})
    assert status == 200
    status, body = await step(house, responder, case, "assess", {})
    assert status == 422 and body["error"]["field"] == "grade"
    status, body = await step(house, responder, case, "close", {"outcome": "rescued"})
    assert status == 422


async def test_a_level_never_falls_by_what_is_said(house: House) -> None:
    visitor = await house.visitor()
    await visitor.call("say", {"id": "d", "text": DANGER})
    await visitor.call("say", {"id": "e", "text": "no, I am fine, forget it"})
    levels = await house.station.store.read(
        lambda conn: [r.level for r in conn.execute(select(CONVERSATION.c.level))]
    )
    assert levels[0] in ("high", "imminent")


async def test_at_high_a_conversation_is_closed_only_with_a_responders_yes(house: House) -> None:
    visitor, counsellor, conversation = await house.live()
    await visitor.call("say", {"id": "d", "text": DANGER})
    close = {"conversation": conversation, "disposition": "helped", "risk": {"asked": True}}
    assert (await counsellor.call("close", close))["error"]["code"] == "not_allowed"
    me = counsellor.all("roster")[0]["me"]["id"]
    assert (await counsellor.call("close", {**close, "agreed_by": me}))["error"]["code"] == "not_allowed"
    responder = await house.staff("responder@demo")
    agreed = responder.all("roster")[0]["me"]["id"]
    assert (await counsellor.call("close", {**close, "agreed_by": agreed}))["ok"]
    assert (await the_case(house)).status == "open"


async def test_a_counsellor_escalates_what_screening_did_not_see(house: House) -> None:
    visitor, counsellor, conversation = await house.live()
    responder = await house.staff("responder@demo")
    answer = await counsellor.call(
        "escalate", {"conversation": conversation, "level": "high", "reason": "her voice"}
    )
    assert answer["ok"] and answer["case"]
    assert (await responder.wait("case"))["case"] == answer["case"]
    assert (await counsellor.wait("risk"))["level"] == "high"
    await visitor.wait("phase", lambda p: p["help"] == "alarmed")
