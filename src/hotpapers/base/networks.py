"""The networks on which people talk about papers, a row each: title, icon, pages of posts, terms, pace, settings.

The eight of the core are part of what frozen issues mean: a publication without `networks` means all of them, with
wings or without. A wing adds a network by a `Network` among its hooks, and says by a `NetworkReader` how one is read.
Servers of papers have rows too, as they are read like networks, but nobody talks there.

An operator who has agreed on other terms with a network sets `[terms.<network>]` in hotpapers.toml.
docs/reference/terms.md has the terms for people; a test keeps both the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from hotpapers.base.durations import DAY, FOREVER
from hotpapers.base.installed import hooks_of

if TYPE_CHECKING:
    from hotpapers.base.model import Showing

Read = Literal["public", "operator names it", "own key", "no"]
"""public: by anyone; operator names it: only what the settings name; own key: only with a key of the
operator's; no: not at all."""
Exported = Literal["facts", "ids"]
"""facts: everything known about a post; ids: identifiers, times and counts, without words and names."""

DOT = "M8 4a4 4 0 1 0 .01 0z"
"""The path of the icon of a network without one, in a square of 16 × 16."""


class PostPages(NamedTuple):
    """A network's pages of posts. `id_form`: a post's id, whose groups fill `page`; `hosts`: where such pages are,
    without `www.`; `path_form`: path and query there, whose groups fill `id`."""

    id_form: str
    page: str
    hosts: tuple[str, ...] = ()
    path_form: str = ""
    id: str = "{}"


class Network(NamedTuple):
    """A network.

    name, title         its name in keys and settings, and as readers know it
    reviewed, basis     when its terms were last reviewed, a day, and the reasons, in our own words
    page                the address of the terms
    read                whether it may be read, and who has to enable it
    keep                how long its raw payloads are kept, µs
    shown               how its posts are shown
    exported            whether its posts are exported with their words
    count_limited       whether posts that may not be quoted still count
    needs               the setting that switches it on, besides `on`
    key                 what its settings need to be let in, in words
    has_counts          whether its posts are counted again later
    pace                minimum seconds between the starts of two requests, by host with its subdomains; else one second
    is_pace_shared      whether its hosts allow only one pace for all machines of a site
    old_settings        settings of earlier versions, which are ignored
    synonyms            other words for its name in settings
    icon                the path of its icon, in a square of 16 × 16
    posts               its pages of posts
    is_forum            whether a comment there addresses everybody, not a person
    begins_with_handle  whether a reply begins with the handle of the person it addresses
    lists_papers        whether its posts are a list of papers, each with the paper's own pages
    is_blogs            whether its posts are articles of blogs, each with a name and pages of its own
    is_on               whether it is read if the settings do not say: set for each public one in this program
    has_papers          whether it is a server of papers, where nobody talks
    """

    name: str
    title: str
    reviewed: str
    basis: str
    page: str
    read: Read = "public"
    keep: int = 30 * DAY
    shown: Showing = "text"
    exported: Exported = "facts"
    count_limited: bool = True
    needs: str = ""
    key: str = ""
    has_counts: bool = True
    pace: Mapping[str, float] = {}
    is_pace_shared: bool = False
    old_settings: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    icon: str = DOT
    posts: PostPages | None = None
    is_forum: bool = False
    begins_with_handle: bool = False
    lists_papers: bool = False
    is_blogs: bool = False
    is_on: bool = False
    has_papers: bool = False


class NetworkReader(NamedTuple):
    """How a network is read. `source`: where the class of its source is defined, `module:name`; `settings`: that of its
    settings, `[source.<name>]`."""

    name: str
    source: str
    settings: str


FEDERATED = "mastodon"
"""The network of many servers, whose ids of posts and accounts are addresses on any of them."""

AT_PROTOCOL = "bluesky"
"""The network whose accounts are DIDs and whose posts have addresses `at://`."""

UNKNOWN = Network("", "", "", "nobody has looked at its terms yet", "", "no", 0, "link", "ids", count_limited=False)
"""A network without a row: as little as possible is allowed."""

ARXIV = Network(
    "arxiv",
    "arXiv",
    reviewed="2026-11-20",
    basis="metadata is free for any use (CC0); at most one request every three seconds across all machines of a site",
    page="https://info.arxiv.org/help/api/tou.html",
    keep=FOREVER,
    is_on=True,
    has_papers=True,
    has_counts=False,
    pace={"arxiv.org": 3.0},
    is_pace_shared=True,
)

