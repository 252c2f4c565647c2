"""Channel `feeds`: issues and their papers as Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1.

    feeds/issues.atom  .rss  .json        each issue, newest first; a correction is an entry of its own
    feeds/papers.atom  .rss  .json        each paper, in order of issue and place
    feeds/tops.atom    .rss  .json        the top of each week, month and year that is over
    feeds/category/cs.LG.atom             papers in a category, or on a network: feeds/network/bluesky.atom
    feeds/paper/2603.01234.atom           posts about a paper and answers to them, as on its page; only from the app

Identifiers are permanent: they depend on publication, day, and paper or edition, not on the site's address.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import cached_property, partial
from itertools import islice
from typing import NamedTuple

import msgspec

from hotpapers.base.model import Entry, IssueReader, Post, PublishedIssue, RenderedFile
from hotpapers.base.networks import network_names, network_title
from hotpapers.base.papers.categories import category_title, is_category
from hotpapers.base.text.clean_text import one_line
from hotpapers.base.text.timestamps import format_rfc3339
from hotpapers.base.text.words import count_noun
from hotpapers.base.version import __version__
from hotpapers.issues.ranking import words
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.render.templating import load_macro, render_file
from hotpapers.publish.view import glance, phrases, site_paths
from hotpapers.publish.view.issue_view import EntryView, LazyEntries, issue_view
from hotpapers.publish.view.post_views import lane_views, post_byline
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from hotpapers.publish.view.tex import plain_line
from hotpapers.publish.view.tops import period_name, tops_of

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
PATH = re.compile(r"feeds/(issues|papers|tops|(?:category|network|paper)/[\w./~-]+)\.(atom|rss|json)", re.ASCII)


# ---- formats -----------------------------------------------------------------------------------------------


class FeedItem(NamedTuple):
    """One entry. Times in µs UTC; `html` is safe to embed; `url` may be empty. `page`: the page's path on the site."""

    id: str
    title: str
    url: str
    published: int
    updated: int
    html: str
    text: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    page: str = ""


class FeedDocument(NamedTuple):
    """A feed. `home`: the site's address, `own`: the feed's; both may be empty. `updated`: µs UTC, 0 for never.
    `note`: a notice for readers of the whole feed. `to_root`: the path from the feed to the site's folder."""

    id: str
    title: str
    home: str
    own: str
    updated: int
    items: tuple[FeedItem, ...]
    note: str
    to_root: str = ""


def _xml(template: str, feed: FeedDocument) -> bytes:
    return render_file(template, feed=feed, version=__version__)


