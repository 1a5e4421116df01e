"""The programs of a set-up: what is told when one fails, and that a stopped set-up leaves none behind."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from scripts.setup.places import ROOT, Unable
from scripts.setup.programs import output_of, run_logged, tail
from tests.setup.conftest import MakeProgram
from tests.setup.test_supervise import alive, until


def test_what_a_failing_program_said_last_is_told_and_all_of_it_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "step.log"
    with pytest.raises(Unable) as failed:
        run_logged(
            ["sh", "-c", "seq 100; echo the reason >&2; exit 3"], log, failing="It could not be installed"
        )
    lines = str(failed.value).splitlines()
    assert lines[0] == f"It could not be installed (its output: {log})"
    assert lines[-1].strip() == "the reason"
    assert len(lines) <= 20
    assert log.read_text().startswith("1\n2\n")


def test_each_line_is_handed_on_while_the_program_runs(tmp_path: Path) -> None:
    seen: list[str] = []
    run_logged(["sh", "-c", "echo one; echo two"], tmp_path / "log", failing="", on_line=seen.append)
    assert seen == ["one\n", "two\n"]


def test_a_program_that_is_missing_fails_or_hangs_has_no_output(
    tmp_path: Path, make_program: MakeProgram
) -> None:
    assert output_of([tmp_path / "missing"]) is None
    assert output_of([make_program(tmp_path / "fails", "echo something; exit 1")]) is None
    assert output_of([make_program(tmp_path / "hangs", "exec sleep 600")], timeout_s=0.2) is None
    assert output_of([make_program(tmp_path / "works", "echo something")]) == "something"


def test_the_tail_begins_where_it_is_told_to(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("old\n\nnew one\nnew two\n\n")
    assert tail(log) == ["old", "new one", "new two"]
    assert tail(log, start=4) == ["new one", "new two"]
    assert tail(log, lines=1) == ["new two"]
    assert tail(tmp_path / "missing") == []


STEPS = """
    import sys
    from pathlib import Path
    from scripts.setup import __main__ as setup
    from scripts.setup.places import Unable
    from scripts.setup.programs import run_logged
    from scripts.setup.progress import Progress

    def slow(progress):
        script = "sleep 600 & echo $!; wait"
        run_logged(["sh", "-c", script], Path(sys.argv[1]), failing="stopped",
                   on_line=lambda line: print(line, end="", flush=True))

    def failing(progress):
        if sys.argv[2] == "fail":
            import time
            while not Path(sys.argv[1]).exists():
                time.sleep(0.01)
            raise Unable("One step failed.")

    sys.exit(setup.report(lambda: setup.side_by_side([slow, failing], Progress())))
"""


def steps(tmp_path: Path, second: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(STEPS), str(tmp_path / "log"), second],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_set_up_that_is_stopped_ends_its_programs_and_what_they_started(
    tmp_path: Path, number: signal.Signals
) -> None:
    with steps(tmp_path, "wait") as setting_up:
        assert setting_up.stdout is not None
        grandchild = int(await asyncio.to_thread(setting_up.stdout.readline))
        assert alive(grandchild)
        setting_up.send_signal(number)
        await until(lambda: not alive(grandchild))
        _, said = await asyncio.to_thread(setting_up.communicate, timeout=20)
    assert setting_up.returncode == 130
    assert said.strip() == "Stopped."


async def test_the_step_that_failed_says_why_and_the_others_are_ended(tmp_path: Path) -> None:
    with steps(tmp_path, "fail") as setting_up:
        _, said = await asyncio.to_thread(setting_up.communicate, timeout=20)
    assert setting_up.returncode == 1
    assert said.strip() == "One step failed."
