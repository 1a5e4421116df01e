"""A step is skipped exactly when its inputs are the same by content."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from scripts.setup.stamps import digest, digest_of_files, files_under, is_fresh, leave

PARTS = st.lists(st.text(alphabet="ab", max_size=3), max_size=4)


@given(PARTS, PARTS)
def test_two_lists_of_parts_have_one_digest_only_when_they_are_the_same(
    one: list[str], other: list[str]
) -> None:
    assert (digest(*one) == digest(*other)) == (one == other)


def tree(base: Path) -> str:
    return digest_of_files(base, files_under(base, frozenset({"made"})))


def test_content_name_and_presence_change_the_digest_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    source = tmp_path / "sub" / "a.ts"
    source.write_text("one")
    first = tree(tmp_path)
    source.write_text("two")
    changed = tree(tmp_path)
    (tmp_path / "b.ts").write_text("")
    more = tree(tmp_path)
    source.rename(tmp_path / "sub" / "c.ts")
    renamed = tree(tmp_path)
    assert len({first, changed, more, renamed}) == 4


def test_time_and_what_is_made_do_not_change_the_digest_of_a_folder(tmp_path: Path) -> None:
    source = tmp_path / "a.ts"
    source.write_text("one")
    before = tree(tmp_path)
    os.utime(source, (1, 1))
    for made in (tmp_path / "made" / "x.js", tmp_path / ".hidden"):
        made.parent.mkdir(exist_ok=True)
        made.write_text("anything")
    assert tree(tmp_path) == before


def test_a_stamp_is_fresh_for_its_own_inputs_alone(tmp_path: Path) -> None:
    stamp = tmp_path / ".stamp"
    assert not is_fresh(stamp, "a")
    leave(stamp, "a")
    assert is_fresh(stamp, "a")
    assert not is_fresh(stamp, "b")
    assert list(tmp_path.iterdir()) == [stamp]
