"""Channel `site`: the web app's pages as files that any web server can hold, and that open from disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from hotpapers.model import IssueReader, RenderedFile
from hotpapers.render.html.log_pages import POLICY_PATH, LogPages
from hotpapers.render.html.pages import Mine, SitePages, everything
from hotpapers.render.html.search_index import SearchIndex
from hotpapers.render.html.site_context import SiteContext
from hotpapers.view.site_config import NOBODY, SiteConfig


class SiteChannel:
    """The site of a publication; `site_config`: who publishes it, and where."""

    name = "site"

    def __init__(self, site_config: SiteConfig = NOBODY) -> None:
        self._imprint = site_config

    def render(self, issue_reader: IssueReader, publication: str, days: Sequence[str]) -> Iterator[RenderedFile]:
        """The pages that these days' issues touch; of all days of the publication: the whole site. Raises NotFound.

        With them the index by which it is searched; and, without bytes, the pages that a correction has put an end to.
        """
        return self.share(issue_reader, publication, days, everything)

    def log_files(self, issue_reader: IssueReader, publication: str, folder: Path) -> Iterator[RenderedFile]:
        """The files of the publication's log alone, as far as a site's folder may lack them; without bytes, tiles that
        have become full. Raises NotFound."""
        pages = LogPages(SiteContext(issue_reader, publication, self._imprint))
        for path in pages.paths(folder):
            if (page := pages.page(path)) is not None:
                yield RenderedFile(path, page)
        yield from (RenderedFile(path, b"") for path in pages.ended(POLICY_PATH))

    def share(
        self, issue_reader: IssueReader, publication: str, days: Sequence[str], is_own: Mine
    ) -> Iterator[RenderedFile]:
        """A share of the same: what is in several shares is alike in all of them."""
        pages = SitePages(issue_reader, publication, self._imprint)
        ended: set[str] = set()
        for path in pages.paths(days, is_own):
            page = pages.page(path)
            if page is not None:
                yield RenderedFile(path, page)
            ended |= pages.ended(path)
        yield from SearchIndex(issue_reader, publication).files(days, is_own)
        yield from (RenderedFile(path, b"") for path in sorted(ended))
