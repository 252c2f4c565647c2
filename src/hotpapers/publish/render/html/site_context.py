"""A publication's issues as its pages need them: each read and prepared once while it is cached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from hotpapers.base.errors import NotFound
from hotpapers.base.installed import hooks_of
from hotpapers.base.model import (
    HOUR,
    Attention,
    IssueProofs,
    IssueReader,
    NeighborPaper,
    Paper,
    PaperConversations,
    PaperNeighbors,
    Publication,
    PublishedIssue,
    Quotation,
    SitePart,
)
from hotpapers.base.papers.announcement_days import calendar
from hotpapers.base.text.clean_text import one_line
from hotpapers.base.text.words import count_noun
from hotpapers.issues.ranking.words import people_phrase
from hotpapers.issues.windows import label_after
from hotpapers.publish.hooks import RelatedPapers, ReportForms
from hotpapers.publish.render.templating import render_page
from hotpapers.publish.view import phrases, site_paths
from hotpapers.publish.view.catalogue import Catalogue
from hotpapers.publish.view.contact_links import ContactLinks, contact_links_of, join_address
from hotpapers.publish.view.issue_view import EntryView, IssueView, issue_view
from hotpapers.publish.view.page_fields import Fields, PageChoice, choose_fields
from hotpapers.publish.view.site_config import SiteConfig

CACHED = 64
"""Prepared issues kept: some 2 MB."""
MAX_DESCRIPTION_CHARS = 300
"""Code points of a page's description in link previews."""
SCHEDULED_PAGES = ("index.html", "status/index.html")
"""The pages that report on the schedule that makes them."""
ENDED = "This publication has ended: it will have no more issues."
MAX_NEAR_CHARS = 60
"""Code points of a related paper's title: ten lines take 2 kB."""
FINAL_HOURS = 168
"""Hours after which a paper's attention and posts no longer change."""


class CardMeta(NamedTuple):
    """A page's metadata about its picture. `alt`: the text alternative; `width`, `height`: pixels."""

    url: str
    alt: str
    width: int
    height: int


class EntryAppearance(NamedTuple):
    """A paper in an issue. `is_ongoing`: the issue lists it only as still talked about."""

    issue: IssueView
    path: str
    entry: EntryView
    is_ongoing: bool


class NearLine(NamedTuple):
    """A paper near to another. `paper`: its key; `path`: of its page, if it has one; `url`: elsewhere; `closeness`:
    0.00 to 1.00; `day`: of the issue with it, or of its announcement; `voices`: those of its latest issue; likes in a
    listing. `day_name`, `voices_text`: the same in words."""

    paper: str
    title: str
    path: str
    url: str
    closeness: str
    day: str
    day_name: str
    voices: int
    voices_text: str


