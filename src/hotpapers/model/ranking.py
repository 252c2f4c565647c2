"""What a ranking sees, and what it says."""

from __future__ import annotations

import msgspec


class Attention(msgspec.Struct, frozen=True, kw_only=True):
    """One paper's attention on one network, measured at `until`.

    `age`: hours since the announcement at which it is compared, 0 for a listing. `voices`: all of them; `own`: the
    number with which the paper itself stands in the reference, None where it does not. Where standing is told, `known`:
    voices that the record has known for a while, None while it is too young; `authors`: voices of the paper's authors;
    `counted`: those that `rarity/2` compares, None for all. `collector`: whose count it is, empty for our own.
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
    collector: str = ""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A paper that may enter an issue. `order` breaks the ties that a listing's own order decides."""

    paper: str
    archive: str
    announced_at: int
    order: int = 0
    attention: tuple[Attention, ...] = ()


class VoiceHistogram(msgspec.Struct, frozen=True, kw_only=True):
    """How many papers of an archive had how many voices on a network at an age: (voices, papers), ascending.

    `days`: over how many days up to the cut those were announced that are compared with; absent where an issue was
    frozen before that was told.
    """

    network: str
    age: int
    archive: str
    counts: tuple[tuple[int, int], ...]
    days: int | msgspec.UnsetType = msgspec.UNSET


class RankingInput(msgspec.Struct, frozen=True, kw_only=True):
    """A read-only view of who talked about what: all that a ranking may look at."""

    candidates: tuple[Candidate, ...]
    peers: tuple[VoiceHistogram, ...]


class ScoreComponent(msgspec.Struct, frozen=True, kw_only=True):
    """One summand of a score: of `papers` other papers `atleast` had `voices` or more.

    With the rule `vouching` it is what `voices` known ones do not vouch for: no more than 0, of no network.

    `among`: which papers were compared (an archive, its group, or all). `age`: hours, 0 for a listing. `own`: the
    voices with which the paper itself stands among them, and is left out; None where it does not. `days`: as in Peers.
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


class ScoredCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate with its score: the integer sum of its parts' scores."""

    paper: str
    score: int
    voices: int
    parts: tuple[ScoreComponent, ...]
    tied: bool = False
