"""Bad input, as a table: a clear error to the one who sent it, and nothing lost for anybody else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import jwt
import pytest
import socketio

from tests.gateway.peers import House, Peer, cookie_header, running


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """What is refused before it reaches a database needs no second kind of it."""
    async with running() as house:
        yield house


VISITOR_REFUSALS: list[tuple[str, str, Any, str]] = [
    ("no payload", "say", {}, "invalid_payload"),
    ("a text alone", "say", "hello", "invalid_payload"),
    ("a list", "say", ["id", "text"], "invalid_payload"),
    ("no id", "say", {"text": "x"}, "invalid_payload"),
    ("an empty id", "say", {"id": "", "text": "x"}, "invalid_payload"),
    ("a long id", "say", {"id": "x" * 65, "text": "x"}, "invalid_payload"),
    ("an id that is a number", "say", {"id": 7, "text": "x"}, "invalid_payload"),
    ("an id with a line break", "say", {"id": "a\nb", "text": "x"}, "invalid_payload"),
    ("an empty text", "say", {"id": "a", "text": ""}, "invalid_payload"),
    ("nothing but space", "say", {"id": "a", "text": " \n\t "}, "invalid_payload"),
    ("a text that is none", "say", {"id": "a", "text": None}, "invalid_payload"),
    ("a text that is an object", "say", {"id": "a", "text": {"$gt": ""}}, "invalid_payload"),
    ("bytes", "say", {"id": "a", "text": b"\x00\xff"}, "invalid_payload"),
    ("4,001 code points", "say", {"id": "a", "text": "字" * 4001}, "too_long"),
    ("an unknown event", "take_over_the_world", {}, "unknown_event"),
    ("an event of staff", "accept", {"conversation": "c"}, "unknown_event"),
    ("a prototype", "__class__", {}, "unknown_event"),
    ("sync from before the beginning", "sync", {"after": -1}, "invalid_payload"),
    ("sync from nowhere", "sync", {"after": "x"}, "invalid_payload"),
    ("sync from beyond", "sync", {"after": 2**40}, "invalid_payload"),
    ("a mood of 6", "rate", {"mood": 6}, "invalid_payload"),
    ("typing perhaps", "typing", {"on": "perhaps"}, "invalid_payload"),
    ("consent to nothing", "consent", {"agreed": True}, "invalid_payload"),
    ("read up to never", "seen", {"seq": None}, "invalid_payload"),
]


@pytest.mark.parametrize(
    ("event", "payload", "code"), [r[1:] for r in VISITOR_REFUSALS], ids=[r[0] for r in VISITOR_REFUSALS]
)
async def test_what_does_not_fit_is_refused_by_name_and_the_socket_lives(
    house: House, event: str, payload: Any, code: str
) -> None:
    visitor = await house.visitor()
    answer = await visitor.call(event, payload)
    assert answer["ok"] is False and answer["error"]["code"] == code
    assert answer["error"]["message"] and "Traceback" not in answer["error"]["message"]
    assert (await visitor.call("say", {"id": "after", "text": "still here"}))["ok"]


@pytest.mark.parametrize("text", ["字" * 4000, "\ud83d", "a\x00b", "\u202e\u200b!", "/restart", '42["say"]'])
async def test_every_text_within_the_limit_is_kept(house: House, text: str) -> None:
    """Half an emoji, a NUL, marks that turn the line around, what looks like a command: all are somebody's words."""
    visitor = await house.visitor()
    assert (await visitor.call("say", {"id": "a", "text": text}))["ok"]
    synced = await visitor.call("sync", {"after": 0})
    assert text.replace("\ud83d", "\ufffd") in [m["text"] for m in synced["messages"]]


FRAMES = [
    "42/visitor,1[",
    '42/visitor,1{"a":1}',
    "42/visitor,1[]",
    "42/visitor,1[7]",
    "4",
    "49/visitor,",
    "42/nowhere,1[]",
    '451-/visitor,1["say"]',
    "43/visitor,9[1]",
    "44/visitor,{}",
    "42/visitor,1" + "[" * 20000,
]


