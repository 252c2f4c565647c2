"""The issue reader: reads frozen issues and their papers from the record, as channels see them; also papers in brief,
for lists, and papers' attention by hour, as known when an issue was frozen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property, lru_cache
from itertools import chain, takewhile

import msgspec

from hotpapers.base import network_terms
from hotpapers.base.errors import NotFound
from hotpapers.base.grouping import lists_by_key
from hotpapers.base.model import (
    AnnouncedPaper,
    Announcement,
    Attention,
    EntrySummary,
    HeldPapers,
    IssueContent,
    LanePaper,
    Notice,
    Paper,
    PaperConversations,
    PaperLane,
    Place,
    Post,
    Publication,
    PublishedIssue,
    Quotation,
    without_duplicates,
)
from hotpapers.base.papers.paper_servers import DOI
from hotpapers.discussion.conversations.reading import ConversationReader
from hotpapers.discussion.engagement import attention, measurement
from hotpapers.discussion.lanes import MAX_PAPERS, noted_lanes
from hotpapers.discussion.moderation import quotation_policy
from hotpapers.discussion.moderation.queries import doubtful_pairs
from hotpapers.issues import queries, wanted_papers, windows
from hotpapers.issues.freeze import FrozenIssue, list_editions
from hotpapers.issues.queries import frozen_days, listed_places, listing_of, numbered_posts
from hotpapers.issues.quotations import EACH_NETWORK, QuotationRule, count_own_words, leading_posts, listed_under
from hotpapers.issues.ranking_input import attention_of
from hotpapers.issues.windows import days_from, has_no_issue
from hotpapers.record import NUMBER, AsOfView, Record, RowOf

MAX_POSTS = 50
"""The most posts about a paper that are listed in addition to an issue's own."""


MAX_LISTED = 5_000
"""Papers announced in the time of an issue: a longer list is none that anybody reads."""


