"""Every rule of the lexicon, by its own examples; and what happens when the lexicon is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.screening import LexiconError, load_screener
from bot.screening.lexicon import CONTENT, Entry, load_lexicon

ENTRIES = load_lexicon().entries
HITS = [pytest.param(e, text, id=f"{e.id}-{text}") for e in ENTRIES for text in e.hits]
MISSES = [pytest.param(e, text, id=f"{e.id}-{text}") for e in ENTRIES for text in e.misses]


@pytest.mark.parametrize(("entry", "text"), HITS)
def test_an_example_that_must_hit_reaches_the_rules_level_and_category(entry: Entry, text: str) -> None:
    """Another rule may mark graver words in the same text; the level and the category must be there all the same."""
    found = load_screener().screen(text)
    assert found.level.rank >= entry.level.rank
    assert entry.category in found.categories


@pytest.mark.parametrize(("entry", "text"), MISSES)
def test_an_example_that_must_miss_is_not_marked_by_the_rule(entry: Entry, text: str) -> None:
    assert entry.id not in {span.rule for span in load_screener().screen(text).spans}
