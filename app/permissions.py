"""Who may do what: one table for every event and every route, from which the checks, the docs and the tests come.

Deny by default: what does not stand here may be done by nobody, and a server that has an event or a route which
is not declared here does not start (:func:`check_declared`). The rules at the end are about a single
conversation or case, where a role alone is not enough. All of it is pure: values in, values out.

``python -m app.permissions`` writes ``docs/permissions.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from app.staff.members import StaffMember
from data.kinds import Level, Role


class Gate(StrEnum):
    """What stands where no member of staff is asked for."""

    PUBLIC = "public"
    """Anybody."""
    VISITOR = "visitor"
    """A visitor, anonymous or with the host app's ticket, in their own conversation alone."""
    SIGNAL = "signal"
    """A program of the host platform, with the bearer token ``STATION_SIGNAL_TOKEN``."""


PUBLIC, VISITOR, SIGNAL = Gate.PUBLIC, Gate.VISITOR, Gate.SIGNAL
Access = frozenset[Role] | Gate

DESK = frozenset({Role.COUNSELLOR, Role.CLINICIAN, Role.RESPONDER, Role.SUPERVISOR})
CRISIS = frozenset({Role.RESPONDER, Role.SUPERVISOR})
SUPERVISORS = frozenset({Role.SUPERVISOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})


class UndeclaredPermission(Exception):
    """The server has an event or a route that this table does not know; the text names each of them."""


def _each(access: Access, *names: str) -> Mapping[str, Access]:
    return MappingProxyType(dict.fromkeys(names, access))


EVENTS: Mapping[str, Mapping[str, Access]] = MappingProxyType(
    {
        "/visitor": _each(
            VISITOR,
            "say", "sync", "ask_human", "leave_queue", "end", "leave_message", "typing", "seen", "consent",
            "rate",
        ),
        "/desk": _each(
            DESK,
            "status", "accept", "decline", "open", "say", "transfer", "escalate", "close", "typing", "seen",
            "note",
        ),
        "/watch": _each(SUPERVISORS, "watch", "unwatch", "whisper", "take_over"),
    }
)  # fmt: skip
"""Namespace, then event, to who may send it."""

ROUTES: Mapping[tuple[str, str], Access] = MappingProxyType(
    {
        # Health and figures: no personal data in any of them.
        ("GET", "/healthz"): PUBLIC,
        ("GET", "/readyz"): PUBLIC,
        ("GET", "/metrics"): PUBLIC,
        # What visitors and host pages see.
        ("GET", "/"): PUBLIC,
        ("GET", "/chat"): PUBLIC,
        ("POST", "/chat"): PUBLIC,
        ("GET", "/embed.js"): PUBLIC,
        ("GET", "/reminder"): PUBLIC,
        ("GET", "/guide"): PUBLIC,
        ("GET", "/guide/{article}"): PUBLIC,
        ("GET", "/report"): PUBLIC,
        ("POST", "/report"): PUBLIC,
        ("GET", "/assets/{name}"): PUBLIC,
        # The socket: each namespace asks for itself who connects.
        ("GET", "/socket.io/"): PUBLIC,
        ("POST", "/socket.io/"): PUBLIC,
        ("OPTIONS", "/socket.io/"): PUBLIC,
        # Signing in and out.
        ("GET", "/login"): PUBLIC,
        ("POST", "/login"): PUBLIC,
        ("POST", "/logout"): PUBLIC,
        ("GET", "/invitation/{token}"): PUBLIC,
        ("POST", "/invitation/{token}"): PUBLIC,
        # Staff.
        ("GET", "/desk"): DESK,
        ("GET", "/watch"): SUPERVISORS,
        ("GET", "/cases"): CRISIS,
        ("GET", "/cases/{case}"): CRISIS,
        ("GET", "/stats"): SUPERVISORS | ADMINISTRATORS,
        ("GET", "/admin"): ADMINISTRATORS,
        # The crisis flow.
        ("POST", "/api/signals"): SIGNAL,
        ("GET", "/api/cases"): CRISIS,
        ("POST", "/api/cases"): CRISIS,
        ("GET", "/api/cases/{case}"): CRISIS,
        ("POST", "/api/cases/{case}/{step}"): CRISIS,
        ("POST", "/api/cases/{case}/approve"): CRISIS,
    }
)
"""Method and aiohttp's canonical path to who may ask for it. HEAD is asked as GET."""

HOME: Mapping[Role, str] = MappingProxyType(
    {
        Role.COUNSELLOR: "/desk",
        Role.CLINICIAN: "/desk",
        Role.RESPONDER: "/cases",
        Role.SUPERVISOR: "/watch",
        Role.ADMINISTRATOR: "/admin",
    }
)


