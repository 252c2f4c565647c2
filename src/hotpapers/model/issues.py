"""A frozen issue."""

from __future__ import annotations

from typing import Literal

import msgspec

from hotpapers.model.items import Publication
from hotpapers.model.ranking import ScoreComponent, VoiceHistogram


class PrintedCount(msgspec.Struct, frozen=True, kw_only=True):
    """What one network's counts of a paper were at a moment, as an entry prints them.

    `known`: voices that had standing, the authors' own left out; `authors`: voices of the paper's authors; both absent
    where the ranking does not ask for it, or the record was too young to tell. `collector`: who counted it, where that
    was another one than the publication itself, which could not read the network then.
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
    """What a place would have cost: the fewest `accounts` with which a paper that nobody spoke of would have had as
    many points, of which `known` at least would have needed standing; `accounts` is None where no number up to
    `ranking.price.MOST` would have done."""

    accounts: int | None
    known: int


class Forecast(msgspec.Struct, frozen=True):
    """Voices at 168 h: `low` to `high` in nine of ten cases, up to `median` in half of them; as it went with `papers`
    papers of `among` that had `least` to `most` voices at the same age."""

    low: int
    median: int
    high: int
    papers: int
    among: str
    least: int
    most: int


class NetworkForecast(msgspec.Struct, frozen=True):
    """A paper's forecast on one network, made from its `voices` at an `age` in hours.

    `forecast`: None where the record is too thin for one. `papers`: how many of the record have been seen through
    there, from that age to 168 h.
    """

    network: str
    age: int
    voices: int
    papers: int
    forecast: Forecast | None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A paper in an issue.

    `classic_rank`: its place by the classic rule. `tied`: it has the score of a neighbour. `metadata` and `posts`:
    hashes of the items shown. `archive`: the primary one, whose papers it is compared with. `order`: its place in an
    imported listing. `price`: absent where the ranking has none, and in listings. `forecasts`: of the networks on
    which a paper of a daily issue is young; they are no part of the score; absent in other issues.
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
"""The reason for a stretch of which no coverage says how it was read."""


class NetworkReading(msgspec.Struct, frozen=True, kw_only=True):
    """How completely a network was read for an issue; `unknown` is never zero."""

    network: str
    state: Literal["complete", "partial", "refused", "unknown"]
    reason: str = ""
    since: int | None = None


class EarlierIssue(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier issue that this one looked at."""

    day: str
    edition: int
    digest: str


class ReferenceSize(msgspec.Struct, frozen=True, kw_only=True):
    """The largest reference of an issue: so many papers on a network at an age, announced over so many days up to the
    cut. `young`: too few of either for places that last."""

    network: str
    age: int
    papers: int
    days: int
    young: bool


class Retrospective(msgspec.Struct, frozen=True, kw_only=True):
    """That an issue was made afterwards, and what was not known then of the talk about the papers that it considered.

    `posts`: made and in the record by the cut; beside them `posts_later`: made by the cut, but in the record only from
    later on, so that they do not count. Of the former `counts_later`: those whose counts were read only later;
    `counts_missing`: those whose counts were never read, and of which nobody is known who reacted. `described_later`:
    entries whose papers are described only as of later, perhaps in another version. `absent`: networks of the
    publication of which the record has no talk, and which were not read. `bots`: accounts that were judged to be bots
    by the cut. `known`: accounts that had standing, learned from what the record holds of the time before alone; None
    where too few. `inferred`: papers, among those considered or compared with, whose announcement nobody observed, so
    that its day is inferred from when they were submitted; absent where there are none.
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
    """How far others counted the same. `collectors`: those followed ones that had read a network in full and counted
    one of the issue's papers at the same moment; `counts`: so many of the issue's counts were made by one of them too;
    `close`: of these so many differ from all of theirs by a tenth, or by two voices, at most."""

    collectors: tuple[str, ...]
    counts: int
    close: int


class IssueContent(msgspec.Struct, frozen=True, kw_only=True):
    """All that an issue is. Its digest is the SHA-256 of its RFC 8785 JSON.

    `as_of`: the moment up to which observations count. `position`: up to which batch the record was read, `chain`: that
    batch's chain value in hexadecimal, which binds all that came before. `announced`, `considered`: papers announced
    that day, papers that were ranked. `replaces`: the digest of the edition that this one corrects, for `reason`.
    `choice`: by which rule its papers were chosen, `compared`: with what they were compared, `quoting`: by which rule
    posts were chosen; all absent in listings and in what was frozen before these were told. `retrospective`: present
    where the issue was made afterwards. `witnessed`: absent where nobody is followed who counted the same.
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
    retrospective: Retrospective | msgspec.UnsetType = msgspec.UNSET
    witnessed: WitnessedCounts | msgspec.UnsetType = msgspec.UNSET


class HeldPaper(msgspec.Struct, frozen=True):
    """A paper that an issue holds; `place` is 0 where it was not told."""

    paper: str
    place: int = 0


class HeldPapers(msgspec.Struct, frozen=True):
    """The papers of an issue's content; the rest of it is passed over."""

    entries: tuple[HeldPaper, ...] = ()
    ongoing: tuple[HeldPaper, ...] = ()

    @property
    def papers(self) -> list[str]:
        return [held.paper for held in (*self.entries, *self.ongoing)]