_CORE = (
    Network(
        AT_PROTOCOL,
        "Bluesky",
        reviewed="2026-11-20",
        basis="posts are public; labels, and the wish to be hidden from people without an account, are respected",
        page="https://bsky.social/about/support/tos",
        is_on=True,
        old_settings=("dictionary", "parts", "part", "relay", "transport"),
        icon="M8 8C6.5 5 4 2.7 2 3c-1 3 .3 6 4 6.2C4 9.5 3.5 12 6 13c1-.8 1.6-2.5 2-4 .4 1.5 1 3.2 2 4 "
        "2.5-1 2-3.5 0-3.8C13.7 9 15 6 14 3c-2-.3-4.5 2-6 5z",
        posts=PostPages(
            r"at://(did:[a-z]+:[\w.:-]+)/app\.bsky\.feed\.post/([\w~.:-]+)",
            "https://bsky.app/profile/{}/post/{}",
            ("bsky.app",),
            r"/profile/(did:[a-z]+:[\w.:-]+)/post/([\w~.:-]+)",
            "at://{}/app.bsky.feed.post/{}",
        ),
    ),
    Network(
        FEDERATED,
        "Mastodon",
        reviewed="2026-11-20",
        basis="servers have their own rules, so the operator names them; accounts that opt out are left alone",
        page="https://docs.joinmastodon.org/entities/Account/",
        read="operator names it",
        count_limited=False,
        needs="servers",
        key="token of the server in source.mastodon.servers, if it wants one",
        icon="M2.5 13V6.5a2.75 2.75 0 0 1 5.5 0V10 6.5a2.75 2.75 0 0 1 5.5 0V13",
        begins_with_handle=True,
    ),
    Network(
        "hackernews",
        "Hacker News",
        reviewed="2026-11-20",
        basis="a public API, without a key",
        page="https://github.com/HackerNews/API",
        is_on=True,
        pace={"hacker-news.firebaseio.com": 0.2},
        synonyms=("hn", "ycombinator"),
        icon="M3 2.5 8 9l5-6.5M8 9v5",
        posts=PostPages(
            r"(\d{1,12})", "https://news.ycombinator.com/item?id={}", ("news.ycombinator.com",), r"/item\?id=(\d{1,12})"
        ),
        is_forum=True,
    ),
    Network(
        "lobsters",
        "Lobsters",
        reviewed="2026-11-20",
        basis="public lists as JSON; its operator asks programs to read them rarely and not to copy the site",
        page="https://lobste.rs/about",
        is_on=True,
        pace={"lobste.rs": 10.0},
        icon="M4.5 2.5v11h8",
        posts=PostPages(r"([a-z0-9]{6})", "https://lobste.rs/s/{}", ("lobste.rs",), r"/s/([a-z0-9]{6})"),
    ),
    Network(
        "reddit",
        "Reddit",
        reviewed="2026-11-20",
        basis="needs an approved application; no words are passed on",
        page="https://redditinc.com/policies/data-api-terms",
        read="operator names it",
        keep=2 * DAY,
        shown="link",
        exported="ids",
        key="client_id and client_secret, or feed_token and feed_user, in [source.reddit]",
        pace={"www.reddit.com": 6.0},
        icon="M3 9.5c0 5 10 5 10 0s-10-5-10 0zM5.8 9h.01M10.2 9h.01M8 5.8l1-3.3 2.5.6",
        posts=PostPages(
            r"t3_([a-z0-9]{1,12})",
            "https://www.reddit.com/comments/{}",
            ("reddit.com", "old.reddit.com"),
            r"(?:/r/\w+)?/comments/([a-z0-9]{1,12})",
            "t3_{}",
        ),
        is_forum=True,
    ),
    Network(
        "x",
        "X (Twitter)",
        reviewed="2026-11-20",
        basis="needs a paid key; only identifiers are passed on, and X itself shows the words",
        page="https://docs.x.com/developer-terms/agreement",
        read="own key",
        shown="link",
        exported="ids",
        key="token and budget in [source.x]",
        synonyms=("twitter",),
        icon="M3 3l10 10M13 3 3 13",
        posts=PostPages(
            r"(\d{1,20})", "https://x.com/i/status/{}", ("x.com", "twitter.com"), r"/\w+(?:/web)?/status/(\d{1,20})"
        ),
        begins_with_handle=True,
    ),
    Network(
        "huggingface",
        "Hugging Face",
        reviewed="2026-11-20",
        basis="public lists without a key; only paper titles are quoted",
        page="https://huggingface.co/terms-of-service",
        is_on=True,
        synonyms=("hf",),
        icon="M2 8a6 6 0 1 0 12 0A6 6 0 1 0 2 8zM5 9c1 3 5 3 6 0M6 6h.01M10 6h.01",
        posts=PostPages(r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})", "https://huggingface.co/papers/{}"),
        lists_papers=True,
    ),
    Network(
        "feeds",
        "Blogs",
        reviewed="2026-11-20",
        basis="each publisher has its own terms; feeds are made for programs, but contain whole articles",
        page="https://www.rfc-editor.org/rfc/rfc4287",
        read="operator names it",
        shown="excerpt",
        needs="urls",
        has_counts=False,
        synonyms=("rss", "atom", "blogs"),
        icon="M3 13h.01M3 8a5 5 0 0 1 5 5M3 3a10 10 0 0 1 10 10",
        is_blogs=True,
    ),
)


@cache
def all_networks() -> dict[str, Network]:
    """The networks by name, also those of wings. The order is that of names without a better one."""
    return {network.name: network for network in (*_CORE, *hooks_of(Network)) if not network.has_papers}


@cache
def network_names() -> tuple[str, ...]:
    """The names of the networks."""
    return tuple(all_networks())


@cache
def readable_networks() -> dict[str, Network]:
    """The servers of papers and the networks, by name."""
    return {ARXIV.name: ARXIV} | paper_servers() | all_networks()


@cache
def paper_servers() -> dict[str, Network]:
    """The servers of papers besides arXiv, by name."""
    return {network.name: network for network in hooks_of(Network) if network.has_papers}


def row_of(name: str) -> Network:
    """The row of a network or a server of papers; `UNKNOWN` if there is none, as of a wing that is not installed."""
    return readable_networks().get(name, UNKNOWN)


def network_title(name: str) -> str:
    """The name of a network or a server of papers as readers know it; `All networks` for the empty name."""
    return row_of(name).title or name or "All networks"


def icon_of(name: str) -> str:
    """The path of a network's icon; a dot if it has none."""
    return row_of(name).icon


def is_blogs(name: str) -> bool:
    """Whether a network's posts are articles of blogs."""
    return row_of(name).is_blogs


def network_readers() -> dict[str, NetworkReader]:
    """How wings read networks, by name."""
    return {reader.name: reader for reader in hooks_of(NetworkReader)}
