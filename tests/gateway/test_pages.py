"""The pages: who may open which, forms that must be ours, and what the chat page says without script."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
import socketio

from tests.gateway.peers import House, Peer, cookie_header, running

PAGES = ("/desk", "/watch", "/cases", "/admin")
MAY = {
    "counsellor@demo": {"/desk"},
    "clinician@demo": {"/desk"},
    "responder@demo": {"/desk", "/cases"},
    "supervisor@demo": {"/desk", "/watch", "/cases"},
    "admin@demo": {"/admin"},
}
HOMES = {
    "counsellor@demo": "/desk",
    "responder@demo": "/cases",
    "supervisor@demo": "/watch",
    "admin@demo": "/admin",
}


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """One kind of database is enough for pages."""
    async with running(origins="https://app.example") as house:
        yield house


async def test_pages_open_by_role_and_strangers_are_sent_to_sign_in(house: House) -> None:
    async with aiohttp.ClientSession() as stranger:
        for page in PAGES:
            async with stranger.get(house.url + page, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (302, "/login")
        async with stranger.get(house.url + "/api/cases") as answer:
            assert answer.status == 401
    for email, allowed in MAY.items():
        session = await house.sign_in(email)
        for page in PAGES:
            async with session.get(house.url + page, allow_redirects=False) as answer:
                assert answer.status == (200 if page in allowed else 403), (email, page)
        await session.close()


async def test_signing_in_leads_to_the_roles_own_page(house: House) -> None:
    for email, home in HOMES.items():
        session = await house.sign_in(email)
        async with session.get(f"{house.url}/login", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, home)
        async with session.get(house.url + home) as answer:
            assert answer.status == 200
        await session.close()


async def test_a_wrong_password_says_no_more_than_that_and_is_throttled(house: House) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        statuses = []
        for _ in range(7):
            async with browser.get(f"{house.url}/login") as page:
                token = re.search(r'name="csrf_token" value="([^"]+)"', await page.text())
            assert token is not None
            form = {"email": "counsellor@demo", "password": "a wrong one, surely", "csrf_token": token[1]}
            async with browser.post(f"{house.url}/login", data=form) as answer:
                statuses.append(answer.status)
        assert statuses[:5] == [401] * 5 and statuses[-1] == 429


async def test_a_form_without_its_token_or_from_elsewhere_changes_nothing(house: House) -> None:
    session = await house.sign_in("responder@demo")
    async with session.post(f"{house.url}/logout", data={"csrf_token": "forged"}) as answer:
        assert answer.status == 403
    for origin in ("https://evil.example", "https://app.example", "null"):
        async with session.post(
            f"{house.url}/api/cases/k_x/acknowledge", json={}, headers={"Origin": origin}
        ) as answer:
            assert answer.status == 403
    async with session.post(f"{house.url}/api/cases/k_x/acknowledge", data="a=b") as answer:
        assert answer.status == 422
    async with session.post(f"{house.url}/api/cases/k_x/acknowledge", json={}) as answer:
        assert answer.status == 404
    async with session.get(f"{house.url}/cases") as answer:
        assert answer.status == 200
    await session.close()


async def test_a_host_page_opens_a_visitors_socket_and_never_a_staff_one(house: House) -> None:
    session = await house.sign_in("counsellor@demo")
    headers = {"Cookie": cookie_header(session, house.url), "Origin": "https://app.example"}
    visitor = Peer("/visitor")
    await visitor.sio.connect(
        house.url, namespaces=["/visitor"], headers=headers, transports=["websocket"], wait_timeout=8
    )
    await visitor.wait("welcome")
    await visitor.close()
    desk = Peer("/desk")
    with pytest.raises(socketio.exceptions.ConnectionError):
        await desk.sio.connect(
            house.url, namespaces=["/desk"], headers=headers, transports=["websocket"], wait_timeout=8
        )
    assert desk.refused["code"] == "not_allowed"
    await desk.close()
    await session.close()


async def test_the_chat_works_without_script_and_shows_the_hotlines(house: House) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(f"{house.url}/chat?lang=zh") as page:
            text = await page.text()
        assert "120" in text and "12356" in text
        token = re.search(r'name="csrf_token" value="([^"]+)"', text)
        assert token is not None
        form = {"csrf_token": token[1], "text": "我睡不着"}
        async with browser.post(f"{house.url}/chat?lang=zh", data=form) as page:
            text = await page.text()
            assert page.status == 200
        assert "我睡不着" in text
        assert text.count('data-by="bot"') >= 3, "the greeting and an answer"


async def test_refusals_are_told_in_the_readers_language(house: House) -> None:
    visitor = await house.visitor(language="zh")
    answer = await visitor.call("say", {"id": "a", "text": "字" * 4001})
    assert answer["error"]["code"] == "too_long" and "太长" in answer["error"]["message"]


async def test_health_says_each_part_by_name(house: House) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{house.url}/healthz") as answer:
            assert answer.status == 200
        async with http.get(f"{house.url}/readyz") as answer:
            assert answer.status == 200
            assert await answer.json() == {"database": "ok", "redis": "ok", "bot": "down"}
        async with http.get(f"{house.url}/metrics") as answer:
            assert answer.status == 200 and "python_info" in await answer.text()
