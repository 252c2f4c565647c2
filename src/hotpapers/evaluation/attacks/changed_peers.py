"""The papers that others are compared with, after a campaign changed how some of them are talked about: pure."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from hotpapers import ranking
from hotpapers.engagement.attention import Engagement
from hotpapers.issues.ranking_input import Where, voices_as_peer, where_of
from hotpapers.model import VoiceHistogram


def changed_peers(
    peers: tuple[VoiceHistogram, ...], before: Iterable[Engagement], after: Iterable[Engagement],
    measured: ranking.Measured, *, days: int | msgspec.UnsetType = msgspec.UNSET,
) -> tuple[VoiceHistogram, ...]:  # fmt: skip
    """The references where some papers had other voices. How many days they go back to stays as it is; `days`: of new
    ones."""
    more: dict[Where, Counter[int]] = {}
    for sign, rows in ((-1, before), (1, after)):
        for row in rows:
            if (voices := voices_as_peer(row, measured)) is not None:
                more.setdefault(where_of(row), Counter())[voices] += sign
    if not more:
        return peers
    known = {(peer.network, peer.age, peer.archive): peer for peer in peers}
    for where, voices_more in more.items():
        network, age, archive = where
        peer = known.get(where) or VoiceHistogram(network=network, age=age, archive=archive, counts=(), days=days)
        voices_more.update(dict(peer.counts))
        counts = tuple(sorted((voices, papers) for voices, papers in voices_more.items() if papers))
        known[where] = msgspec.structs.replace(peer, counts=counts)
    return tuple(peer for _, peer in sorted(known.items()))
