"""The least growth, network by network, with which two neighbors would swap places."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from hotpapers.base.model import HOUR, MAX_INTEGER, Attention, Entry, ScoreComponent, VoiceHistogram
from hotpapers.issues.ranking import rarity_2
from hotpapers.issues.ranking.rarity_1 import MIN_VOICES, ReferenceTable, part_of
from hotpapers.issues.ranking.scoring import sort_key
from hotpapers.issues.ranking.words import part_unit


class RequiredGrowth(NamedTuple):
    """With `needed` instead of `now` on a network, the lower entry passes. `unit`: the unit of the count, as in
    `words.part_unit`."""

    network: str
    unit: str
    now: int
    needed: int


def required_growths(lower: Entry, upper: Entry, peers: tuple[VoiceHistogram, ...]) -> tuple[RequiredGrowth, ...]:
    """For each network of the lower entry, the least count that would put it above; networks that cannot do it alone
    are left out."""
    result = []
    for part in (part for part in lower.parts if part.rule != rarity_2.RULE):
        is_classic = part.rule == "classic"
        needed = _classic(lower, upper, part) if is_classic else _rarity(lower, upper, part, peers)
        if needed is not None and needed <= MAX_INTEGER:
            now = part.score if is_classic else part.voices
            result.append(RequiredGrowth(part.network, part_unit(part), now, needed))
    return tuple(result)


def _classic(lower: Entry, upper: Entry, part: ScoreComponent) -> int:
    """The count for a tie, plus one if the tie would not put the lower entry first."""
    lower_key, upper_key = (sort_key(0, entry.order, entry.announced_at, entry.paper) for entry in (lower, upper))
    return part.score + upper.score - lower.score + (lower_key > upper_key)


def _rarity(lower: Entry, upper: Entry, part: ScoreComponent, peers: tuple[VoiceHistogram, ...]) -> int | None:
    """The least x that passes, by binary search: from 3 voices on, the lower only gains with x and the upper only
    loses."""
    network_peers = [peer for peer in peers if (peer.network, peer.age) == (part.network, part.age)]
    most_voices = max([voices for histogram in network_peers for voices, _ in histogram.counts], default=0)
    vouching = part.voices + rarity_2.needed_voices(upper.score) + 1  # enough known voices to vouch for the upper score
    low = part.voices
    high = max(most_voices, part.voices, upper.voices, MIN_VOICES, vouching) + 1

    def passes(x: int) -> bool:
        references = _references_with(network_peers, lower, part, x)
        return _key(lower, part, x, references) < _key(upper, part, None, references)

    below_least = next((x for x in range(low + 1, MIN_VOICES) if passes(x)), None)
    if below_least is not None or not passes(high):
        return below_least
    low = max(low, MIN_VOICES - 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return high


def is_own_peer(entry: Entry, part: ScoreComponent) -> bool:
    """Whether the entry is in its own reference with the same number of voices as here: not if it was measured before
    or after that age."""
    at_age = part.age == 0 or part.until == entry.announced_at + part.age * HOUR
    return at_age and part.own == part.voices


def _references_with(network_peers: list[VoiceHistogram], lower: Entry, part: ScoreComponent, x: int) -> ReferenceTable:
    """The references on this network if the lower one had x voices."""
    if not is_own_peer(lower, part):
        return ReferenceTable(network_peers)
    counts = defaultdict[str, dict[int, int]](lambda: defaultdict(int))
    for histogram in network_peers:
        counts[histogram.archive].update(dict(histogram.counts))
    counts[lower.archive][x] += 1
    if part.own is not None and counts[lower.archive][part.own]:
        counts[lower.archive][part.own] -= 1
    return ReferenceTable(
        VoiceHistogram(
            network=part.network, age=part.age, archive=archive, counts=tuple(sorted(archive_counts.items()))
        )
        for archive, archive_counts in counts.items()
    )


def _key(
    entry: Entry, grown_part: ScoreComponent, x: int | None, references: ReferenceTable
) -> tuple[int, int, int, str]:
    """The entry's sort key with the references as they would be, and with x voices on that network if it is the one
    that grows. Additional voices are taken as known if standing is known."""
    points = 0
    added_voices = 0
    for part in (part for part in entry.parts if part.rule != rarity_2.RULE):
        rescored = part
        if (part.network, part.age) == (grown_part.network, grown_part.age):
            rescored = _rescored_part(entry, part, x, references)
            added_voices += rescored.voices - part.voices
        points += rescored.score
    if not _is_vouched(entry):
        return sort_key(points, -(entry.voices + added_voices), entry.announced_at, entry.paper)
    known = rarity_2.known_voices(entry.counts)
    if known is None:
        return sort_key(points, 0, entry.announced_at, entry.paper)
    known += added_voices
    limit = rarity_2.vouched_limit(known)
    return sort_key(min(points, limit), -known, entry.announced_at, entry.paper)


def _is_vouched(entry: Entry) -> bool:
    """Whether it was ranked by `rarity/2`: only its parts have these rules."""
    return any(part.rule in rarity_2.RULES_OF_NETWORKS for part in entry.parts)


def tells_known(entry: Entry) -> bool:
    """Whether the entry says how many of its voices are known; additional ones are then assumed to be known."""
    return _is_vouched(entry) and rarity_2.known_voices(entry.counts) is not None


def _rescored_part(entry: Entry, part: ScoreComponent, x: int | None, references: ReferenceTable) -> ScoreComponent:
    attention = Attention(
        network=part.network,
        until=part.until,
        age=part.age,
        voices=part.voices if x is None else x,
        reposts=0,
        likes=0,
        own=x if x is not None and is_own_peer(entry, part) else part.own,
    )
    score_part = rarity_2.capped_part if _is_vouched(entry) else part_of
    return score_part(attention, entry.archive, references)
