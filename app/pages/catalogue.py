"""The words of the pages: gettext catalogues read at start, and the choice of a language for a reader.

Keys are the same in every language ("chat.send"); each sentence is written in its own. The ``.po`` files are
compiled in memory, so there is nothing to build and nothing to go stale. A key that is missing shows as itself and
is a failing test, never an empty page. Nothing here reads a request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from babel import negotiate_locale
from babel.messages.pofile import read_po

LANGUAGES = ("zh", "en")
"""The languages that the pages are written in; the first is for readers who ask for none of them."""

DOMAIN = "station"
DIRECTION = {"zh": "ltr", "en": "ltr"}

_FACT = re.compile(r"\{(\w+)\}")
_WISH = re.compile(r"^\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*$")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every sentence of the pages, by language and key."""

    words: Mapping[str, Mapping[str, str]]

    def say(self, lang: str, key: str, **facts: object) -> str:
        """The sentence for ``key``, with facts put in: ``{n}`` by ``n``. A fact that is not given stays visible."""
        sentence = self.words.get(lang, self.words[LANGUAGES[0]]).get(key, key)
        return _FACT.sub(lambda found: str(facts.get(found[1], found[0])), sentence)

    def only(self, lang: str, keys: Iterable[str]) -> dict[str, str]:
        """The sentences for those of ``keys`` that are in the catalogue: what a page's script can say."""
        words = self.words.get(lang, self.words[LANGUAGES[0]])
        return {key: words[key] for key in keys if key in words}


def load(folder: Path) -> Catalogue:
    """Read ``<folder>/<language>/LC_MESSAGES/station.po`` for each of :data:`LANGUAGES`.

    Raises ``FileNotFoundError`` when one is missing: a station that cannot speak does not start.
    """
    words: dict[str, dict[str, str]] = {}
    for lang in LANGUAGES:
        with (folder / lang / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
            found = read_po(file, locale=lang, domain=DOMAIN, abort_invalid=True)
        words[lang] = {
            message.id: message.string
            for message in found
            if isinstance(message.id, str)
            and message.id
            and isinstance(message.string, str)
            and message.string
        }
    return Catalogue(words)


def negotiate(*wishes: str | None, accept: str | None = None) -> str:
    """The page's language: the first of ``wishes`` that we write (query, ticket, cookie), else by ``accept``.

    ``accept`` is an ``Accept-Language`` header; anything in it that is not a language is passed over.
    """
    tags = [wish.replace("_", "-") for wish in wishes if wish]
    preferred = [tag for tag in tags if _WISH.match(tag)] + _accepted(accept or "")
    # Babel answers in the reader's spelling: "EN-us" would become "EN", which is no folder and no key of ours.
    return negotiate_locale([tag.lower() for tag in preferred], LANGUAGES, sep="-") or LANGUAGES[0]


def _accepted(header: str) -> list[str]:
    """The languages of an ``Accept-Language`` header, most wanted first; those of weight 0 left out."""
    weighed: list[tuple[float, int, str]] = []
    for place, part in enumerate(header[:500].split(",")):
        found = _WISH.match(part)
        if found is None:
            continue
        weight = float(found[2]) if found[2] is not None else 1.0
        if weight > 0:
            weighed.append((-weight, place, found[1]))
    return [tag for _, _, tag in sorted(weighed)]
