"""A new page of the site is among those that browsers are tried on, and that sites are judged by."""

from __future__ import annotations

from hotpapers.publish.render.html.list_pages import FOLDERS
from hotpapers.publish.render.html.pages import SitePages
from tests.browser.conftest import KINDS
from tests.publish.render.sample import LISTED_READER
from tests.sites.judges_readers import PROMISED

OPTIONAL = {"404.html", "my-papers/index.html", "storage.html", "top/index.html"}
"""Pages that not every site has, or that readers do not look for."""


def test_every_page_is_looked_at() -> None:
    pages = {path for path in SitePages(LISTED_READER, "hot-papers").paths([]) if path.endswith(".html")}
    pages -= {*FOLDERS, "storage.html"}
    assert pages <= set(KINDS.values())
    assert pages - OPTIONAL <= set(PROMISED)
