"""Plain statements and their traps, written for this project: the level, and whose danger it is."""

from __future__ import annotations

import pytest

from bot.screening import NOTHING, load_screener
from data.kinds import About, Category, Level

STATEMENTS = [
    ("low", "我想死"),
    ("low", "我不想活了"),
    ("low", "我真的撑不住了，想死"),
    ("low", "我不是不想死"),
    ("low", "活著沒意思"),
    ("low", "I want to die"),
    ("low", "i dont want to live anymore"),
    ("low", "I wish I was never born"),
    ("moderate", "我想跳楼"),
    ("moderate", "我三年前自杀过"),
    ("moderate", "我以前割过腕"),
    ("moderate", "我在自残"),
    ("moderate", "吃多少安眠药会死"),
    ("moderate", "脑子里有声音叫我去死"),
    ("moderate", "I've been thinking about hanging myself"),
    ("moderate", "I tried to kill myself two years ago"),
    ("moderate", "how many pills would kill me"),
    ("high", "我要自杀"),
    ("high", "我决定了，我要结束自己的生命"),
    ("high", "昨天我吞药自杀被救回来了"),
    ("high", "遗书写好了"),
    ("high", "再见了，爸爸妈妈，我爱你们，下辈子再做你们的女儿"),
    ("high", "I'm going to kill myself"),
    ("high", "I wrote my goodbye letters"),
    ("high", "goodbye everyone, I can't do this anymore"),
    ("high", "I tried to kill myself yesterday"),
    ("imminent", "我今晚就要自杀"),
    ("imminent", "我今晚要跳楼"),
    ("imminent", "药都准备好了，今晚就走"),
    ("imminent", "我已经吃了一整瓶药"),
    ("imminent", "我已經吃了一整瓶安眠藥"),
    ("imminent", "我吃了50片安眠药"),
    ("imminent", "我点了炭"),
    ("imminent", "我刚割腕了，好多血"),
    ("imminent", "我现在站在天台上，准备跳了"),
    ("imminent", "I'm going to kill myself tonight"),
    ("imminent", "I just took all the pills"),
    ("imminent", "I lit the charcoal"),
    ("imminent", "I'm standing on the bridge and I'm going to jump"),
]

TRAPS = [
    "我没有想自杀",
    "我从来没想过自杀",
    "我不想死",
    "我不会自杀的，你放心",
    "没有自杀的念头",
    "真的要笑死我了",
    "累死了",
    "想死你了",
    "饿死了想吃饭",
    "我的电脑死机了",
    "死党要结婚了",
    "今天去死海玩",
    "紫砂壶真好看",
    "昨天的新闻说有人跳楼",
    "这部剧男主自杀了",
    "打游戏又死了，重开一把",
    "我在写一篇关于预防自杀的论文",
    "自杀热线是多少",
    "怎么买炭",
    "烧烤用的炭点着了",
    "我吃了两片感冒药",
    "你想自杀吗",
    "I don't want to die",
    "I'm not suicidal",
    "I would never kill myself",
    "No, I do not plan to kill myself",
    "dying of laughter",
    "I'm dying to see the movie",
    "this homework is killing me",
    "my phone died",
    "Suicide Squad was great",
    "what is the suicide hotline number",
    "how do I tie a rope",
    "I took my meds this morning",
    "I killed the boss in the game and died twice",
    "do you want to kill yourself",
]


@pytest.mark.parametrize(("level", "text"), STATEMENTS)
def test_a_plain_statement_gets_its_level_and_is_about_the_writer(level: str, text: str) -> None:
    found = load_screener().screen(text)
    assert found.level == Level(level)
    assert found.about is About.SELF


@pytest.mark.parametrize("text", TRAPS)
def test_a_trap_is_no_sign_of_danger(text: str) -> None:
    found = load_screener().screen(text)
    assert found.level is Level.NONE
    assert found.spans == ()


