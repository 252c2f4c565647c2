"""Answers as immutable values: the API's JSON, the tools' results, and what the library returns.

Parts of a frozen issue (`PrintedCount`, `ScoreComponent`, `NetworkReading`) are the model's own structs. Moments are
whole microseconds since 1970-01-01 UTC, days `2021-01-14`. A paper has its key and its bare id.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from hotpapers.base import model
from hotpapers.base.struct_types import Value
from hotpapers.issues.reading_states import ReadingState
from hotpapers.keep.search import HighlightSpans, SearchHitIssue


class Schema(Value, forbid_unknown_fields=True):
    """Base of all answers: every field is always present."""


class PostDetails(Schema):
    """A post as far as its network's terms allow it to be shown; its words are a stranger's.
    `shown`: all of it (text), its first words (excerpt), or only its place and time, without words or names (link).
    `url`: its page on its network, empty if unknown. `automated`: its account was judged to be a bot, so it does not
    count."""

    post: str
    network: str
    url: str
    created_at: int
    shown: model.Showing
    text: str
    links: tuple[model.TextLink, ...]
    lang: str
    rtl: bool
    handle: str
    name: str
    automated: bool


class LanePaperDetails(Schema):
    """A paper in a lane, and the posts about it that may be shown. `taken_back`: withdrawn, retracted or removed, else
    empty."""

    id: str
    title: str
    posts: tuple[PostDetails, ...]
    taken_back: str = ""


class LaneDetails(Schema):
    """Papers beside an issue, such as those shared by people whom the publication follows."""

    title: str
    papers: tuple[LanePaperDetails, ...]


# ---- issues ----------------------------------------------------------------------------------------------


class PublicationSummary(Schema):
    """A publication, its number of frozen issues, and the day of the latest one (null if there is none).
    `most_entries`: the most entries of an issue, 0 without a limit.
    `last_day`: the day of its final issue, null if it has no end."""

    publication: str
    title: str
    window: model.Window
    ranking: str
    threshold: int
    least_entries: int
    most_entries: int
    categories: tuple[str, ...]
    networks: tuple[str, ...]
    hour: int
    zone: str
    last_day: str | None
    issues: int
    latest: str | None


class PublicationList(Schema):
    """All publications in the store, by name."""

    publications: tuple[PublicationSummary, ...]


class IssueSummary(Schema):
    """The latest edition of a day's issue. `entries`: its number of papers."""

    publication: str
    day: str
    edition: int
    digest: str
    frozen_at: int
    entries: int


class IssuePage(Schema):
    """Some of a publication's issues, latest first. `next`: the cursor for earlier ones, null at the end."""

    issues: tuple[IssueSummary, ...]
    next: str | None


class FurtherEntry(Schema):
    """A paper beyond the most entries of an issue, in a line."""

    place: int
    id: str
    title: str
    score: int
    voices: int


class NoticeDetails(Schema):
    """A publisher's notice about a paper, by its DOI. Only a retraction, withdrawal or removal takes the paper back."""

    doi: str
    type: model.NoticeType
    day: str


class EntryDetails(Schema):
    """A paper in an issue.

    `classic_rank`: its place by the classic rule. `announced`: when it was announced, in words; `announced_at` is 0 if
    unknown. `score` is the sum of the scores of `parts`. `metadata`: the hash of the metadata shown. `posts`: the
    issue's posts that may be shown now. As known now: `withdrawn`, whether the paper is; `comment`, its authors';
    `code`, the first repository that it or those posts link to; `later_version`, a version after that of the issue,
    null if there is none; `notices`, publishers' notices about it.
    """

    place: int
    paper: str
    id: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    summary: str
    abstract: str
    abs: str
    pdf: str
    score: int
    voices: int
    tied: bool
    classic_rank: int
    announced: str
    announced_at: int
    counts: tuple[model.PrintedCount, ...]
    parts: tuple[model.ScoreComponent, ...]
    metadata: str
    posts: tuple[PostDetails, ...]
    withdrawn: bool = False
    comment: str = ""
    code: str = ""
    later_version: int | None = None
    notices: tuple[NoticeDetails, ...] | UnsetType = UNSET


