"""A journey that did not run has shown nothing, so it is never counted as passed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.setup.checks import Report, read_report, require_journeys
from scripts.setup.places import Unable


def pytest_report(folder: Path, source: str) -> Report:
    (folder / "test_it.py").write_text(f"import pytest\n{source}\n")
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    subprocess.run([*command, f"--rootdir={folder}", str(folder)], cwd=folder, stdout=subprocess.DEVNULL)
    return read_report(report)


def test_journeys_that_all_ran_are_enough(tmp_path: Path) -> None:
    journeys = pytest_report(tmp_path, "def test_a(): pass\ndef test_b(): pass")
    assert journeys == Report(ran=2, skipped=0)
    require_journeys(journeys)


@pytest.mark.parametrize(
    "skipped",
    [
        "@pytest.mark.skip\ndef test_b(): pass",
        "def test_b(): pytest.skip('no browser')",
        "@pytest.mark.xfail\ndef test_b(): assert False",
        "@pytest.fixture\ndef browser(): pytest.skip('none')\ndef test_b(browser): pass",
    ],
)
def test_a_journey_that_was_skipped_fails_the_whole(tmp_path: Path, skipped: str) -> None:
    journeys = pytest_report(tmp_path, f"def test_a(): pass\n{skipped}")
    assert journeys == Report(ran=1, skipped=1)
    with pytest.raises(Unable, match="1 of the journeys were skipped"):
        require_journeys(journeys)


def test_no_journey_at_all_fails_the_whole(tmp_path: Path) -> None:
    with pytest.raises(Unable, match="No journey ran"):
        require_journeys(pytest_report(tmp_path, ""))
    with pytest.raises(Unable, match="No journey ran"):
        require_journeys(read_report(tmp_path / "missing.xml"))
