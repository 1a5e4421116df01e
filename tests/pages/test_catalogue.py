"""The words of the pages: complete in each language, chosen by what the reader asked for, safe inside a page."""

import html
import json
import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from app.pages import catalogue, templates

WEB = Path(__file__).parents[2] / "web"
FACT = re.compile(r"\{(\w+)\}")
IN_ROUTE = re.compile(r'"((?:login|invitation)\.(?!html)[a-z_]+)"')
IN_TEMPLATE = re.compile(r"_\(\s*'([a-z0-9_.]+)'")


@pytest.fixture(scope="module")
def words() -> catalogue.Catalogue:
    return catalogue.load(WEB / "locale")


def test_every_language_has_every_key(words: catalogue.Catalogue) -> None:
    assert set(words.words["zh"]) == set(words.words["en"])
    assert len(words.words["zh"]) > 300


def test_a_sentence_takes_the_same_facts_in_every_language(words: catalogue.Catalogue) -> None:
    for key, sentence in words.words["zh"].items():
        assert set(FACT.findall(sentence)) == set(FACT.findall(words.words["en"][key])), key


def test_chinese_sentences_are_chinese_and_english_ones_are_not(words: catalogue.Catalogue) -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    for key, sentence in words.words["en"].items():
        assert not han.search(sentence), key
    plain = {k for k, s in words.words["zh"].items() if not han.search(s)}
    assert plain <= {"notice.age_14_17", "desk.load", "case.list_comma"}


def test_every_key_that_a_template_names_is_in_the_catalogue(words: catalogue.Catalogue) -> None:
    found = {
        key
        for page in (WEB / "templates").glob("*.html")
        for key in IN_TEMPLATE.findall(page.read_text("utf-8"))
    }
    assert "chat.hotlines" in found
    assert {key for key in found if not key.endswith(".")} <= set(words.words["zh"])


def test_every_sentence_that_a_route_answers_with_is_in_the_catalogue(words: catalogue.Catalogue) -> None:
    routes = Path(catalogue.__file__).parent.glob("*.py")
    named = {key for file in routes for key in IN_ROUTE.findall(file.read_text("utf-8"))}
    assert "login.wrong" in named
    assert named <= set(words.words["zh"])


def test_facts_are_put_into_a_sentence_and_a_missing_one_stays_visible(words: catalogue.Catalogue) -> None:
    assert "7" in words.say("en", "chat.waiting_place", n=7)
    assert "{n}" in words.say("en", "chat.waiting_place")


def test_a_key_that_is_not_there_shows_as_itself(words: catalogue.Catalogue) -> None:
    assert words.say("zh", "no.such_key") == "no.such_key"


def test_a_missing_catalogue_stops_the_station(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        catalogue.load(tmp_path)


@pytest.mark.parametrize(
    ("wishes", "accept", "lang"),
    [
        (("en",), "zh-CN", "en"),
        (("EN-us",), None, "en"),
        (("zh_Hant_TW",), "en", "zh"),
        ((None, "zh"), "en", "zh"),
        (("fr",), "en;q=0.5, zh;q=0.9", "zh"),
        ((None,), "en-GB,en;q=0.9,zh;q=0.8", "en"),
        ((None,), "fr, en;q=0, zh;q=0.1", "zh"),
        ((None,), "nl,de;q=0.7", "zh"),
        ((None,), None, "zh"),
        (("../../etc",), "en", "en"),
        (("<script>",), ";;;q=,,\x00en", "zh"),
        ((None,), "en;q=9" * 5000, "zh"),
    ],
)
def test_the_reader_gets_the_first_language_they_asked_for_that_we_write(
    wishes: tuple[str | None, ...], accept: str | None, lang: str
) -> None:
    assert catalogue.negotiate(*wishes, accept=accept) == lang


def test_data_cannot_end_the_script_element_it_stands_in() -> None:
    nasty = {"name": "</script><script>alert(1)</script><!--", "other": "a\u2028b&c"}
    written = str(templates.as_json(nasty))
    assert "<" not in written
    assert ">" not in written
    assert "\u2028" not in written
    assert json.loads(written) == nasty


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A build as the build script leaves it, small."""
    (tmp_path / "chat-0A1B2C3D.js").write_text("export {};")
    (tmp_path / "worker-0A1B2C3D.js").write_text("export {};")
    built = {
        "chat.js": "chat-0A1B2C3D.js",
        "chat.css": "chat-99999999.css",
        "worker.js": "worker-0A1B2C3D.js",
    }
    (tmp_path / "manifest.json").write_text(json.dumps(built))
    (tmp_path / "keys.json").write_text('{"chat.js": ["shared.send", "station.draft"]}')
    return tmp_path


def test_a_missing_build_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(templates.NotBuilt, match="npm run build"):
        templates.read_assets(tmp_path)


async def test_only_built_files_are_served_and_those_for_good(dist: Path) -> None:
    assets = templates.read_assets(dist)
    app = web.Application()
    app.router.add_get(templates.ASSET_ROUTE, assets.serve)
    async with TestClient(TestServer(app)) as client:
        right = await client.get(assets.address("chat.js"))
        assert right.status == 200
        assert "immutable" in right.headers["Cache-Control"]
        assert "Service-Worker-Allowed" not in right.headers
        worker = await client.get(assets.address("worker.js"))
        assert worker.headers["Service-Worker-Allowed"] == "/chat"
        for name in ("manifest.json", "keys.json", "..%2Fmanifest.json", "chat-0A1B2C3E.js", "chat.js"):
            assert (await client.get(f"/assets/{name}")).status == 404


async def test_the_chat_page_carries_hotlines_notice_form_and_the_words_of_its_script(
    words: catalogue.Catalogue, dist: Path
) -> None:
    app = web.Application()
    environment = templates.install(app, words, templates.read_assets(dist), WEB / "templates")
    page = environment.get_template("chat.html").render(
        lang="en",
        direction="ltr",
        page="chat",
        csrf_token="token-1",
        boot={"note": "</script>"},
        hotlines=[{"name": "A line", "number": "12356", "hours": "24 h", "open_now": True, "url": None}],
        messages=[{"by": "visitor", "name": "", "text": "<b>hello</b>", "at": "2027-01-01T13:00:00+08:00"}],
        phase=None,
        notice_version="1",
    )
    assert 'href="tel:120"' in page
    assert page.index('href="tel:120"') < page.index('href="tel:12356"')
    assert html.escape(words.say("en", "notice.unasked"), quote=True).replace("&#x27;", "&#39;") in page
    assert 'value="token-1"' in page
    assert "&lt;b&gt;hello&lt;/b&gt;" in page
    found = re.search(r'id="boot">(.*?)</script>', page)
    assert found is not None
    boot = json.loads(found[1])
    assert boot["words"] == {"shared.send": "Send"}
    assert boot["note"] == "</script>"
    assert boot["notice_version"] == "1"
    assert "<script>" not in page
    assert not re.search(r'\s(?:style|on\w+)="', page)
