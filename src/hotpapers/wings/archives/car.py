"""AT Protocol repositories: what somebody posted, reposted and liked, if it still exists.

A repository is read as a whole, since its tree may be anywhere in it, and becomes one event per record. From there on
it is handled like any archive of events.
"""

from __future__ import annotations

from collections.abc import Iterable

from hotpapers.base.model import Item, RawPayload
from hotpapers.collect.sources.bluesky.parser import key_of
from hotpapers.issues.engagement.queries import is_recorded
from hotpapers.record import reaction_marks
from hotpapers.wings.archives.format import ImportTarget
from hotpapers.wings.archives.jetstream import JetstreamArchive


class CarArchive(JetstreamArchive):
    """Records, each at its own moment. What the record has already, from any source, stays as it is: a repository does
    not contain what a post said before an edit."""

    def __init__(self, place: ImportTarget) -> None:
        super().__init__(place)
        self._record = place.record
        self._new_keys: set[str] = set()

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """The items that the source parses, if they are new."""
        items = super().read(payload)  # also tracks a known post, whenever the record learned of it
        is_known = payload.key in self._new_keys or self._is_recorded(payload)
        self._new_keys.add(payload.key)
        return () if is_known else items

    def _is_recorded(self, payload: RawPayload) -> bool:
        if payload.kind == "post":
            return is_recorded(self._record, key_of(payload.key))
        return reaction_marks.post_of_reaction(self._record, payload.key) is not None

    def learned(self) -> None:
        """Everything parsed is in the record."""
        super().learned()
        self._new_keys.clear()
