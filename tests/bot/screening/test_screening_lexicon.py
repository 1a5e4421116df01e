"""Every rule of the lexicon, by its own examples; and what happens when the lexicon is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.screening import LexiconError, load_screener
from bot.screening.lexicon import CONTENT, Entry, load_lexicon

ENTRIES = load_lexicon().entries
HITS = [pytest.param(e, text, id=f"{e.id}-{text}") for e in ENTRIES for text in e.hits]
MISSES = [pytest.param(e, text, id=f"{e.id}-{text}") for e in ENTRIES for text in e.misses]

RULE = """
entries:
  - id: zh.test
    category: active_ideation
    level: low
    terms: [测试词]
    reason: thoughts_of_suicide
    hits: [测试词]
    misses: [别的词]
"""


@pytest.mark.parametrize(("entry", "text"), HITS)
def test_an_example_that_must_hit_reaches_the_rules_level_and_category(entry: Entry, text: str) -> None:
    """Another rule may mark graver words in the same text; the level and the category must be there all the same."""
    found = load_screener().screen(text)
    assert found.level.rank >= entry.level.rank
    assert entry.category in found.categories


@pytest.mark.parametrize(("entry", "text"), MISSES)
def test_an_example_that_must_miss_is_not_marked_by_the_rule(entry: Entry, text: str) -> None:
    assert entry.id not in {span.rule for span in load_screener().screen(text).spans}


@pytest.fixture
def lexicon(tmp_path: Path) -> Path:
    """A copy of the project's lexicon with one rule more, to be spoilt."""
    root = tmp_path / "screening"
    shutil.copytree(CONTENT, root)
    (root / "zh" / "more.yml").write_text(RULE, encoding="utf-8")
    return root


def test_a_rule_added_to_a_copy_of_the_lexicon_is_screened_with(lexicon: Path) -> None:
    assert [s.rule for s in load_screener(lexicon).screen("这是测试词").spans] == ["zh.test"]
    assert load_screener().screen("这是测试词").spans == ()


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ("level: low", "level: lowish", "lowish"),
        ("category: active_ideation", "category: sadness", "sadness"),
        ("terms: [测试词]", "term: [测试词]", "term"),
        ("terms: [测试词]", "terms: 测试词", "list"),
        ("terms: [测试词]", "terms: ['']", "empty"),
        ("terms: [测试词]", "frame: [no_such_list]", "no_such_list"),
        ("terms: [测试词]", "terms: [测试词]\n    frame: [want]", "either terms or a frame"),
        ("terms: [测试词]", "terms: [测试词]\n    gap: far", "gap"),
        ("terms: [测试词]", "terms: [测试词]\n    negation: perhaps", "negation"),
        ("reason: thoughts_of_suicide", "reason: because", "because"),
        ("hits: [测试词]", "hits: []", "hits"),
        ("id: zh.test", "id: zh.intent", "twice"),
        ("entries:", "entries: [", "YAML"),
        ("entries:", "rules:", "rules"),
    ],
)
def test_wrong_content_is_refused_by_naming_the_file_and_what_is_wrong(
    lexicon: Path, good: str, bad: str, told: str
) -> None:
    file = lexicon / "zh" / "more.yml"
    file.write_text(RULE.replace(good, bad), encoding="utf-8")
    with pytest.raises(LexiconError) as refused:
        load_lexicon(lexicon)
    assert told in str(refused.value)
    assert str(lexicon / "zh") in str(refused.value)


def test_a_term_of_nothing_visible_is_refused(lexicon: Path) -> None:
    """It would match nowhere, or everywhere."""
    (lexicon / "zh" / "more.yml").write_text(
        RULE.replace("[测试词]\n    r", '["\\u200b"]\n    r'), encoding="utf-8"
    )
    with pytest.raises(LexiconError, match="empty"):
        load_screener(lexicon)


def test_a_folder_without_languages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="no language"):
        load_lexicon(tmp_path)