@pytest.mark.parametrize(
    ("level", "text"),
    [
        ("low", "我朋友说她想自杀"),
        ("low", "我朋友最近很不好，总说不想活了"),
        ("high", "我朋友说她要自杀"),
        ("imminent", "我朋友刚刚吞了一整瓶安眠药怎么办"),
        ("imminent", "我女儿说她今晚要跳楼"),
        ("low", "my friend wants to kill herself"),
        ("high", "my friend says she is going to kill herself"),
        ("imminent", "my friend just took all her pills"),
    ],
)
def test_somebody_elses_danger_has_its_level_and_is_about_them(level: str, text: str) -> None:
    found = load_screener().screen(text)
    assert found.level == Level(level)
    assert found.about is About.OTHER
    assert Category.THIRD_PARTY in found.categories


@pytest.mark.parametrize(
    "text",
    [
        "我男朋友要和我分手，我不想活了",
        "他走了不想活了",
        "我想和他一起死",
        "My boyfriend left me and now I want to die",
    ],
)
def test_somebody_else_in_the_sentence_does_not_make_it_about_them(text: str) -> None:
    assert load_screener().screen(text).about is About.SELF


@pytest.mark.parametrize(
    ("category", "text"),
    [
        (Category.ABUSE, "我爸天天打我"),
        (Category.ABUSE, "my dad beats me"),
        (Category.CONFUSION, "我最近一直有幻听"),
        (Category.CONFUSION, "I keep hearing voices"),
        (Category.EATING, "我每顿饭后都催吐"),
        (Category.EATING, "I make myself throw up after every meal"),
    ],
)
def test_what_the_levels_do_not_grade_still_has_its_category(category: Category, text: str) -> None:
    found = load_screener().screen(text)
    assert found.level is Level.NONE
    assert category in found.categories
    assert found != NOTHING


@pytest.mark.parametrize("mark", ["\u200b", "\u2060", "\ufe0f", "\u0336", ".", " ", "·", "-", "*", "。"])
@pytest.mark.parametrize(
    ("level", "text"),
    [
        ("low", "我想死"),
        ("high", "我要自杀"),
        ("imminent", "我今晚要跳楼"),
        ("imminent", "我已经吃了一整瓶药"),
    ],
)
def test_marks_between_the_characters_change_nothing(mark: str, level: str, text: str) -> None:
    found = load_screener().screen(mark.join(text))
    assert found.level == Level(level)


@pytest.mark.parametrize("mark", ["\u200b", "\u00ad", "\u0336"])
def test_invisible_marks_inside_english_words_change_nothing(mark: str) -> None:
    assert load_screener().screen(mark.join("I'm going to kill myself tonight")).level is Level.IMMINENT


def test_a_denial_cancels_its_own_words_and_nothing_else() -> None:
    found = load_screener().screen("我没有想自杀，但是我割了自己，割得很深")
    assert found.level is Level.HIGH
    assert found.categories == (Category.SELF_HARM,)


def test_a_past_attempt_is_never_none_even_beside_a_denial() -> None:
    assert load_screener().screen("我以前自杀过，现在不想死了").level is Level.MODERATE


def test_spans_name_the_words_in_the_text_as_sent_with_rule_and_reason() -> None:
    text = "😢 我真的 想\u200b死"
    found = load_screener().screen(text)
    assert [(text[s.start : s.end], s.rule, s.reason) for s in found.spans] == [
        ("想\u200b死", "zh.want_to_die", "wish_to_be_dead")
    ]


def test_the_payload_writes_the_reason_in_the_readers_language() -> None:
    found = load_screener().screen("我想死")
    assert found.payload("zh-CN")["spans"][0]["reason"] == "说出了希望自己死去、不再活着"
    assert found.payload("en")["spans"][0]["reason"] == "Says they wish to be dead or no longer alive"
    assert found.payload("nl")["spans"] == found.payload("en")["spans"]
    assert {k: v for k, v in found.payload().items() if k != "spans"} == {
        "level": "low",
        "score": 0.25,
        "about": "self",
        "categories": ["passive_ideation"],
    }


def test_the_score_orders_texts_as_their_levels_do() -> None:
    scores = {level: set() for level in Level}
    for _, text in STATEMENTS:
        found = load_screener().screen(text)
        scores[found.level].add(found.score)
    assert max(scores[Level.LOW]) < min(scores[Level.MODERATE])
    assert max(scores[Level.MODERATE]) < min(scores[Level.HIGH])
    assert max(scores[Level.HIGH]) < min(scores[Level.IMMINENT])
