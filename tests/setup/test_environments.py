"""The environments: the locks are whole and name nobody's host, and the checkout is on ``.venv``'s path."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from scripts.setup.environments import packages_in, put_checkout_into
from scripts.setup.places import LOCKS, WEB

PYTHON_LOCKS = ("station.txt", "dev.txt", "bot.txt")


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_every_package_of_a_lock_is_pinned_with_hashes(name: str) -> None:
    lock = LOCKS / name
    text = lock.read_text()
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert len(packages_in(lock)) == len(entries) > 20
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", [*(LOCKS / name for name in PYTHON_LOCKS), WEB / "package-lock.json"])
def test_no_lock_names_a_host(lock: Path) -> None:
    named = [line.strip() for line in lock.read_text().splitlines() if "://" in line]
    assert [line for line in named if not line.startswith('"url": "https://opencollective.com/')] == []


def test_the_tests_lock_holds_all_of_the_stations_at_the_same_versions() -> None:
    # Serving from an environment made for the tests must be the same as serving from its own.
    assert set(packages_in(LOCKS / "station.txt")) <= set(packages_in(LOCKS / "dev.txt"))


def test_the_checkout_and_its_command_work_from_an_environment_in_a_folder_with_spaces(
    tmp_path: Path,
) -> None:
    environment, checkout = tmp_path / "an environment's", tmp_path / "a checkout"
    (checkout / "app").mkdir(parents=True)
    (checkout / "app" / "__init__.py").write_text("")
    (checkout / "app" / "cli.py").write_text("import sys\ndef main():\n    print(sys.argv)\n    return 3\n")
    venv.create(environment, with_pip=False, symlinks=True)
    put_checkout_into(environment, checkout)
    (tmp_path / "app.py").write_text("raise SystemExit('a module of the folder one stands in')")
    done = subprocess.run(
        [environment / "bin" / "station", "two words", "--x"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (3, "['station', 'two words', '--x']\n"), done.stderr


def test_nothing_installed_hides_a_room_of_the_house() -> None:
    library = next(Path(sys.prefix, "lib").glob("python3.*/site-packages"))
    rooms = ("app", "bot", "data", "escalation", "scripts")
    assert [room for room in rooms if (library / room).exists() or (library / f"{room}.py").exists()] == []
