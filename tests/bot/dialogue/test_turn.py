"""What goes into Rasa and what comes out: nothing a visitor writes is a command, nothing malformed is an answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from bot import turn
from bot.facts import Act, Choice, Facts, Line
from bot.lines import DOMAIN, load
from bot.replies import fill
from data.kinds import About, By, Level, Phase

LINES = load()


@given(st.text(alphabet=st.characters(), max_size=3000))
@example("/restart")
@example("  //goodbye")
@example("\u200b/ask_human")
@example("/" * 3000)
@example("\ud800")
def test_no_text_is_an_intent_and_every_text_can_be_sent(text: str) -> None:
    read = turn.readable(text)
    assert not read.lstrip().startswith("/")
    assert len(read) <= turn.LONGEST + 2
    json.dumps(read, ensure_ascii=False).encode("utf-8")


def test_what_is_asked_at_the_end_of_a_wall_of_text_is_still_read() -> None:
    assert turn.readable("很长的话" * 900 + "我想找真人").endswith("我想找真人")


@pytest.mark.parametrize("name", sorted(turn.SURE))
def test_an_intent_that_would_hurt_when_mistaken_must_be_sure(name: str) -> None:
    assert turn.intent({"intent": {"name": name, "confidence": turn.SURE[name]}}) == name
    assert turn.intent({"intent": {"name": name, "confidence": turn.SURE[name] - 0.01}}) == turn.FALLBACK


def test_what_is_longer_than_a_goodbye_is_listened_to_however_sure_rasa_is() -> None:
    leaving = {"name": "goodbye", "confidence": 0.99}
    assert turn.intent({"text": "that's it for today, good night", "intent": leaving}) == "goodbye"
    unsure = {"name": "goodbye", "confidence": 0.8}
    assert turn.intent({"text": "good night", "intent": unsure}) == "goodbye"
    assert turn.intent({"text": "She did not say good night", "intent": unsure}) == turn.FALLBACK
    told = "I never said goodbye to her.\nShe left at night.\nI have not slept since."
    assert turn.intent({"text": told, "intent": leaving}) == turn.FALLBACK


@pytest.mark.parametrize(
    "parsed", [None, [], {}, {"intent": None}, {"intent": {"name": "greet", "confidence": "?"}}]
)
def test_a_parse_without_an_intent_is_nonsense(parsed: Any) -> None:
    with pytest.raises(turn.Nonsense):
        turn.intent(parsed)


@pytest.mark.parametrize(
    "reply", [None, {}, {"messages": None}, {"messages": ["hi"]}, {"messages": [{"custom": {"act": "lock"}}]}]
)
def test_messages_that_cannot_be_read_are_nonsense(reply: Any) -> None:
    with pytest.raises(turn.Nonsense):
        turn.spoken(reply)


def test_buttons_cards_and_acts_belong_to_the_line_before_them() -> None:
    reply = {
        "messages": [
            {"text": "one", "buttons": [{"title": "t", "payload": "p"}]},
            {"custom": {"act": "ask_human", "card": {"kind": "hotlines"}}},
            {"text": "two"},
        ]
    }
    lines, acts = turn.spoken(reply)
    assert lines == (Line("one", (Choice("t", "p"),), {"kind": "hotlines"}), Line("two"))
    assert acts == (Act.ASK_HUMAN,)


def test_the_facts_fill_exactly_the_slots_that_rasa_has(facts: Callable[..., Facts]) -> None:
    domain = yaml.safe_load((DOMAIN / "facts.yml").read_text(encoding="utf-8"))
    given_ = [entity["entity"] for entity in turn.entities(facts(), (), LINES)]
    assert sorted(given_) == sorted(domain["slots"]) == sorted(domain["entities"])


def line_of(action: str, **conditions: str) -> str:
    """Return a line as it is said, so that no test repeats its words."""
    for path in DOMAIN.glob("*.yml"):
        for said in yaml.safe_load(path.read_text(encoding="utf-8")).get("responses", {}).get(action, ()):
            stated = {c["name"]: c["value"] for c in said["condition"]}
            if conditions.items() <= stated.items():
                return fill(said["text"], {"opens_at": "13:00", "until": "", "position": "1", "wait": "5"})
    raise AssertionError(action)


def test_the_variant_after_the_last_one_comes_next() -> None:
    said = line_of("utter_listen", language="zh", variant="b")
    history = [(By.BOT, line_of("utter_sleep", language="zh", variant="a")), (By.BOT, said)]
    assert LINES.next_variant(history) == "c"
    assert LINES.next_variant([*history, (By.BOT, "a line of the built-in script")]) == "c"
    assert LINES.next_variant([]) == "a"


def test_an_offer_counts_only_while_it_is_the_last_thing_said() -> None:
    offer = (By.BOT, line_of("utter_care", language="en", desk="open"))
    assert LINES.offered([offer]) == "person"
    assert LINES.offered([offer, (By.VISITOR, "hm")]) == "person"
    assert LINES.offered([offer, (By.BOT, "something else")]) == "none"


def test_a_line_with_a_time_in_it_is_recognised() -> None:
    said = line_of("utter_ask_human", language="en", desk="closed")
    known = LINES.find(said)
    assert known
    assert known.action == "utter_ask_human"


def test_care_is_answered_once_and_danger_always(facts: Callable[..., Facts]) -> None:
    low = facts(level=Level.LOW, about=About.SELF)
    cared = [(By.BOT, line_of("utter_care", language="zh", desk="open"))]
    assert turn.danger(low, [], LINES) == "care"
    assert turn.danger(low, cared, LINES) == "none"
    assert turn.danger(facts(level=Level.LOW, about=About.OTHER), [], LINES) == "none"
    assert turn.danger(facts(level=Level.HIGH, about=About.SELF), cared, LINES) == "self"
    assert turn.danger(facts(level=Level.HIGH, about=About.NONE), cared, LINES) == "self"
    assert turn.danger(facts(level=Level.HIGH, about=About.OTHER), cared, LINES) == "other"
    assert turn.danger(facts(level=Level.LOW, about=About.SELF, phase=Phase.WAITING), [], LINES) == "none"
