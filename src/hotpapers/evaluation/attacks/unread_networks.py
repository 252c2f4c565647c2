"""Networks that could not be read on the day before an issue: what they had reported until then still counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from hotpapers.evaluation.worlds import PaperPost
from hotpapers.model import Candidate


class UnreadNetworks(NamedTuple):
    """Networks by name, and since when they could not be read, µs UTC."""

    names: frozenset[str]
    since: int

    def posts(self, posts: Iterable[PaperPost]) -> Iterator[PaperPost]:
        """The posts as far as they were read."""
        for post in posts:
            if post.network not in self.names:
                yield post
            elif post.at <= self.since:
                reactions = tuple(reaction for reaction in post.reactions if reaction.at <= self.since)
                yield post._replace(reactions=reactions, read_until=self.since)

    def candidate(self, candidate: Candidate) -> Candidate:
        """A candidate with what was measured while its networks could be read."""
        attention = (
            counts for counts in candidate.attention if counts.network not in self.names or counts.until <= self.since
        )
        return msgspec.structs.replace(candidate, attention=tuple(attention))
