"""Channel `site`: the web app's pages as files that any web server can hold, and that open from disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hotpapers.model import File, Shelf
from hotpapers.publish.pages import Pages


class Site:
    """The site of a publication; `contact` is the operator's public contact, shown on its About page."""

    name = "site"

    def __init__(self, contact: str = "") -> None:
        self._contact = contact

    def render(self, shelf: Shelf, publication: str, days: Sequence[str]) -> Iterator[File]:
        """The pages that these days' issues touch; of all days of the publication: the whole site. Raises NoSuch.

        Also, without bytes, the pages that a correction has put an end to.
        """
        pages = Pages(shelf, publication, self._contact)
        ended: set[str] = set()
        for path in pages.paths(days):
            page = pages.page(path)
            if page is not None:
                yield File(path, page)
            ended |= pages.ended(path)
        yield from (File(path, b"") for path in sorted(ended))
