"""The checker of the journeys with SIGKILL: it must see each kind of harm, and be silent where there is none."""

from __future__ import annotations

import pytest

from tests.journeys.checker import Findings, History, Stored, check, check_all


def history_of(*acknowledged: int | None) -> History:
    history = History()
    for place, seq in enumerate(acknowledged, 1):
        history.ask(f"m{place}", f"message {place}")
        if seq is not None:
            history.acknowledge(f"m{place}", seq)
    return history


def visitor(seq: int, place: int) -> Stored:
    return Stored(seq, f"m{place}", f"message {place}")


def bot(seq: int) -> Stored:
    return Stored(seq, f"b{seq}", "I am listening.", by="bot")


WHOLE = [bot(1), visitor(2, 1), visitor(3, 2), bot(4), visitor(5, 3)]


def test_a_whole_conversation_has_nothing_wrong_with_it() -> None:
    assert check(history_of(2, 3, 5), WHOLE) == Findings()


@pytest.mark.parametrize("stored", [WHOLE, WHOLE[:4]], ids=["stored", "not stored"])
def test_a_message_whose_answer_never_came_may_be_there_or_not(stored: list[Stored]) -> None:
    assert check(history_of(2, 3, None), stored).none


def test_an_acknowledged_message_that_is_not_there_is_lost() -> None:
    found = check(history_of(2, 3, 5), WHOLE[:4])
    assert (found.lost, found.doubled, found.out_of_order, found.gaps) == (1, 0, 0, 0)
    assert "m3" in found.words[0]


def test_an_acknowledged_message_with_other_words_or_another_number_is_lost() -> None:
    changed = [*WHOLE[:4], Stored(5, "m3", "message")]
    assert check(history_of(2, 3, 5), changed).lost == 1
    assert check(history_of(2, 3, 6), WHOLE).lost == 1


def test_a_message_that_is_there_twice_is_doubled() -> None:
    found = check(history_of(2, 3, 5), [*WHOLE, visitor(6, 3)])
    assert (found.lost, found.doubled) == (0, 1)


def test_a_message_whose_answer_never_came_and_that_is_there_twice_is_doubled() -> None:
    assert check(history_of(2, 3, None), [*WHOLE, visitor(6, 3)]).doubled == 1


def test_messages_that_changed_places_are_out_of_order() -> None:
    swapped = [bot(1), visitor(2, 2), visitor(3, 1), bot(4), visitor(5, 3)]
    found = check(history_of(3, 2, 5), swapped)
    assert (found.lost, found.out_of_order) == (0, 1)


def test_a_number_that_nobody_has_is_a_gap_whoever_spoke() -> None:
    assert check(history_of(2, 3, 5), [WHOLE[0], *WHOLE[1:3], WHOLE[4]]).gaps == 1
    assert check(history_of(None, None, None), [visitor(2, 1)]).gaps == 1


def test_a_message_that_nobody_sent_is_foreign() -> None:
    assert check(history_of(2, 3, 5), [*WHOLE, Stored(6, "x", "hello")]).foreign == 1


def test_one_message_acknowledged_under_two_numbers_is_a_contradiction() -> None:
    history = history_of(2, 3, 5)
    history.acknowledge("m3", 6)
    assert check(history, [*WHOLE, visitor(6, 3)]).contradicted == 1


def test_findings_of_many_visitors_add_up() -> None:
    pairs = [(history_of(2, 3, 5), WHOLE), (history_of(2, 3, 5), WHOLE[:4]), (history_of(2, 3, 5), WHOLE[:4])]
    assert check_all(pairs).lost == 2
