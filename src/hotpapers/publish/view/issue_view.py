"""An issue as its pages show it, with all wording decided; templates only escape plain text.

Made once per issue by `issue_view` and used by every page that shows the issue or one of its papers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from hotpapers.base.model import Attention, Entry, IssueContent, Notice, Paper, PrintedCount, PublishedIssue, Quotation
from hotpapers.base.networks import icon_of, row_of
from hotpapers.base.text import timestamps
from hotpapers.base.text.clean_text import one_line
from hotpapers.base.text.words import count_noun
from hotpapers.issues import announcement_counts
from hotpapers.issues.ranking import words
from hotpapers.issues.ranking.rarity_1 import MIN_VOICES
from hotpapers.issues.windows import LONG
from hotpapers.publish.view import glance, phrases, site_paths
from hotpapers.publish.view.contact_links import ReportSubject
from hotpapers.publish.view.page_fields import field_of
from hotpapers.publish.view.post_views import (
    ElsewhereView,
    LaneView,
    LinkedPiece,
    PostView,
    QuoteView,
    best_quote,
    lane_views,
    other_posts,
    quotation_views,
)
from hotpapers.publish.view.reading_words import known_since
from hotpapers.publish.view.score_view import ScoreView, score_view
from hotpapers.publish.view.sparkline import Sparkline, history_curve
from hotpapers.publish.view.tex import plain_line

MAX_COMMENT_CHARS = 500
"""Code points of the authors' comment."""
AUTHORS = 2
"""Authors shown; the others unfold."""

History = Mapping[str, Sequence[Attention]]
"""Hourly attention by paper key."""
Posts = Mapping[str, Sequence[Quotation]]
"""The posts about each paper that may be shown, by paper key; those with the most reactions first."""


class CountView(NamedTuple):
    """One network's counts. `mark`: the icon's path; `figure`: one number; `short`: the fewest words; `why`: why not
    all of them count, empty if they do; `url`: the largest thread there, empty if no post there may be shown."""

    name: str
    mark: str
    words: str
    figure: int
    short: str
    why: str
    url: str

    @property
    def is_small(self) -> bool:
        """Whether the number alone is enough, as it is too small to count."""
        return self.figure < MIN_VOICES

    @property
    def line(self) -> str:
        """All of it on one line: `Bluesky: 40 voices, 12 reposts, 28 likes (not counted: 3 bot posts)`."""
        return f"{self.name}: {self.words}"


class CountsView(NamedTuple):
    """An entry's counts, the same on every page."""

    counts: tuple[CountView, ...]
    spark: Sparkline | None


class EntryView(NamedTuple):
    """A paper in an issue. Title, opening and abstract are as written, including TeX: pages render them with `prose`;
    so is `comment`, the authors' latest. `quote`: the best sentence about it, if there is one. `known_since`: since
    when networks are known, where that is later than the paper. `answered`: that its authors answered others."""

    key: str
    paper: str
    anchor: str
    path: str
    place: int
    title: str
    withdrawn: str
    authors: tuple[str, ...]
    counts_view: CountsView
    opening: phrases.Opening
    abstract: str
    comment: str
    posts: tuple[PostView, ...]
    quote: QuoteView | None
    known_since: tuple[str, ...]
    elsewhere: tuple[ElsewhereView, ...]
    announcement: str
    links: tuple[LinkedPiece, ...]
    categories: tuple[LinkedPiece, ...]
    score: int
    score_view: ScoreView
    metadata: Paper
    answered: str

    @property
    def plain_title(self) -> str:
        """The title as plain text, with a mark if the paper was taken back."""
        return phrases.marked_title(plain_line(self.title), withdrawn=self.withdrawn)

    @property
    def field(self) -> str:
        """The primary category."""
        return field_of(self.metadata)

    @property
    def first_authors(self) -> str:
        return ", ".join(self.authors[:AUTHORS])

    @property
    def other_authors(self) -> tuple[str, ...]:
        return self.authors[AUTHORS:]


