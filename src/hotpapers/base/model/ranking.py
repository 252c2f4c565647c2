"""Input and output of rankings."""

from __future__ import annotations

import msgspec


class Attention(msgspec.Struct, frozen=True, kw_only=True):
    """One paper's attention on one network, measured at `until`.

    `age`: hours since the announcement at which the paper is compared, 0 for a listing. `voices`: all voices. `own`:
    the paper's own number of voices in the reference, None if it is not part of it. If the ranking uses standing,
    `known`: voices with standing, None while the record is too young; `authors`: voices of the paper's authors;
    `counted`: voices that `rarity/2` compares, None for all; `counted_as`: `voices`, or `likes` or `reposts` of one
    post, empty if unknown. `collector`: who counted, empty for ourselves.
    """

    network: str
    until: int
    age: int
    voices: int
    reposts: int
    likes: int
    method: str = ""
    own: int | None = None
    bots: int = 0
    known: int | None = None
    authors: int = 0
    counted: int | None = None
    counted_as: str = ""
    collector: str = ""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A paper that may enter an issue. `order`: its place in a listing, which breaks ties."""

    paper: str
    archive: str
    announced_at: int
    order: int = 0
    attention: tuple[Attention, ...] = ()


class VoiceHistogram(msgspec.Struct, frozen=True, kw_only=True):
    """How many papers of an archive had how many voices on a network at an age: (voices, papers), ascending.

    `days`: the number of days up to the cut over which these papers were announced; absent in issues frozen before
    this field existed.
    """

    network: str
    age: int
    archive: str
    counts: tuple[tuple[int, int], ...]
    days: int | msgspec.UnsetType = msgspec.UNSET


class RankingInput(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a ranking may look at."""

    candidates: tuple[Candidate, ...]
    peers: tuple[VoiceHistogram, ...]


class ScoreComponent(msgspec.Struct, frozen=True, kw_only=True):
    """One summand of a score: `atleast` of `papers` other papers had `voices` or more.

    For the rule `vouching`, it is the deduction for what the paper's `voices` known voices do not vouch for: at most 0,
    and without a network.

    `among`: which papers were compared (an archive, its group, or all). `age`: hours, 0 for a listing. `own`: the
    paper's own number of voices in the reference, where it is left out; None if it is not part of it. `days`: as in
    `VoiceHistogram`. `counted_as`: for `rarity/2`, what its `voices` are: `voices`, or `likes` or `reposts` of one
    post; `known`: for `voices`, how many of them are known. Both are absent where they are unknown, and in older
    issues.
    """

    network: str
    rule: str
    score: int
    voices: int
    papers: int
    atleast: int
    among: str
    age: int
    until: int
    own: int | None = None
    days: int | msgspec.UnsetType = msgspec.UNSET
    counted_as: str | msgspec.UnsetType = msgspec.UNSET
    known: int | msgspec.UnsetType = msgspec.UNSET


class ScoredCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate with its score, the integer sum of the scores of its parts."""

    paper: str
    score: int
    voices: int
    parts: tuple[ScoreComponent, ...]
    tied: bool = False
