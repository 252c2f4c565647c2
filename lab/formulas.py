"""Published ranking formulas, implemented as rankings to compare ours with. No issue is ordered by them.

Each has a ranking's input and output: integer scores that are the sum of their parts. In all of them a point is a voice
(`Attention.voices`: one account, counted once per network), and a paper ages from its announcement. Scores are in
thousandths of the formula's own unit; for Hacker News in millionths, as thousandths would create ties. Ties are broken
by more voices, then the earlier announcement, then the id.

    hacker-news   (points - 1)^0.8 / (hours + 2)^1.8, over all networks together
    reddit-hot    log10(points) + seconds / 45000, over all networks together
    log-sum       log10(1 + voices), summed over the networks
    z-score       standard deviations from the mean of the day's candidates, summed over the networks
    altmetric     voices times Altmetric's weight of the network, summed
    plain-sum     voices, summed
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from typing import NamedTuple

from hotpapers.base.model import HOUR, Candidate, RankingInput, ScoreComponent, ScoredCandidate
from hotpapers.base.text.timestamps import SECOND
from hotpapers.issues.ranking.scoring import ordered

ALL = "all"
"""The network of a part for all networks together."""
MILLI, MICRO = 1_000, 1_000_000

_EXACT = Context(prec=28, rounding=ROUND_HALF_EVEN)
"""As in `rarity/1`: the same on every machine, unlike floating-point powers and logarithms."""


def hacker_news(inputs: RankingInput) -> tuple[ScoredCandidate, ...]:
    """(points - 1)^0.8 / (hours + 2)^1.8, in millionths: `frontpage-rank` of Hacker News' news.arc (Graham, 2008),
    without its factors for kinds of stories. Points: the voices on all networks. Hours: from the announcement to the
    last measurement of attention; if no announcement is known, the age at that measurement."""
    return ordered(inputs, lambda candidate: _joint(candidate, "hacker-news", _gravity(candidate)))


def reddit_hot(inputs: RankingInput) -> tuple[ScoredCandidate, ...]:
    """log10(max(|s|, 1)) + sign(s) · seconds / 45000, in thousandths: `hot` of Reddit's `r2/lib/db/sorts.py` (as
    published until 2017). s: the voices on all networks, never negative. Seconds: from 2005-12-08 07:46:43 UTC to the
    announcement, so being 12.5 hours later is worth ten times the voices."""
    return ordered(inputs, lambda candidate: _joint(candidate, "reddit-hot", _hot(candidate)))


def log_sum(inputs: RankingInput) -> tuple[ScoredCandidate, ...]:
    """Σ log10(1 + voices) over the networks, in thousandths. No age."""
    return ordered(inputs, lambda candidate: _each(candidate, "log-sum", lambda _, voices: _log(1 + voices)))


def z_score(inputs: RankingInput) -> tuple[ScoredCandidate, ...]:
    """Σ (voices - mean) / standard deviation over the networks, in thousandths. Mean and deviation (of the whole
    population) are those of the day's candidates; a paper not talked about on a network has 0 voices there. A network
    where all have the same voices adds 0. No age."""
    spreads = tuple(_spreads(inputs.candidates).items())
    return ordered(inputs, lambda candidate: _standardized(candidate, spreads))


ALTMETRIC_WEIGHTS: Mapping[str, Decimal] = {"feeds": Decimal(5), "reddit": Decimal("0.25"), "x": Decimal("0.25")}
"""Points of a mention, by network: blogs and Reddit as Altmetric publishes them (*How is the Altmetric Attention Score
calculated?*, 2017); X 0.25, stated as its most common weight since August 2021, before that 1. News counts 8, but is
not among our networks."""
ALTMETRIC_SOCIAL = Decimal("0.25")
"""The same for networks without a published weight known to us, such as Bluesky: like a post on X."""


def altmetric(inputs: RankingInput) -> tuple[ScoredCandidate, ...]:
    """Σ weight · voices over the networks, in thousandths. Altmetric counts only posters, weighs them by who they are,
    and rounds up to whole numbers; here every voice is a mention of plain weight, so likes count too. No age."""
    return ordered(inputs, lambda candidate: _each(candidate, "altmetric", _weighted))


def plain_sum(inputs: RankingInput) -> tuple[ScoredCandidate, ...]:
    """Σ voices over the networks, in thousandths. No age."""
    return ordered(inputs, lambda candidate: _each(candidate, "plain-sum", lambda _, voices: Decimal(voices)))


FORMULAS: dict[str, Callable[[RankingInput], tuple[ScoredCandidate, ...]]] = {
    "hacker-news": hacker_news,
    "reddit-hot": reddit_hot,
    "log-sum": log_sum,
    "z-score": z_score,
    "altmetric": altmetric,
    "plain-sum": plain_sum,
}
"""Every formula by its name, which is also the rule of its parts."""


# ---- the formulas --------------------------------------------------------------------------------------

GRAVITY, DAMPING, HEAD_START = Decimal("1.8"), Decimal("0.8"), 2
"""Hacker News: the exponents of hours and points, and the hours added to every story's age."""
REDDIT_EPOCH = 1_134_028_003
"""Seconds since 1970 UTC from which Reddit counts."""
REDDIT_DECADE = 45_000
"""The seconds that are worth ten times the points."""