class TopPaperDetails(Schema):
    """A paper in a top. `voices`: most in an issue of that time, that of `day`, in which it had `place`; 0 if it was
    only still talked about."""

    rank: int
    voices: int
    id: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    day: str
    place: int
    withdrawn: bool


class TopDetails(Schema):
    """The papers with most voices of a week, a month, a year or all time: the best of all and of each category, out of
    `total`. `unit`: what is counted, likes in imported listings. `previous`, `next`: the periods before and after that
    have issues."""

    publication: str
    period: str
    name: str
    unit: Literal["voices", "likes"]
    total: int
    papers: tuple[TopPaperDetails, ...]
    previous: str | None
    next: str | None


class IssueDetails(Schema):
    """A frozen issue with everything shown about its papers.

    `editions`: the digests of all editions, oldest first. `from_at`, `as_of`: observations count from and up to these
    times; `position`: the last batch of the record that was read. `imported`: it is someone else's listing.
    `announced`: the number of papers announced on its day, null if unknown; `considered`: the number ranked. `facts`:
    these and what was read, in words. `choice`: the rule by which papers were chosen; `compared`: the largest
    reference, and whether it is so young that places are provisional; both null for imported listings. `earlier`: the
    issues it considered. `replaces`, `reason`: the digest of the edition that it corrects, and why. `lanes`: what is
    shown beside it; no place depends on that.
    """

    publication: str
    title: str
    window: model.Window
    day: str
    edition: int
    digest: str
    editions: tuple[str, ...]
    frozen_at: int
    from_at: int
    as_of: int
    position: int
    imported: bool
    ranking: str
    choice: str | None
    compared: model.ReferenceSize | None
    announced: int | None
    announced_on: tuple[model.ServerCount, ...]
    considered: int
    facts: tuple[str, ...]
    readings: tuple[model.NetworkReading, ...]
    earlier: tuple[model.EarlierIssue, ...]
    replaces: str
    reason: str
    entries: tuple[EntryDetails, ...]
    ongoing: tuple[EntryDetails, ...]
    lanes: tuple[LaneDetails, ...] = ()
    further: tuple[FurtherEntry, ...] = ()


class IssueWithProof(IssueDetails, kw_only=True):
    """A frozen issue with what is needed to check a saved copy of this answer: `content`, whose SHA-256 as RFC 8785
    JSON is the digest; `metadata`, the items whose hashes are in its entries, by paper; `proof` that the digest was in
    the publication's log (C2SP tlog-proof). Null, {} and "" while no log contains the issue."""

    content: model.IssueContent | None
    metadata: dict[str, model.Paper | model.Place]
    proof: str


class Verification(Schema):
    """Whether an issue's content matches its digest and is the same when rebuilt from the record. `findings`: what
    differs.

    `content`: where to get the bytes whose SHA-256 is the digest; `command`: also checks the record, row by row.
    """

    publication: str
    day: str
    edition: int
    digest: str
    verified: bool
    findings: tuple[str, ...]
    content: str
    command: str


# ---- explanations ----------------------------------------------------------------------------------------


class ExplainedComponent(Schema):
    """A part of a score, as a sentence and as a formula that readers can recompute."""

    part: model.ScoreComponent
    sentence: str
    formula: str


class NeededGrowth(Schema):
    """With `needed` instead of `now` on this network, the lower of two neighbors overtakes. `unit`: what is
    counted."""

    network: str
    unit: str
    now: int
    needed: int


class NeighborDetails(Schema):
    """An entry next to the explained one, and what would make the two swap."""

    place: int
    paper: str
    id: str
    title: str
    score: int
    swaps: tuple[NeededGrowth, ...]


class EntryExplanation(Schema):
    """Why a paper ranks where it does. `of`: the number of papers in its lane; `classic_rank`: its place there by the
    classic rule; `notes`: what readers must know about its counts; `tied`: a neighbor has the same score."""

    publication: str
    day: str
    edition: int
    ranking: str
    paper: str
    id: str
    title: str
    lane: model.Lane
    place: int
    of: int
    classic_rank: int
    score: int
    tied: bool
    parts: tuple[ExplainedComponent, ...]
    notes: tuple[str, ...]
    above: NeighborDetails | None
    below: NeighborDetails | None


