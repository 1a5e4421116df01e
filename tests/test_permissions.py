"""One table says who may do what; nothing that is missing from it can be reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import permissions
from app.permissions import (
    EVENTS,
    PUBLIC,
    ROUTES,
    SIGNAL,
    VISITOR,
    Gate,
    UndeclaredPermission,
    check_declared,
    home_page,
    may,
    may_approve,
    may_close,
    may_connect,
    may_read_conversation,
    may_take_steps,
    may_visit,
)  # fmt: skip
from app.staff.members import StaffMember
from data.kinds import Level, Role

C, D, R, S, A = Role  # counsellor, clinician, responder, supervisor, administrator


def member(role: Role, id: str = "s_1") -> StaffMember:
    return StaffMember(id, "Lin 林", role, 2, frozenset())


# The wire contract's tables, written down a second time: a slip in one of the two is seen here.
CONTRACT_EVENTS = {
    "/visitor": "say sync ask_human leave_queue end leave_message typing seen consent rate",
    "/desk": "status accept decline open say transfer escalate close typing seen note",
    "/watch": "watch unwatch whisper take_over",
}
CONTRACT_NAMESPACES = {"/visitor": set(), "/desk": {C, D, R, S}, "/watch": {S}}
CONTRACT_PAGES = {
    "/desk": {C, D, R, S}, "/watch": {S}, "/cases": {R, S}, "/cases/{case}": {R, S}, "/stats": {S, A}, "/admin": {A},
}  # fmt: skip
CONTRACT_OPEN = (
    "GET /healthz", "GET /readyz", "GET /metrics", "GET /chat", "POST /chat", "GET /embed.js", "GET /reminder",
    "GET /guide", "GET /guide/{article}", "GET /report", "POST /report", "GET /login", "POST /login", "POST /logout",
)  # fmt: skip
CONTRACT_CASES = (
    "GET /api/cases", "POST /api/cases", "GET /api/cases/{case}", "POST /api/cases/{case}/{step}",
    "POST /api/cases/{case}/approve",
)  # fmt: skip


@pytest.mark.parametrize("namespace", CONTRACT_EVENTS)
def test_every_event_of_the_contract_is_open_to_its_roles_alone(namespace: str) -> None:
    assert set(EVENTS[namespace]) == set(CONTRACT_EVENTS[namespace].split())
    for event in EVENTS[namespace]:
        assert {role for role in Role if may(role, namespace, event)} == CONTRACT_NAMESPACES[namespace]
    assert {role for role in Role if may_connect(role, namespace)} == CONTRACT_NAMESPACES[namespace]


def test_no_member_of_staff_speaks_as_a_visitor() -> None:
    assert set(EVENTS["/visitor"].values()) == {VISITOR}


@pytest.mark.parametrize("page", CONTRACT_PAGES)
def test_every_staff_page_is_open_to_its_roles_alone(page: str) -> None:
    assert {role for role in Role if may_visit(role, "GET", page)} == CONTRACT_PAGES[page]
    assert not may_visit(None, "GET", page)


def test_visitors_pages_need_nobody_signed_in() -> None:
    for name in CONTRACT_OPEN:
        assert may_visit(None, *name.split()), name


def test_cases_are_for_responders_and_supervisors() -> None:
    for name in CONTRACT_CASES:
        assert {role for role in Role if may_visit(role, *name.split())} == {R, S}, name
        assert not may_visit(None, *name.split())


def test_signals_are_opened_by_a_token_and_never_by_a_session() -> None:
    assert ROUTES["POST", "/api/signals"] is SIGNAL
    for role in (None, *Role):
        assert not may_visit(role, "POST", "/api/signals")


@pytest.mark.parametrize("role", [None, *Role])
def test_what_is_not_declared_may_be_done_by_nobody(role: Role | None) -> None:
    for method, path in (
        ("GET", "/nowhere"), ("POST", "/desk"), ("DELETE", "/cases/{case}"), ("GET", "/api/cases/{case}/{step}"),
        ("GET", "/cases/k_1"),
    ):  # fmt: skip
        assert not may_visit(role, method, path)
    if role is not None:
        for namespace, event in (
            ("/desk", "nothing"),
            ("/admin", "say"),
            ("/", "say"),
            ("/desk", "take_over"),
        ):
            assert not may(role, namespace, event)
        assert not may_connect(role, "/nowhere")


def test_head_is_asked_as_get() -> None:
    assert may_visit(None, "HEAD", "/chat")
    assert not may_visit(None, "HEAD", "/desk")


def test_a_server_with_everything_declared_starts() -> None:
    check_declared(ROUTES, EVENTS)
    check_declared([("HEAD", "/chat")], {})


def test_a_server_with_something_undeclared_does_not_start_and_names_each() -> None:
    with pytest.raises(UndeclaredPermission) as refused:
        check_declared(
            [("GET", "/chat"), ("GET", "/secret"), ("PUT", "/chat")],
            {"/desk": ["say", "delete_all"], "/new": ["say"]},
        )
    for name in ("GET /secret", "PUT /chat", "/desk delete_all", "/new say"):
        assert name in str(refused.value)
    assert "GET /chat" not in str(refused.value)


def test_everybody_lands_on_a_page_that_they_may_open() -> None:
    assert {role: home_page(role) for role in Role} == {
        C: "/desk", D: "/desk", R: "/cases", S: "/watch", A: "/admin",
    }  # fmt: skip
    for role in Role:
        assert may_visit(role, "GET", home_page(role))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("owns", [False, True])
@pytest.mark.parametrize("watching", [False, True])
@pytest.mark.parametrize("case_open", [False, True])
def test_a_conversation_is_read_by_those_who_need_to(
    role: Role, owns: bool, watching: bool, case_open: bool
) -> None:
    allowed = may_read_conversation(
        member(role), "s_1" if owns else "s_2", case_open=case_open, watching=watching
    )
    assert allowed == (role is not A and (owns or (watching and role is S) or (case_open and role is R)))


def test_a_conversation_of_nobodys_is_read_by_nobody() -> None:
    for role in Role:
        assert not may_read_conversation(member(role), None)


def test_the_second_yes_is_another_persons() -> None:
    for role in Role:
        assert not may_approve(member(role, "s_1"), asked_by="s_1")
        assert may_approve(member(role, "s_1"), asked_by="s_2") == (role in {R, S}) == may_take_steps(role)


@pytest.mark.parametrize("level", Level)
def test_danger_is_closed_by_two(level: Level) -> None:
    alone = level in {Level.NONE, Level.LOW, Level.MODERATE}
    assert may_close(level, "s_1", None) == alone
    assert may_close(level, "s_1", member(C, "s_2")) == alone
    assert may_close(level, "s_1", member(R, "s_1")) == alone, "one's own yes is no second one"
    assert may_close(level, "s_1", member(R, "s_2"))
    assert may_close(level, "s_1", member(S, "s_2"))


def test_the_table_cannot_be_changed_while_running() -> None:
    for table in (ROUTES, EVENTS, EVENTS["/desk"]):
        with pytest.raises(TypeError):
            table["x"] = PUBLIC  # type: ignore[index]


def test_the_page_about_it_is_up_to_date() -> None:
    """``python -m app.permissions`` writes it anew."""
    page = Path(permissions.__file__).parent.parent / "docs" / "permissions.md"
    assert page.read_text(encoding="utf-8") == permissions.as_markdown()
    assert all(gate.value in permissions.as_markdown() for gate in Gate)
