"""Builds what the browser gets: npm for the packages, esbuild (through ``npm run build``) for the bundles."""

from __future__ import annotations

import re
import shutil

from scripts.setup import stamps
from scripts.setup.places import DIST, LOGS, NODE_MODULES, WEB, Unable
from scripts.setup.programs import output_of, run_logged
from scripts.setup.progress import Progress

NODE_AT_LEAST = 20
_MADE = frozenset({"node_modules", "dist", "build"})


def make_browser_code(progress: Progress) -> None:
    """``web/node_modules`` and ``web/dist``, each only when what it comes from has changed."""
    npm, node = require_node()
    packages = stamps.digest(
        node, (WEB / "package.json").read_bytes(), (WEB / "package-lock.json").read_bytes()
    )
    installed, built = NODE_MODULES / ".station-installed", NODE_MODULES / ".station-built"
    if not stamps.is_fresh(installed, packages):
        with progress.step("Packages of the browser code"):
            run_logged(
                [npm, "ci", "--no-audit", "--no-fund", "--no-progress"],
                LOGS / "npm.log",
                cwd=WEB,
                failing="npm could not install the browser code's packages",
            )
            stamps.leave(installed, packages)
    sources = stamps.digest(packages, stamps.digest_of_files(WEB, stamps.files_under(WEB, _MADE)))
    if stamps.is_fresh(built, sources) and DIST.is_dir():
        return
    with progress.step("Browser code"):
        run_logged(
            [npm, "run", "build"], LOGS / "web.log", cwd=WEB, failing="The browser code could not be built"
        )
        stamps.leave(built, sources)


def require_node() -> tuple[str, str]:
    """The npm program and Node's version; raises :class:`Unable` when Node is missing or too old."""
    npm = shutil.which("npm")
    version = output_of(["node", "--version"]) or ""
    number = re.match(r"v(\d+)\.", version)
    if npm is None or number is None:
        raise Unable(f"The pages are built with Node.js {NODE_AT_LEAST} and npm: please install them.")
    if int(number[1]) < NODE_AT_LEAST:
        raise Unable(
            f"The pages need Node.js {NODE_AT_LEAST} or newer, and this is {version}: please update it."
        )
    return npm, version
