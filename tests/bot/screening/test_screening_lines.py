"""`station screen`: one answer for each line, in order, bad lines among them."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from bot.screening import screen_lines


def screened(*lines: str) -> tuple[int, list[dict[str, Any]]]:
    sink = io.StringIO()
    status = screen_lines(lines, sink)
    return status, [json.loads(line) for line in sink.getvalue().splitlines()]


def test_each_line_gets_its_assessment_and_never_its_text() -> None:
    status, answers = screened('{"text": "我想死", "language": "zh"}\n', '{"text": "hello"}\n')
    assert status == 0
    assert answers == [
        {
            "level": "low",
            "score": 0.25,
            "about": "self",
            "categories": ["passive_ideation"],
            "spans": [
                {"start": 1, "end": 3, "rule": "zh.want_to_die", "reason": "说出了希望自己死去、不再活着"}
            ],
        },
        {"level": "none", "score": 0.0, "about": "none", "categories": [], "spans": []},
    ]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "nonsense",
        "[]",
        '"text"',
        "{}",
        '{"text": 3}',
        '{"text": "a", "language": 3}',
        '{"text": null}',
        "[" * 100_000,
    ],
)
def test_a_bad_line_is_answered_in_its_place_with_its_number_and_the_rest_goes_on(bad: str) -> None:
    status, answers = screened('{"text": "a"}', bad, '{"text": "I want to die"}')
    assert status == 1
    assert [("error" in a) for a in answers] == [False, True, False]
    assert answers[1]["error"]["line"] == 2
    assert answers[1]["error"]["code"] == "invalid_payload"
    assert answers[2]["level"] == "low"


def test_a_lone_surrogate_in_a_line_is_screened() -> None:
    status, answers = screened('{"text": "\\ud800 我想死"}')
    assert (status, answers[0]["level"]) == (0, "low")
