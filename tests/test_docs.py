"""The pages about the project hold what the code has: nothing undocumented, nothing stale, no dead link."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.application import build_app
from app.permissions import EVENTS, ROUTES
from app.settings import Settings
from data.kinds import CaseStatus, ErrorCode, Help, Level, Outcome, Phase, Role, Step
from scripts import reference

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
CONTRACT = (DOCS / "contract.md").read_text("utf-8")
DECISIONS = DOCS / "decisions"

_NOT_OURS = {".git", ".venv", ".venv-bot", "node_modules", "var", "build", "dist"}
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SENDS = {"emit": 2, "event_packet": 1, "send": 1, "_to_conversation": 0}
"""The functions that send an event to a socket, and which argument names it."""


def pages() -> Iterator[Path]:
    for path in sorted(ROOT.rglob("*.md")):
        if not _NOT_OURS & set(path.relative_to(ROOT).parts):
            yield path


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as they are made of their words."""
    text = _FENCED.sub("", path.read_text("utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", sorted(reference.PAGES))
def test_a_generated_page_is_what_the_code_says(page: str) -> None:
    written = (DOCS / page).read_text("utf-8")
    assert written == reference.PAGES[page](), f"docs/{page} is stale: run python -m scripts.reference"


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_every_setting_says_what_it_means_and_stands_in_the_example(field: str) -> None:
    assert Settings.model_fields[field].description, f"{field} has no description"
    example = (ROOT / ".env.example").read_text("utf-8")
    assert re.search(rf"^#STATION_{field.upper()}=", example, re.MULTILINE), f"{field} is not in .env.example"


def test_a_setting_that_nothing_reads_is_said_to_be_so() -> None:
    """A setting that does nothing is a promise that is not kept; one that works must not be called idle."""
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "app").rglob("*.py"))
    idle = {field for field in Settings.model_fields if not re.search(rf"(?:settings|self)\.{field}\b", code)}
    assert idle == set(reference.NOT_READ_YET)


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES))
def test_every_declared_route_stands_in_the_contract(method: str, path: str) -> None:
    assert f"`{method} {path}`" in CONTRACT


async def test_what_the_contract_calls_not_served_is_exactly_what_is_not(tmp_path: Path) -> None:
    app = build_app(Settings(_env_file=None, var=tmp_path))
    served = {
        ("GET" if route.method == "HEAD" else route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None
    }
    said = re.search(r"^\*Not served yet:\*(.*?)\n\n", CONTRACT, re.MULTILINE | re.DOTALL)
    assert said is not None
    unserved = {(method, path) for method, path in re.findall(r"`([A-Z]+) (/[^`]*)`", said[1])}
    assert unserved == set(ROUTES) - served


@pytest.mark.parametrize(
    ("namespace", "event"), sorted((space, event) for space, events in EVENTS.items() for event in events)
)
def test_every_event_that_clients_may_send_stands_in_the_contract(namespace: str, event: str) -> None:
    section = CONTRACT.partition(f"### `{namespace}`")[2].partition("\n### ")[0]
    assert section, f"the contract has no section for {namespace}"
    row = next((line for line in section.splitlines() if re.match(rf"\| .*`{event}`.*→", line)), None)
    assert row is not None, f"{namespace} {event} is not in the contract"
    served = {space.name: space.events for space in reference.SPACES}[namespace]
    assert ("Not served yet" in row) == (event not in served)


def events_sent() -> set[str]:
    """The names in the code with which something is sent to a socket."""
    sent = set()
    for path in [*(ROOT / "app" / "gateway").glob("*.py"), *(ROOT / "app").glob("*.py")]:
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            place = (
                _SENDS.get(ast.unparse(call.func).rpartition(".")[2]) if isinstance(call, ast.Call) else None
            )
            if place is None or len(call.args) <= place:
                continue
            named = call.args[place]
            if isinstance(named, ast.Constant) and isinstance(named.value, str):
                sent.add(named.value)
    return sent


def test_every_event_that_the_server_sends_stands_in_the_contract() -> None:
    sent = events_sent()
    assert {"welcome", "roster", "board", "message", "phase", "case", "error"} <= sent, "the search is broken"
    missing = {
        event for event in sent if not re.search(rf"^(\| [^|]*|\*\*)`{event}`", CONTRACT, re.MULTILINE)
    }
    assert not missing


@pytest.mark.parametrize("words", [ErrorCode, Phase, Help, Level, CaseStatus, Outcome, Step])
def test_every_word_with_a_fixed_list_stands_in_the_contract(words: type) -> None:
    missing = [word for word in words if f"`{word}`" not in CONTRACT and f"### `{word}`" not in CONTRACT]
    assert missing in ([], [Step.OPENED])


def test_every_role_stands_in_the_glossary() -> None:
    glossary = (DOCS / "glossary.md").read_text("utf-8")
    assert not [role for role in Role if f"| {role} |" not in glossary]


@pytest.mark.parametrize("path", list(pages()), ids=name)
def test_every_link_of_a_page_leads_somewhere(path: Path) -> None:
    dead = []
    for target in _LINK.findall(_FENCED.sub("", path.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        to = (path.parent / file).resolve() if file else path
        if not to.exists() or (anchor and to.suffix == ".md" and anchor not in anchors(to)):
            dead.append(target)
    assert not dead


@pytest.mark.parametrize("path", list(pages()), ids=name)
def test_no_page_speaks_of_one_persons_machine(path: Path) -> None:
    """A path below somebody's home means nothing to a reader; what only one machine has cannot be followed."""
    found = re.findall(r"(?<![\w.])/(?:home|root|work|Users|tmp)/[\w.-]+", path.read_text("utf-8"))
    assert not found


def test_decisions_are_numbered_short_and_listed() -> None:
    listed = (DECISIONS / "README.md").read_text("utf-8")
    numbers: dict[str, str] = {}
    for path in sorted(DECISIONS.glob("*.md")):
        if path.name == "README.md":
            continue
        named = re.fullmatch(r"(\d{3})-[a-z0-9-]+\.md", path.name)
        assert named, f"{path.name} is not numbered"
        assert named[1] not in numbers, f"{path.name} and {numbers[named[1]]} have one number"
        numbers[named[1]] = path.name
        text = path.read_text("utf-8")
        assert len(text.split()) <= 350, f"{path.name} is longer than half a page"
        assert text.startswith("# ") and "**Question.**" in text, f"{path.name} does not say its question"
        assert f"]({path.name})" in listed, f"{path.name} is not in docs/decisions/README.md"


def test_every_page_can_be_reached_from_the_index() -> None:
    reached, ahead = set(), [DOCS / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in reached:
            continue
        reached.add(page)
        for target in _LINK.findall(page.read_text("utf-8")):
            to = (page.parent / target.partition("#")[0]).resolve()
            if to.suffix == ".md" and to.exists() and DOCS in to.parents:
                ahead.append(to)
    assert set(DOCS.rglob("*.md")) == reached


def test_the_licence_is_the_whole_apache_licence() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text and len(text.encode()) == 11358