@pytest.mark.parametrize("frame", FRAMES, ids=range(len(FRAMES)))
async def test_a_malformed_frame_harms_nobody(house: House, frame: str) -> None:
    other = await house.visitor()
    async with aiohttp.ClientSession() as http:
        address = f"{house.url}/socket.io/?EIO=4&transport=websocket"
        async with http.ws_connect(address) as ws:
            await ws.receive_str()
            await ws.send_str('40/visitor,{"language":"en"}')
            while "welcome" not in (await ws.receive_str()):
                pass
            await ws.send_str(frame)
            await ws.send_str('42/visitor,77["say",{"id":"x","text":"after a bad frame"}]')
            while True:
                message = await ws.receive(timeout=5)
                if message.type is not aiohttp.WSMsgType.TEXT or message.data.startswith("43/visitor,77"):
                    break
            if message.type is aiohttp.WSMsgType.TEXT:
                assert json.loads(message.data.split(",", 1)[1][2:])[0]["ok"]
    assert (await other.call("say", {"id": "o", "text": "unharmed"}))["ok"]


@pytest.mark.parametrize(
    ("event", "payload", "code"),
    [
        ("open", {"conversation": "c_unknown"}, "unknown_conversation"),
        ("accept", {"conversation": "c_unknown"}, "unknown_conversation"),
        ("say", {"conversation": "c_unknown", "id": "a", "text": "x"}, "unknown_conversation"),
        (
            "close",
            {"conversation": "c_unknown", "disposition": "d", "risk": {"asked": False}},
            "unknown_conversation",
        ),
        ("close", {"conversation": "c", "disposition": "d"}, "invalid_payload"),
        ("escalate", {"conversation": "c_unknown", "level": "high", "reason": "r"}, "unknown_conversation"),
        ("escalate", {"conversation": "c", "level": "dreadful", "reason": "r"}, "invalid_payload"),
        ("status", {"status": "asleep"}, "invalid_payload"),
        ("typing", {"conversation": "c_unknown", "on": True}, "not_allowed"),
        ("watch", {"conversation": "c"}, "unknown_event"),
    ],
)
async def test_staff_are_refused_by_name_too(house: House, event: str, payload: Any, code: str) -> None:
    counsellor = await house.staff("counsellor@demo")
    answer = await counsellor.call(event, payload)
    assert answer["ok"] is False and answer["error"]["code"] == code


async def test_a_foreign_conversation_is_nobodys_to_read_or_write(house: House) -> None:
    _, _, conversation = await house.live("something private")
    stranger = await house.staff("counsellor2@demo")
    for event, payload in (
        ("open", {"conversation": conversation}),
        ("say", {"conversation": conversation, "id": "s", "text": "hello"}),
        ("note", {"conversation": conversation, "text": "n"}),
        ("seen", {"conversation": conversation, "seq": 1}),
        ("typing", {"conversation": conversation, "on": True}),
        ("escalate", {"conversation": conversation, "level": "high", "reason": "r"}),
        ("close", {"conversation": conversation, "disposition": "d", "risk": {"asked": False}}),
        ("accept", {"conversation": conversation}),
    ):
        answer = await stranger.call(event, payload)
        assert answer["ok"] is False and answer["error"]["code"] in ("not_allowed", "already_taken"), event
    assert not stranger.all("message")


async def test_a_socket_without_a_session_or_with_the_wrong_role_is_refused(house: House) -> None:
    for headers, namespace in (
        ({}, "/desk"),
        ({"Cookie": "station_session=forged"}, "/desk"),
        ({"Cookie": "station_session=forged"}, "/watch"),
        ({}, "/"),
        ({}, "/nowhere"),
    ):
        peer = Peer(namespace)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await peer.sio.connect(
                house.url, namespaces=[namespace], headers=headers, transports=["websocket"], wait_timeout=8
            )
        assert peer.refused["code"] == "not_allowed" and peer.refused["message"]
        await peer.close()
    session = await house.sign_in("counsellor@demo")
    peer = Peer("/watch")
    with pytest.raises(socketio.exceptions.ConnectionError):
        await peer.sio.connect(
            house.url,
            namespaces=["/watch"],
            headers={"Cookie": cookie_header(session, house.url)},
            transports=["websocket"],
            wait_timeout=8,
        )
    assert peer.refused["code"] == "not_allowed"
    await peer.close()
    await session.close()


async def test_a_socket_from_a_foreign_page_is_refused(house: House) -> None:
    async with aiohttp.ClientSession() as http:
        address = f"{house.url}/socket.io/?EIO=4&transport=websocket"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(address, headers={"Origin": "https://elsewhere.example"})


