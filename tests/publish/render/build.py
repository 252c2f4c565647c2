"""An issue reader over plain values, and made-up issues for it: for the tests of channels and the app."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from hotpapers.base import network_terms
from hotpapers.base.errors import NotFound
from hotpapers.base.model import (
    AnnouncedPaper,
    Announcement,
    Attention,
    Entry,
    EntrySummary,
    HeldPapers,
    IssueContent,
    Listing,
    NetworkReading,
    Paper,
    PaperConversations,
    Post,
    PrintedCount,
    Publication,
    PublishedIssue,
    Quotation,
    ScoreComponent,
    VoiceHistogram,
)

NOON = 1_610_625_600_000_000
"""2021-01-14 12:00 UTC, in µs."""
LISTED = Publication(observed_at=0, publication="hot-papers", title="Hot Papers", window="listing", posts=10)
OWN = Publication(observed_at=0, publication="daily", title="The Daily Dozen", threshold=1500, posts=3)


class PlainIssueReader:
    """An `IssueReader` over issues in memory: all editions of every day, oldest first."""

    def __init__(
        self,
        publications: Iterable[Publication],
        issues: Iterable[PublishedIssue],
        history: Mapping[str, Sequence[Attention]] | None = None,
        announced: Mapping[str, Sequence[AnnouncedPaper]] | None = None,
        announcements: Mapping[str, Sequence[Announcement]] | None = None,
        posts: Mapping[str, Sequence[Quotation]] | None = None,
        conversations: Mapping[str, PaperConversations] | None = None,
    ) -> None:
        self._publications = tuple(publications)
        self._history, self._announced = history or {}, announced or {}
        self._announcements, self._posts = announcements or {}, posts or {}
        self._conversations = conversations or {}
        self._editions: dict[tuple[str, str], list[PublishedIssue]] = {}
        for issue in issues:
            key = (issue.content.publication.publication, issue.content.day)
            self._editions.setdefault(key, []).append(issue)
        self._papers: dict[str, list[tuple[str, str]]] = {}
        for key, editions in sorted(self._editions.items()):
            content = editions[-1].content
            for entry in (*content.entries, *content.ongoing):
                self._papers.setdefault(entry.paper, []).append(key)

    def publications(self) -> Sequence[Publication]:
        """All publications, by name."""
        return self._publications

    def days(self, publication: str) -> Sequence[str]:
        """The days of a publication's frozen issues, ascending."""
        return sorted(day for name, day in self._editions if name == publication)

    def issue(self, publication: str, day: str, edition: int | None = None) -> PublishedIssue:
        """One frozen issue, its latest edition by default. Raises NotFound."""
        editions = self._editions.get((publication, day), [])
        number = len(editions) if edition is None else edition
        if not 1 <= number <= len(editions):
            raise NotFound(f"{publication} {day}: no such issue")
        digests = tuple(item.digest for item in editions)
        return msgspec.structs.replace(editions[number - 1], editions=digests)

    def issue_header(self, publication: str, day: str, edition: int | None = None) -> PublishedIssue:
        """The whole issue. Raises NotFound."""
        return self.issue(publication, day, edition)

    def held(self, publication: str) -> Mapping[str, HeldPapers]:
        """The papers in each day's issue."""
        contents = {day: self.issue(publication, day).content for day in self.days(publication)}
        return {day: msgspec.convert(msgspec.to_builtins(content), HeldPapers) for day, content in contents.items()}

    def appearances(self, paper: str) -> Sequence[tuple[str, str]]:
        """(publication, day) of every issue that contains the paper, ascending."""
        return self._papers.get(paper, ())

    def entry_summaries(self, publication: str) -> Sequence[EntrySummary]:
        """The entries of all issues, by day and place."""
        summaries = []
        for day in self.days(publication):
            issue = self.issue(publication, day)
            for entry in issue.content.entries:
                paper = issue.papers[entry.paper]
                summaries.append(
                    EntrySummary(day, entry.place, entry.paper, paper.title, paper.authors, paper.categories)
                )
        return summaries

    def abstracts(self, publication: str, days: Sequence[str]) -> Mapping[tuple[str, str], str]:
        """The abstracts or summaries of the papers in these days' issues."""
        issues = [self.issue(publication, day) for day in days]
        papers = [(issue.content.day, issue.papers[entry.paper]) for issue in issues for entry in issue.content.entries]
        texts = {(day, paper.paper): paper.abstract or paper.summary for day, paper in papers}
        return {key: text for key, text in texts.items() if text}

    def announced(self, publication: str, day: str) -> Sequence[AnnouncedPaper]:
        """All papers announced on a day."""
        return self._announced.get(day, ())

    def taken_back_at(self, paper: str) -> int:
        """No paper is taken back."""
        return 0

    def announcements(self, paper: str) -> Sequence[Announcement]:
        """When and where a paper and its versions were announced."""
        return self._announcements.get(paper, ())

    def conversations(self, publication: str, day: str, papers: Sequence[str]) -> Mapping[str, PaperConversations]:
        """The conversations about papers."""
        return {paper: self._conversations[paper] for paper in papers if paper in self._conversations}

    def history(self, publication: str, day: str, papers: Sequence[str]) -> Mapping[str, Sequence[Attention]]:
        """The attention to papers, the same on every day."""
        return {paper: self._history[paper] for paper in papers if paper in self._history}

    def posts(self, publication: str, day: str, papers: Sequence[str]) -> Mapping[str, Sequence[Quotation]]:
        """All posts about papers, the same on every day; by default those that the issue shows."""
        issue_posts = self.issue(publication, day).posts
        return {paper: self._posts.get(paper, issue_posts.get(paper, ())) for paper in papers}