# ---- papers ----------------------------------------------------------------------------------------------


class PaperAppearance(Schema):
    """A paper in an issue. `lane`: among the entries, in a line below them, or as still talked about."""

    publication: str
    day: str
    edition: int
    lane: model.Lane
    place: int
    score: int
    voices: int


class PaperAnnouncement(Schema):
    """A paper in arXiv's listing for a day and category."""

    day: str
    category: str
    type: model.AnnouncementType
    version: int | None
    announced_at: int


class AttentionAtAge(Schema):
    """A paper's attention on a network at an age, in hours after its announcement, or now (`age`, `at` and `reading`
    null). `bots`: posts by bots, which the other numbers leave out. `reading`: how the network was read up to the age;
    `before`: only later. A number that is not known is null. Who was a bot is as judged at the last age."""

    age: int | None
    at: int | None
    voices: int | None
    reposts: int | None
    likes: int | None
    bots: int | None
    reading: ReadingState | None


class NetworkAttention(Schema):
    """A paper's attention on a network: at 6, 24, 72 and 168 hours, if it was announced, and now."""

    network: str
    marks: tuple[AttentionAtAge, ...]


class ListedCounts(Schema):
    """A paper's counts from someone's listing, summed by its method. `note`: what is known about the method."""

    network: str
    method: str
    at: int
    reposts: int
    likes: int
    note: str


class PaperDetails(Schema):
    """A paper: its metadata as last observed, the issues that contain it, its attention.

    `observed_at` is 0 if the record has no metadata. `appearances`: the latest ones, oldest first.
    """

    paper: str
    id: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    summary: str
    abstract: str
    comment: str
    doi: str
    journal: str
    version: int | None
    published_at: int | None
    updated_at: int | None
    observed_at: int
    abs: str
    pdf: str
    announcements: tuple[PaperAnnouncement, ...]
    appearances: tuple[PaperAppearance, ...]
    attention: tuple[NetworkAttention, ...]
    tallies: tuple[ListedCounts, ...]
    withdrawn: bool = False
    notices: tuple[NoticeDetails, ...] | UnsetType = UNSET


class PostPage(Schema):
    """Some of the posts about a paper that may be shown, latest first. `next`: the cursor for earlier ones, null at the
    end."""

    paper: str
    posts: tuple[PostDetails, ...]
    next: str | None


class PostCounts(Schema):
    """A post's counts at a moment; null if the network doesn't report them."""

    post: str
    network: str
    observed_at: int
    reposts: int | None
    likes: int | None
    replies: int | None
    quotes: int | None
    views: int | None


class PostCountsPage(Schema):
    """Counts of the posts about a paper, oldest first. `next`: the cursor for later ones, null at the end."""

    paper: str
    snapshots: tuple[PostCounts, ...]
    next: str | None


# ---- search ------------------------------------------------------------------------------------------------


class SearchHit(Schema):
    """A paper that was found. `day`: when it was first announced, else when it was submitted, else the month of its
    identifier (2021-03). `snippet`: the part of its abstract with the most matches. `taken_back`: withdrawn, retracted
    or removed; empty for nearly all."""

    paper: str
    id: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    day: str
    snippet: str
    spans: HighlightSpans
    issues: tuple[SearchHitIssue, ...]
    taken_back: str


class SearchPage(Schema):
    """Papers, best first, or latest first if the query has only authors, categories and days.

    `understood`: the query in words. `total`: the number of papers found, a minimum unless `exact`. `parts`: no paper
    has the words themselves, so they were searched as parts of words. `behind`: the number of batches not yet indexed.
    `meant`: a query of nearly the same spelling that finds papers, if this one finds none; else empty. `next`: the
    cursor for the next page, null at the end.
    """

    understood: str
    total: int
    exact: bool
    parts: bool
    meant: str
    behind: int
    papers: tuple[SearchHit, ...]
    next: str | None