class RecordIssueReader:
    """A `model.IssueReader` over a record. It caches what it reads, so open a new one to see later changes.

    `allowed`: the networks' terms, which decide how posts are shown; an issue's content does not depend on them.
    """

    def __init__(self, record: Record, allowed: network_terms.Table = network_terms.TERMS) -> None:
        self._record = record
        self._terms = allowed
        self._now = record.view()
        self._read = lru_cache(maxsize=64)(self._issue)
        self._read_header = lru_cache(maxsize=512)(self._header)
        self._read_summaries = lru_cache(maxsize=None)(self._entry_summaries)

    @property
    def record(self) -> Record:
        """The record that it reads."""
        return self._record

    def publications(self) -> Sequence[Publication]:
        return list(self._now.items(Publication))

    def days(self, publication: str) -> Sequence[str]:
        return frozen_days(self._record, publication)

    def issue(self, publication: str, day: str, edition: int | None = None) -> PublishedIssue:
        return self._read(publication, day, self._earlier(publication, day, edition))

    def issue_header(self, publication: str, day: str, edition: int | None = None) -> PublishedIssue:
        return self._read_header(publication, day, self._earlier(publication, day, edition))

    def _earlier(self, publication: str, day: str, edition: int | None) -> int | None:
        """An edition's number; None for the latest, which is read and cached once, with or without a number."""
        is_latest = edition is None or edition == self._read_header(publication, day, None).content.edition
        return None if is_latest else edition

    def held(self, publication: str) -> Mapping[str, HeldPapers]:
        return self._index.get(publication, {})

    def appearances(self, paper: str) -> Sequence[tuple[str, str]]:
        return self._appearances.get(paper, [])

    @cached_property
    def _appearances(self) -> dict[str, list[tuple[str, str]]]:
        return lists_by_key(
            (key, (publication, day))
            for publication, issues in self._index.items()
            for day, issue in issues.items()
            for key in issue.voices
        )

    def entry_summaries(self, publication: str) -> Sequence[EntrySummary]:
        return self._read_summaries(publication)

    def _entry_summaries(self, publication: str) -> tuple[EntrySummary, ...]:
        entries = [(day, entry) for day, issue in self.held(publication).items() for entry in issue.listed]
        briefs = dict(queries.printed_briefs(self._now, publication))
        if not briefs:
            papers = (entry.paper for _, entry in entries)
            known = dict(queries.described_briefs(self._now, without_duplicates(papers)))
            briefs = {(day, entry.paper): known[entry.paper] for day, entry in entries if entry.paper in known}
        summaries = (
            EntrySummary(
                day,
                entry.place,
                entry.paper,
                *briefs.get((day, entry.paper), (entry.paper, (), (), "")),
                self.taken_back.get(entry.paper, ""),
            )
            for day, entry in entries
        )
        return tuple(sorted(summaries, key=lambda summary: (summary.day, summary.place)))

    def abstracts(self, publication: str, days: Sequence[str]) -> Mapping[tuple[str, str], str]:
        """For a listing, as it printed them; of papers withdrawn since, as their issue has them."""
        issues = self.held(publication)
        entries = [(day, entry.paper) for day in days if day in issues for entry in issues[day].listed]
        texts = dict(queries.printed_abstracts(self._now, publication, without_duplicates(day for day, _ in entries)))
        known = self._now.by_key(Paper, (paper for day, paper in entries if (day, paper) not in texts))
        for day, key in entries:
            paper = known.get(key)
            if paper is None or (day, key) in texts:
                continue
            if paper.is_withdrawn:
                paper = self.issue(publication, day).papers[key]
            texts[day, key] = paper.abstract or paper.summary
        return {where: texts[where] for where in entries if texts.get(where)}

    def announced(self, publication: str, day: str) -> Sequence[AnnouncedPaper]:
        content = self.issue(publication, day).content
        view = self._view_of(content)
        rule = wanted_papers.rule_of(content)
        if content.publication.window in windows.LONG:
            days = map(str, windows.named_days(content.publication.window, day))
            by_paper = wanted_papers.announced_between(view, rule, *days).by_paper
            if len(by_paper) > MAX_LISTED:
                return ()
        else:
            by_paper = wanted_papers.announced_on(view, rule, day).by_paper
        known = view.by_key(Paper, by_paper)
        papers = []
        for key, announcements in by_paper.items():
            paper = known.get(key) or wanted_papers.unknown_paper(key)
            first = min(announcements, key=lambda announcement: (announcement.type != "new", announcement.category))
            category = paper.categories[0] if paper.categories else first.category
            announced_paper = AnnouncedPaper(paper, first.type, category, self.taken_back.get(key, ""))
            papers.append(announced_paper)
        return tuple(sorted(papers, key=lambda announced: (announced.category, announced.paper.paper)))

    def announcements(self, paper: str) -> Sequence[Announcement]:
        order = "t.announced_at, t.day, t.category"
        return tuple(self._now.items(Announcement, f"t.paper = {NUMBER}", (paper,), order))

    def history(self, publication: str, day: str, papers: Sequence[str]) -> Mapping[str, Sequence[Attention]]:
        """The papers' attention by hour; empty for imported listings, for which only tallies are known."""
        content = self.issue(publication, day).content
        if content.publication.window == "listing":
            return {}
        return attention_history(self._view_of(content), content.publication, papers, self._own_voices(content))

    def posts(self, publication: str, day: str, papers: Sequence[str]) -> Mapping[str, Sequence[Quotation]]:
        """All posts about papers that may be shown, as known when a day's issue was frozen, but none gone or hidden
        since; for a listing, only its own."""
        issue = self.issue(publication, day)
        content = issue.content
        if content.publication.window == "listing":
            return {paper: issue.posts.get(paper, ()) for paper in papers}
        recipe = msgspec.structs.replace(content.publication, posts=MAX_POSTS)
        rule = QuotationRule(EACH_NETWORK)
        view = self._view_of(content)
        leading = leading_posts(view, recipe, papers, self._own_voices(content), rule)
        quotations = self._quotable({paper: [post.row for post in of_paper] for paper, of_paper in leading.items()})
        reactions = {post.row.hash.hex(): post.weight for post in chain.from_iterable(leading.values())}
        return {
            paper: tuple(
                msgspec.structs.replace(quotation, reactions=reactions[quotation.hash]) for quotation in of_paper
            )
            for paper, of_paper in quotations.items()
        }

    def conversations(self, publication: str, day: str, papers: Sequence[str]) -> Mapping[str, PaperConversations]:
        """None for imported listings, which have only the posts that they printed."""
        content = self.issue(publication, day).content
        if content.publication.window == "listing":
            return {}
        known = self._now.by_key(Paper, papers)
        return self._conversations(content).read({key: as_printed(known.get(key), None, key) for key in papers})

    def _conversations(self, content: IssueContent) -> ConversationReader:
        return self.conversation_reader(self._view_of(content), self._own_voices(content))

    def conversation_reader(self, view: AsOfView, own_voices: Sequence[int]) -> ConversationReader:
        """Reads conversations as known in a view, and shows what may be shown now."""
        return ConversationReader(view, self._now, self._terms, own_voices, count_own_words=count_own_words)

    def _shown(
        self, rows_of_papers: Mapping[str, Sequence[RowOf[Post]]], *, is_imported: bool = False
    ) -> dict[str, tuple[Quotation, ...]]:
        """The posts about papers, by paper, but none gone, hidden, or by a hidden account; with their current words,
        unless they are those of an imported listing (`is_imported`)."""
        items = (row.item for row in chain.from_iterable(rows_of_papers.values()))
        posts = quotation_policy.with_current_words(self._now, items)
        withheld = queries.withheld_posts(self._now, sorted(posts))
        return {
            paper: tuple(
                Quotation(post=row.item if is_imported else posts[row.item.post], hash=row.hash.hex())
                for row in rows
                if not row.is_forgotten and row.item.post not in withheld
            )
            for paper, rows in rows_of_papers.items()
        }

    def _quotable(self, rows_of_papers: Mapping[str, Sequence[RowOf[Post]]]) -> dict[str, list[Quotation]]:
        """The posts about papers that may be shown now, by paper."""
        quotations = self._shown(rows_of_papers)
        policy = self._quotation_policy(quotations)
        return {paper: quotation_policy.quotable_posts(policy, paper, posts) for paper, posts in quotations.items()}

    def _view_of(self, content: IssueContent) -> AsOfView:
        return self._record.view(content.as_of, content.position)

    def _own_voices(self, content: IssueContent) -> tuple[int, ...]:
        return self._record.voices_of(content.publication.own)

    @cached_property
    def _index(self) -> dict[str, dict[str, HeldPapers]]:
        """By publication and day, the papers in the latest edition of every issue."""
        index = defaultdict[str, dict[str, HeldPapers]](dict)
        for publication, day, papers in queries.issue_papers(self._record.database):
            index[publication][day] = papers
        return index

    def _header(self, publication: str, day: str, edition: int | None) -> PublishedIssue:
        all_editions = list_editions(self._record, publication, day)
        chosen = [issue for issue in all_editions if edition is None or issue.content.edition == edition]
        if not chosen:
            raise NotFound(f"{publication} {day}: no frozen issue{f' of edition {edition}' if edition else ''}")
        frozen = chosen[-1]
        is_listed = frozen.content.publication.window == "listing"
        return PublishedIssue(
            content=frozen.content,
            digest=frozen.digest,
            frozen_at=frozen.frozen_at,
            papers={},
            posts={},
            listing=listing_of(self._view_of(frozen.content), publication, day) if is_listed else None,
            places={},
            editions=tuple(issue.digest for issue in all_editions),
            days_without_issue=() if is_listed else days_without_issue(self._record, all_editions[0]),
        )

    def _issue(self, publication: str, day: str, edition: int | None) -> PublishedIssue:
        issue_header = self._read_header(publication, day, edition)
        content = issue_header.content
        view = self._view_of(content)
        rows = listed_places(view, publication, day) if issue_header.listing else ()
        places = {row.item.paper: row.item for row in rows}
        all_posts = self._shown(self._posts(view, content, places), is_imported=bool(places))
        papers = self._papers(view, content, places)
        return msgspec.structs.replace(
            issue_header,
            papers=papers,
            posts=self._quoted_posts(content, all_posts),
            places=places,
            withdrawn=self.taken_back,
            notices={paper: tuple(notices) for paper, notices in self._notices.items() if paper in papers},
            later=self._later(papers),
            articles=self._articles(papers),
            printed=all_posts if issue_header.listing else {},
            lanes=tuple(self._lanes(view, content)),
            answered=frozenset() if issue_header.listing else self._conversations(content).answered(papers),
        )

    def _lanes(self, view: AsOfView, content: IssueContent) -> Iterator[PaperLane]:
        """The lanes that were noted beside an issue, as far as they may be shown now."""
        for title, numbers in noted_lanes(self._record.database, content.publication.publication, content.day) or ():
            rows_of_papers = defaultdict[str, list[RowOf[Post]]](list)
            for paper, row in numbered_posts(view, numbers):
                rows_of_papers[paper].append(row)
            quotable = {paper: tuple(posts) for paper, posts in self._quotable(rows_of_papers).items() if posts}
            papers = view.by_key(Paper, quotable)
            first = sorted(quotable, key=lambda paper: (-len(quotable[paper]), paper))[:MAX_PAPERS]
            if first:
                yield PaperLane(
                    title, tuple(LanePaper(as_printed(papers.get(key), None, key), quotable[key]) for key in first)
                )

    def _papers(self, view: AsOfView, content: IssueContent, places: dict[str, Place]) -> dict[str, Paper]:
        keys = without_duplicates(entry.paper for entry in content.all_entries)
        papers = view.by_key(Paper, keys)
        if content.retrospective:
            papers = self._now.by_key(Paper, keys) | papers
        return {key: as_printed(papers.get(key), places.get(key), key) for key in keys}

    def _later(self, papers: Mapping[str, Paper]) -> dict[str, Paper]:
        """The metadata of later versions of papers, as known now."""
        versions = {key: paper.version for key, paper in papers.items() if paper.version}
        latest = self._now.by_key(Paper, versions)
        return {key: paper for key, paper in latest.items() if (paper.version or 0) > versions[key]}

    def _articles(self, papers: Mapping[str, Paper]) -> dict[str, Paper]:
        """The metadata of papers with DOIs that became articles, as known now."""
        latest = self._now.by_key(Paper, [key for key in papers if key.startswith(DOI)])
        return {key: paper for key, paper in latest.items() if paper.doi}

    def _posts(
        self, view: AsOfView, content: IssueContent, places: dict[str, Place]
    ) -> Mapping[str, Sequence[RowOf[Post]]]:
        """The posts of an issue by paper, also those that are not to be shown now."""
        if places:
            return listed_under(view, list(places.values()))
        listed_posts = queries.listed_posts(self._now, content.publication.publication, content.day, content.edition)
        return {entry.paper: listed_posts.get(n, []) for n, entry in enumerate(content.all_entries, 1)}

    def _quoted_posts(
        self, content: IssueContent, all_posts: Mapping[str, Sequence[Quotation]]
    ) -> dict[str, tuple[Quotation, ...]]:
        """The posts that an issue quotes: those the quotation policy allows, and one per account, the one under the
        first paper."""
        papers = without_duplicates([*(entry.paper for entry in content.all_entries), *all_posts])
        policy = self._quotation_policy(all_posts)
        quotable_posts = (
            (paper, quotation_policy.quotable_posts(policy, paper, all_posts[paper]))
            for paper in papers
            if paper in all_posts
        )
        whole = {quotation.post.post: quotation.post for quotation in chain.from_iterable(all_posts.values())}
        return quotation_policy.one_per_account(quotable_posts, whole)

    def _quotation_policy(self, quotations: Mapping[str, Sequence[Quotation]]) -> quotation_policy.QuotationPolicy:
        """The policy that decides which of the posts may be quoted, under their networks' terms."""
        keys = (quotation.post for quotation in chain.from_iterable(quotations.values()))
        return quotation_policy.policy_for(self._now, self._terms, keys)._replace(doubtful_pairs=self._doubtful_pairs)

    @cached_property
    def _doubtful_pairs(self) -> frozenset[tuple[str, str]]:
        return doubtful_pairs(self._now)

    @cached_property
    def taken_back(self) -> dict[str, str]:
        """The papers that were taken back, each with how."""
        return self._now.taken_back()

    def taken_back_at(self, paper: str) -> int:
        return self._now.taken_back_at(paper)

    @cached_property
    def _notices(self) -> dict[str, list[Notice]]:
        """Publishers' notices, by paper."""
        return lists_by_key((notice.paper, notice) for notice in self._now.notices())