class FullEntry(NamedTuple):
    """An entry with its paper and posts."""

    entry: Entry
    paper: Paper
    posts: tuple[Quotation, ...]


def paper(id: str, title: str, abstract: str = "", **fields: object) -> Paper:
    """A paper's metadata, by its bare id."""
    values = {"authors": ("Tansy Overquill",), "categories": ("cs.LG",), **fields}
    return msgspec.convert(
        {"kind": "paper", "observed_at": NOON, "paper": f"arxiv:{id}", "title": title, "abstract": abstract, **values},
        Paper,
    )


def post(id: str, text: str, network: str = "x", **fields: object) -> Quotation:
    """A post that may be shown, by the network's own id."""
    values = {"account": f"{network}:@quill", "created_at": NOON, "handle": "quill", "name": "Quill Marrowby", **fields}
    item = msgspec.convert(
        {"kind": "post", "observed_at": NOON, "post": f"{network}:{id}", "network": network, "text": text, **values},
        Post,
    )
    return Quotation(post=item, hash=hashlib.sha256(id.encode("utf-8", "replace")).hexdigest())


def link_only(quotation: Quotation) -> Quotation:
    """The post where its network's terms allow only a link."""
    return Quotation(post=network_terms.as_shown(quotation.post, "link"), hash=quotation.hash, shown="link")


def listing_entry(
    place: int, metadata: Paper, reposts: int, likes: int, classic_rank: int, score: int, *posts: Quotation
) -> FullEntry:
    """A place of a listing with its counts; `score` in thousandths, among 999 other papers."""
    count = PrintedCount(network="x", voices=likes, reposts=reposts, likes=likes, until=NOON, method="hot-papers/2")
    atleast = round(1000 / 10 ** (score / 1000)) - 1
    part = ScoreComponent(
        network="x", rule="rarity", score=score, voices=likes, papers=999, atleast=atleast,
        among="cs", age=0, until=NOON,
    )  # fmt: skip
    return _full_entry(place, metadata, (count,), (part,), classic_rank, posts)


def own_entry(
    place: int,
    metadata: Paper,
    counts: Sequence[PrintedCount],
    parts: Sequence[ScoreComponent],
    *posts: Quotation,
    announced_at: int = 0,
) -> FullEntry:
    """An entry of our own publication."""
    entry = _full_entry(place, metadata, tuple(counts), tuple(parts), place, posts)
    return entry._replace(entry=msgspec.structs.replace(entry.entry, announced_at=announced_at))


def _full_entry(
    place: int,
    metadata: Paper,
    counts: tuple[PrintedCount, ...],
    parts: tuple[ScoreComponent, ...],
    classic_rank: int,
    posts: tuple[Quotation, ...],
) -> FullEntry:
    entry = Entry(
        place=place, paper=metadata.paper, score=sum(part.score for part in parts), tied=False,
        classic_rank=classic_rank, voices=sum(part.voices for part in parts), announced_at=0, counts=counts,
        parts=parts, metadata="", posts=tuple(quotation.hash for quotation in posts),
    )  # fmt: skip
    return FullEntry(entry, metadata, posts)


def issue(
    publication: Publication,
    day: str,
    entries: Sequence[FullEntry],
    ongoing: Sequence[FullEntry] = (),
    edition: int = 1,
    announced: int | None = None,
    considered: int | None = None,
    readings: tuple[NetworkReading, ...] = (),
    reason: str = "",
    peers: tuple[VoiceHistogram, ...] = (),
) -> PublishedIssue:
    """A frozen issue; its digest is computed from its name."""
    content = IssueContent(
        publication=publication, day=day, edition=edition, from_at=NOON, as_of=NOON, position=7, chain="",
        ranking=publication.ranking, announced=announced,
        considered=len(entries) if considered is None else considered, readings=readings, earlier=(),
        entries=tuple(item.entry for item in entries), ongoing=tuple(item.entry for item in ongoing), peers=peers,
        replaces="" if edition == 1 else "earlier", reason=reason,
    )  # fmt: skip
    listing = Listing(
        observed_at=NOON, publication=publication.publication, day=day, made=f"{day}T21:00:00", lead=0,
        places=len(entries), file="",
    )  # fmt: skip
    return PublishedIssue(
        content=content,
        digest=hashlib.sha256(f"{publication.publication} {day} {edition}".encode()).hexdigest(),
        frozen_at=NOON + edition * 60_000_000,
        papers={item.entry.paper: item.paper for item in (*entries, *ongoing)},
        posts={item.entry.paper: item.posts for item in (*entries, *ongoing)},
        listing=listing if publication.window == "listing" else None,
        places={},
        editions=(),
    )
