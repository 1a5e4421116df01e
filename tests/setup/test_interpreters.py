"""Which Python is taken for the bot, on machines with real programs that do and do not run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from scripts.setup.interpreters import find_bot_python
from scripts.setup.places import ROOT, Unable
from tests.setup.conftest import MakeProgram

IS_310 = "echo 3 10"
SHIM = 'echo "pyenv: python3.10: command not found" >&2; exit 127'
FINDER = ROOT / "scripts" / "setup" / "find-python.sh"


def machine(home: Path, *folders: Path) -> dict[str, str]:
    return {"HOME": str(home), "PATH": os.pathsep.join(map(str, folders))}


def test_a_python_on_path_that_runs_is_taken(tmp_path: Path, make_program: MakeProgram) -> None:
    python = make_program(tmp_path / "bin" / "python3.10", IS_310)
    assert find_bot_python(machine(tmp_path, tmp_path / "bin")) == python


def test_a_pyenv_shim_that_does_not_run_is_passed_over_for_pyenvs_own_version(
    tmp_path: Path, make_program: MakeProgram
) -> None:
    make_program(tmp_path / ".pyenv" / "shims" / "python3.10", SHIM)
    python = make_program(tmp_path / ".pyenv" / "versions" / "3.10.13" / "bin" / "python3.10", IS_310)
    assert find_bot_python(machine(tmp_path, tmp_path / ".pyenv" / "shims")) == python


def test_a_shim_does_not_hide_a_python_further_along_path(tmp_path: Path, make_program: MakeProgram) -> None:
    make_program(tmp_path / "shims" / "python3.10", SHIM)
    python = make_program(tmp_path / "bin" / "python3.10", IS_310)
    assert find_bot_python(machine(tmp_path, tmp_path / "shims", tmp_path / "bin")) == python


def test_a_python_under_a_plain_name_counts_by_what_it_says_it_is(
    tmp_path: Path, make_program: MakeProgram
) -> None:
    make_program(tmp_path / "bin" / "python3.10", "echo 3 12")
    python = make_program(tmp_path / "bin" / "python3", IS_310)
    assert find_bot_python(machine(tmp_path, tmp_path / "bin")) == python


def test_the_newest_of_pyenvs_versions_is_taken_and_its_root_may_be_elsewhere(
    tmp_path: Path, make_program: MakeProgram
) -> None:
    root = tmp_path / "elsewhere"
    for version in ("3.10.2", "3.10.13", "3.10.9"):
        make_program(root / "versions" / version / "bin" / "python3.10", IS_310)
    found = find_bot_python({**machine(tmp_path), "PYENV_ROOT": str(root)})
    assert found == root / "versions" / "3.10.13" / "bin" / "python3.10"


def test_the_next_version_is_tried_when_the_newest_does_not_run(
    tmp_path: Path, make_program: MakeProgram
) -> None:
    versions = tmp_path / ".pyenv" / "versions"
    make_program(versions / "3.10.13" / "bin" / "python3.10", "exit 1")
    python = make_program(versions / "3.10.2" / "bin" / "python3.10", IS_310)
    assert find_bot_python(machine(tmp_path)) == python


def test_uv_is_asked_last_and_may_fetch_one(tmp_path: Path, make_program: MakeProgram) -> None:
    python = tmp_path / "uv" / "python3.10"
    make_program(python.with_name("made-by-uv"), IS_310)
    make_program(
        tmp_path / "bin" / "uv",
        f"""case "$2" in
        find) [ -x {python} ] && echo {python} ;;
        install) /bin/cp {python.with_name("made-by-uv")} {python} ;;
        esac""",
    )
    assert find_bot_python(machine(tmp_path, tmp_path / "bin")) == python


def test_without_any_one_plain_sentence_says_what_to_install(
    tmp_path: Path, make_program: MakeProgram
) -> None:
    make_program(tmp_path / "shims" / "python3.10", SHIM)
    make_program(tmp_path / "bin" / "uv", "exit 1")
    with pytest.raises(Unable) as refused:
        find_bot_python(machine(tmp_path, tmp_path / "shims", tmp_path / "bin"))
    sentence = str(refused.value)
    assert "Python 3.10" in sentence
    assert "install" in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")


def found_by_script(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["/bin/sh", FINDER], env=environment, capture_output=True, text=True, timeout=30)


# What the script asks of a program: does the check pass, and where does it stand.
RUNS = 'case "$3" in *version_info*) exit 0;; *executable*) echo "$0";; esac'


def test_the_script_takes_the_first_python_that_runs_and_is_new_enough(
    tmp_path: Path, make_program: MakeProgram
) -> None:
    make_program(tmp_path / "shims" / "python3.11", SHIM)
    make_program(tmp_path / "old" / "python3", "exit 1")
    python = make_program(tmp_path / "a place" / "python3.12", RUNS)
    path = os.pathsep.join(map(str, (tmp_path / "shims", tmp_path / "old", python.parent)))
    done = found_by_script(HOME=str(tmp_path), PATH=path)
    assert (done.returncode, done.stdout.strip()) == (0, str(python))


def test_the_script_looks_among_pyenvs_versions(tmp_path: Path, make_program: MakeProgram) -> None:
    python = make_program(tmp_path / ".pyenv" / "versions" / "3.11.7" / "bin" / "python3", RUNS)
    done = found_by_script(HOME=str(tmp_path), PATH=str(tmp_path))
    assert (done.returncode, done.stdout.strip()) == (0, str(python))


def test_a_python_named_by_hand_comes_first(tmp_path: Path, make_program: MakeProgram) -> None:
    make_program(tmp_path / "bin" / "python3.11", RUNS)
    mine = make_program(tmp_path / "mine", RUNS)
    done = found_by_script(HOME=str(tmp_path), PATH=str(tmp_path / "bin"), PYTHON=str(mine))
    assert done.stdout.strip() == str(mine)


def test_without_any_the_script_says_so_in_one_sentence(tmp_path: Path) -> None:
    done = found_by_script(HOME=str(tmp_path), PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Energy station needs Python 3.11 or newer")
    assert done.stderr.count("\n") == 1
