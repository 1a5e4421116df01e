"""``python -m scripts.setup COMMAND``, as the Makefile calls it.

``run`` sets everything up and serves; ``setup`` only sets up (tests included); ``lint`` and ``test`` set up and check.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from types import FrameType

from scripts.setup import checks, station
from scripts.setup.browser_code import make_browser_code, require_node
from scripts.setup.environments import make_bot, make_station, require_bot_python
from scripts.setup.locks import hold
from scripts.setup.model import make_model, serve_rasa
from scripts.setup.options import read_options
from scripts.setup.places import LOGS, ROOT, Unable
from scripts.setup.ports import require_free
from scripts.setup.programs import end_with_starter, stop_all
from scripts.setup.progress import Progress, say


def main() -> int:
    """The exit status: 0, 1 after a plain sentence, 130 when interrupted before anything was served."""
    commands = {"run": run, "setup": set_up_for_tests, "lint": lint, "test": test}
    parser = argparse.ArgumentParser(prog="scripts.setup", description=__doc__)
    parser.add_argument("command", choices=sorted(commands))
    return report(commands[parser.parse_args().command])


def report(command: Callable[[], None]) -> int:
    """Run a command and say in plain words when it cannot go on; the exit status."""
    os.chdir(ROOT)
    end_with_starter()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        command()
    except Unable as error:
        say(str(error), out=sys.stderr)
        return 1
    except KeyboardInterrupt:
        stop_all()
        say("\nStopped.", out=sys.stderr)
        return 130
    return 0


def run() -> None:
    """Set up what serving needs, then serve."""
    options = read_options(os.environ, ROOT)
    require_free(options.host, options.port, "STATION_PORT")
    own_rasa = not options.rasa_url
    set_up(for_tests=False, with_bot=own_rasa)
    station.run(options, os.environ, serve_rasa if own_rasa else None)


def set_up_for_tests() -> None:
    """Set up everything that the tests need, and with it all that serving needs."""
    set_up(for_tests=True, with_bot=True)


def lint() -> None:
    """Set up, then lint."""
    set_up_for_tests()
    checks.lint()


def test() -> None:
    """Set up, then test."""
    set_up_for_tests()
    checks.test()


def set_up(*, for_tests: bool, with_bot: bool) -> None:
    """Bring both Python environments, the browser code and the model up to date, side by side.

    Raises :class:`Unable`: what is missing on the machine first of all, then the first step that failed.
    """
    started = time.monotonic()
    with hold(LOGS.parent / "setup.lock", wait=True):
        require_node()
        if with_bot:
            require_bot_python()

        def bot(progress: Progress) -> None:
            make_bot(progress)
            make_model(progress)

        steps: list[Callable[[Progress], None]] = [
            lambda progress: make_station(progress, for_tests=for_tests),
            make_browser_code,
        ]
        if with_bot:
            steps.insert(0, bot)  # the longest first
        with Progress() as progress:
            side_by_side(steps, progress)
    took = time.monotonic() - started
    if took > 5:
        say(f"Everything is set up, {took:.0f} s")


def side_by_side(steps: list[Callable[[Progress], None]], progress: Progress) -> None:
    """Run steps in threads; the first that fails, or an interruption, ends the programs of all of them."""
    with ThreadPoolExecutor(len(steps)) as threads:
        futures = [threads.submit(step, progress) for step in steps]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            if any(future.exception() for future in done):
                stop_all()  # the others would only be waited for
        except BaseException:
            stop_all()
            raise
        # The first to fail says why; the others were stopped for it.
        for future in sorted(futures, key=lambda future: future not in done):
            future.result()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _let_go_of_output() -> None:
    # Python would complain at its end, and change the exit status, when nobody reads the output any more.
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    status = main()
    _let_go_of_output()
    sys.exit(status)
