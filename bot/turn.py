"""One turn as Rasa takes and gives it: facts into entities, a message into what it may read, replies into lines.

Pure. The only place that knows the names of Rasa's slots and of the keys in its responses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from bot.facts import Act, Choice, Facts, Line
from bot.hotlines import numbers
from bot.lines import Lines
from bot.script import desk, needs_care, place, values
from bot.talk import History
from data.kinds import About, Phase

LONGEST: Final = 400
"""Code points of a message that Rasa reads. What somebody wants stands at the beginning or at the end."""

FALLBACK: Final = "nlu_fallback"
SURE: Final[Mapping[str, float]] = {
    "goodbye": 0.7,  # ends the conversation
    "mood_good": 0.6,  # "so glad to hear it" hurts whoever meant the opposite
    "mood_okay": 0.6,
    "affirm": 0.6,  # short words that many sad sentences contain
    "deny": 0.6,
    "insult": 0.6,
}
"""How sure an intent must be where a mistake would hurt; below, the message is listened to."""

GOODBYE: Final = 40
"""Code points of the longest goodbye. What is longer tells something, and ending the talk on it would be cruel."""
GOODBYE_SHORT: Final = 12
"""Up to here a goodbye is a word or two; a sentence must be surer, :data:`GOODBYE_SURE`, to be one."""
GOODBYE_SURE: Final = 0.85


class Nonsense(ValueError):
    """Rasa answered something that is no answer."""


def readable(text: str) -> str:
    """Return what Rasa may read of a message: cut, without lone surrogates, and never a command.

    Rasa takes text that begins with ``/`` for an intent; a visitor must not be able to name one.
    """
    clean = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ").strip()
    if len(clean) > LONGEST:
        half = LONGEST // 2
        clean = f"{clean[:half]} {clean[-half:]}"
    return "／" + clean.lstrip("/").lstrip() if clean.startswith("/") else clean


def intent(parsed: Any) -> str:
    """Return the intent of a parse that is sure enough to act on."""
    try:
        name, confidence = str(parsed["intent"]["name"]), float(parsed["intent"]["confidence"])
    except (KeyError, TypeError, ValueError) as error:
        raise Nonsense("a parse without an intent") from error
    length = len(str(parsed.get("text", "")))
    if name == "goodbye" and (length > GOODBYE or (length > GOODBYE_SHORT and confidence < GOODBYE_SURE)):
        return FALLBACK
    return name if confidence >= SURE.get(name, 0.0) else FALLBACK


def entities(facts: Facts, history: History, lines: Lines) -> list[dict[str, str]]:
    """Return everything that a turn needs to know, as the entities that fill Rasa's slots of the same names."""
    slots = {
        "phase": "waiting" if facts.phase is Phase.WAITING else "bot",
        "danger": danger(facts, history, lines),
        "offered": lines.offered(history),
        "language": facts.spoken,
        "variant": lines.next_variant(history),
        "level": facts.level.value,
        "help": facts.help.value,
        "desk": desk(facts),
        "place": place(facts),
        **values(facts),
        **numbers(),
    }
    return [{"entity": name, "value": value} for name, value in slots.items()]


def danger(facts: Facts, history: History, lines: Lines) -> str:
    """Return which danger the turn answers: ``self``, ``other``, ``care`` (not yet answered) or ``none``."""
    if facts.level.is_crisis:
        return "other" if facts.about is About.OTHER else "self"
    asked = facts.phase is Phase.BOT and needs_care(facts) and not lines.cared(history)
    return "care" if asked else "none"


def spoken(reply: Any) -> tuple[tuple[Line, ...], tuple[Act, ...]]:
    """Return Rasa's messages as lines and acts. A ``custom`` message belongs to the text before it."""
    try:
        messages: Iterable[Mapping[str, Any]] = reply["messages"]
        lines: list[Line] = []
        acts: list[Act] = []
        for message in messages:
            if message.get("text"):
                buttons = message.get("buttons", ())
                choices = tuple(Choice(button["title"], button["payload"]) for button in buttons)
                lines.append(Line(message["text"], choices))
            custom = message.get("custom", {})
            if "act" in custom:
                acts.append(Act(custom["act"]))
            if "card" in custom and lines:
                lines[-1] = Line(lines[-1].text, lines[-1].choices, custom["card"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Nonsense("messages that cannot be read") from error
    return tuple(lines), tuple(acts)
