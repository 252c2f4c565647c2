"""`rarity/2`: the rarity of counted voices, limited by the points for which known voices vouch.

On each network a paper has x counted voices (see `engagement.attention.counted_voices`): named accounts, with unknown
ones counted only up to the number of known ones, or the highest count of a single post. The network's part is that of
`rarity/1` for x: with P other papers talked about there and k of them with at least x, log10((P + 1) / (k + 1)) in
millipoints; but at most 20 per voice, or the first voices on a network would be the cheapest. Papers are first compared
at 24 hours; a younger one is compared with others at that age.

K known voices over all networks, without the authors' own, vouch for 240 × K points, if there are at least two. Points
beyond that are taken off, in a separate part. So unknown voices alone score nothing, however many, and neither does one
known voice. While a record is too young to know anybody, nothing is taken off.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hotpapers.base.model import Attention, Candidate, PrintedCount, RankingInput, ScoreComponent, ScoredCandidate
from hotpapers.issues.ranking import rarity_1
from hotpapers.issues.ranking.rarity_1 import ReferenceTable, part_of
from hotpapers.issues.ranking.scoring import ordered

NAME = "rarity/2"
COUNTED = "counted"
"""The rule of a part scored by the rarity of its counted voices."""
RULE = "vouching"
"""The rule of the part that takes off points nobody vouches for."""
CAPPED = "capped"
"""The rule of a part limited by MAX_POINTS_PER_VOICE."""
RULES_OF_NETWORKS = (COUNTED, CAPPED)
"""The rules of the parts that say how many people of a network count."""
MAX_POINTS_PER_VOICE = 20
"""The most millipoints that a voice adds."""
VOICES = "voices"
"""Marks parts that count accounts instead of the likes or reposts of one post."""
VOUCHED_PER_VOICE = 240
"""Millipoints that each known voice vouches for. Two reach less than the usual threshold of a publication, or a paper
would leave the issue with one of them."""
MIN_KNOWN_VOICES = 2
"""Fewer known voices vouch for nothing."""


def vouched_limit(known: int) -> int:
    """The millipoints that this many known voices vouch for."""
    return VOUCHED_PER_VOICE * known if known >= MIN_KNOWN_VOICES else 0


def needed_voices(score: int) -> int:
    """The fewest known voices that vouch for a score."""
    return max(-(-score // VOUCHED_PER_VOICE), MIN_KNOWN_VOICES) if score > 0 else 0


def rank(inputs: RankingInput) -> tuple[ScoredCandidate, ...]:
    """Candidates by score, descending; ties by more known voices, then earlier announcement, then id."""
    references = ReferenceTable(inputs.peers)
    return ordered(
        inputs,
        lambda candidate: _parts(candidate, references),
        lambda candidate: -(known_voices(candidate.attention) or 0),
    )


def known_voices(counts: Iterable[Attention | PrintedCount]) -> int | None:
    """The known voices of a paper over all networks; None if standing is unknown."""
    numbers = [count.known for count in counts if isinstance(count.known, int)]
    return sum(numbers) if numbers else None


def _parts(candidate: Candidate, references: ReferenceTable) -> tuple[ScoreComponent, ...]:
    rarities = []
    for attention in candidate.attention:
        if attention.counted is not None:
            attention = msgspec.structs.replace(attention, voices=attention.counted)
        rarities.append(capped_part(attention, candidate.archive, references))
    total = sum(part.score for part in rarities)
    unvouched = unvouched_part(total, known_voices(candidate.attention))
    return (*rarities, unvouched) if unvouched else tuple(rarities)


def points_of(voices: int, papers: int, atleast: int) -> int:
    """A network's points for a number of counted voices, if `atleast` of `papers` others have as many."""
    points = min(rarity_1.rarity_millipoints(papers, atleast), MAX_POINTS_PER_VOICE * voices)
    return points if voices >= rarity_1.MIN_VOICES else 0


def capped_part(attention: Attention, archive: str, references: ReferenceTable) -> ScoreComponent:
    """One network's part of a paper's score, for `attention.voices`."""
    part = part_of(attention, archive, references)
    points = points_of(part.voices, part.papers, part.atleast)
    return msgspec.structs.replace(
        part,
        score=points,
        rule=COUNTED if part.score == points else CAPPED,
        counted_as=attention.counted_as or msgspec.UNSET,
        known=msgspec.UNSET if attention.known is None or attention.counted_as != VOICES else attention.known,
    )


def unvouched_part(points: int, known: int | None) -> ScoreComponent | None:
    """The part that takes off points which the known voices do not vouch for; None if there are none."""
    if known is None or points <= vouched_limit(known):
        return None
    score = vouched_limit(known) - points
    return ScoreComponent(
        network="", rule=RULE, score=score, voices=known, papers=0, atleast=0, among="", age=0, until=0
    )
