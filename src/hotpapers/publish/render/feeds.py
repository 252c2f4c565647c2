"""Channel `feeds`: issues and their papers as Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1.

    feeds/issues.atom  .rss  .json        each issue, newest first; a correction is an entry of its own
    feeds/papers.atom  .rss  .json        each paper, in order of issue and place
    feeds/tops.atom    .rss  .json        the top of each week, month and year that is over
    feeds/category/cs.LG.atom             papers in a category, or on a network: feeds/network/bluesky.atom

Identifiers are permanent: they depend on publication, day and paper, not on the site's address.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec
from markupsafe import Markup, escape

from hotpapers.base.model import NETWORKS, Entry, IssueReader, PublishedIssue, RenderedFile
from hotpapers.issues.ranking import words
from hotpapers.publish.render.feed_formats import FORMATS, FeedDocument, FeedItem
from hotpapers.publish.view import glance, phrases, site_paths
from hotpapers.publish.view.issue_view import EntryView, issue_view
from hotpapers.publish.view.lanes import LaneView, lane_views
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from hotpapers.publish.view.tex import plain_line
from hotpapers.publish.view.tops import TopPaper, Tops, period_name

ISSUES = 30
"""How many of the latest issues a feed covers."""
PAPERS = 100
"""Most entries in a feed."""
TOP_PAPERS = 10
"""Papers of a top in a feed."""
SPACE = uuid.UUID("6f9f52a5-64f5-5c2b-9d9e-0d1d4c1f2a60")
"""The namespace of this program's identifiers (RFC 9562 §5.5)."""
WHOLE = ("issues", "papers", "tops")
"""The feeds that every publication has."""
PATH = re.compile(r"feeds/(issues|papers|tops|category/[\w.-]+|network/\w+)\.(atom|rss|json)", re.ASCII)


def _is_feed(about: str) -> bool:
    kind, _, name = about.partition("/")
    if not name:
        return kind in WHOLE
    return name in NETWORKS if kind == "network" else bool(site_paths.category_url(name))


class FeedPaper(NamedTuple):
    """A paper in an issue. `published`: when the first edition containing it was frozen, µs UTC."""

    issue: PublishedIssue
    entry: Entry
    view: EntryView
    published: int


class FeedsChannel:
    """The feeds of a publication."""

    name = "feeds"

    def __init__(self, site_config: SiteConfig = NOBODY) -> None:
        self._site_config = site_config

    def render(self, issue_reader: IssueReader, publication: str, days: Sequence[str]) -> Iterator[RenderedFile]:
        """All feeds of the publication. They cover its latest issues, whatever `days` says. Raises NotFound."""
        maker = FeedMaker(issue_reader, publication, self._site_config)
        for path in maker.paths():
            feed = maker.feed(path)
            if feed is not None:
                yield RenderedFile(path, feed)


