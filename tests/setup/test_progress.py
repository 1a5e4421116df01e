"""What somebody who waits gets to read."""

from __future__ import annotations

import io
import os
import threading

import pytest

from scripts.setup.progress import Progress, say


def test_a_quick_step_is_not_spoken_of() -> None:
    out = io.StringIO()
    with Progress(out) as progress, progress.step("Something quick"):
        pass
    assert out.getvalue() == ""


def test_a_slow_step_is_announced_while_it_runs_and_ended_with_its_time() -> None:
    announced = threading.Event()

    class Out(io.StringIO):
        def write(self, text: str) -> int:
            if "…" in text:
                announced.set()
            return super().write(text)

    out = Out()
    with Progress(out, quiet_s=0.01) as progress, progress.step("Something slow"):
        assert announced.wait(10)
    lines = out.getvalue().splitlines()
    assert lines[0] == "… Something slow"
    assert lines[1].startswith("✓ Something slow, ")
    assert len(lines) == 2


def test_a_step_that_fails_is_named_and_its_error_goes_on() -> None:
    out = io.StringIO()
    with pytest.raises(ValueError, match="broken"), Progress(out) as progress, progress.step("A step"):
        raise ValueError("broken")
    assert out.getvalue().startswith("✗ A step, did not succeed")


def test_a_reader_who_has_gone_stops_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    out = open(writing, "w", buffering=1)  # noqa: SIM115  # closing it fails, as it should
    say("Nobody reads this", out=out)
    with Progress(out, quiet_s=0) as progress, progress.step("Nor this"):
        pass
    with pytest.raises(BrokenPipeError):
        out.close()
