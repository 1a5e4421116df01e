"""What the bot can say and what it was taught, as data: complete in both languages, and safe to be read."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.lines import DOMAIN, VARIANTS
from bot.replies import FOLDER, BadReplies, load, say
from bot.train import PROJECT

LANGUAGES = ("zh", "en")
# Ways of dying have no place in anything that we say (WHO, Preventing suicide: a resource for media, 2023).
METHODS = re.compile(
    r"炭|割腕|跳楼|跳桥|上吊|绳|刀|农药|安眠药|过量|煤气|卧轨|\b(overdose|pills?|ropes?|hang(ing)?|knife|gun|jump|bridge|charcoal|poison)\b",
    re.IGNORECASE,
)
WRONG_WORDS = re.compile(
    r"commit(ted)? suicide|successful|failed attempt|自杀成功|自杀未遂|一定会好|绝对不会|I promise|保证你",
    re.I,
)


def read(pattern: str, key: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted(PROJECT.glob(pattern)):
        found |= yaml.safe_load(path.read_text(encoding="utf-8")).get(key) or {}
    return found


RESPONSES = read("domain/*.yml", "responses")
INTENTS = set(yaml.safe_load((DOMAIN / "facts.yml").read_text(encoding="utf-8"))["intents"])


def sentences() -> list[tuple[str, str]]:
    told = [(f"{action}", said["text"]) for action, variations in RESPONSES.items() for said in variations]
    for name in ("help.yml", "script.yml"):
        for key, by_language in load(FOLDER / name).items():
            told += [(key, text) for texts in by_language.values() for text in texts]
    return told


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_is_taught_by_at_least_25_examples_in_each_language(language: str) -> None:
    taught: Counter[str] = Counter()
    for path in (PROJECT / "data" / "nlu" / language).glob("*.yml"):
        for item in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            examples = [line[2:].strip() for line in item["examples"].splitlines()]
            assert len(set(examples)) == len(examples), item["intent"]
            taught[item["intent"]] += len(examples)
    assert set(taught) == INTENTS - {"nlu_fallback"}
    assert {intent: n for intent, n in taught.items() if n < 25} == {}


@pytest.mark.parametrize("action", sorted(RESPONSES))
def test_every_response_speaks_in_every_case_that_can_arise(action: str) -> None:
    cases: dict[str, list[dict[str, str]]] = defaultdict(list)
    for said in RESPONSES[action]:
        stated = {c["name"]: c["value"] for c in said["condition"]}
        cases[stated.pop("language")].append(stated)
    assert set(cases) == set(LANGUAGES)
    for stated in cases.values():
        values = {name: {each.get(name) for each in stated} for name in stated[0]}
        for name, seen in values.items():
            assert (
                seen
                == {
                    "variant": set(VARIANTS),
                    "desk": {"open", "closed", "shut"},
                    "place": {"estimate", "position", "unknown"},
                    "help": {"none", "alarmed", "acknowledged", "unanswered"},
                    "level": {"high", "imminent"},
                    "phase": {"bot", "waiting"},
                }[name]
            )
        wanted = 1
        for seen in values.values():
            wanted *= len(seen)
        assert len({tuple(sorted(each.items())) for each in stated}) == len(stated) == wanted


@pytest.mark.parametrize(("key", "text"), sentences())
def test_no_sentence_names_a_method_or_promises_what_nobody_can_keep(key: str, text: str) -> None:
    assert not METHODS.search(text)
    assert not WRONG_WORDS.search(text)


@pytest.mark.parametrize("action", [name for name in RESPONSES if name.startswith("utter_danger")])
def test_every_line_in_danger_names_a_number_and_shows_the_hotlines(action: str) -> None:
    for said in RESPONSES[action]:
        assert "{ambulance}" in said["text"] or "{police}" in said["text"]
        assert said["custom"]["card"] == {"kind": "hotlines"}


def test_no_line_is_too_long_to_be_read_in_distress() -> None:
    limits = {"zh": 130, "en": 420}
    for key, text in sentences():
        limit = limits["zh" if re.search(r"[\u4e00-\u9fff]", text) else "en"]
        assert len(text) <= limit, f"{key}: {len(text)}"


def test_a_sentence_that_lacks_a_language_does_not_load(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text("joined:\n  zh: 来了\n", encoding="utf-8")
    with pytest.raises(BadReplies, match="joined lacks en"):
        load(broken)
    broken.write_text("joined:\n  zh: '{name}来了'\n  en: somebody is here\n", encoding="utf-8")
    with pytest.raises(BadReplies, match="different values"):
        load(broken)
    broken.write_text("joined:\n  zh: [a, b]\n  en: a\n", encoding="utf-8")
    with pytest.raises(BadReplies, match="more sentences"):
        load(broken)


def test_a_sentence_with_a_hole_in_it_is_never_said() -> None:
    assert say("joined", "en-GB", name="Lin").startswith("Lin is here")
    with pytest.raises(KeyError):
        say("joined", "en")
    with pytest.raises(KeyError):
        say("no_such_sentence", "zh")


@pytest.mark.parametrize(
    "state", ["alarmed", "alarmed_nobody_there", "acknowledged", "unanswered", "case_closed"]
)
@pytest.mark.parametrize("about", ["", "_other"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_of_help_has_words_that_name_the_ambulance(state: str, about: str, language: str) -> None:
    assert "120" in say(f"{state}{about}", language, name="Lin")
