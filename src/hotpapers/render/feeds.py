"""Channel `feeds`: issues and their papers as Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1.

    feeds/issues.atom  .rss  .json        each issue, newest first; a correction is an entry of its own
    feeds/papers.atom  .rss  .json        each paper, in order of issue and place
    feeds/category/cs.LG.atom             papers in a category, or on a network: feeds/network/bluesky.atom

Identifiers are permanent: they depend on publication, day and paper, not on the site's address.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec
from markupsafe import Markup, escape

from hotpapers.model import NETWORKS, Entry, IssueReader, PublishedIssue, RenderedFile
from hotpapers.render.feed_formats import FORMATS, FeedDocument, FeedItem
from hotpapers.view import phrases, site_paths
from hotpapers.view.issue_view import EntryView, issue_view
from hotpapers.view.site_config import NOBODY, SiteConfig
from hotpapers.view.tex import plain_line

ISSUES = 30
"""How many of the latest issues a feed covers."""
PAPERS = 100
"""Most entries in a feed."""
SPACE = uuid.UUID("6f9f52a5-64f5-5c2b-9d9e-0d1d4c1f2a60")
"""The namespace of this program's identifiers (RFC 9562 §5.5)."""
PATH = re.compile(r"feeds/(issues|papers|category/[\w.-]+|network/\w+)\.(atom|rss|json)", re.ASCII)


def _is_feed(about: str) -> bool:
    kind, _, name = about.partition("/")
    if not name:
        return kind in ("issues", "papers")
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
        self._papers_of: list[FeedPaper] | None = None

    def paths(self) -> Iterator[str]:
        for about in ("issues", "papers"):
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
            id=_id(self._name, path), title=title, home=self._site_config.base,
            own=site_paths.public_url(self._site_config.base, path),
            updated=max((item.updated for item in papers), default=latest.frozen_at if latest else 0),
            contact=self._site_config.contact, items=papers, note=self._note,
        )  # fmt: skip

    def _editions(self, day: str) -> Iterator[FeedItem]:
        """A day's editions, latest first; corrections come with their reasons."""
        latest, name = self._issue_reader.issue(self._name, day), phrases.weekday_name(day)
        for number in range(len(latest.editions), 0, -1):
            issue = latest if number == latest.content.edition else self._issue_reader.issue(self._name, day, number)
            path = site_paths.issue_path(day, 0 if issue is latest else number)
            yield FeedItem(
                id=_id(self._name, day, str(number)), title=f"{name}, corrected" if number > 1 else name,
                url=site_paths.public_url(self._site_config.base, path), published=issue.frozen_at,
                updated=issue.frozen_at, html=_issue_html(issue, self._site_config.base),
                text=" · ".join(phrases.facts(issue)), authors=(), categories=(),
            )  # fmt: skip

    def _paper(self, feed_paper: FeedPaper) -> FeedItem:
        view, issue = feed_paper.view, feed_paper.issue
        paper = issue.papers[feed_paper.entry.paper]
        url = site_paths.paper_url(self._site_config.base, feed_paper.entry.paper)
        return FeedItem(
            id=_id(self._name, issue.content.day, feed_paper.entry.paper), title=view.plain_title, url=url,
            published=feed_paper.published, updated=issue.frozen_at, html=str(_paper_html(feed_paper)),
            text=view.lead_text, authors=view.authors, categories=tuple(map(phrases.one_line, paper.categories)),
        )  # fmt: skip


def _papers_of(issue: PublishedIssue) -> Iterator[FeedPaper]:
    views = issue_view(issue).entries
    pairs = zip(issue.content.entries, views, strict=True)
    return (FeedPaper(issue, entry, view, issue.frozen_at) for entry, view in pairs)


def _id(*parts: str) -> str:
    return uuid.uuid5(SPACE, msgspec.json.encode(parts).decode()).urn


# ---- HTML: everything from outside is escaped -------------------------------------------------------------


def _issue_html(issue: PublishedIssue, base: str) -> str:
    content = issue.content
    lines = (phrases.note(content.publication), " · ".join(phrases.facts(issue)), *phrases.notes(content))
    head = [Markup("<p>{}</p>").format(line) for line in lines if line]
    if content.reason:
        head.append(Markup("<p>Corrected: {}</p>").format(phrases.one_line(content.reason)))
    if empty := phrases.empty(issue):
        head.append(Markup("<p>{}</p>").format(empty))
    rows = Markup("").join(_row(paper, base) for paper in _papers_of(issue))
    return str(Markup("").join(head) + (Markup("<ol>{}</ol>").format(rows) if rows else Markup("")))


def _row(paper: FeedPaper, base: str) -> Markup:
    url = site_paths.paper_url(base, paper.entry.paper)
    counts = "; ".join(count.line for count in paper.view.counts_view.counts)
    return Markup('<li value="{}"><a href="{}">{}</a><br>{}<br>{}</li>').format(
        paper.entry.place, url, paper.view.plain_title, ", ".join(paper.view.authors), counts
    )


def _paper_html(paper: FeedPaper) -> Markup:
    view = paper.view
    lines = (phrases.note(paper.issue.content.publication), ", ".join(view.authors))
    parts = [Markup("<p>{}</p>").format(line) for line in lines if line]
    parts += [Markup("<p>{}</p>").format(count.line) for count in view.counts_view.counts]
    if text := plain_line(view.abstract) or view.lead_text:
        parts.append(Markup("<p>{}</p>").format(text))
    sentences = Markup("").join(Markup("<li>{}</li>").format(sentence) for sentence in view.score_view.sentences)
    parts.append(Markup("<p>Why here:</p><ul>{}</ul>").format(sentences))
    links = Markup(" · ").join(Markup('<a href="{}">{}</a>').format(link.url, link.text) for link in view.links)
    announced = f", {view.announcement}" if view.announcement else ""
    place = escape(f"Place {paper.entry.place} on {phrases.day_name(paper.issue.content.day)}{announced}")
    return Markup("").join(parts) + Markup("<p>{} · {}</p>").format(place, links)