class FeedMaker:
    """The feeds of one publication, each by its path."""

    def __init__(self, issue_reader: IssueReader, publication: str, site_config: SiteConfig) -> None:
        self._issue_reader, self._name, self._site_config = issue_reader, publication, site_config
        self._days = list(reversed(issue_reader.days(publication)))[:ISSUES]
        match = next((item for item in issue_reader.publications() if item.publication == publication), None)
        self._title, self._note = (match.title, phrases.note(match)) if match else (publication, "")
        self._window = match.window if match else "daily"
        self._papers_of: list[FeedPaper] | None = None

    def paths(self) -> Iterator[str]:
        for about in WHOLE:
            yield from (f"feeds/{about}.{form}" for form in FORMATS)
        categories = {
            category for paper in self._papers() for category in paper.issue.papers[paper.entry.paper].categories
        }
        yield from (f"feeds/category/{name}.atom" for name in sorted(categories) if site_paths.category_url(name))
        networks = {count.network for paper in self._papers() for count in paper.entry.counts}
        yield from (f"feeds/network/{name}.atom" for name in sorted(networks & set(NETWORKS)))

    def feed(self, path: str) -> bytes | None:
        """The feed at a path; None if there is none."""
        match = PATH.fullmatch(path)
        about, form = match.groups() if match else ("", "")
        if not _is_feed(about):
            return None
        return FORMATS[form](self._document(path, about))

    def of_papers(self, path: str, title: str, predicate: Callable[[FeedPaper], bool], form: str) -> bytes:
        """A feed of selected papers, such as those by an author or with a word."""
        return FORMATS[form](self._feed(path, title, map(self._paper, filter(predicate, self._papers()))))

    # ---- contents ------------------------------------------------------------------------------------

    def _papers(self) -> list[FeedPaper]:
        if self._papers_of is None:
            self._papers_of = [paper for day in self._days for paper in self._papers_on(day)]
        return self._papers_of

    def _papers_on(self, day: str) -> Iterator[FeedPaper]:
        latest = self._issue_reader.issue(self._name, day)
        first_frozen_at: dict[str, int] = {}
        for number in range(1, latest.content.edition):
            issue = self._issue_reader.issue_header(self._name, day, number)
            first_frozen_at = {entry.paper: issue.frozen_at for entry in issue.content.entries} | first_frozen_at
        for paper in _papers_of(latest):
            yield paper._replace(published=first_frozen_at.get(paper.entry.paper, latest.frozen_at))

    def _document(self, path: str, about: str) -> FeedDocument:
        if about == "issues":
            return self._feed(path, "", (item for day in self._days for item in self._editions(day)))
        if about == "tops":
            return self._feed(path, "tops", self._tops())
        kind, _, name = about.partition("/")
        predicates: dict[str, Callable[[FeedPaper], bool]] = {
            "papers": lambda paper: True,
            "category": lambda paper: name in paper.issue.papers[paper.entry.paper].categories,
            "network": lambda paper: name in {count.network for count in paper.entry.counts},
        }
        return self._feed(path, name or "papers", map(self._paper, filter(predicates[kind], self._papers())))

    def _feed(self, path: str, about: str, items: Iterable[FeedItem]) -> FeedDocument:
        papers = tuple(islice(items, PAPERS))
        latest = self._issue_reader.issue_header(self._name, self._days[0]) if self._days and not papers else None
        title = f"{phrases.one_line(self._title)}: {about}" if about else phrases.one_line(self._title)
        return FeedDocument(
            id=permanent_id(self._name, path),
            title=title,
            home=self._site_config.base,
            own=site_paths.public_url(self._site_config.base, path),
            updated=max((item.updated for item in papers), default=latest.frozen_at if latest else 0),
            contact=self._site_config.contact,
            items=papers,
            note=self._note,
            to_root=site_paths.to_root(path.partition("?")[0]),
        )

    def _editions(self, day: str) -> Iterator[FeedItem]:
        """A day's editions, latest first; corrections come with their reasons."""
        latest = self._issue_reader.issue(self._name, day)
        name = phrases.issue_heading(latest.content.publication.window, day)
        with_pages = frozenset(entry.paper for entry in latest.content.entries)  # papers that left have none
        for number in range(len(latest.editions), 0, -1):
            issue = latest if number == latest.content.edition else self._issue_reader.issue(self._name, day, number)
            path = site_paths.issue_path(day, 0 if issue is latest else number)
            yield FeedItem(
                id=permanent_id(self._name, day, str(number)),
                title=f"{name}, corrected" if number > 1 else name,
                url=site_paths.public_url(self._site_config.base, path),
                published=issue.frozen_at,
                updated=issue.frozen_at,
                html=_issue_html(issue, self._site_config.base, with_pages),
                text=glance.introduction(issue),
                authors=(),
                categories=(),
                page=path,
            )

    def _tops(self) -> Iterator[FeedItem]:
        """The latest tops to which no issue will be added: those before the latest of a kind."""
        reader = self._issue_reader
        tops = Tops(self._window, reader.voices(self._name), reader.entry_summaries(self._name))
        over = [(tops.days(period)[-1], period) for kind in tops.kinds for period in tops.periods(kind)[:-1]]
        for day, period in sorted(over, reverse=True)[:ISSUES]:
            path, papers = site_paths.top_path(period), tops.top(period).papers[:TOP_PAPERS]
            frozen_at = reader.issue_header(self._name, day).frozen_at
            rows = Markup("").join(_top_row(paper, self._site_config.base, tops.unit) for paper in papers)
            yield FeedItem(
                id=permanent_id(self._name, path),
                title=f"Top of {period_name(period)}",
                url=site_paths.public_url(self._site_config.base, path),
                published=frozen_at,
                updated=frozen_at,
                html=str(Markup("<ol>{}</ol>").format(rows)),
                text=" · ".join(plain_line(paper.summary.title) for paper in papers[: glance.TITLES]),
                authors=(),
                categories=(),
                page=path,
            )

    def _paper(self, feed_paper: FeedPaper) -> FeedItem:
        view, issue = feed_paper.view, feed_paper.issue
        paper = issue.papers[feed_paper.entry.paper]
        url = site_paths.paper_url(self._site_config.base, feed_paper.entry.paper)
        return FeedItem(
            id=permanent_id(self._name, issue.content.day, feed_paper.entry.paper),
            title=view.plain_title,
            url=url,
            published=feed_paper.published,
            updated=issue.frozen_at,
            html=str(_paper_html(feed_paper)),
            text=view.lead_text,
            authors=view.authors,
            categories=tuple(map(phrases.one_line, paper.categories)),
            page=site_paths.issue_path(issue.content.day),
        )


