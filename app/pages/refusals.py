"""Why something did not happen, in its reader's language."""

from __future__ import annotations

from collections.abc import Callable

from app.pages.catalogue import Catalogue
from data.kinds import Refusal


def in_words(catalogue: Catalogue) -> Callable[[Refusal, str], str]:
    """A function of (refusal, language) to a sentence.

    English readers get the refusal's own sentence, which says more; others the catalogue's for its code.
    """

    def words(refusal: Refusal, language: str) -> str:
        key = f"error.{refusal.code.value}"
        found = catalogue.only(language, [key]) if language != "en" else {}
        return found.get(key, refusal.message)

    return words
