"""Small whole sites, and the rules for all their pages."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from hotpapers.publish.render.html.pages import SiteChannel
from hotpapers.publish.view.site_config import SiteConfig
from tests.publish.render.build import PlainIssueReader
from tests.publish.render.full_sample import FULL_READER, SITE_CONFIG
from tests.publish.render.html import Page
from tests.publish.render.sample import LISTED_READER

SITES = {
    "hot-papers": (LISTED_READER, SiteConfig("https://desk.example/write")),
    "daily": (FULL_READER, SITE_CONFIG),
}
"""The issue reader of each publication, and its site's configuration."""
REL = "noopener noreferrer nofollow"


def site(
    issue_reader: PlainIssueReader, name: str, days: Sequence[str] | None = None, site_config: SiteConfig | None = None
) -> dict[str, bytes]:
    """A publication's site: path → bytes."""
    defaults = SITES.get(name)
    config = site_config or (
        defaults[1] if defaults and defaults[0] is issue_reader else SiteConfig("desk@daily.example")
    )
    files = list(SiteChannel(config).render(issue_reader, name, issue_reader.days(name) if days is None else days))
    assert len({file.path for file in files}) == len(files)
    return {file.path: file.data for file in files if file.data}


def named_site(name: str) -> dict[str, bytes]:
    """The site of one of SITES."""
    return site(SITES[name][0], name)


def html(files: dict[str, bytes]) -> dict[str, Page]:
    """The pages among the files, parsed strictly; without 404.html, which is shown at other addresses than its own, and
    storage.html, which nobody opens."""
    unread = ("404.html", "storage.html")
    return {path: Page(data) for path, data in files.items() if path.endswith(".html") and path not in unread}


def check_links(files: dict[str, bytes]) -> None:
    """Every link leads to an existing page and element, to a plain web address, or to the contact address."""
    pages = html(files)
    for path, page in pages.items():
        for link in page.all("a"):
            href = link.attributes["href"]
            if href.startswith("https://"):
                assert link.attributes["rel"] == REL
                continue
            if href.startswith("mailto:"):
                continue
            target, _, fragment = href.partition("#")
            assert "://" not in href and not target.startswith("/")
            assert target.endswith(("index.html", ".bib", ".ris")) or href.startswith("#")
            target_path = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
            assert target_path in files, f"{path} → {href}"
            assert not fragment or fragment in pages[target_path].ids
