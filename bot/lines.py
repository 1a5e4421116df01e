"""What Rasa can say, read from its domain: so that a line in the history is recognised as the line that it was.

Rasa keeps nothing (docs/decisions/031), so what its last line held out, and which variant comes next, is read off
what we keep: the words themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from bot.hotlines import numbers
from bot.talk import History, said

DOMAIN: Final = Path(__file__).resolve().parent / "rasa" / "domain"
VARIANTS: Final = ("a", "b", "c")
CARE: Final = "utter_care"
_FIELD = re.compile(r"\{(\w+)\}")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Known:
    """One line of the domain: whose response it is, which variant, and what it holds out."""

    action: str
    variant: str | None
    offer: str | None


class Lines:
    """Every line of the domain by its words."""

    def __init__(self, responses: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
        self._exact: dict[str, Known] = {}
        self._open: list[tuple[re.Pattern[str], Known]] = []
        for action, variations in responses.items():
            for variation in variations:
                conditions = {c["name"]: c["value"] for c in variation.get("condition", ())}
                known = Known(action, conditions.get("variant"), variation.get("custom", {}).get("offer"))
                self._add(variation["text"], known)

    def find(self, text: str) -> Known | None:
        """Return what a line of the history was, or ``None`` for a line of the built-in script or of the system."""
        if text in self._exact:
            return self._exact[text]
        return next((known for pattern, known in self._open if pattern.fullmatch(text)), None)

    def next_variant(self, history: History) -> str:
        """Return the variant after the one said last, so that the same response never comes out alike twice."""
        for text in reversed(said(history)):
            known = self.find(text)
            if known and known.variant in VARIANTS:
                return VARIANTS[(VARIANTS.index(known.variant) + 1) % len(VARIANTS)]
        return VARIANTS[0]

    def offered(self, history: History) -> str:
        """Return what the bot's last line held out (``person``), or ``none``: it tells what a bare yes means."""
        lines = said(history)
        known = self.find(lines[-1]) if lines else None
        return (known and known.offer) or "none"

    def cared(self, history: History) -> bool:
        """Whether the thought of not living has been answered in what we see of the talk."""
        return any((known := self.find(text)) is not None and known.action == CARE for text in said(history))

    def _add(self, template: str, known: Known) -> None:
        fixed = numbers()
        text = _FIELD.sub(lambda found: fixed.get(found.group(1), found.group(0)), template)
        if not _FIELD.search(text):
            self._exact[text] = known
            return
        parts = _FIELD.split(text)[::2]
        self._open.append((re.compile(".*".join(re.escape(part) for part in parts), re.DOTALL), known))


def load(folder: Path = DOMAIN) -> Lines:
    """Read every response of the domain."""
    responses: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(folder.glob("*.yml")):
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader
        responses |= content.get("responses", {})
    return Lines(responses)