class SiteContext:
    """The issues of one publication. `account`: the DID of the account that publishes them as documents, if any.
    `parts`: further files of the site, set by whoever writes them. Raises NotFound if the issue reader has no such
    publication."""

    parts: Sequence[SitePart] = ()

    def __init__(self, issue_reader: IssueReader, publication: str, site_config: SiteConfig) -> None:
        self.issue_reader = issue_reader
        self.name = publication
        self.site_config = site_config
        by_name = {item.publication: item for item in issue_reader.publications()}
        if publication not in by_name:
            raise NotFound(f"{publication}: no such publication")
        self.publication: Publication = by_name[publication]
        self.title = one_line(self.publication.title)
        self.contact = one_line(site_config.contact)
        self.account = dict(site_config.documents).get(publication, "")
        has_forms = bool(hooks_of(ReportForms))
        self.contact_links: ContactLinks = contact_links_of(site_config.contact, site_config.app if has_forms else "")
        self.days: Sequence[str] = issue_reader.days(publication)
        self.index_of_day = {day: n for n, day in enumerate(self.days)}
        self._issue = lru_cache(CACHED)(self._read_issue)
        self._voices = lru_cache(CACHED)(lambda day: issue_reader.held(publication)[day].voices)
        self._attention = lru_cache(CACHED)(self._read_attention)
        self._conversations = lru_cache(CACHED)(self._read_conversations)

    # ---- issues --------------------------------------------------------------------------------------

    def issue(self, day: str, edition: int = 0) -> IssueView:
        """A day's latest edition, or an earlier one by number."""
        return self._issue(day, edition)

    def _read_issue(self, day: str, edition: int) -> IssueView:
        issue = self.frozen(day, edition)
        if self.publication.window == "listing":
            return issue_view(issue)
        return issue_view(issue, *self._attention(day, day, edition))

    def frozen(self, day: str, edition: int = 0) -> PublishedIssue:
        return self.issue_reader.issue(self.name, day, edition or None)

    def issue_header(self, day: str) -> PublishedIssue:
        return self.issue_reader.issue_header(self.name, day)

    def has(self, day: str, edition: int = 0) -> bool:
        """Whether there is such an issue; edition 0 is the latest."""
        if day not in self.index_of_day:
            return False
        return edition == 0 or edition in self.earlier_editions(day)

    def earlier_editions(self, day: str) -> range:
        """The numbers of a day's editions before the latest."""
        return range(1, self.issue(day).editions)

    def editions(self, day: str) -> list[IssueView]:
        """All editions of a day, the latest first."""
        issues = (self.issue(day, number) for number in self.earlier_editions(day))
        return [self.issue(day), *issues]

    def neighbor(self, n: int) -> tuple[str, str] | None:
        if not 0 <= n < len(self.days):
            return None
        issue_name = phrases.issue_name(self.publication.window, self.days[n])
        return site_paths.issue_path(self.days[n]), issue_name

    @cached_property
    def others(self) -> tuple[tuple[str, str], ...]:
        """Title and public address of the site's other publications with issues, such as a weekly one."""
        items = self.issue_reader.publications()
        titles = {item.publication: one_line(item.title) for item in items}
        return tuple(
            (titles[name], base)
            for name, base in self.site_config.bases
            if base not in ("", self.site_config.base) and name in titles and self.issue_reader.days(name)
        )

    @cached_property
    def proofs(self) -> IssueProofs | None:
        """The proofs of the publication's issues, read once; None if there are none or they cannot be read."""
        return self.site_config.proofs.readable(self.name) if self.site_config.proofs else None

    # ---- papers --------------------------------------------------------------------------------------

    @cached_property
    def catalogue(self) -> Catalogue:
        """The papers of all issues by category and author."""
        return Catalogue(self.issue_reader.entry_summaries(self.name))

    def appearances(self, paper: str) -> list[EntryAppearance]:
        """The issues that contain a paper, oldest first."""
        return [
            EntryAppearance(issue, site_paths.issue_path(day), entry, is_ongoing)
            for day in self.days_with(paper)
            for issue in [self.issue(day)]
            for entries, is_ongoing in ((issue.entries, False), (issue.further, False), (issue.ongoing, True))
            for entry in entries.of(paper)
        ]

    def days_with(self, paper: str) -> list[str]:
        """The days of this publication's issues that contain a paper, ascending."""
        appearances = self.issue_reader.appearances(paper)
        return [day for name, day in appearances if name == self.name and day in self.index_of_day]

    def paths_of(self, entries: Iterable[EntryView]) -> list[str]:
        """Paths of these entries' paper pages that exist: a correction may have removed a paper from its only issue."""
        return [entry.path for entry in entries if entry.path and self.has_paper(entry.key)]

    def has_paper(self, paper: str) -> bool:
        """Whether an issue of this publication contains a paper."""
        return bool(self.days_with(paper))

    @cached_property
    def neighbors(self) -> PaperNeighbors | None:
        """Which papers are near to each other; None if no wing says so."""
        of_wings = (hook.find(self.issue_reader, self.name) for hook in hooks_of(RelatedPapers))
        return next(of_wings, None)

    @cached_property
    def taken_back(self) -> Mapping[str, str]:
        """The papers that were taken back, each with how."""
        return self.frozen(self.days[-1]).withdrawn

    def near(self, paper: Paper, appearances: Sequence[EntryAppearance]) -> list[NearLine]:
        """The papers near to one, as known when its page last changed: see `attention`."""
        if self.neighbors is None:
            return []
        day = appearances[-1].issue.day
        until = day
        if self.publication.window != "listing":
            until = self._final_day(appearances[0].issue.day)
        return [self._near_line(near, until) for near in self.neighbors.near(paper, until, day)]

    def _near_line(self, near: NeighborPaper, until: str) -> NearLine:
        days = [day for day in self.days_with(near.paper) if day <= until]
        voices = self._voices(days[-1]).get(near.paper, 0) if days else 0
        voices_text = count_noun(voices, "like") if self.publication.window == "listing" else people_phrase(voices)
        return NearLine(
            paper=near.paper,
            title=phrases.marked_title(
                phrases.cut_text(near.title, MAX_NEAR_CHARS), withdrawn=self.taken_back.get(near.paper, "")
            ),
            path=site_paths.paper_path(near.paper) if days else "",
            url=site_paths.abs_url(near.paper),
            closeness=f"{near.closeness / 10_000:.2f}",
            day=near.day,
            day_name=self._name_of(near.day),
            voices=voices,
            voices_text=voices_text,
        )

    def _name_of(self, day: str) -> str:
        """The name of a day's issue; of another day, its own."""
        window = self.publication.window if day in self.index_of_day else "daily"
        return phrases.issue_name(window, day)

    # ---- attention and posts ---------------------------------------------------------------------------

    def attention(self, paper: str, first: EntryAppearance) -> tuple[Sequence[Attention], Sequence[Quotation]]:
        """A paper's hourly attention and the posts about it, as known a week after its announcement, or before that, as
        of the latest issue."""
        if self.publication.window == "listing":
            return (), ()
        final_day = self._final_day(first.issue.day)
        history, posts = self._attention(first.issue.day, final_day, 0)
        return history.get(paper, ()), posts.get(paper, ())

    def _read_attention(
        self, day: str, known_day: str, edition: int
    ) -> tuple[dict[str, Sequence[Attention]], dict[str, Sequence[Quotation]]]:
        """The attention and the posts of the papers in a day's issue, as known on a day. For the issue's own day, its
        page and those of its papers may need the same, which is read once."""
        content = self.frozen(day, edition).content
        papers = [entry.paper for entry in content.all_entries]
        history = self.issue_reader.history(self.name, known_day, papers)
        posts = self.issue_reader.posts(self.name, known_day, papers)
        return dict(history), dict(posts)

    def conversations(self, paper: str, first: EntryAppearance) -> PaperConversations | None:
        """The conversations about a paper, as known with its attention; None if nobody says anything."""
        if self.publication.window == "listing":
            return None
        return self._conversations(first.issue.day, self._final_day(first.issue.day)).get(paper)

    def _read_conversations(self, day: str, known_day: str) -> dict[str, PaperConversations]:
        """The conversations about the papers in a day's issue, as known on a day."""
        papers = [entry.paper for entry in self.frozen(day).content.all_entries]
        return dict(self.issue_reader.conversations(self.name, known_day, papers))

    def _final_day(self, day: str) -> str:
        """The first issue frozen a week or more after a day's announcement, else the latest."""
        end = calendar.announced_at(day) + FINAL_HOURS * HOUR
        later = self.days[self.index_of_day[day] :]
        return next((day for day in later if self.issue_header(day).content.as_of >= end), self.days[-1])

    def unfinished_days(self, day: str) -> list[str]:
        """The earlier days whose papers have more attention or posts in this day's issue than in the one before it."""
        n = self.index_of_day[day]
        if n == 0 or self.publication.window == "listing":
            return []
        known_until = self.issue_header(self.days[n - 1]).content.as_of
        days = self.days[:n]
        return [day for day in days if calendar.announced_at(day) + FINAL_HOURS * HOUR > known_until]

    # ---- pages ---------------------------------------------------------------------------------------

    def fields(self, categories: Iterable[str], choice: PageChoice) -> Fields | None:
        """The fields of a page's papers. None if the choice is a category that does not exist."""
        return choose_fields(categories, choice, is_live=self.site_config.is_live)

    def about_week(self, week: str) -> list[tuple[str, str]]:
        """Further pages about a week: a link's text, and the page's path."""
        return [link for part in self.parts for link in part.week_links(week)]

    def links(self) -> list[tuple[str, str]]:
        """Further pages about the whole site: a link's text, and the page's path."""
        return [link for part in self.parts for link in part.site_links()]

    @cached_property
    def has_ended(self) -> bool:
        """Whether the publication has had its last issue."""
        return bool(self.publication.last_day and self.days) and not label_after(self.publication, self.days[-1])

    def _schedule(self, path: str) -> str:
        """A page's report on the schedule; the status page says itself when a publication ended."""
        if self.has_ended:
            return ENDED if path == "index.html" else ""
        return self.site_config.note if path in SCHEDULED_PAGES else ""

    def render(
        self, template: str, path: str, title: str, description: str, root: str | None = None, **values: object
    ) -> bytes:
        """Render a template with the parts of all pages. `root`: the path to the site's folder, if not from `path`."""
        return render_page(
            template,
            path,
            root=site_paths.to_root(path) if root is None else root,
            site=self.title,
            contact_links=self.contact_links,
            title=title,
            feeds=self.site_config.feeds,
            join="" if self.has_ended else join_address(self.site_config, self.name),
            others=self.others,
            note=phrases.publication_note(self.publication),
            schedule=self._schedule(path),
            description=phrases.cut_text(description, MAX_DESCRIPTION_CHARS),
            base=self.site_config.base,
            **values,
        )


class PublicationPart(SitePart):
    """Further files of a site, made from the issues of its publication."""

    def __init__(self, site: SiteContext) -> None:
        self._site = site
