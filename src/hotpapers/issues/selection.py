"""Which ranked papers go into an issue, and whether its reference is young, so that places are provisional: pure,
versioned rules.

`threshold/1`  those that reach the publication's threshold
`least/1`      those, and while the reference is young at least `least_entries` of the best with 3 voices or more
`least/2`      the same, without papers that were withdrawn before the issue closed

An issue names the rule that chose its papers and is verified by that rule; issues frozen before rules had names used
`threshold/1`. A rule stays in the code forever; a changed rule gets a new name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from hotpapers.base.errors import IssueError
from hotpapers.base.model import Publication, ReferenceSize, VoiceHistogram
from hotpapers.issues.ranking import rarity_1

THRESHOLD, WITH_WITHDRAWN, LEAST = "threshold/1", "least/1", "least/2"
VOICES = rarity_1.MIN_VOICES
"""The fewest voices of a paper shown below the threshold."""


def check(rule: str) -> None:
    """Raises IssueError for an unknown rule."""
    if rule not in (THRESHOLD, WITH_WITHDRAWN, LEAST):
        raise IssueError(f"its papers were chosen by {rule!r}, which this version does not know; update hotpapers")


def leaves_out_withdrawn(rule: str) -> bool:
    """Whether a rule leaves out withdrawn papers."""
    return rule == LEAST


def reference_size(publication: Publication, peers: Iterable[VoiceHistogram]) -> ReferenceSize | UnsetType:
    """The largest reference that an issue's papers are compared with; ties go to the one with most days. UNSET for a
    ranking that compares nothing."""
    if not publication.ranking.startswith("rarity/"):
        return UNSET
    papers: Counter[tuple[str, int]] = Counter()
    days: dict[tuple[str, int], int] = defaultdict(int)
    for peer in peers:
        key = (peer.network, peer.age)
        papers[key] += sum(n for voices, n in peer.counts if voices >= rarity_1.least_voices(peer.age))
        days[key] = max(days[key], peer.days or 0)
    sizes = [
        ReferenceSize(
            network=network, age=age, papers=n, days=days[network, age], young=is_young(n, days[network, age])
        )
        for (network, age), n in sorted(papers.items())
    ]
    no_reference = ReferenceSize(network="", age=0, papers=0, days=0, young=True)
    return max(sizes, key=lambda size: (not size.young, size.papers, size.days), default=no_reference)


def is_young(papers: int, days: int) -> bool:
    """Whether a reference has too few papers or too few days for stable places."""
    return papers < rarity_1.ENOUGH or days < rarity_1.ENOUGH_DAYS


def least_papers(publication: Publication, compared: ReferenceSize | UnsetType) -> int:
    """How many papers an issue shows regardless of their scores."""
    if compared is UNSET or not compared.young:
        return 0
    return publication.least_entries or 0