KEY = "x" * 40
JWKS = json.dumps(
    {
        "keys": [
            {
                "kty": "oct",
                "kid": "h",
                "alg": "HS256",
                "k": "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eA",
            }
        ]
    }
)


def ticket(**claims: Any) -> str:
    import time

    return jwt.encode(
        {"sub": "user-1", "exp": time.time() + 60, **claims}, KEY, "HS256", headers={"kid": "h"}
    )


async def test_a_ticket_finds_its_user_again_on_another_device() -> None:
    async with running(ticket_keys=JWKS) as house:
        first = await house.visitor(ticket=ticket())
        again = await house.visitor(ticket=ticket())
        stranger = await house.visitor(ticket=ticket(sub="user-2"))
        conversations = [p.all("welcome")[0]["conversation"] for p in (first, again, stranger)]
        assert conversations[0] == conversations[1] != conversations[2]


async def test_a_bad_ticket_is_refused_and_a_resume_secret_outlives_an_expired_one() -> None:
    async with running(ticket_keys=JWKS) as house:
        good = await house.visitor(ticket=ticket())
        resume = good.all("welcome")[0]["resume"]
        none = jwt.encode({"sub": "user-1", "exp": 9999999999}, None, "none")
        for bad in (ticket(exp=1), "garbage", jwt.encode({"sub": "u", "exp": 9e9}, "y" * 40, "HS256"), none):
            peer = Peer("/visitor")
            with pytest.raises(socketio.exceptions.ConnectionError):
                await peer.sio.connect(
                    house.url,
                    namespaces=["/visitor"],
                    auth={"ticket": bad},
                    transports=["websocket"],
                    wait_timeout=8,
                )
            assert peer.refused["code"] == "not_allowed"
            await peer.close()
        back = await house.visitor(ticket=ticket(exp=1), resume=resume)
        assert back.all("welcome")[0]["resumed"] is True


async def test_signing_out_closes_the_open_sockets_at_once(house: House) -> None:
    counsellor = await house.staff("counsellor@demo")
    assert counsellor.http is not None
    async with counsellor.http.get(f"{house.url}/desk") as page:
        import re

        token = re.search(r'name="csrf_token" value="([^"]+)"', await page.text())
    assert token is not None
    async with counsellor.http.post(
        f"{house.url}/logout", data={"csrf_token": token[1]}, allow_redirects=False
    ) as answer:
        assert answer.status == 303
    import asyncio

    await asyncio.wait_for(counsellor.sio.wait(), 5)
    assert not counsellor.sio.connected


async def test_being_disabled_closes_the_open_sockets_at_once(house: House) -> None:
    import asyncio

    from app.staff.accounts import disable

    counsellor = await house.staff("counsellor@demo")
    me = counsellor.all("roster")[0]["me"]["id"]
    await house.station.store.run(disable, now=house.clock(), staff_id=me, actor="operator")
    await asyncio.wait_for(counsellor.sio.wait(), 5)
    assert not counsellor.sio.connected


async def test_nobody_gets_compression(house: House) -> None:
    async with aiohttp.ClientSession() as http:
        address = f"{house.url}/socket.io/?EIO=4&transport=websocket"
        async with http.ws_connect(address, compress=15) as ws:
            assert ws.compress == 0


async def test_a_client_that_does_not_read_is_dropped_and_resumes_from_the_record(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.gateway import wire

    monkeypatch.setattr(wire, "QUEUE_MAX", 20)
    visitor, counsellor, conversation = await house.live()
    client = next(c for c in house.station.server.clients.values() if c.namespace == "/visitor")
    resume = visitor.all("welcome")[0]["resume"]
    # Its writer stands still, as it does behind a full network buffer.
    blocked = client.socket.queue
    blocked.get_nowait, get = (lambda: (_ for _ in ()).throw(__import__("asyncio").QueueEmpty())), blocked.get

    async def never() -> None:
        await __import__("asyncio").Event().wait()

    blocked.get = never
    for n in range(40):
        assert (
            await counsellor.call("say", {"conversation": conversation, "id": f"n{n}", "text": f"line {n}"})
        )["ok"]
    await __import__("asyncio").wait_for(visitor.sio.wait(), 5)
    blocked.get = get
    back = await house.visitor(resume=resume, after=0)
    assert [m["text"] for m in back.all("welcome")[0]["messages"] if m["text"].startswith("line")] == [
        f"line {n}" for n in range(40)
    ]
