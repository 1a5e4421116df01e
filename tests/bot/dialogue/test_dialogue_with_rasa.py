"""The first voice with a real Rasa and its trained model, well, hung, dead and back again."""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import yaml

from bot.dialogue import Dialogue
from bot.facts import Act, Answer, Facts
from bot.lines import DOMAIN
from bot.lines import load as load_lines
from bot.rasa_client import RasaClient
from bot.turn import readable, spoken
from data.kinds import About, By, Help, Level, Phase
from tests.bot.dialogue.conftest import TOKEN, RasaProcess

Make = Callable[..., Facts]
INTENTS = yaml.safe_load((DOMAIN / "facts.yml").read_text(encoding="utf-8"))["intents"]
SLACK_S = 0.5


class Clock:
    """Monotonic time that a test may move on, so that no test waits for a breaker's rest."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def dialogue(rasa: RasaProcess, clock: Clock) -> AsyncIterator[Dialogue]:
    voice = Dialogue(rasa.url, TOKEN, clock=clock)
    await voice.start()
    yield voice
    await voice.close()


@pytest.fixture
async def client(rasa: RasaProcess) -> AsyncIterator[RasaClient]:
    direct = RasaClient(rasa.url, TOKEN)
    await direct.start()
    yield direct
    await direct.close()


def told(answer: Answer) -> str:
    return " ".join(line.text for line in answer.lines)


async def within(seconds: float, asked: Any) -> Answer:
    began = time.monotonic()
    answer: Answer = await asked
    assert time.monotonic() - began < seconds
    return answer


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("zh", "你好", "你好"),
        ("zh", "我好孤独 没有人懂我", "孤单"),
        ("zh", "考试没考好", "担子"),
        ("zh", "失眠了 一晚上没睡", "睡"),
        ("zh", "你是机器人吗", "机器人"),
        ("zh", "会告诉我爸妈吗", "加密"),
        ("en", "hello", "Hello"),
        ("en", "i feel so alone", "pain"),
        ("en", "my boyfriend broke up with me", "love"),
        ("en", "i cant sleep", "night"),
        ("en", "are you a bot?", "bot"),
        ("en", "is this confidential", "encrypted"),
    ],
)
async def test_it_answers_what_was_said_in_the_visitors_language(
    dialogue: Dialogue, facts: Make, language: str, text: str, words: str
) -> None:
    answer = await dialogue.answer("c-topic", text, facts(language=language), [])
    assert answer.source == "rasa"
    assert words in told(answer)
    assert answer.acts == ()


@pytest.mark.parametrize(
    ("language", "text"), [("zh", "我想和真人聊聊"), ("zh", "转人工"), ("en", "human please")]
)
async def test_a_person_is_asked_for_in_hours(
    dialogue: Dialogue, facts: Make, language: str, text: str
) -> None:
    answer = await dialogue.answer("c-human", text, facts(language=language), [])
    assert answer.source == "rasa"
    assert answer.acts == (Act.ASK_HUMAN,)


async def test_what_is_asked_for_twice_is_answered_in_other_words_to_the_point(
    dialogue: Dialogue, facts: Make
) -> None:
    first = await dialogue.answer("c-twice", "转人工", facts(), [])
    history = [(By.VISITOR, "转人工"), (By.BOT, first.lines[0].text)]
    again = await dialogue.answer("c-twice", "转人工", facts(), history)
    assert again.acts == (Act.ASK_HUMAN,)
    assert again.lines[0].text != first.lines[0].text
    assert "找" in again.lines[0].text


@pytest.mark.parametrize(
    ("language", "text"), [("zh", "拜拜"), ("zh", "晚安"), ("en", "bye"), ("en", "good night")]
)
async def test_a_goodbye_ends_the_talk_with_a_hotline_in_hand(
    dialogue: Dialogue, facts: Make, language: str, text: str
) -> None:
    answer = await dialogue.answer("c-bye", text, facts(language=language), [])
    assert answer.acts == (Act.END,)
    assert "12356" in told(answer)


@pytest.mark.parametrize(
    "text",
    [
        "哭了一整晚",
        "撑不到明天了",
        "been crying all night",
        "i'm scared to go to sleep",
        "getting by i guess",
    ],
)
async def test_what_only_sounds_like_a_goodbye_ends_nothing(
    dialogue: Dialogue, facts: Make, text: str
) -> None:
    assert (await dialogue.answer("c-stay", text, facts(), [])).acts == ()


@pytest.mark.parametrize(
    ("language", "text"), [("zh", "我想和真人聊聊"), ("en", "i want to talk to a person")]
)
async def test_out_of_hours_it_says_when_people_are_back_and_what_there_is_until_then(
    dialogue: Dialogue, facts: Make, language: str, text: str
) -> None:
    answer = await dialogue.answer("c-late", text, facts(language=language, desk_open=False), [])
    assert answer.source == "rasa"
    assert answer.acts == ()
    assert "13:00" in told(answer)
    assert "12356" in told(answer)
    assert len(answer.lines[0].choices) == 2
    kept = await dialogue.answer(
        "c-late", answer.lines[0].choices[0].value, facts(language=language, desk_open=False), []
    )
    assert kept.acts == (Act.LEAVE_MESSAGE,)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("level", [Level.HIGH, Level.IMMINENT])
@pytest.mark.parametrize("state", list(Help))
async def test_danger_is_taken_seriously_and_help_is_told_as_it_is(
    dialogue: Dialogue, facts: Make, language: str, level: Level, state: Help
) -> None:
    in_danger = facts(language=language, level=level, about=About.SELF, help=state, desk_open=False)
    answer = await dialogue.answer(
        "c-danger", "我不想活了" if language == "zh" else "i want to end it", in_danger, []
    )
    assert answer.source == "rasa"
    assert "120" in answer.lines[0].text
    assert answer.lines[0].card == {"kind": "hotlines"}
    claim = {"zh": "已经有人接下", "en": "has taken this alert"}[language]
    nobody = {"zh": "还没有人应答", "en": "obody"}[language]
    assert (claim in told(answer)) == (state is Help.ACKNOWLEDGED)
    if state is Help.ALARMED:
        assert nobody in told(answer)
    if state is Help.NONE:
        assert not any(word in told(answer) for word in ("警报", "alert"))


@pytest.mark.parametrize(
    ("language", "text", "leaves"),
    [
        ("en", "I am going to end my life tonight", False),
        ("en", "i'm going to end it all now", False),
        ("zh", "我今晚就结束自己", False),
        ("en", "bye", True),
        ("zh", "晚安", True),
    ],
)
async def test_in_danger_only_a_plain_goodbye_is_taken_for_one(
    dialogue: Dialogue, facts: Make, language: str, text: str, leaves: bool
) -> None:
    in_danger = facts(language=language, level=Level.IMMINENT, about=About.SELF, help=Help.ALARMED)
    answer = await dialogue.answer("c-end", text, in_danger, [])
    assert answer.source == "rasa"
    said = load_lines().find(answer.lines[0].text)
    assert said is not None
    assert said.action == ("utter_danger_goodbye" if leaves else "utter_danger")


@pytest.mark.parametrize("intent", INTENTS)
async def test_whatever_is_meant_danger_is_answered_and_nothing_ends(client: RasaClient, intent: str) -> None:
    for danger, language, level, phase in itertools.product(
        ["self", "other"], ["zh", "en"], ["high", "imminent"], ["bot", "waiting"]
    ):
        slots = known(danger=danger, language=language, level=level, phase=phase, help="unanswered")
        lines, acts = spoken(await client.trigger("c-any", intent, slots))
        words = " ".join(line.text for line in lines)
        assert "120" in words
        assert any(line.card for line in lines)
        assert set(acts) == ({Act.ASK_HUMAN} if (intent, phase) == ("ask_human", "bot") else set())


@pytest.mark.parametrize("intent", INTENTS)
async def test_whatever_is_meant_there_is_an_answer_in_every_state(client: RasaClient, intent: str) -> None:
    for danger, language, desk, phase, variant in itertools.product(
        ["none", "care"], ["zh", "en"], ["open", "closed", "shut"], ["bot", "waiting"], ["a", "b", "c"]
    ):
        slots = known(danger=danger, language=language, desk=desk, phase=phase, variant=variant, level="low")
        lines, acts = spoken(await client.trigger("c-any", intent, slots))
        assert lines, (intent, danger, language, desk, phase, variant)
        assert all("{" not in line.text for line in lines)
        if Act.ASK_HUMAN in acts:
            assert desk == "open"


def known(**changes: str) -> list[dict[str, str]]:
    slots = {
        "phase": "bot", "danger": "none", "offered": "none", "language": "zh", "variant": "a", "level": "none",
        "help": "none", "desk": "open", "place": "unknown", "opens_at": "13:00", "until": "", "position": "",
        "wait": "", "ambulance": "120", "police": "110", "line": "12356",
    } | changes  # fmt: skip
    return [{"entity": name, "value": value} for name, value in slots.items()]


async def test_a_third_party_in_danger_is_answered_with_what_to_do_now(
    dialogue: Dialogue, facts: Make
) -> None:
    answer = await dialogue.answer(
        "c-other", "我朋友说要走了", facts(level=Level.HIGH, about=About.OTHER, help=Help.ALARMED), []
    )
    assert "对方" in told(answer)
    assert "120" in told(answer)


async def test_company_is_kept_in_the_line_and_the_place_is_told(dialogue: Dialogue, facts: Make) -> None:
    waiting = facts(phase=Phase.WAITING, position=3, wait_s=250)
    place = await dialogue.answer("c-wait", "还要等多久", waiting, [])
    assert "第 3 位" in told(place)
    assert "5 分钟" in told(place)
    company = await dialogue.answer("c-wait", "嗯嗯", waiting, [])
    assert company.source == "rasa"
    assert company.acts == ()


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_same_line_is_never_said_twice_running(
    dialogue: Dialogue, facts: Make, language: str
) -> None:
    history: list[tuple[By, str]] = []
    same = itertools.cycle(["唔", "唔", "不知道怎么说"] if language == "zh" else ["hmm", "hmm", "i dunno"])
    for turn, text in zip(range(40), same, strict=False):
        level = Level.HIGH if turn >= 25 else Level.LOW if turn >= 15 else Level.NONE
        answer = await dialogue.answer(
            "c-same", text, facts(language=language, level=level, about=About.SELF), history
        )
        last = [said for by, said in history if by is By.BOT][-1:]
        assert answer.lines
        assert answer.lines[0].text not in last
        history += [(By.VISITOR, text), *((By.BOT, line.text) for line in answer.lines)]


@pytest.mark.parametrize("text", ["/leave_message", "/goodbye", "  /restart", '/ask_human{"desk":"open"}'])
async def test_a_slash_is_not_a_command(
    dialogue: Dialogue, client: RasaClient, facts: Make, text: str
) -> None:
    # Rasa takes such a text at its word, surer than it ever is of words; that is why it never gets one.
    assert (await client.parse(text.strip()))["intent"]["confidence"] == 1.0
    assert (await client.parse(readable(text)))["intent"]["confidence"] < 1.0
    assert (await dialogue.answer("c-slash", text, facts(), [])).lines


@pytest.mark.parametrize(
    "text", ["", "   ", "😭😭😭", "字" * 4000, "a " * 2000, "\ud800", "\x00", "{language}"]
)
async def test_odd_messages_are_answered(dialogue: Dialogue, facts: Make, text: str) -> None:
    answer = await within(2 + SLACK_S, dialogue.answer("c-odd", text, facts(), []))
    assert answer.lines


async def test_five_messages_at_once_are_answered_one_at_a_time(dialogue: Dialogue, facts: Make) -> None:
    answers = await asyncio.gather(
        *(dialogue.answer("c-five", f"我很难过 {n}", facts(), []) for n in range(5))
    )
    assert [answer.source for answer in answers] == ["rasa"] * 5
    assert dialogue._turns == {}


@pytest.mark.parametrize("phase", [Phase.LIVE, Phase.CLOSED])
async def test_after_a_hand_over_it_is_silent(dialogue: Dialogue, facts: Make, phase: Phase) -> None:
    assert (await dialogue.answer("c-live", "在吗", facts(phase=phase), [])).lines == ()


async def test_health_tells_well_from_avoided_from_gone(
    dialogue: Dialogue, rasa: RasaProcess, clock: Clock
) -> None:
    assert await dialogue.health() == "ok"
    clock.ahead += 10
    with rasa.hung():
        assert await dialogue.health() == "down"
    assert await Dialogue(None, None).health() == "down"


async def test_the_api_is_closed_without_its_token_and_the_token_is_in_no_list_of_processes(
    rasa: RasaProcess, facts: Make
) -> None:
    assert rasa.status("/status") == 401
    assert rasa.status("/conversations/c-topic/tracker") == 401
    assert rasa.status("/webhooks/rest/webhook", "POST") == 404
    assert not any(TOKEN in word for word in rasa.command)


async def test_rasa_keeps_no_talk_and_writes_no_words_to_its_log(
    dialogue: Dialogue, client: RasaClient, rasa: RasaProcess, facts: Make
) -> None:
    await dialogue.answer("c-secret", "zebrawords 我很难过", facts(), [])
    tracker = await client._call("GET", "/conversations/c-secret/tracker", None)
    assert tracker["slots"]["language"] is None
    assert tracker["latest_message"]["text"] is None
    with pytest.raises(ValueError, match="404"):
        await client.trigger("c-secret", "zebrawords", known())
    assert "zebrawords" not in rasa.log.read_text(errors="replace")


async def test_a_hung_rasa_costs_no_more_than_the_time_out_and_then_nothing(
    dialogue: Dialogue, rasa: RasaProcess, facts: Make, clock: Clock
) -> None:
    with rasa.hung():
        for _ in range(3):
            answer = await within(2 + SLACK_S, dialogue.answer("c-hung", "我很难过", facts(), []))
            assert answer.source == "script"
        await within(SLACK_S, dialogue.answer("c-hung", "我很难过", facts(), []))
    clock.ahead += 6
    assert (await dialogue.answer("c-hung", "我很难过", facts(), [])).source == "rasa"


async def test_a_socket_that_never_answers_costs_no_more_than_the_time_out(facts: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        voice = Dialogue(f"http://127.0.0.1:{silent.getsockname()[1]}", TOKEN)
        await voice.start()
        try:
            several = [voice.answer(f"c-{n % 3}", "我想找真人", facts(), []) for n in range(9)]
            began = time.monotonic()
            answers = await asyncio.gather(*several)
            assert time.monotonic() - began < 2 + SLACK_S
        finally:
            await voice.close()
    assert {answer.source for answer in answers} == {"script"}
    assert all(answer.acts == (Act.ASK_HUMAN,) for answer in answers)


async def test_killed_in_the_middle_of_a_talk_the_script_goes_on_and_rasa_takes_up_the_thread(
    dialogue: Dialogue, rasa: RasaProcess, facts: Make, clock: Clock
) -> None:
    low = facts(level=Level.LOW, about=About.SELF)
    offer = await dialogue.answer("c-kill", "活着没意思", low, [])
    assert offer.source == "rasa"
    history = [(By.VISITOR, "活着没意思"), (By.BOT, offer.lines[0].text)]
    rasa.kill()
    try:
        answer = await within(2 + SLACK_S, dialogue.answer("c-kill", "嗯", low, history))
        assert answer.source == "script"
        assert answer.lines
        assert answer.lines[0].text != offer.lines[0].text
    finally:
        rasa.start()
    clock.ahead += 10
    # The new process has never heard of this talk; what its "yes" means stands in what we keep.
    answer = await dialogue.answer("c-kill", "好的", low, history)
    assert answer.source == "rasa"
    assert answer.acts == (Act.ASK_HUMAN,)