def _papers_of(issue: PublishedIssue) -> Iterator[FeedPaper]:
    views = issue_view(issue).entries
    pairs = zip(issue.content.entries, views, strict=True)
    return (FeedPaper(issue, entry, view, issue.frozen_at) for entry, view in pairs)


def permanent_id(*parts: str) -> str:
    """The identifier of what these parts name, as a URN of a UUID."""
    return uuid.uuid5(SPACE, msgspec.json.encode(parts).decode()).urn


# ---- HTML: everything from outside is escaped -------------------------------------------------------------


def _issue_html(issue: PublishedIssue, base: str, with_pages: Container[str]) -> str:
    content = issue.content
    corrected = f"Corrected: {phrases.one_line(content.reason)}" if content.reason else ""
    rows = Markup("").join(_row(paper, base if paper.entry.paper in with_pages else "") for paper in _papers_of(issue))
    head = _paragraphs(phrases.note(content.publication), corrected, phrases.empty(issue))
    lanes = Markup("").join(map(_lane, lane_views(issue)))
    facts = _paragraphs(" · ".join(phrases.facts(issue, with_reasons=False)), *phrases.notes(issue))
    return str(head + (Markup("<ol>{}</ol>").format(rows) if rows else Markup("")) + lanes + facts)


def _lane(lane: LaneView) -> Markup:
    rows = (Markup('<li><a href="{}">{}</a></li>').format(line.url, plain_line(line.title)) for line in lane.lines)
    return _paragraphs(lane.title) + Markup("<ul>{}</ul>").format(Markup("").join(rows))


def _paragraphs(*lines: str) -> Markup:
    return Markup("").join(Markup("<p>{}</p>").format(line) for line in lines if line)


def _row(paper: FeedPaper, base: str) -> Markup:
    url = site_paths.paper_url(base, paper.entry.paper)
    return Markup('<li value="{}"><a href="{}">{}</a><br>{}<br>{}</li>').format(
        paper.entry.place, url, paper.view.plain_title, ", ".join(paper.view.authors), glance.counted(paper.entry)
    )


def _top_row(paper: TopPaper, base: str, unit: str) -> Markup:
    summary = paper.summary
    title = phrases.marked_title(plain_line(summary.title), withdrawn=summary.withdrawn)
    return Markup('<li value="{}"><a href="{}">{}</a><br>{}<br>{}</li>').format(
        paper.rank,
        site_paths.paper_url(base, summary.paper),
        title or phrases.paper_name(summary.paper),
        ", ".join(map(phrases.one_line, summary.authors)),
        words.count_noun(paper.voices, unit.removesuffix("s")),
    )


def _paper_html(paper: FeedPaper) -> Markup:
    view = paper.view
    parts = [_paragraphs(phrases.note(paper.issue.content.publication), ", ".join(view.authors))]
    parts.append(_paragraphs(plain_line(view.abstract) or view.lead_text))
    links = Markup(" · ").join(Markup('<a href="{}">{}</a>').format(link.url, link.text) for link in view.links)
    content = paper.issue.content
    announced = f", {view.announcement}" if view.announcement else ""
    place = escape(
        f"Place {paper.entry.place}, {phrases.issue_name(content.publication.window, content.day)}{announced}"
    )
    parts += [Markup("<p>{} · {}</p>").format(place, links), _paragraphs(*(c.line for c in view.counts_view.counts))]
    sentences = Markup("").join(Markup("<li>{}</li>").format(sentence) for sentence in view.score_view.sentences)
    parts.append(Markup("<p>Why here:</p><ul>{}</ul>").format(sentences))
    return Markup("").join(parts)
