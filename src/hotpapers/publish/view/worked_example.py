"""One score by hand: the entry that is worked out, and the papers that its parts were compared with, as frozen with
the issue."""

from __future__ import annotations

from collections import Counter

from hotpapers.base.categories import group_of
from hotpapers.base.model import Entry, PublishedIssue, ScoreComponent
from hotpapers.issues.ranking import rarity_2

COMPARED = ("rarity", rarity_2.COUNTED)
"""The rules of parts that are based on a comparison."""
MIN_VOICES = 3
"""Papers with fewer voices are left out of comparisons, except in a listing."""


def worked_example(issue: PublishedIssue) -> Entry | None:
    """The first entry that scores by a comparison; None if there is none."""
    scored_by_comparison = (
        entry for entry in issue.content.entries if any(part.score and part.rule in COMPARED for part in entry.parts)
    )
    return next(scored_by_comparison, None)


def reference_of(issue: PublishedIssue, part: ScoreComponent) -> list[tuple[int, int]]:
    """(voices, papers) pairs, ascending, of what a part was compared with: the archive, its group, or all papers."""
    histogram: Counter[int] = Counter()
    for peer in issue.content.peers:
        if (peer.network, peer.age) == (part.network, part.age) and part.among in (
            "all",
            peer.archive,
            f"{group_of(peer.archive)} group",
        ):
            histogram.update({voices: papers for voices, papers in peer.counts if not part.age or voices >= MIN_VOICES})
    return sorted(histogram.items())
