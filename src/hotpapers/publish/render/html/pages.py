"""The site's pages: the app serves the same bytes that the static site has on disk.

    SitePages(issue_reader, publication).paths()     every path, or only those that certain days affect
    SitePages(issue_reader, publication).page(path)  the bytes of a page, None if there is no such page
    SiteChannel                                      the pages as files for any web server, or to open from disk

Pure: pages depend on the issue reader alone. Each issue is read and prepared once while it is cached; pages are
rendered in an order that makes use of the cache.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from hotpapers.base.model import IssueReader, RenderedFile
from hotpapers.publish.render.html.issue_pages import IssuePages
from hotpapers.publish.render.html.list_pages import FOLDERS, ListPages, TopPages
from hotpapers.publish.render.html.paper_pages import PaperPages
from hotpapers.publish.render.html.search_index import index_files, script_file
from hotpapers.publish.render.html.single_pages import SinglePages
from hotpapers.publish.render.html.site_context import PublicationPart, SiteContext
from hotpapers.publish.render.html.wing_parts import parts_of
from hotpapers.publish.view import site_paths
from hotpapers.publish.view.issue_view import EntryView
from hotpapers.publish.view.page_fields import PageChoice
from hotpapers.publish.view.phrases import marked_title
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from hotpapers.publish.view.text_for_scripts import script_text

MAX_PATH_CHARS = 200
PathFilter = Callable[[str], bool]
"""Says by name whether something belongs to a worker's share."""


def accept_all(_: str) -> bool:
    """The share of a single worker: everything."""
    return True


class SitePages:
    """The pages of one publication's site.

    `site_config`: who publishes, and where. Raises NotFound if the issue reader has no such publication.
    """

    def __init__(self, issue_reader: IssueReader, publication: str, site_config: SiteConfig = NOBODY) -> None:
        self._site = SiteContext(issue_reader, publication, site_config)
        self._site.parts = parts_of(self._site)
        self._issues = IssuePages(self._site)
        self._papers = PaperPages(self._site)
        self._parts = (*self._site.parts, QuotedPosts(self._site))
        self._lists = ListPages(self._site)
        self._tops = TopPages(self._site)
        self._once = SinglePages(self._site, self._issues)
        self.missing = self._once.missing
        self.refused = self._once.refused
        self.search = self._once.search

    # ---- paths ---------------------------------------------------------------------------------------

    def paths(self, days: Sequence[str] | None = None, is_own: PathFilter = accept_all) -> Iterator[str]:
        """Every path of the site, once each; with `days`, those of the pages that change when these days' issues do.
        `is_own`: selects a share of the paths, by their days or by the paths themselves.

        Those pages are the days' issues with earlier editions, the issues before and after, their papers, the lists
        that contain them, papers still being discussed, tops, and the pages that exist once. Days without an issue are
        ignored.
        """
        all_days = self._site.days
        chosen_days = set(all_days if days is None else days).intersection(all_days)
        yielded = set[str]()
        for n, day in enumerate(all_days):
            if not is_own(day):
                continue
            if day in chosen_days:
                further = (part.day_paths for part in self._parts)
                for paths_of in (self._issues.paths, self._papers.paths, *further):
                    yield from _new(yielded, paths_of(day))
            elif chosen_days.intersection(all_days[max(n - 1, 0) : n + 2]):
                yield from _new(yielded, [site_paths.issue_path(day), *self._linked(day)])
        yield from _new(yielded, self._changed_papers(sorted(chosen_days)) if len(chosen_days) < len(all_days) else ())
        yield from filter(is_own, self._lists.paths(sorted(chosen_days)))
        yield from filter(is_own, self._tops.paths(chosen_days))
        yield from filter(is_own, self._once.pages)
        if all_days and is_own(all_days[-1]):  # the front page is its issue's
            yield from _new(yielded, self._linked(all_days[-1]))
        for part in self._parts:
            yield from filter(is_own, part.paths())

    def _linked(self, day: str) -> Iterator[str]:
        for part in self._parts:
            yield from part.linked_paths(day)

    def _changed_papers(self, chosen_days: Sequence[str]) -> Iterator[str]:
        """Papers of other days whose pages change too."""
        unfinished = dict.fromkeys(earlier for day in chosen_days for earlier in self._site.unfinished_days(day))
        for day in unfinished:
            if day not in chosen_days:
                yield from self._papers.paths(day)
        yield from filter(None, map(site_paths.paper_path, self._lists.new_authors(chosen_days)))

    def ended(self, path: str) -> frozenset[str]:
        """For the path of an earlier edition: paths of pages that a correction removed and that may still exist. For
        other paths: what parts name."""
        day, edition = site_paths.issue_of(path) or ("", 0)
        if not edition:
            return self._ended_with(path)
        issue = self._site.issue(day, edition)
        entries = (*issue.listed, *issue.ongoing)
        paths = {entry.path for entry in entries if entry.path}
        papers = paths.difference(self._site.paths_of(entries))
        beside = map(self._ended_with, papers)
        return frozenset(papers).union(*beside, self._lists.ended(day), self._issues.ended(day))

    def _ended_with(self, path: str) -> frozenset[str]:
        return frozenset().union(*(part.ended(path) for part in self._parts))

    # ---- pages ---------------------------------------------------------------------------------------

    def has_choice(self, path: str) -> bool:
        """Whether readers can ask the page at a path, if there is one, for some of its papers only."""
        issue = site_paths.issue_of(path)
        is_issue = issue is not None or bool(site_paths.listing_of(path))
        if is_issue or self._tops.has(path):
            return True
        return path == "index.html" and bool(self._site.days)

    def page_of(self, path: str, choice: PageChoice) -> bytes | None:
        """The page with a reader's filter and order; None if there is no such page or category."""
        if path == "index.html":
            return self._issues.issue(path, self._site.days[-1], 0, choice)
        page = self._tops.page(path, choice)
        return page or self._issues.page(path, choice)

    def page(self, path: str) -> bytes | None:
        """The bytes of the page at a path; None when there is none."""
        if path in self._once.pages:
            return self._once.pages[path]()
        if len(path) > MAX_PATH_CHARS:
            return None
        for part in self._parts:
            if part.has(path):
                return part.page(path)
        if path in FOLDERS:
            return self._lists.page(path)
        match path.partition("/")[0]:
            case "top":
                return self._tops.page(path)
            case "paper":
                return self._papers.page(path)
            case "category" | "author":
                return self._lists.page(path)
        return self._issues.page(path)


