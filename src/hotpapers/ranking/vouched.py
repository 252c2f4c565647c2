"""`rarity/2`: rarity of the voices that count, as far as known voices vouch for it.

On each network a paper has x counted voices (see `engagement.attention.counted_voices`): named accounts, unknown ones
only as far as known ones match them, or the highest count of one post. The network's part is `rarity/1`'s for x: with
P other papers talked about there and k of them with at least x, log10((P + 1) / (k + 1)) in millipoints; but no more
than 20 for each of the x, or the first voices on a network would be the cheapest. Papers are compared at 24 hours
first, a younger one with others at that age.

K known voices over all networks, the authors' own left out, vouch for 500 × (K - 1) points: what the parts amount to
beyond that is taken off, in a part of its own. So unknown voices alone score nothing, in any number, and neither does
one known voice. While a record is too young to know anybody, nothing is taken off.
"""

from __future__ import annotations

import msgspec

from hotpapers.model import Attention, Candidate, Entry, RankingInput, ScoreComponent, ScoredCandidate
from hotpapers.ranking import rarity
from hotpapers.ranking.rarity import ReferenceTable, part_of
from hotpapers.ranking.scoring import scored

NAME = "rarity/2"
COUNTED = "counted"
"""The rule of a part by the rarity of the voices that count."""
RULE = "vouching"
"""The rule of the part that takes off what nobody vouches for."""
CAPPED = "capped"
"""The rule of a part in which each voice brings the most that one can."""
MOST_PER_VOICE = 20
"""Millipoints that a voice brings at most."""
VOUCHED_PER_VOICE = 500
"""Millipoints that each known voice vouches for, after the first."""


def limit(known: int) -> int:
    """The most millipoints for which so many known voices vouch."""
    return VOUCHED_PER_VOICE * max(known - 1, 0)


def needed(score: int) -> int:
    """How many known voices vouch for a score, at least."""
    return -(-score // VOUCHED_PER_VOICE) + 1 if score > 0 else 0


def rank(inputs: RankingInput) -> tuple[ScoredCandidate, ...]:
    """Candidates by score, descending; level ones by more known voices, then earlier announcement, then id."""
    references = ReferenceTable(inputs.peers)
    announced = {candidate.paper: candidate.announced_at for candidate in inputs.candidates}
    known = {candidate.paper: known_voices(candidate.attention) or 0 for candidate in inputs.candidates}
    candidates = [scored(candidate, _parts(candidate, references)) for candidate in inputs.candidates]

    def place(candidate: ScoredCandidate) -> tuple[int, int, int, str]:
        return (-candidate.score, -known[candidate.paper], announced[candidate.paper], candidate.paper)

    return tuple(sorted(candidates, key=place))


def known_voices(attention: tuple[Attention, ...]) -> int | None:
    """The known voices of a paper over all networks; None where standing is not told."""
    known_counts = [row.known for row in attention if row.known is not None]
    return sum(known_counts) if known_counts else None


def known_of(entry: Entry) -> int | None:
    """The same of an entry that was ranked."""
    known_counts = [count.known for count in entry.counts if count.known is not msgspec.UNSET]
    return sum(known_counts) if known_counts else None


def _parts(candidate: Candidate, references: ReferenceTable) -> tuple[ScoreComponent, ...]:
    rarities = [
        capped_part(_count_vouched(attention), candidate.archive, references) for attention in candidate.attention
    ]
    unvouched = unvouched_part(sum(part.score for part in rarities), known_voices(candidate.attention))
    return (*rarities, unvouched) if unvouched else tuple(rarities)


def _count_vouched(attention: Attention) -> Attention:
    return attention if attention.counted is None else msgspec.structs.replace(attention, voices=attention.counted)


def points_of(voices: int, papers: int, atleast: int) -> int:
    """A network's points for so many counted voices, when `atleast` of `papers` others have as many."""
    return min(rarity.millipoints(papers, atleast), MOST_PER_VOICE * voices) if voices >= rarity.LEAST else 0


def capped_part(attention: Attention, archive: str, references: ReferenceTable) -> ScoreComponent:
    """One network's part of a paper's score, for `attention.voices`."""
    part = part_of(attention, archive, references)
    points = points_of(part.voices, part.papers, part.atleast)
    return msgspec.structs.replace(part, score=points, rule=COUNTED if part.score == points else CAPPED)


def unvouched_part(points: int, known: int | None) -> ScoreComponent | None:
    """What is taken off points for which so many known voices do not vouch; None for nothing."""
    if known is None or points <= limit(known):
        return None
    return ScoreComponent(
        network="", rule=RULE, score=limit(known) - points, voices=known, papers=0, atleast=0, among="", age=0, until=0
    )
