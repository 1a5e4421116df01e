"""The built-in script: the first words of every talk, and all of them while Rasa is away.

Pure, instant, never silent. Plainer than Rasa: it knows a few words and otherwise listens. In danger it does exactly
what Rasa's script does: toward safety, the hotline in sight, only what is so about help.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from bot.facts import SILENCE, Act, Answer, Choice, Facts, Language, Line
from bot.replies import FOLDER, LANGUAGES, SCRIPT, fill, load_words
from bot.talk import History, before, fresh, not_recent, said
from bot.wording import duration, moment, until
from data.kinds import About, Level, Phase

HOTLINES: Final[Mapping[str, Any]] = {"kind": "hotlines"}
_WORDS: Final = load_words(FOLDER / "words.yml")
_TOPICS: Final = tuple(topic for topic in _WORDS if topic != "deny")
_SHORT: Final = 12
"""A "short" topic's word counts only in a message of at most so many characters: "hi" inside a story is no greeting."""
_DENIED_WITHIN: Final = {"zh": 6, "en": 24}
"""How many characters before a word a denial still governs it: "我不想找真人"."""

Desk = Literal["open", "closed", "shut"]


def greet(facts: Facts) -> Answer:
    """Return the first words: who speaks, what is kept, who may read along, when help is sent unasked; who is here."""
    moods = tuple(
        Choice(label, value)
        for label, value in zip(
            SCRIPT["choice_mood"][facts.spoken], SCRIPT["choice_mood_value"][facts.spoken], strict=True
        )
    )
    notice = Line(SCRIPT["greet"][facts.spoken][0])
    return Answer((notice, replace(_line(f"greet_{desk(facts)}", facts, ()), choices=moods)), (), "script")


def answer(text: str, facts: Facts, history: History, topic: str | None = None) -> Answer:
    """Answer one message. At least one line, never the bot's last one again; silent only after a hand-over.

    ``topic`` is what the message is known to be about; without it, the message's words are looked at.
    """
    if facts.phase in (Phase.LIVE, Phase.CLOSED):
        return SILENCE
    history = before(history, text)
    topic = topic or heard(text, facts.spoken)
    lines, acts = _danger(topic, facts, history) if facts.level.is_crisis else _talk(topic, facts, history)
    return Answer(lines, acts, "script")


def heard(text: str, language: Language) -> str | None:
    """Return the topic that a message names in plain words, or ``None``.

    Both languages' words are tried, the reader's own first: people mix them.
    """
    message = text.casefold().strip()
    for tongue in sorted(LANGUAGES, key=lambda each: each != language):
        for topic in _TOPICS:
            if topic.startswith("short_") and len(message) > _SHORT:
                continue
            if any(_names(message, word, tongue) for word in _WORDS[topic][tongue]):
                return topic.removeprefix("short_")
    return None


def desk(facts: Facts) -> Desk:
    """Return what can be said about people: here, back at a known time, or nobody knows when."""
    if facts.desk_open:
        return "open"
    return "closed" if facts.opens_at else "shut"


def place(facts: Facts) -> str:
    """Return how much is known about a place in the queue: ``estimate``, ``position`` or ``unknown``."""
    if facts.position is None:
        return "unknown"
    return "position" if facts.wait_s is None else "estimate"


def values(facts: Facts) -> dict[str, str]:
    """Return what may stand in a sentence, as words of the reader's language; empty where nothing is known."""
    return {
        "opens_at": moment(facts.opens_at, facts.spoken) if facts.opens_at else "",
        "until": until(facts.closes_at, facts.spoken),
        "position": "" if facts.position is None else str(facts.position),
        "wait": "" if facts.wait_s is None else duration(facts.wait_s, facts.spoken),
    }


def needs_care(facts: Facts) -> bool:
    """Whether the writer has spoken of not living, without an intent that makes it danger."""
    return facts.level in (Level.LOW, Level.MODERATE) and facts.about is not About.OTHER


def _danger(topic: str | None, facts: Facts, history: History) -> tuple[tuple[Line, ...], tuple[Act, ...]]:
    key = "danger_other" if facts.about is About.OTHER else f"danger_{facts.level.value}"
    acts: tuple[Act, ...] = ()
    lines = [_line(key, facts, history, card=HOTLINES), _line(f"help_{facts.help.value}", facts, history)]
    if topic == "ask_human" and facts.phase is Phase.BOT:
        acts = (Act.ASK_HUMAN,)
        lines[0] = _line("danger_human", facts, history, card=HOTLINES)
    elif topic == "ask_bot":
        lines.insert(0, _line("ask_bot", facts, history))
    # The state of help is said again when it changes, not after every line; but something is always said.
    return not_recent(lines, history) or (lines[0],), acts


def _talk(topic: str | None, facts: Facts, history: History) -> tuple[tuple[Line, ...], tuple[Act, ...]]:
    here = desk(facts)
    waiting = facts.phase is Phase.WAITING
    match topic:
        case "ask_human" | "ask_hours" if waiting:
            return (_line(f"place_{place(facts)}", facts, history),), ()
        case "ask_human":
            acts = (Act.ASK_HUMAN,) if here == "open" else ()
            return (
                _line(f"ask_human_{here}", facts, history, *(() if acts else ("message", "hotlines"))),
            ), acts
        case "ask_hours":
            if here == "open":
                return (_line("hours_open", facts, history, "person"),), ()
            return (_line(f"ask_human_{here}", facts, history, "message", "hotlines"),), ()
        case "leave_message":
            return (_line("leave_message", facts, history),), (Act.LEAVE_MESSAGE,)
        case "hotlines":
            return (_line("hotlines", facts, history, card=HOTLINES),), ()
        case "ask_bot" | "ask_privacy":
            return (_line(topic, facts, history),), ()
        case "goodbye" if not waiting and not needs_care(facts):
            return (_line("goodbye", facts, history),), (Act.END,)
    if needs_care(facts) and not set(_filled("care", facts)) & set(said(history)):
        return (_line("care", facts, history, "person" if here == "open" else "message", card=HOTLINES),), ()
    if waiting:
        return (_line("waiting", facts, history),), ()
    if topic == "greet":
        return (_line("greet_back", facts, history),), ()
    return (_line("listen", facts, history, "person" if here == "open" else "hotlines"),), ()


def _line(
    key: str, facts: Facts, history: History, *choices: str, card: Mapping[str, Any] | None = None
) -> Line:
    offered = tuple(
        Choice(SCRIPT[f"choice_{name}"][facts.spoken][0], SCRIPT[f"choice_{name}_value"][facts.spoken][0])
        for name in choices
    )
    return Line(fresh(_filled(key, facts), history), offered, card)


def _filled(key: str, facts: Facts) -> list[str]:
    known = values(facts)
    return [fill(text, known) for text in SCRIPT[key][facts.spoken]]


def _names(message: str, word: str, language: Language) -> bool:
    pattern = re.escape(word) if language == "zh" else rf"\b{re.escape(word)}\b"
    for found in re.finditer(pattern, message):
        ahead = message[max(0, found.start() - _DENIED_WITHIN[language]) : found.start()]
        if not any(_plain(denial, ahead, language) for denial in _WORDS["deny"][language]):
            return True
    return False


def _plain(word: str, text: str, language: Language) -> bool:
    return word in text if language == "zh" else re.search(rf"\b{re.escape(word)}\b", text) is not None