def _gravity(candidate: Candidate) -> int:
    points, hours = max(_points(candidate) - 1, 0), _EXACT.divide(Decimal(_older_by(candidate)), Decimal(HOUR))
    raised = _EXACT.power(Decimal(points), DAMPING) if points else Decimal(0)
    return _scaled(_EXACT.divide(raised, _EXACT.power(_EXACT.add(hours, Decimal(HEAD_START)), GRAVITY)), MICRO)


def _older_by(candidate: Candidate) -> int:
    """Microseconds from the announcement to the last measurement."""
    if not candidate.announced_at:
        return max((attention.age for attention in candidate.attention), default=0) * HOUR
    last = max((attention.until for attention in candidate.attention), default=candidate.announced_at)
    return max(last - candidate.announced_at, 0)


def _hot(candidate: Candidate) -> int:
    points = _points(candidate)
    seconds = (candidate.announced_at // SECOND - REDDIT_EPOCH) * (points > 0)
    return _scaled(_EXACT.add(_log(max(points, 1)), _EXACT.divide(Decimal(seconds), Decimal(REDDIT_DECADE))))


def _weighted(network: str, voices: int) -> Decimal:
    return _EXACT.multiply(ALTMETRIC_WEIGHTS.get(network, ALTMETRIC_SOCIAL), Decimal(voices))


class VoiceSpread(NamedTuple):
    """The voices of a day's candidates on a network: the number of candidates, the sum and the sum of squares of their
    voices, and until when they were counted, µs UTC."""

    candidates: int
    total: int
    squares: int
    until: int


def _spreads(candidates: tuple[Candidate, ...]) -> dict[str, VoiceSpread]:
    counts: dict[str, list[int]] = defaultdict(list)
    until: Counter[str] = Counter()
    for candidate in candidates:
        for network, voices in _voices(candidate).items():
            counts[network].append(voices)
        for attention in candidate.attention:
            until[attention.network] = max(until[attention.network], attention.until)
    return {
        network: VoiceSpread(len(candidates), sum(network_counts), sum(x * x for x in network_counts), until[network])
        for network, network_counts in sorted(counts.items())
    }


# ---- what they have in common ----------------------------------------------------------------------------


def _points(candidate: Candidate) -> int:
    return sum(attention.voices for attention in candidate.attention)


def _voices(candidate: Candidate) -> dict[str, int]:
    return {attention.network: attention.voices for attention in candidate.attention}


def _joint(candidate: Candidate, rule: str, score: int) -> tuple[ScoreComponent, ...]:
    """The single part of a formula that ignores networks; none without attention."""
    if not candidate.attention:
        return ()
    until = max(attention.until for attention in candidate.attention)
    return (_part(ALL, rule, score, _points(candidate), _age(candidate), until),)


def _each(candidate: Candidate, rule: str, value: Callable[[str, int], Decimal]) -> tuple[ScoreComponent, ...]:
    """A part for each network."""
    return tuple(
        _part(
            attention.network,
            rule,
            _scaled(value(attention.network, attention.voices)),
            attention.voices,
            attention.age,
            attention.until,
        )
        for attention in candidate.attention
    )


def _standardized(candidate: Candidate, spreads: Sequence[tuple[str, VoiceSpread]]) -> tuple[ScoreComponent, ...]:
    """A part for each network with any candidate: a paper not talked about there is below the mean."""
    voices, age = _voices(candidate), _age(candidate)
    return tuple([_standardized_part(network, spread, voices.get(network, 0), age) for network, spread in spreads])


@lru_cache(maxsize=65536)
def _standardized_part(network: str, spread: VoiceSpread, voices: int, age: int) -> ScoreComponent:
    return _part(network, "z-score", _deviations(spread, voices), voices, age, spread.until)


def _age(candidate: Candidate) -> int:
    return max((attention.age for attention in candidate.attention), default=0)


def _part(network: str, rule: str, score: int, voices: int, age: int, until: int) -> ScoreComponent:
    return ScoreComponent(
        network=network, rule=rule, score=score, voices=voices, papers=0, atleast=0, among="", age=age, until=until
    )


@lru_cache(maxsize=65536)
def _log(number: int) -> Decimal:
    return _EXACT.log10(Decimal(number))


def _deviations(spread: VoiceSpread, voices: int) -> int:
    """How many standard deviations a count is above the mean, in thousandths; 0 if all counts are the same."""
    variance = spread.candidates * spread.squares - spread.total**2
    if not variance:
        return 0
    return _scaled(_EXACT.divide(Decimal(spread.candidates * voices - spread.total), _EXACT.sqrt(Decimal(variance))))


def _scaled(value: Decimal, unit: int = MILLI) -> int:
    """A value in thousandths, or in another unit, rounded to an integer, halves to even."""
    return int(_EXACT.multiply(value, Decimal(unit)).to_integral_value(ROUND_HALF_EVEN))
