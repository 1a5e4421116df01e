"""Writes the reference pages that come from the code: ``docs/settings.md`` and ``docs/events.md``.

``python -m scripts.reference`` writes them; ``tests/test_docs.py`` fails when one of them is stale. Nothing here is
written by hand but the frame around the tables: what a setting or an event means stands where it is declared.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic_core import PydanticUndefined

from app.gateway.desk import DeskSpace
from app.gateway.payloads import Payload
from app.gateway.spaces import Space
from app.gateway.visitor import VisitorSpace
from app.gateway.watch import WatchSpace
from app.permissions import EVENTS, Access, Gate
from app.settings import Settings
from data.kinds import Role

DOCS = Path(__file__).resolve().parent.parent / "docs"

SPACES: tuple[type[Space], ...] = (VisitorSpace, DeskSpace, WatchSpace)

NOT_READ_YET: Mapping[str, str] = MappingProxyType(
    {
        "redis_url": "Refused for now: a station is one process.",
        "signal_token": "No route takes signals yet, so it opens nothing.",
    }
)
"""Settings that are declared and that nothing asks for. A test fails when one of them is asked for after all."""


def settings_page() -> str:
    """Every field of :class:`app.settings.Settings`: variable, default, limits, meaning."""
    lines = [
        "# Settings",
        "",
        "Written by `python -m scripts.reference` from `app/settings.py`; do not edit.",
        "",
        "Each is an environment variable, or a line of `.env` in the folder that the station is started in; the",
        "environment comes first. They are read once, at the start. What cannot be used is refused then, in one",
        "sentence that names the variable. Hours that cannot be read are the exception: the desk stays shut, and",
        "everything else works. [`.env.example`](../.env.example) lists them with examples.",
        "",
        "| variable | kind | default | means |",
        "| --- | --- | --- | --- |",
    ]
    schema = Settings.model_json_schema()["properties"]
    for name, field in Settings.model_fields.items():
        means = f"{field.description} {NOT_READ_YET.get(name, '')}".strip()
        default = "" if field.default is PydanticUndefined else _default(field.default)
        lines.append(f"| `STATION_{name.upper()}` | {_kind(schema[name], {})} | {default} | {means} |")
    lines += [
        "",
        "`make run` reads a few more, for itself: see [operations](operations.md).",
    ]
    return "\n".join(lines) + "\n"


def events_page() -> str:
    """Every event that a client may send: who may, with what payload, and what it does."""
    lines = [
        "# Events that clients send",
        "",
        "Written by `python -m scripts.reference` from the namespaces in `app/gateway`, their payloads and",
        "`app/permissions.py`; do not edit. The answers, and the events that the server sends, are in the",
        "[contract](contract.md).",
        "",
        "A field with `?` may be left out. Fields that the station does not know are ignored. Lengths are counted",
        "in Unicode code points. A text must hold more than white space; an id holds no control characters.",
    ]
    for space in SPACES:
        lines += [
            "",
            f"## `{space.name}`",
            "",
            "| event | who | payload | does |",
            "| --- | --- | --- | --- |",
        ]
        for event, model in space.events.items():
            who = _who(EVENTS[space.name][event])
            lines.append(f"| `{event}` | {who} | {_payload(model)} | {_says(space, event)} |")
        missing = [f"`{event}`" for event in EVENTS[space.name] if event not in space.events]
        if missing:
            lines += ["", f"Declared and not served yet: {', '.join(missing)}."]
    return "\n".join(lines) + "\n"


PAGES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {"settings.md": settings_page, "events.md": events_page}
)
"""File name under ``docs/`` to what writes it."""


def _default(value: Any) -> str:
    if value is False or value is True:
        return "`1`" if value else "`0`"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"`{value}`" if str(value) else ""


def _says(space: type[Space], event: str) -> str:
    return (
        inspect.cleandoc(getattr(space, f"on_{event}").__doc__ or "").partition("\n\n")[0].replace("\n", " ")
    )


def _who(access: Access) -> str:
    if isinstance(access, Gate):
        return access.value
    return ", ".join(role.value for role in Role if role in access)


def _payload(model: type[Payload]) -> str:
    schema = model.model_json_schema()
    known, needed = schema.get("$defs", {}), schema.get("required", [])
    fields = [
        f"`{name}{'' if name in needed else '?'}` {_kind(field, known)}"
        for name, field in schema.get("properties", {}).items()
    ]
    return "; ".join(fields) or "none"


def _kind(field: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """A JSON schema's type as words: ``text 1-64``, ``number 1-5``, ``yes/no``, or the words of an enum."""
    if "anyOf" in field:
        return " or ".join(_kind(one, known) for one in field["anyOf"] if one.get("type") != "null")
    if "$ref" in field:
        return _kind(known[field["$ref"].rpartition("/")[2]], known)
    if "enum" in field:
        return " / ".join(f"`{word}`" for word in field["enum"])
    if field.get("type") == "object":
        needed = field.get("required", [])
        inner = ", ".join(
            f"`{name}{'' if name in needed else '?'}` {_kind(one, known)}"
            for name, one in field["properties"].items()
        )
        return f"{{{inner}}}"
    if field.get("type") == "boolean":
        return "yes/no"
    if field.get("format") == "path":
        return "path"
    if field.get("type") == "string":
        return f"text{_range(field.get('minLength'), field.get('maxLength'))}"
    above = field.get("exclusiveMinimum")
    number = "whole number" if field.get("type") == "integer" else "number"
    if above is not None:
        return f"{number} above {above:g}"
    return f"{number}{_range(field.get('minimum'), field.get('maximum'))}"


def _range(least: int | None, most: int | None) -> str:
    if least is not None and most is not None:
        return f" {least}-{most}"
    if most is not None:
        return f" up to {most}"
    return "" if least is None else f" from {least}"


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
