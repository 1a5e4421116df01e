"""Any text at all: no exception, the same answer twice, spans inside the text, time that grows with the length."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.screening import Assessment, load_screener
from bot.screening.lexicon import load_lexicon
from data.kinds import About, Level

LEXICON = load_lexicon()
WORDS = sorted(
    {t for e in LEXICON.entries for slot in e.slots for t in slot}
    | {w for lists in LEXICON.roles.values() for ws in lists.values() for w in ws}
)
MARKS = ["", " ", "，", "。", ".", "\u200b", "\n", "！", "a", "我", "不", "\ud800", "\u0301", "😀"]

PIECES = st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(MARKS), st.text(max_size=6)), max_size=60)


def check(text: str) -> Assessment:
    found = load_screener().screen(text)
    assert load_screener().screen(text) == found
    assert 0 <= found.score <= 1
    assert (found.about is About.NONE) == (found.spans == ())
    if found.level is not Level.NONE:
        assert found.categories
    assert list(found.spans) == sorted(found.spans, key=lambda s: (s.start, s.end))
    for span in found.spans:
        assert 0 <= span.start < span.end <= len(text)
    return found


@given(st.text(max_size=4000))
@settings(max_examples=150, deadline=None)
def test_any_text_is_screened(text: str) -> None:
    check(text)


@given(PIECES.map("".join))
@settings(max_examples=400, deadline=None)
def test_any_mixture_of_the_lexicons_own_words_is_screened(text: str) -> None:
    check(text[:4000])


@given(PIECES.map("".join), st.integers(1, 5))
@settings(max_examples=100, deadline=None)
def test_plain_words_of_danger_are_found_behind_any_text(text: str, gap: int) -> None:
    """What stands in a sentence of its own cannot be hidden by what is written around it."""
    assert check(text[:1500] + "。\n" * gap + "我要自杀。\n").level.rank >= Level.HIGH.rank


@pytest.mark.parametrize(
    "piece",
    ["想死", "不想死，", "不", "我", "a", "k i l l ", "\u200b想死", "want to die ", "i not want to kill myself ",
     "死 ", "他想死", "没有", "药都准备好了今晚就走", "准备遗书", "炭", "我割 血一直流 很深", "一起想死的",
     "not ", "i "],
)  # fmt: skip
def test_a_wall_of_text_takes_no_more_than_its_length_says(piece: str) -> None:
    """Twice as long may take about twice as long; a quadratic step would take four times."""
    screener = load_screener()

    def spent(length: int) -> float:
        text = (piece * length)[:length]
        best = 9.0
        for _ in range(4):
            start = time.perf_counter()
            screener.screen(text)
            best = min(best, time.perf_counter() - start)
        return best

    spent(1000)
    assert spent(4000) < 0.01 + 3 * 4 * spent(1000)


def test_threads_that_share_a_screener_agree() -> None:
    texts = ["我想死", "I want to die", "你好", "我今晚要跳楼", "死机了"] * 40
    alone = [load_screener().screen(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(load_screener().screen, texts)) == alone