def days_without_issue(record: Record, frozen: FrozenIssue) -> tuple[str, ...]:
    """The days between an issue and the one before that have none because nothing was read, as known when it was
    frozen."""
    publication = frozen.content.publication
    day = frozen.content.day
    before = queries.day_before(record.database, publication.publication, day)
    if not before:
        return ()
    view = record.view(position=frozen.content.position)
    dates = days_from(publication, date.fromisoformat(before) + timedelta(days=1))
    days = (date.isoformat() for date in dates)
    return tuple(
        between
        for between in takewhile(lambda between: between < day, days)
        if has_no_issue(view, publication, between, frozen.frozen_at)
    )


def as_printed(known: Paper | None, place: Place | None, key: str) -> Paper:
    """The record's metadata with the listing's own title, authors, abstract and categories."""
    if place is None:
        return known or Paper(paper=key, title=key, observed_at=0)
    base = known or Paper(paper=key, title="", observed_at=place.observed_at)
    title = " ".join(place.title.split())
    abstract = " ".join(place.abstract.split())
    return msgspec.structs.replace(
        base, title=title, authors=place.authors, abstract=abstract or base.abstract, categories=place.categories
    )


HOURS = (1, 2, 3, 4, 6, 9, 12, 18, 24, 36, 48, 72, 96, 120, 144, 168)
"""Hours after the announcement for which attention is given, including all ages at which papers are compared."""


def attention_history(
    view: AsOfView, publication: Publication, papers: Sequence[str], own_voices: tuple[int, ...]
) -> dict[str, tuple[Attention, ...]]:
    """Each paper's attention at the hours it has reached, sorted by hour and network; only papers announced in the 90
    days before. `own_voices`: numbers of the publication's own accounts."""
    result = defaultdict(list)
    if papers:
        window = measurement.MeasurementWindow(
            ages=HOURS, networks=publication.networks, own_voices=own_voices, papers=tuple(papers)
        )
        for engagement in attention.read_engagement(view, window):
            if engagement.peer:
                result[engagement.paper].append(attention_of(engagement))
    return {paper: tuple(sorted(rows, key=lambda row: (row.age, row.network))) for paper, rows in result.items()}
