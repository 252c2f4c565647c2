"""The pages of posts on their networks: the address for a post's id, and the id in an address."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit


class PostPages(NamedTuple):
    """A network's pages of posts. `id_form`: a post's id, whose groups fill `page`; `hosts`: where such pages are,
    without `www.`; `path_form`: path and query there, whose groups fill `id`."""

    id_form: str
    page: str
    hosts: tuple[str, ...]
    path_form: str
    id: str = "{}"


PAGES = {
    "x": PostPages(
        r"(\d{1,20})", "https://x.com/i/status/{}", ("x.com", "twitter.com"), r"/\w+(?:/web)?/status/(\d{1,20})"
    ),
    "bluesky": PostPages(
        r"at://(did:[a-z]+:[\w.:-]+)/app\.bsky\.feed\.post/([\w~.:-]+)", "https://bsky.app/profile/{}/post/{}",
        ("bsky.app",), r"/profile/(did:[a-z]+:[\w.:-]+)/post/([\w~.:-]+)", "at://{}/app.bsky.feed.post/{}",
    ),
    "hackernews": PostPages(
        r"(\d{1,12})", "https://news.ycombinator.com/item?id={}", ("news.ycombinator.com",), r"/item\?id=(\d{1,12})"
    ),
    "lobsters": PostPages(r"([a-z0-9]{6})", "https://lobste.rs/s/{}", ("lobste.rs",), r"/s/([a-z0-9]{6})"),
    "reddit": PostPages(
        r"t3_([a-z0-9]{1,12})", "https://www.reddit.com/comments/{}", ("reddit.com", "old.reddit.com"),
        r"(?:/r/\w+)?/comments/([a-z0-9]{1,12})", "t3_{}",
    ),
}  # fmt: skip
"""By network."""
_NETWORK_OF = {host: network for network, pages in PAGES.items() for host in pages.hosts}
_MASTODON_PAGE = re.compile(r"(https?://[^/]+)/@(\w+)/(?:statuses/)?(\d+)", re.ASCII)


def page_of(network: str, id: str) -> str:
    """The address of a post's page on its network; empty if it has none of a known form."""
    pages = PAGES.get(network)
    match = re.fullmatch(pages.id_form, id, re.ASCII) if pages else None
    return pages.page.format(*match.groups()) if pages and match else ""


def key_of(address: str) -> str:
    """The key of the post with this address; empty if it is not a post's. On Mastodon the address is the id."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    network = _NETWORK_OF.get(parts.netloc.lower().removeprefix("www."))
    if network is None:
        on_page = _MASTODON_PAGE.fullmatch(address)
        return f"mastodon:{on_page[1]}/users/{on_page[2]}/statuses/{on_page[3]}" if on_page else f"mastodon:{address}"
    pages = PAGES[network]
    match = re.match(rf"{pages.path_form}(?![\w-])", f"{parts.path}?{parts.query}", re.ASCII)
    return f"{network}:{pages.id.format(*match.groups())}" if match else ""