class LazyEntries:
    """The entries of an issue, each prepared on first use: a paper's page needs only one, and preparing the others
    would take longer than rendering that page."""

    def __init__(
        self,
        issue: PublishedIssue,
        entries: Sequence[Entry],
        history: History,
        posts: Posts,
        *,
        is_ongoing: bool = False,
    ) -> None:
        self._issue = issue
        self._entries = entries
        self._history = history
        self._posts = posts
        self._is_ongoing = is_ongoing
        self._views: dict[int, EntryView] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[EntryView]:
        return map(self.__getitem__, range(len(self._entries)))

    def __getitem__(self, n: int) -> EntryView:
        if n not in self._views:
            entry = self._entries[n]
            known = (*self._posts.get(entry.paper, ()), *self._issue.posts.get(entry.paper, ()))
            history = self._history.get(entry.paper, ())
            self._views[n] = _entry(self._issue, entry, history, known, is_ongoing=self._is_ongoing)
        return self._views[n]

    def of(self, key: str) -> list[EntryView]:
        return [self[n] for n, entry in enumerate(self._entries) if entry.paper == key]


class IssueView(NamedTuple):
    """An issue. `editions`: their number. `further`: the papers that are listed in a line each, below `further_title`.
    `entries`, `further` and `ongoing` have no paper in common. `all_papers`: the link to the page of
    all papers, entries or not; empty if there is none."""

    publication: str
    day: str
    edition: int
    editions: int
    title: str
    name: str
    glance: str
    facts: str
    notes: tuple[str, ...]
    empty: str
    all_papers: str
    entries: LazyEntries
    further: LazyEntries
    further_title: str
    ongoing: LazyEntries
    lanes: tuple[LaneView, ...]
    ranking: str
    digest: str
    frozen: str
    frozen_at: str
    reason: str

    @property
    def listed(self) -> tuple[EntryView, ...]:
        """Every new paper, by place."""
        return *self.entries, *self.further

    @property
    def places(self) -> int:
        """How many papers have a place."""
        return len(self.entries) + len(self.further)

    @property
    def introduction(self) -> str:
        """The first titles in a line; why there are none, if it has no papers."""
        first = [entry.plain_title for entry in islice(self.entries, glance.TITLES)]
        return glance.join_titles(first, len(self.entries)) or self.empty

    @property
    def posts_only_on(self) -> str:
        """The name of the network on which alone people wrote about several of these papers, if none of that may be
        quoted: a page says so once. Empty otherwise."""
        networks = [there.network for entry in self.entries for there in entry.elsewhere]
        is_one = len(set(networks)) == 1 < len(networks) and not any(entry.posts for entry in self.entries)
        return phrases.network_name(networks[0]) if is_one else ""

    def about(self, entry: EntryView) -> ReportSubject:
        """The subject of a reader's report about an entry."""
        return ReportSubject(self.publication, self.day, self.edition, self.digest, entry.paper)


def _all_papers(content: IssueContent) -> str:
    """The link to all papers of an issue's time. The number is known only for a day's."""
    if content.publication.window in LONG:
        return f"All papers of {phrases.issue_name(content.publication.window, content.day)}"
    if not content.announced:
        return ""
    return f"All {count_noun(content.announced, 'paper')} {announcement_counts.when_announced(content)}"


def issue_view(issue: PublishedIssue, history: History | None = None, posts: Posts | None = None) -> IssueView:
    """Everything that pages say about a frozen issue. `posts`: all that were known when it was frozen, to which counts
    link; by default those that it quotes."""
    content = issue.content
    history = history or {}
    posts = posts or {}
    return IssueView(
        publication=one_line(content.publication.title),
        day=content.day,
        edition=content.edition,
        editions=len(issue.editions),
        title=phrases.issue_heading(content.publication.window, content.day),
        name=phrases.issue_name(content.publication.window, content.day),
        glance=glance.summary_line(issue),
        facts=one_line(" · ".join(phrases.facts(issue, with_reasons=False))),
        notes=phrases.notes(issue),
        empty=phrases.why_empty(issue),
        all_papers=_all_papers(content),
        entries=LazyEntries(issue, content.entries, history, posts),
        further=LazyEntries(issue, content.further or (), history, posts),
        further_title=phrases.further_title(content),
        ongoing=LazyEntries(issue, content.ongoing, history, posts, is_ongoing=True),
        lanes=lane_views(issue),
        ranking=content.ranking,
        digest=issue.digest,
        frozen=phrases.minute_name(issue.frozen_at),
        frozen_at=timestamps.format_rfc3339(issue.frozen_at),
        reason=one_line(content.reason),
    )


