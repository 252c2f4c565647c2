"""The content of frozen issues."""

from __future__ import annotations

from typing import Literal

import msgspec

from hotpapers.base.model.items import Publication
from hotpapers.base.model.ranking import ScoreComponent, VoiceHistogram


class PrintedCount(msgspec.Struct, frozen=True, kw_only=True):
    """One network's counts of a paper, measured at `until`, as an entry prints them.

    `known`: voices with standing, without the authors' own. `authors`: voices of the paper's authors. Both are absent
    if the ranking does not use them or the record was too young to tell. `collector`: who counted, if it was another
    collector because the publication itself could not read the network then.
    """

    network: str
    voices: int
    reposts: int
    likes: int
    until: int
    method: str = ""
    bots: int = 0
    known: int | msgspec.UnsetType = msgspec.UNSET
    authors: int | msgspec.UnsetType = msgspec.UNSET
    collector: str | msgspec.UnsetType = msgspec.UNSET


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What a place would have cost: the fewest `accounts` that would have given as many points to a paper without any
    voices, and the fewest of them, `known`, that would have needed standing. `accounts` is None if
    `ranking.price.MAX_PRICE` would not have been enough."""

    accounts: int | None
    known: int


class Forecast(msgspec.Struct, frozen=True):
    """Voices expected at 168 h: between `low` and `high` in nine of ten cases, at most `median` in half of them. Based
    on `papers` papers from `among` that had `least` to `most` voices at the same age."""

    low: int
    median: int
    high: int
    papers: int
    among: str
    least: int
    most: int


class NetworkForecast(msgspec.Struct, frozen=True):
    """A paper's forecast for one network, made from its `voices` at an `age` in hours.

    `forecast`: None if the record has too little data. `papers`: how many papers in the record were followed on this
    network from that age to 168 h.
    """

    network: str
    age: int
    voices: int
    papers: int
    forecast: Forecast | None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
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
    price: Price | msgspec.UnsetType = msgspec.UNSET
    forecasts: tuple[NetworkForecast, ...] | msgspec.UnsetType = msgspec.UNSET


NOT_READ = "not read"
"""The reason given for a period that no coverage item describes."""


class NetworkReading(msgspec.Struct, frozen=True, kw_only=True):
    """How completely a network was read for an issue. `unknown` never counts as zero."""

    network: str
    state: Literal["complete", "partial", "refused", "unknown"]
    reason: str = ""
    since: int | None = None


class EarlierIssue(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier issue that this one took into account."""

    day: str
    edition: int
    digest: str


class ReferenceSize(msgspec.Struct, frozen=True, kw_only=True):
    """The size of an issue's largest reference: the number of papers on a network at an age, and the number of days up
    to the cut over which they were announced. `young`: too few papers or days for reliable places."""

    network: str
    age: int
    papers: int
    days: int
    young: bool


class Retrospective(msgspec.Struct, frozen=True, kw_only=True):
    """Present if an issue was made after its day: what was missing, at its cut, about the papers that it considered.

    `posts`: posts written and recorded by the cut. `posts_later`: posts written by the cut but recorded later, which
    do not count. `counts_later`: those of `posts` whose counts were first read later. `counts_missing`: those of
    `posts` whose counts were never read and that have no known reactions. `described_later`: entries whose paper's
    metadata was recorded only later, perhaps for another version. `absent`: networks of the publication that were not
    read and from which the record has no posts. `bots`: accounts judged to be bots by the cut. `known`: accounts with
    standing, learned only from earlier records; None if too few. `inferred`: papers considered or compared whose
    announcement nobody observed, so that its day is inferred from their submission; absent if there are none.
    """

    posts: int
    posts_later: int
    counts_later: int
    counts_missing: int
    described_later: int
    absent: tuple[str, ...]
    bots: int
    known: int | None
    inferred: int | msgspec.UnsetType = msgspec.UNSET


class WitnessedCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How well the counts of other collectors agree. `collectors`: the followed collectors that had read a network in
    full and counted one of the issue's papers at the same moment. `counts`: how many of the issue's counts at least one
    of them made too. `close`: how many of these differ from all of theirs by at most a tenth or two voices."""

    collectors: tuple[str, ...]
    counts: int
    close: int


class IssueContent(msgspec.Struct, frozen=True, kw_only=True):
    """The complete content of an issue. Its digest is the SHA-256 of its RFC 8785 JSON.

    `as_of`: the moment up to which observations count. `position`: the last batch that was read. `chain`: that batch's
    chain value in hexadecimal, which covers all batches before it too. `announced`: number of papers announced that
    day. `considered`: number of papers ranked. `replaces`: the digest of the edition that this one corrects, for
    `reason`. `choice`: the rule by which papers were chosen. `compared`: what they were compared with. `quoting`: the
    rule by which posts were chosen. `counting`: the rule by which announced papers were counted. These four are absent
    in listings and in issues frozen before the fields existed.
    `retrospective`: present if the issue was made after its day. `witnessed`: absent if no followed collector counted
    the same papers. `until_at`: present if a weekly or monthly issue closed after its hour: the end of its window.
    Posts and announcements after it are the next issue's.
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
    choice: str | msgspec.UnsetType = msgspec.UNSET
    compared: ReferenceSize | msgspec.UnsetType = msgspec.UNSET
    quoting: str | msgspec.UnsetType = msgspec.UNSET
    counting: str | msgspec.UnsetType = msgspec.UNSET
    retrospective: Retrospective | msgspec.UnsetType = msgspec.UNSET
    witnessed: WitnessedCounts | msgspec.UnsetType = msgspec.UNSET
    until_at: int | msgspec.UnsetType = msgspec.UNSET


class HeldPaper(msgspec.Struct, frozen=True):
    """A paper in an issue. `place` is 0 if the content does not give it; `voices` are likes in a listing."""

    paper: str
    place: int = 0
    voices: int = 0


class HeldPapers(msgspec.Struct, frozen=True):
    """The papers in an issue's content; decoding skips the rest."""

    entries: tuple[HeldPaper, ...] = ()
    ongoing: tuple[HeldPaper, ...] = ()

    @property
    def papers(self) -> list[str]:
        return [paper.paper for paper in (*self.entries, *self.ongoing)]
