"""Folding: what hides a word is undone, and every span points into the text as it was written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.screening.normalise import Folder

FOLDER = Folder({"殺": "杀", "樓": "楼"}, {"kill", "die"}.__contains__)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("自殺", "自杀"),
        ("自\u200b杀\ufeff", "自杀"),
        ("自 杀", "自杀"),
        ("自.杀", "自杀"),
        ("自·杀", "自杀"),
        ("自。杀", "自杀"),
        ("自🌸杀", "自杀"),
        ("自自自自杀", "自杀"),
        ("我很好。他来了", "我很好。他来了"),
        ("ＫＩＬＬ", "kill"),
        ("K\u0301ill", "kill"),
        ("kıll", "kıll"),
        ("killllll", "kill"),
        ("dieeeee", "die"),
        ("d i e", "die"),
        ("k.i.l.l", "kill"),
        ("ﬁne", "fine"),
        ("don\u2019t", "don't"),
        ("a    b", "a b"),
        ("", ""),
    ],
)
def test_what_hides_a_word_is_undone(written: str, folded: str) -> None:
    assert FOLDER.fold(written).text == folded


def test_a_span_covers_everything_that_was_put_inside_the_word() -> None:
    written = "我想自\u200b\u200b.殺了"
    folded = FOLDER.fold(written)
    at = folded.text.index("自杀")
    start, end = folded.span(at, at + 2)
    assert written[start:end] == "自\u200b\u200b.殺"


def test_a_dropped_space_between_phrases_is_remembered_as_a_break_and_one_inside_a_word_is_not() -> None:
    assert FOLDER.fold("我好累 想睡觉").breaks == (3,)
    assert FOLDER.fold("自 杀").breaks == ()


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_each_folded_character_comes_from_the_text_in_order(written: str) -> None:
    folded = FOLDER.fold(written)
    if folded.offsets is None:
        assert len(folded.text) == len(written)
    else:
        assert len(folded.offsets) == len(folded.text)
        assert list(folded.offsets) == sorted(folded.offsets)
        assert all(0 <= offset < len(written) for offset in folded.offsets)
    assert all(0 < place <= len(folded.text) for place in folded.breaks)
