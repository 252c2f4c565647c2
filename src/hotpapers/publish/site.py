"""Channel `site`: the web app's pages as files that any web server can hold, and that open from disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hotpapers.model import File, Shelf
from hotpapers.publish.imprint import NOBODY, Imprint
from hotpapers.publish.pages import Mine, Pages, everything
from hotpapers.publish.search_index import SearchIndex


class Site:
    """The site of a publication; `imprint`: who publishes it, and where."""

    name = "site"

    def __init__(self, imprint: Imprint = NOBODY) -> None:
        self._imprint = imprint

    def render(self, shelf: Shelf, publication: str, days: Sequence[str]) -> Iterator[File]:
        """The pages that these days' issues touch; of all days of the publication: the whole site. Raises NoSuch.

        With them the index by which it is searched; and, without bytes, the pages that a correction has put an end to.
        """
        return self.share(shelf, publication, days, everything)

    def share(self, shelf: Shelf, publication: str, days: Sequence[str], mine: Mine) -> Iterator[File]:
        """A share of the same: what is in several shares is alike in all of them."""
        pages = Pages(shelf, publication, self._imprint)
        ended: set[str] = set()
        for path in pages.paths(days, mine):
            page = pages.page(path)
            if page is not None:
                yield File(path, page)
            ended |= pages.ended(path)
        yield from SearchIndex(shelf, publication).files(days, mine)
        yield from (File(path, b"") for path in sorted(ended))
