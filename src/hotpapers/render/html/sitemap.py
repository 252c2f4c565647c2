"""What search engines are told: that everything may be found, and where everything is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from markupsafe import escape

from hotpapers.render.html.site_context import SiteContext
from hotpapers.view import site_paths

ROBOTS = "User-agent: *\nAllow: /\n"
"""Everything may be found (RFC 9309)."""
MOST = 50_000
"""Addresses in one sitemap (sitemaps.org); of a larger site the older papers, and lists, are found by its pages."""


def robots_txt(base: str) -> bytes:
    """The file robots.txt; it names the sitemap where the site's public address is known."""
    return (f"{ROBOTS}\nSitemap: {base}sitemap.xml\n" if base else ROBOTS).encode()


def sitemap(here: SiteContext, once: Iterable[str]) -> bytes:
    """The addresses of all pages: those that there are `once`, issues and papers from the latest on, the lists."""
    places = (
        f"<url><loc>{escape(site_paths.public_url(here.site_config.base, path))}</loc></url>\n"
        for path in _all(here, once)
    )
    return "".join([_HEAD, *islice(places, MOST), "</urlset>\n"]).encode()


_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'


def _all(here: SiteContext, once: Iterable[str]) -> Iterator[str]:
    """The paths of all pages, each once."""
    yield from (path for path in once if path.endswith("index.html"))
    yield from map(site_paths.issue_path, reversed(here.days))
    papers = dict.fromkeys(summary.paper for summary in reversed(here.issue_reader.entry_summaries(here.name)))
    yield from filter(None, map(site_paths.paper_path, papers))
    categories, authors = here.catalogue.everything()
    yield from sorted(categories)
    yield from (site_paths.author_path(author) for author in sorted(authors) if here.catalogue.has_author(author))
