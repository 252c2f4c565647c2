"""Input and output of rankings, and the content of frozen issues."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from hotpapers.base.model.items import Publication
from hotpapers.base.struct_types import Value


class Attention(Value):
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


class Candidate(Value):
    """A paper that may enter an issue. `order`: its place in a listing, which breaks ties."""

    paper: str
    archive: str
    announced_at: int
    order: int = 0
    attention: tuple[Attention, ...] = ()


class VoiceHistogram(Value):
    """How many papers of an archive had how many voices on a network at an age: (voices, papers), ascending.

    `days`: the number of days up to the cut over which these papers were announced; absent in listings and in issues
    frozen before this field existed.
    """

    network: str
    age: int
    archive: str
    counts: tuple[tuple[int, int], ...]
    days: int | UnsetType = UNSET


class RankingInput(Value):
    """Everything that a ranking may look at."""

    candidates: tuple[Candidate, ...]
    peers: tuple[VoiceHistogram, ...]


class ScoreComponent(Value):
    """One summand of a score: `atleast` of `papers` other papers had `voices` or more.

    For the rule `vouching`, it is the deduction for what the paper's `voices` known voices do not vouch for: at most 0,
    and without a network.

    `among`: which papers were compared (an archive, its group, or all). `age`: hours, 0 for a listing. `own`: the
    paper's own number of voices in the reference, where it is left out; None if it is not part of it. `days`: the most
    of the archives compared, absent if there are none. `counted_as`: for `rarity/2`, what its `voices` are: `voices`,
    or `likes` or `reposts` of one post; `known`: for `voices`, how many of them are known. Both are absent where they
    are unknown, and in older issues.
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
    days: int | UnsetType = UNSET
    counted_as: str | UnsetType = UNSET
    known: int | UnsetType = UNSET


class ScoredCandidate(Value):
    """A candidate with its score, the integer sum of the scores of its parts."""

    paper: str
    score: int
    voices: int
    parts: tuple[ScoreComponent, ...]
    tied: bool = False


class PrintedCount(Value):
    """One network's counts of a paper, measured at `until`, as an entry prints them.

    `known`: voices with standing, without the authors' own. `authors`: voices of the paper's authors. Both are absent
    if the ranking does not use them (another collector's may be there) or the record was too young to tell.
    `collector`: who counted, if it was another collector because the publication itself could not read the network.
    """

    network: str
    voices: int
    reposts: int
    likes: int
    until: int
    method: str = ""
    bots: int = 0
    known: int | UnsetType = UNSET
    authors: int | UnsetType = UNSET
    collector: str | UnsetType = UNSET


class Price(Value):
    """What a place would have cost: the fewest `accounts` that would have given as many points to a paper without any
    voices, and the fewest of them, `known`, that would have needed standing. `accounts` is None if
    `ranking.price.MAX_PRICE` would not have been enough."""

    accounts: int | None
    known: int


class Forecast(Value):
    """Voices expected at 168 h: between `low` and `high` in nine of ten cases, at most `median` in half of them. Based
    on `papers` papers from `among` that had `least` to `most` voices at the same age."""

    low: int
    median: int
    high: int
    papers: int
    among: str
    least: int
    most: int


class NetworkForecast(Value):
    """A paper's forecast for one network, made from its `voices` at an `age` in hours.

    `forecast`: None if the record has too little data. `papers`: how many papers in the record were followed on this
    network from that age to 168 h.
    """

    network: str
    age: int
    voices: int
    papers: int
    forecast: Forecast | None


class Entry(Value):
    """A paper in an issue.

    `classic_rank`: its place by the classic rule. `tied`: a neighbor has the same score. `metadata` and `posts`:
    hashes of the items shown. `archive`: its primary archive, with whose papers it is compared. `order`: its place in
    an imported listing. `price`: absent in listings and if the ranking has none. `forecasts`: for the networks on
    which the paper of a daily issue is still young, not part of the score; absent in other issues.
    """

    place: int
    paper: str
    score: int
    voices: int
    tied: bool
    classic_rank: int
    announced_at: int
    counts: tuple[PrintedCount, ...]
    parts: tuple[ScoreComponent, ...]
    metadata: str
    posts: tuple[str, ...]
    archive: str = ""
    order: int = 0
    price: Price | UnsetType = UNSET
    forecasts: tuple[NetworkForecast, ...] | UnsetType = UNSET


NOT_READ = "not read"
"""The reason given for a period that no coverage item describes."""


class ReadingGap(Value):
    """A time in which a network was not read in full, µs UTC: `unknown` if nothing of it was read, `refused` if the
    network could not be read, `partial` if some of it is missing."""

    from_at: int
    until_at: int
    state: Literal["partial", "refused", "unknown"]


class NetworkReading(Value):
    """How completely a network was read for an issue. `unknown` never counts as zero.

    `state`: the worst of the period, `since` when it first began. `gaps`: every gap of the period, ascending. `began`:
    the earliest moment that was read, also before the period; absent if nothing was read. Both are absent in issues
    frozen before the fields existed.
    """

    network: str
    state: Literal["complete", "partial", "refused", "unknown"]
    reason: str = ""
    since: int | None = None
    gaps: tuple[ReadingGap, ...] | UnsetType = UNSET
    began: int | UnsetType = UNSET


class ServerCount(Value):
    """How many papers a server announced for an issue. `papers`: null where that is unknown; where a server was read
    only in part, at least so many."""

    server: str
    papers: int | None


class EarlierIssue(Value):
    """An earlier issue that this one took into account."""

    day: str
    edition: int
    digest: str


class ReferenceSize(Value):
    """The size of an issue's largest reference: the number of papers on a network at an age, and the number of days up
    to the cut over which they were announced. `young`: too few papers or days for reliable places."""

    network: str
    age: int
    papers: int
    days: int
    young: bool