def check_declared(routes: Iterable[tuple[str, str]], events: Mapping[str, Iterable[str]]) -> None:
    """Refuse to start with a route or an event that nobody declared.

    Raises :class:`UndeclaredPermission`, which names each of them.
    """
    missing = {f"{method} {path}" for method, path in routes if route_access(method, path) is None}
    for namespace, names in events.items():
        known = EVENTS.get(namespace, {})
        missing |= {f"{namespace} {name}" for name in names if name not in known}
    if missing:
        raise UndeclaredPermission(
            "no permission is declared in app/permissions.py for " + ", ".join(sorted(missing))
        )


def route_access(method: str, path: str) -> Access | None:
    """Who may ask for a route, by its canonical path; nothing when it is not declared: then nobody."""
    return ROUTES.get(("GET" if method == "HEAD" else method, path))


def may_visit(role: Role | None, method: str, path: str) -> bool:
    """Whether somebody signed in as ``role`` (``None``: not signed in) may ask for a route.

    A ``SIGNAL`` route answers ``False`` here: a bearer token opens it, never a session.
    """
    access = route_access(method, path)
    if isinstance(access, Gate):
        return access is PUBLIC
    return access is not None and role is not None and role in access


def may(role: Role, namespace: str, event: str) -> bool:
    """Whether a member of staff with ``role`` may send ``event`` in ``namespace``."""
    access = EVENTS.get(namespace, {}).get(event)
    return isinstance(access, frozenset) and role in access


def may_connect(role: Role, namespace: str) -> bool:
    """Whether a member of staff with ``role`` may connect to ``namespace``: who may send nothing there may not."""
    return any(may(role, namespace, event) for event in EVENTS.get(namespace, {}))


def home_page(role: Role) -> str:
    """The page that a member of staff lands on after signing in."""
    return HOME[role]


def may_read_conversation(
    staff: StaffMember, owner_id: str | None, *, case_open: bool = False, watching: bool = False
) -> bool:
    """Whether ``staff`` may read the messages of one conversation.

    Its owner; a supervisor who is watching it, which goes on record; a responder while a case is open on it.
    An offer shows a summary alone. Administrators read no conversation.
    """
    if staff.role is Role.ADMINISTRATOR:
        return False
    if owner_id == staff.id:
        return True
    if watching and staff.role is Role.SUPERVISOR:
        return True
    return case_open and staff.role is Role.RESPONDER


def may_read_case(role: Role) -> bool:
    """Whether a case's timeline may be read, and its alarm heard."""
    return role in CRISIS


def may_take_steps(role: Role) -> bool:
    """Whether the steps of a case may be taken; opening one by ``escalate`` is everybody's on the desk."""
    return role in CRISIS


def may_approve(staff: StaffMember, asked_by: str) -> bool:
    """Whether ``staff`` may be the second person who says yes to a lever: never the one who asked."""
    return staff.role in CRISIS and staff.id != asked_by


def may_close(level: Level, closed_by: str, agreed_by: StaffMember | None) -> bool:
    """Whether a conversation at ``level`` may be closed: at ``high`` and above with somebody's yes.

    That somebody is another person, a responder or a supervisor.
    """
    if not level.is_crisis:
        return True
    return agreed_by is not None and may_approve(agreed_by, closed_by)


def as_markdown() -> str:
    """The table as a page for people."""
    columns = list(Role)
    lines = [
        "# Who may do what",
        "",
        "Written by `python -m app.permissions` from `app/permissions.py`; do not edit.",
        "What does not stand here may be done by nobody: the server does not start with a route or an event",
        "that is missing. *public*: anybody. *visitor*: a visitor, in their own conversation alone. *signal*: a",
        "program of the host platform with its bearer token.",
    ]
    head = [
        "| | open to | " + " | ".join(role.value for role in columns) + " |",
        "| --- | --- | " + " | ".join("---" for _ in columns) + " |",
    ]

    def row(name: str, access: Access) -> str:
        if isinstance(access, Gate):
            return f"| `{name}` | {access.value} | " + " | ".join("" for _ in columns) + " |"
        return f"| `{name}` | | " + " | ".join("yes" if r in access else "" for r in columns) + " |"

    for namespace, events in EVENTS.items():
        lines += ["", f"## Socket.IO: `{namespace}`", "", *head]
        lines += [row(event, access) for event, access in events.items()]
    lines += ["", "## HTTP", "", *head]
    lines += [row(f"{method} {path}", access) for (method, path), access in ROUTES.items()]
    lines += ["", "## After signing in", "", "| role | page |", "| --- | --- |"]
    lines += [f"| {role.value} | `{page}` |" for role, page in HOME.items()]
    lines += [
        "",
        "## Where a role is not enough",
        "",
        "- A conversation is read by its owner, by a supervisor who watches it (on record), and by responders",
        "  while a case is open on it. An offer shows a summary alone. Administrators read none.",
        "- A lever's second yes comes from another responder or supervisor than the one who asked.",
        "- A conversation at `high` or `imminent` is closed with the yes of a responder or supervisor who is not",
        "  the one closing it.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (Path(__file__).parent.parent / "docs" / "permissions.md").write_text(as_markdown(), encoding="utf-8")