def _entry(
    issue: PublishedIssue,
    entry: Entry,
    history: Sequence[Attention],
    known: Sequence[Quotation],
    *,
    is_ongoing: bool,
) -> EntryView:
    paper = issue.papers[entry.paper]
    name = site_paths.paper_id(entry.paper) or entry.paper
    posts = issue.posts.get(entry.paper, ())
    later = issue.later.get(entry.paper)
    newer = None if entry.paper in issue.withdrawn else later
    threads = {
        quotation.post.network: site_paths.post_url(quotation.post.post, quotation.post.links)
        for quotation in reversed(known)
    }
    printed = filter(words.has_figure, entry.counts)
    counts = tuple(_count(entry, count, threads.get(count.network, "")) for count in printed)
    until = max((count.until for count in entry.counts), default=0)
    curve = history_curve(history, until)
    if curve and (regulars := words.known_sentence(entry.counts)):
        curve = curve._replace(description=f"{curve.description} {regulars}")
    return EntryView(
        key=entry.paper,
        paper=name,
        anchor=site_paths.paper_anchor(entry.paper),
        path=site_paths.paper_path(entry.paper),
        place=entry.place,
        title=one_line(paper.title) or phrases.paper_name(paper.paper),
        withdrawn=issue.withdrawn.get(entry.paper, ""),
        authors=tuple(map(one_line, paper.authors)),
        counts_view=CountsView(counts, curve),
        opening=phrases.opening(paper),
        abstract=one_line(paper.abstract),
        comment=phrases.cut_text(one_line(later.comment if later else paper.comment), MAX_COMMENT_CHARS),
        posts=quotation_views(posts),
        quote=best_quote(posts, paper),
        known_since=known_since(issue.content, entry),
        elsewhere=other_posts(posts),
        announcement=phrases.announcement(issue.content, entry),
        links=links_to_paper(paper, newer, known, issue.notices.get(entry.paper, ()), issue.articles.get(entry.paper)),
        categories=tuple(LinkedPiece(one_line(name), site_paths.category_url(name)) for name in paper.categories),
        score=entry.score,
        score_view=score_view(issue, entry, is_ongoing=is_ongoing),
        metadata=paper,
        answered=glance.ANSWERED if entry.paper in issue.answered else "",
    )


def _count(entry: Entry, count: PrintedCount, thread: str) -> CountView:
    shown = words.shown_count(count, only_likes=words.ranks_likes(entry))
    note = words.counted_note(entry, count)
    return CountView(
        name=phrases.network_name(count.network),
        mark=icon_of(count.network),
        words=phrases.counts_and_bots(count, note),
        figure=glance.main_figure(entry, count),
        short=f"{shown}, {note}" if note else shown,
        why=words.why_counted(entry, count),
        url=thread,
    )


def links_to_paper(
    paper: Paper,
    later: Paper | None,
    known: Iterable[Quotation],
    notices: Iterable[Notice],
    article: Paper | None,
) -> tuple[LinkedPiece, ...]:
    """Links to a paper and to pages about it. `later`: a later version of it; `known`: the posts about it; `notices`:
    publishers' notices about it; `article`: its metadata with the article that it became."""
    article = article or paper
    version = (later and later.version) or 0
    listed = (quotation.post for quotation in known if row_of(quotation.post.network).lists_papers)
    candidates = (
        LinkedPiece(phrases.paper_label(paper.paper), site_paths.abs_url(paper.paper)),
        *(LinkedPiece(phrases.notice_label(notice), site_paths.abs_url(notice.notice)) for notice in notices),
        LinkedPiece(f"new version since: v{version}", site_paths.abs_url(paper.paper, version) if version else ""),
        LinkedPiece("pdf", site_paths.pdf_url(paper.paper, paper.version)),
        LinkedPiece("html", site_paths.html_url(paper.paper)),
        LinkedPiece(phrases.article_label(article), site_paths.published_url(article)),
        LinkedPiece("code", site_paths.code_url(paper, (link.target for post in listed for link in post.links))),
        LinkedPiece("ADS", site_paths.ads_url(paper.paper, paper.categories)),
        LinkedPiece("INSPIRE", site_paths.inspire_url(paper.paper, paper.categories)),
    )
    return tuple(link for link in candidates if link.url)