class Retrospective(Value):
    """Present if an issue was made after its day: what was missing, at its cut, about the papers that it considered.

    `posts`: posts written and recorded by the cut. `posts_later`: posts written by the cut but recorded later, which
    do not count. `counts_later`: those of `posts` whose counts were first read later. `counts_missing`: those of
    `posts` whose counts were never read and that have no known reactions. `described_later`: entries whose paper's
    metadata was recorded only later, perhaps for another version. `absent`: networks of the publication that were not
    read and from which the record has no posts. `bots`: accounts judged to be bots by the cut. `known`: accounts with
    standing, learned only from earlier records; None if too few. `inferred`: papers considered or compared whose
    announcement nobody observed, so that its day is inferred from their submission; absent if there are none.
    `survivors`: those of `posts` that come from an archive of what was left of that time; absent if there are none.
    """

    posts: int
    posts_later: int
    counts_later: int
    counts_missing: int
    described_later: int
    absent: tuple[str, ...]
    bots: int
    known: int | None
    inferred: int | UnsetType = UNSET
    survivors: int | UnsetType = UNSET


class WitnessedCounts(Value):
    """How well the counts of other collectors agree. `collectors`: the followed collectors that had read a network in
    full and counted one of the issue's papers at the same moment. `counts`: how many of the issue's counts at least one
    of them made too. `close`: how many of these differ from all of theirs by at most a tenth or two voices."""

    collectors: tuple[str, ...]
    counts: int
    close: int


Lane = Literal["entries", "further", "ongoing"]
"""The list of an issue that a paper is in: those with a text, those with a line each, or those still talked about."""


class IssueContent(Value, kw_only=True):
    """The complete content of an issue. Its digest is the SHA-256 of its RFC 8785 JSON.

    `as_of`: the moment up to which observations count. `position`: the last batch that was read. `chain`: that batch's
    chain value in hexadecimal, which covers all batches before it too. `announced`: number of papers announced that
    day. `considered`: number of papers ranked. `replaces`: the digest of the edition that this one corrects, for
    `reason`. `choice`: the rule by which papers were chosen. `compared`: what they were compared with. `quoting`: the
    rule by which posts were chosen. `counting`: the rule by which announced papers were counted. `period`: the rule for
    the time whose reading is reported; `read_from`: its start. These six are absent in listings and in issues frozen
    before the fields existed, `compared` also by `classic/1`.
    `retrospective`: present if the issue was made after its day. `witnessed`: absent if no followed collector counted
    the same papers. `further`: for lists with a line each, by place, the papers beyond the publication's
    `most_entries`, or those below the threshold that fewer than two regulars talked about; absent without either.
    `until_at`: present if a weekly or monthly issue closed after its hour: the end of its window. Posts and
    announcements after it are the next issue's. `servers`: how the publication's servers besides arXiv that have lists
    of new papers were read for the days whose papers belong to the issue; absent without such servers. `announced_on`:
    `announced` by server; absent if the publication has only one, and in issues frozen before the field existed.
    """

    format: Literal[1] = 1
    publication: Publication
    day: str
    edition: int
    from_at: int
    as_of: int
    position: int
    chain: str
    ranking: str
    announced: int | None
    considered: int
    readings: tuple[NetworkReading, ...]
    earlier: tuple[EarlierIssue, ...]
    entries: tuple[Entry, ...]
    ongoing: tuple[Entry, ...]
    peers: tuple[VoiceHistogram, ...]
    replaces: str = ""
    reason: str = ""
    choice: str | UnsetType = UNSET
    compared: ReferenceSize | UnsetType = UNSET
    quoting: str | UnsetType = UNSET
    counting: str | UnsetType = UNSET
    period: str | UnsetType = UNSET
    read_from: int | UnsetType = UNSET
    retrospective: Retrospective | UnsetType = UNSET
    witnessed: WitnessedCounts | UnsetType = UNSET
    until_at: int | UnsetType = UNSET
    further: tuple[Entry, ...] | UnsetType = UNSET
    servers: tuple[NetworkReading, ...] | UnsetType = UNSET
    announced_on: tuple[ServerCount, ...] | UnsetType = UNSET

    @property
    def lanes(self) -> tuple[tuple[Lane, tuple[Entry, ...]], ...]:
        """The papers by lane."""
        return ("entries", self.entries), ("further", self.further or ()), ("ongoing", self.ongoing)

    @property
    def listed(self) -> tuple[Entry, ...]:
        """The entries, then those listed in a line each: every new paper, by place."""
        return *self.entries, *(self.further or ())

    @property
    def all_entries(self) -> tuple[Entry, ...]:
        """All new papers, then the ongoing ones."""
        return *self.listed, *self.ongoing


class HeldCut(Value):
    """The moment up to which an issue's observations count; decoding skips the rest."""

    as_of: int


class HeldPaper(Value):
    """A paper in an issue. `place` is 0 if the content does not give it; `voices` are likes in a listing."""

    paper: str
    place: int = 0
    voices: int = 0


class HeldPapers(Value):
    """The papers in an issue's content; decoding skips the rest."""

    entries: tuple[HeldPaper, ...] = ()
    ongoing: tuple[HeldPaper, ...] = ()
    further: tuple[HeldPaper, ...] | UnsetType = UNSET

    @property
    def listed(self) -> tuple[HeldPaper, ...]:
        """Every new paper, by place."""
        return *self.entries, *(self.further or ())

    @property
    def voices(self) -> dict[str, int]:
        """The voices of each paper, also of those still talked about; likes in a listing."""
        return {paper.paper: paper.voices for paper in (*self.ongoing, *self.listed)}