def _new(yielded: set[str], paths: Iterable[str]) -> Iterator[str]:
    """The paths not yielded before."""
    for path in paths:
        if path not in yielded:
            yielded.add(path)
            yield path


class SiteChannel:
    """The site of a publication; `site_config`: who publishes it, and where."""

    name = "site"

    def __init__(self, site_config: SiteConfig) -> None:
        self._site_config = site_config

    def render(self, issue_reader: IssueReader, publication: str, days: Sequence[str]) -> Iterator[RenderedFile]:
        """The pages that these days' issues affect; for all days of the publication, the whole site. Raises NotFound.

        Includes the search index and, without bytes, the pages that a correction has removed.
        """
        return self.share(issue_reader, publication, days, accept_all)

    def share(
        self, issue_reader: IssueReader, publication: str, days: Sequence[str], is_own: PathFilter
    ) -> Iterator[RenderedFile]:
        """A share of `render`'s files. Files in several shares are the same in each."""
        pages = SitePages(issue_reader, publication, self._site_config)
        removed_paths = set[str]()
        for path in pages.paths(days, is_own):
            if (page := pages.page(path)) is not None:
                yield RenderedFile(path, page)
            removed_paths |= pages.ended(path)
        yield from index_files(issue_reader, publication, days, is_own)
        yield from (RenderedFile(path, b"") for path in sorted(removed_paths))


# ---- quoted posts, for the search page of a static site --------------------------------------------

_QUOTED_PATH = re.compile(r"search/posts/(\d{4}-\d\d-\d\d)\.js", re.ASCII)


class QuotedPosts(PublicationPart):
    """The posts that each issue of a publication quotes, as a script: `search/posts/2020-06-29.js`.

    Each is a list: path of the paper's page, its title (`script_text`), text, author, handle, network, day, moment,
    address, language, direction. The file is made again with its issue, so posts that are no longer shown leave both
    together.
    """

    def has(self, path: str) -> bool:
        return _QUOTED_PATH.fullmatch(path) is not None

    def day_paths(self, day: str) -> Iterator[str]:
        yield f"search/posts/{day}.js"

    def page(self, path: str) -> bytes | None:
        match = _QUOTED_PATH.fullmatch(path)
        if match is None or not self._site.has(match[1]):
            return None
        issue = self._site.issue(match[1])
        entries = (*issue.entries, *issue.ongoing)
        rows = [row for entry in entries for row in _quoted_rows(entry)]
        return script_file(path, rows).data


def _quoted_rows(entry: EntryView) -> Iterator[tuple[object, ...]]:
    title = script_text(marked_title(entry.title, withdrawn=entry.withdrawn))
    for post in entry.posts:
        text = "".join(piece.text for piece in post.pieces)
        yield (
            entry.path, title, text, post.author, post.handle, post.network, post.day, post.moment, post.url, post.lang,
            post.dir,
        )  # fmt: skip
