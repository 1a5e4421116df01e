"""The built-in script: never silent, never twice the same, always a next step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import script
from bot.facts import Act, Answer, Facts
from data.kinds import About, By, Help, Level, Phase

Make = Callable[..., Facts]
AT = datetime(2026, 11, 22, 13, 0, tzinfo=ZoneInfo("Asia/Shanghai"))

any_facts = st.builds(
    Facts,
    language=st.sampled_from(["zh", "zh-Hant-TW", "en", "ar", ""]),
    phase=st.sampled_from([Phase.BOT, Phase.WAITING]),
    level=st.sampled_from(Level),
    help=st.sampled_from(Help),
    desk_open=st.booleans(),
    opens_at=st.sampled_from([None, AT]),
    closes_at=st.sampled_from([None, AT]),
    position=st.sampled_from([None, 1, 7]),
    wait_s=st.sampled_from([None, 0, 61, 4000]),
    about=st.sampled_from(About),
)
WORDS = [
    "我想找真人",
    "a person please",
    "再见",
    "bye",
    "你是机器人吗",
    "有热线吗",
    "我想留言",
    "几点有人",
    "在吗",
]
any_text = st.one_of(st.sampled_from(WORDS), st.text(max_size=60))


@given(texts=st.lists(any_text, min_size=1, max_size=25), facts=any_facts)
def test_it_always_answers_and_never_says_its_last_line_again(texts: list[str], facts: Facts) -> None:
    history: list[tuple[By, str]] = [(By.BOT, line.text) for line in script.greet(facts).lines]
    for text in texts:
        answer = script.answer(text, facts, history)
        said = [line.text for line in answer.lines]
        assert said
        assert all(said)
        assert said[0] != [line for by, line in history if by is By.BOT][-1]
        assert len(set(said)) == len(said)
        assert not any("{" in line for line in said)
        history += [(By.VISITOR, text), *((By.BOT, line) for line in said)]


@given(text=any_text, facts=any_facts)
def test_whatever_is_said_the_answer_holds_a_next_step(text: str, facts: Facts) -> None:
    answer = script.answer(text, facts, ())
    told = " ".join(line.text for line in answer.lines)
    assert (
        answer.acts
        or any(mark in told for mark in ("?", "？", "120", "12356", "找真人", "person", "我陪", "I'm here"))
        or any(line.choices for line in answer.lines)
    )


@given(text=any_text, facts=any_facts.filter(lambda f: f.level.is_crisis))
def test_in_danger_the_ambulance_is_named_the_hotlines_are_shown_and_nothing_ends(
    text: str, facts: Facts
) -> None:
    answer = script.answer(text, facts, ())
    told = " ".join(line.text for line in answer.lines)
    assert "120" in told
    assert any(line.card == {"kind": "hotlines"} for line in answer.lines)
    assert Act.END not in answer.acts
    assert Act.LEAVE_MESSAGE not in answer.acts


@pytest.mark.parametrize(
    ("state", "true", "false"),
    [
        (Help.NONE, "机器人", ["警报"]),
        (Help.ALARMED, "还没有人应答", ["接下了"]),
        (Help.ACKNOWLEDGED, "已经有人接下", ["还没有人"]),
        (Help.UNANSWERED, "没有人应答", ["接下了"]),
    ],
)
def test_it_says_of_help_what_the_facts_say_and_no_more(
    facts: Make, state: Help, true: str, false: list[str]
) -> None:
    answer = script.answer("我已经准备好了", facts(level=Level.HIGH, about=About.SELF, help=state), ())
    told = " ".join(line.text for line in answer.lines)
    assert true in told
    assert not any(claim in told for claim in false)


def test_the_state_of_help_is_said_again_when_it_changes(facts: Make) -> None:
    alarmed = facts(level=Level.HIGH, about=About.SELF, help=Help.ALARMED)
    first = script.answer("不想活了", alarmed, ())
    history = [(By.BOT, line.text) for line in first.lines]
    same = script.answer("真的", alarmed, history)
    changed = script.answer(
        "真的", facts(level=Level.HIGH, about=About.SELF, help=Help.ACKNOWLEDGED), history
    )
    assert len(same.lines) == 1
    assert any("接下" in line.text for line in changed.lines)


@pytest.mark.parametrize(
    "text", ["我想找真人", "能转人工吗", "can I talk to a person", "I want a human please"]
)
def test_a_person_is_asked_for_in_words_while_the_desk_is_open(facts: Make, text: str) -> None:
    assert script.answer(text, facts(), ()).acts == (Act.ASK_HUMAN,)


@pytest.mark.parametrize("text", ["我不想找真人", "别给我转人工", "please don't get me a real person"])
def test_a_person_who_is_declined_is_not_called(facts: Make, text: str) -> None:
    assert script.answer(text, facts(), ()).acts == ()


def test_out_of_hours_it_says_when_people_are_back_and_calls_nobody(facts: Make) -> None:
    answer = script.answer("我想找真人", facts(desk_open=False), ())
    assert "北京时间11月22日（周日）13:00" in answer.lines[0].text
    assert "12356" in answer.lines[0].text
    assert answer.acts == ()
    assert {choice.value for choice in answer.lines[0].choices} >= {"我想留言"}


def test_in_danger_a_person_is_called_at_any_hour(facts: Make) -> None:
    in_danger = facts(desk_open=False, level=Level.HIGH, about=About.SELF)
    assert script.answer("我想找真人", in_danger, ()).acts == (Act.ASK_HUMAN,)


def test_the_place_in_line_is_told_as_far_as_it_is_known(facts: Make) -> None:
    def told(**known: int | None) -> str:
        return script.answer("还要等多久", facts(phase=Phase.WAITING, **known), ()).lines[0].text

    assert "第 2 位" in told(position=2, wait_s=241)
    assert "5 分钟" in told(position=2, wait_s=241)
    assert "分钟" not in told(position=2)
    assert "位" not in told()


def test_a_thought_of_not_living_is_answered_before_the_topic_but_not_after_every_message(
    facts: Make,
) -> None:
    low = facts(level=Level.LOW, about=About.SELF)
    first = script.answer("活着没意思", low, ())
    assert "12356" in first.lines[0].text
    again = script.answer("嗯", low, [(By.BOT, first.lines[0].text)])
    assert "12356" not in again.lines[0].text


def test_it_admits_to_be_a_bot(facts: Make) -> None:
    assert "机器人" in script.answer("你是机器人吗", facts(), ()).lines[0].text
    assert "a bot" in script.answer("are you human?", facts(language="en"), ()).lines[0].text


@pytest.mark.parametrize("phase", [Phase.LIVE, Phase.CLOSED])
def test_it_is_silent_after_a_hand_over(facts: Make, phase: Phase) -> None:
    assert script.answer("在吗", facts(phase=phase), ()) == Answer((), (), "script")


def test_the_first_words_hold_the_notice_and_ask_how_somebody_is(facts: Make) -> None:
    for language, words in {
        "zh": ["机器人", "保存", "督导", "生命危险"],
        "en": ["bot", "stored", "supervisor", "life"],
    }.items():
        notice, question = script.greet(facts(language=language)).lines
        assert all(word in notice.text for word in words)
        assert len(question.choices) == 4
    assert "13:00" in script.greet(facts(desk_open=False)).lines[1].text


def test_a_greeting_inside_a_story_is_no_greeting() -> None:
    assert script.heard("hi", "en") == "greet"
    assert script.heard("he said hi to everyone but me", "en") is None