def json_feed(feed: FeedDocument) -> bytes:
    """JSON Feed 1.1 (jsonfeed.org/version/1.1)."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "language": "en",
        **_given(home_page_url=feed.home, feed_url=feed.own, description=feed.note),
        "items": [
            {
                "id": item.id,
                "title": item.title,
                "content_html": item.html,
                "date_published": format_rfc3339(item.published),
                "date_modified": format_rfc3339(item.updated),
                **_given(
                    url=item.url,
                    summary=item.text,
                    tags=item.categories,
                    authors=[{"name": author} for author in item.authors],
                ),
            }
            for item in feed.items
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _given(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value}


FORMATS: dict[str, Callable[[FeedDocument], bytes]] = {
    "atom": partial(_xml, "atom.xml"),
    "rss": partial(_xml, "rss.xml"),
    "json": json_feed,
}
"""By file extension."""

# ---- feeds -------------------------------------------------------------------------------------------------


class FeedPaper(NamedTuple):
    """A paper in an issue. `views`: those of its lane, in which its own is the `n`-th; `is_further`: whether the issue
    has only a line for it; `published`: when the first edition containing it was frozen; `updated`: when the latest
    was or, if that is later, when it became known that the paper was taken back; both in µs UTC."""

    issue: PublishedIssue
    entry: Entry
    views: LazyEntries
    n: int
    is_further: bool
    published: int
    updated: int

    @property
    def view(self) -> EntryView:
        return self.views[self.n]


class FeedsChannel:
    """The feeds of a publication."""

    name = "feeds"

    def __init__(self, site_config: SiteConfig = NOBODY) -> None:
        self._site_config = site_config

    def render(self, issue_reader: IssueReader, publication: str, days: Sequence[str]) -> Iterator[RenderedFile]:
        """All feeds of the publication. They cover its latest issues, whatever `days` says. Raises NotFound."""
        maker = FeedMaker(issue_reader, publication, self._site_config)
        yield from (RenderedFile(path, feed) for path in maker.paths() if (feed := maker.feed(path)) is not None)


class FeedMaker:
    """The feeds of one publication, each by its path."""

    def __init__(self, issue_reader: IssueReader, publication: str, site_config: SiteConfig) -> None:
        self._site = SiteContext(issue_reader, publication, site_config)
        self._issue_reader = issue_reader
        self._name = publication
        self._base = site_config.base
        self._days = self._site.days[-ISSUES:][::-1]

    def paths(self) -> Iterator[str]:
        for about in WHOLE:
            yield from (f"feeds/{about}.{form}" for form in FORMATS)
        categories = {
            category for paper in self._papers for category in paper.issue.papers[paper.entry.paper].categories
        }
        yield from (f"feeds/category/{name}.atom" for name in sorted(categories) if is_category(name))
        networks = {network for paper in self._papers for network in _networks_of(paper.entry)}
        yield from (f"feeds/network/{name}.atom" for name in sorted(networks & set(network_names())))

    def feed(self, path: str) -> bytes | None:
        """The feed at a path; None if there is none."""
        match = PATH.fullmatch(path)
        if match is None:
            return None
        kind, _, name = match[1].partition("/")
        if (kind == "network" and name not in network_names()) or (kind == "category" and not is_category(name)):
            return None
        predicates: dict[str, Callable[[FeedPaper], bool]] = {
            "papers": lambda paper: not paper.is_further,
            "category": lambda paper: name in paper.issue.papers[paper.entry.paper].categories,
            "network": lambda paper: name in _networks_of(paper.entry),
        }
        if kind == "paper":
            return self._of_posts(path, site_paths.paper_of(f"{match[1]}/index.html"), match[2])
        if kind in predicates:
            about = network_title(name) if kind == "network" else category_title(name) or kind
            return self.of_papers(path, about, predicates[kind], match[2])
        if kind == "tops":
            items = self._tops()
        else:
            items = (item for day in self._days for item in self._editions(day))
        return FORMATS[match[2]](self._feed(path, kind if kind == "tops" else "", items))

    def of_papers(self, path: str, title: str, predicate: Callable[[FeedPaper], bool], form: str) -> bytes:
        """A feed of selected papers, such as those by an author or with a word."""
        return FORMATS[form](self._feed(path, title, map(self._paper, filter(predicate, self._papers))))

    def _of_posts(self, path: str, paper: str, form: str) -> bytes | None:
        """The posts about a paper and answers to them, the newest first; None if it has no page."""
        appearances = self._site.appearances(paper)
        if not appearances:
            return None
        about = self._site.conversations(paper, appearances[0])
        nodes = [node for line in about.conversations for node in line.root.walk()] if about else []
        posts = sorted((node.post.post for node in nodes if node.post), key=lambda post: (-post.created_at, post.post))
        entry = appearances[-1].entry
        return FORMATS[form](self._feed(path, entry.plain_title, map(self._post, posts), entry.path))

    # ---- contents ------------------------------------------------------------------------------------

    @cached_property
    def _papers(self) -> list[FeedPaper]:
        return [paper for day in self._days for paper in self._papers_on(day)]

    def _papers_on(self, day: str) -> Iterator[FeedPaper]:
        latest = self._site.frozen(day)
        content = latest.content
        first_frozen_at: dict[str, int] = {}
        for number in range(1, content.edition):
            issue = self._issue_reader.issue_header(self._name, day, number)
            first_frozen_at = {entry.paper: issue.frozen_at for entry in issue.content.listed} | first_frozen_at
        view = issue_view(latest)
        for entries, views, is_further in (
            (content.entries, view.entries, False),
            (content.further or (), view.further, True),
        ):
            for n, entry in enumerate(entries):
                published = first_frozen_at.get(entry.paper, latest.frozen_at)
                is_taken_back = entry.paper in latest.withdrawn
                taken_back_at = self._issue_reader.taken_back_at(entry.paper) if is_taken_back else 0
                updated = max(latest.frozen_at, taken_back_at)
                yield FeedPaper(latest, entry, views, n, is_further, published, updated)

    def _feed(self, path: str, about: str, items: Iterable[FeedItem], page: str = "") -> FeedDocument:
        """The feed at a path. `page`: the path of the page that it is about; the front page by default."""
        papers = tuple(islice(items, PAPERS))
        latest_at = self._site.issue_header(self._days[0]).frozen_at if self._days else 0
        return FeedDocument(
            id=permanent_id(self._name, path),
            title=f"{self._site.title}: {about}" if about else self._site.title,
            home=site_paths.public_url(self._base, page),
            own=site_paths.public_url(self._base_of(path), path),
            updated=max((item.updated for item in papers), default=latest_at),
            items=papers,
            note=phrases.publication_note(self._site.publication),
            to_root=site_paths.to_root(path.partition("?")[0]),
        )

    def _base_of(self, path: str) -> str:
        """The address of the folder of a feed: only the app has those that no site has as files."""
        about, _, name = path.removeprefix("feeds/").partition("/")
        is_file = about.partition(".")[0] in WHOLE or (about in ("category", "network") and name.endswith(".atom"))
        return self._base if is_file else self._site.site_config.app or self._base

    def _editions(self, day: str) -> Iterator[FeedItem]:
        """A day's editions, latest first; corrections come with their reasons."""
        latest = self._site.frozen(day)
        name = phrases.issue_heading(latest.content.publication.window, day)
        with_pages = frozenset(entry.paper for entry in latest.content.listed)  # papers that left have none
        for number in range(len(latest.editions), 0, -1):
            edition = number if number < len(latest.editions) else 0
            issue = self._site.frozen(day, edition)
            title = f"{name}, corrected" if number > 1 else name
            html = self._issue_html(issue, with_pages)
            id = permanent_id(self._name, day, str(number))
            path = site_paths.issue_path(day, edition)
            yield self._item(id, title, path, issue.frozen_at, html, glance.introduction(issue))

    def _tops(self) -> Iterator[FeedItem]:
        """The latest tops to which no issue will be added: those before the latest of a kind."""
        tops = tops_of(self._issue_reader, self._site.publication)
        note = (phrases.publication_note(self._site.publication),)
        over = [(tops.days(period)[-1], period) for kind in tops.kinds for period in tops.periods(kind)[:-1]]
        for day, period in sorted(over, reverse=True)[:ISSUES]:
            path = site_paths.top_path(period)
            at = self._site.issue_header(day).frozen_at
            rows = [
                (
                    paper.rank,
                    site_paths.paper_url(self._base, paper.summary.paper),
                    phrases.marked_title(plain_line(paper.summary.title), withdrawn=paper.summary.withdrawn)
                    or phrases.paper_name(paper.summary.paper),
                    phrases.first_names(paper.summary.authors),
                    count_noun(paper.voices, "like") if tops.unit == "likes" else words.people_phrase(paper.voices),
                )
                for paper in tops.top(period).papers[:TOP_PAPERS]
            ]
            text = " · ".join(title for _, _, title, *_ in rows[: glance.TITLES])
            title = f"Top of {period_name(period)}"
            id = permanent_id(self._name, path)
            yield self._item(id, title, path, at, _html("issue", note, rows, (), ()), text)

    def _item(self, id: str, title: str, path: str, at: int, html: str, text: str) -> FeedItem:
        """An item about a page of the site."""
        return FeedItem(id, title, site_paths.public_url(self._base, path), at, at, html, text, (), (), path)

    def _issue_html(self, issue: PublishedIssue, with_pages: Container[str]) -> str:
        content = issue.content
        rows = [
            (
                entry.place,
                site_paths.paper_url(self._base if entry.paper in with_pages else "", entry.paper),
                view.plain_title,
                phrases.first_names(view.authors),
                glance.facts_line(issue, entry),
            )
            for entry, view in zip(content.entries, issue_view(issue).entries, strict=True)
        ]
        corrected = f"Corrected: {one_line(content.reason)}" if content.reason else ""
        before = (phrases.publication_note(content.publication), corrected, phrases.why_empty(issue))
        facts = " · ".join(phrases.facts(issue, with_reasons=False))
        return _html("issue", before, rows, lane_views(issue), (facts, *phrases.notes(issue)))

    def _paper(self, feed_paper: FeedPaper) -> FeedItem:
        issue = feed_paper.issue
        entry = feed_paper.entry
        view = feed_paper.view
        content = issue.content
        announced = f", {view.announcement}" if view.announcement else ""
        name = phrases.issue_name(content.publication.window, content.day)
        before = (phrases.publication_note(content.publication), phrases.first_names(view.authors))
        return FeedItem(
            id=permanent_id(self._name, content.day, entry.paper),
            title=view.plain_title,
            url=site_paths.paper_url(self._base, entry.paper),
            published=feed_paper.published,
            updated=feed_paper.updated,
            html=_html("paper", view, before, f"Place {entry.place}, {name}{announced}"),
            text=view.opening.text,
            authors=view.authors,
            categories=tuple(map(one_line, issue.papers[entry.paper].categories)),
            page=site_paths.issue_path(content.day),
        )

    def _post(self, post: Post) -> FeedItem:
        source = post_byline(post)
        text = one_line(post.text)
        at = post.created_at
        title = f"{source['author']}, {source['network']}"
        html = _html("paragraphs", [text])
        return FeedItem(permanent_id(self._name, post.post), title, source["url"], at, at, html, text, (), ())


def _networks_of(entry: Entry) -> set[str]:
    """The networks that pages name beside a paper."""
    return {count.network for count in filter(words.has_figure, entry.counts)}


def permanent_id(*parts: str) -> str:
    """The identifier of the thing that these parts name, as a URN of a UUID."""
    return uuid.uuid5(SPACE, msgspec.json.encode(parts).decode()).urn


def _html(name: str, *values: object) -> str:
    """The HTML of an issue or a paper in a feed; everything from outside is escaped."""
    return str(load_macro("feed_items.html", name)(*values))
