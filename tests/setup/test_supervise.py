"""Programs are kept alive, and end with whoever keeps them; shown on real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.setup.places import ROOT
from scripts.setup.supervise import Death, Supervised, pause_s


def alive(pid: int) -> bool:
    """Whether the process runs; one that is dead and only not yet fetched by its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


async def until(true: Callable[[], object], within_s: float = 15.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110  # other processes set no event
            await asyncio.sleep(0.01)


def supervised(tmp_path: Path, script: str, **more: float) -> Supervised:
    return Supervised(
        [sys.executable, "-c", textwrap.dedent(script)],
        os.environ,
        tmp_path / "log" / "program.log",
        changed=lambda: None,
        most_pause_s=more.get("most_pause_s", 0.05),
        end_within_s=more.get("end_within_s", 5.0),
    )


def test_the_first_death_costs_no_pause_and_the_next_ever_more_up_to_a_limit() -> None:
    assert [pause_s(deaths, 4.0) for deaths in (1, 2, 3, 4, 5, 6, 900)] == [0, 0.5, 1, 2, 4, 4, 4]


async def test_a_program_that_is_killed_is_started_again(tmp_path: Path) -> None:
    deaths: list[Death] = []
    program = supervised(tmp_path, "import time; time.sleep(600)")
    keeping = asyncio.create_task(program.keep(deaths.append))
    await until(lambda: program.pid)
    first = program.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: program.pid not in {None, first})
    assert deaths == [Death(-9, 1)]
    assert deaths[0].words == "signal 9"
    keeping.cancel()
    await asyncio.wait([keeping])
    assert program.pid is None


async def test_deaths_in_a_row_are_counted_and_an_exception_ends_the_keeping(tmp_path: Path) -> None:
    def count(death: Death) -> None:
        if death.in_a_row == 3:
            raise ValueError(death.words)

    with pytest.raises(ValueError, match="status 7"):
        await supervised(tmp_path, "raise SystemExit(7)").keep(count)


async def test_what_a_dead_program_started_is_ended_before_it_starts_again(tmp_path: Path) -> None:
    # Otherwise a left-over process would hold the port that the next one needs.
    script = """
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print(child.pid, flush=True)
        time.sleep(600)
    """
    program = supervised(tmp_path, script)
    keeping = asyncio.create_task(program.keep(lambda death: None))
    await until(lambda: program.log.exists() and program.log.read_text().endswith("\n"))
    grandchild = int(program.log.read_text())
    assert program.pid is not None
    assert alive(grandchild)
    os.kill(program.pid, signal.SIGKILL)
    await until(lambda: not alive(grandchild))
    keeping.cancel()
    await asyncio.wait([keeping])


async def test_a_program_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    script = """
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("deaf", flush=True)
        time.sleep(600)
    """
    program = supervised(tmp_path, script, end_within_s=0.2)
    keeping = asyncio.create_task(program.keep(lambda death: None))
    await until(lambda: program.log.exists() and "deaf" in program.log.read_text())
    pid = program.pid
    assert pid is not None
    keeping.cancel()
    await asyncio.wait([keeping], timeout=10)
    assert not alive(pid)


async def test_a_program_is_given_the_time_to_end_in_order(tmp_path: Path) -> None:
    script = """
        import signal, sys, time
        def end(*_):
            print("ended in order", flush=True)
            sys.exit()
        signal.signal(signal.SIGTERM, end)
        print("up", flush=True)
        time.sleep(600)
    """
    program = supervised(tmp_path, script)
    keeping = asyncio.create_task(program.keep(lambda death: None))
    await until(lambda: program.log.exists() and "up" in program.log.read_text())
    keeping.cancel()
    await asyncio.wait([keeping])
    assert program.log.read_text().endswith("ended in order\n")


async def test_the_log_is_for_its_owner_alone_and_each_run_begins_where_the_last_ended(
    tmp_path: Path,
) -> None:
    starts: list[int] = []
    program = supervised(tmp_path, "print('12345')")

    def note(death: Death) -> None:
        starts.append(program.log_start)
        if death.in_a_row == 2:
            raise ValueError

    with pytest.raises(ValueError):
        await program.keep(note)
    assert starts == [0, 6]
    assert program.log.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child together with its parent")
async def test_a_program_dies_with_its_keeper_even_when_that_is_killed(tmp_path: Path) -> None:
    keeper_script = """
        import asyncio, os, sys
        from pathlib import Path
        from scripts.setup.supervise import Supervised
        program = Supervised(["sleep", "600"], os.environ, Path(sys.argv[1]),
                             changed=lambda: program.pid and print(program.pid, flush=True),
                             most_pause_s=1, end_within_s=1)
        asyncio.run(program.keep(lambda death: None))
    """
    keeper = subprocess.Popen(  # starts at once
        [sys.executable, "-c", textwrap.dedent(keeper_script), tmp_path / "log"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert keeper.stdout is not None
    try:
        pid = int(keeper.stdout.readline())
        assert alive(pid)
    finally:
        keeper.kill()
        keeper.wait()
        keeper.stdout.close()
    await until(lambda: not alive(pid))
