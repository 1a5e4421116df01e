"""Where Rasa would keep talks: nowhere. Runs in Rasa's environment, imports nothing of ours.

Every turn brings the facts it needs, so there is nothing to remember, nothing to rebuild when Rasa was away, and
no visitor's talk in the memory of a second process. See docs/decisions/031-rasa-keeps-nothing.md.
"""

from collections.abc import Iterable

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.trackers import DialogueStateTracker


class ForgetfulTrackerStore(TrackerStore):
    """Answers every question with "never heard of"; keeps nothing of what it is given."""

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Drop the talk."""

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Know nobody."""
        return None

    async def keys(self) -> Iterable[str]:
        """Hold nothing."""
        return ()
