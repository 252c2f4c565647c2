"""Keys of posts and accounts: `network:id`, or `network:@handle` for an account known only by its handle."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from hotpapers.errors import UsageError
from hotpapers.model.items import NETWORKS, storable

_AUTHOR = re.compile(r"at://([^/]+)/|(https?://[^/]+/(?:@|users/|ap/users/)[^/]+)/")


def network_of(key: str) -> str:
    """The network of a key."""
    return key.partition(":")[0]


def own_id(key: str) -> str:
    """The network's own id in a key."""
    return key.partition(":")[2]


def is_key(text: str) -> bool:
    """Whether a text is a key of a known network."""
    return network_of(text) in NETWORKS and bool(own_id(text).strip("@ "))


def folded(text: str) -> str:
    """A key as people type it (`X:@SomeBody`), in the record's form. Handles are case-insensitive, ids are not."""
    network, _, own = text.strip().partition(":")
    return f"{network.lower()}:{own.lower() if own.startswith('@') else own}"


def handle_key(network: str, handle: str) -> str:
    """The key of an account known only by its handle."""
    return f"{network}:@{handle.lower().removeprefix('@')}"


def author_in(post: str) -> str:
    """The key of the author whose address a post's own address contains, as on Bluesky and many fediverse servers; else
    empty."""
    match = _AUTHOR.match(own_id(post))
    return f"{network_of(post)}:{match[1] or match[2]}" if match else ""


def posts_begin(account: str) -> str:
    """How the keys of an account's posts begin, where they contain its address; else empty."""
    own = own_id(account)
    start = f"{network_of(account)}:at://{own}/" if own.startswith("did:") else f"{account}/"
    return start if author_in(start) == account else ""


class _PostPages(NamedTuple):
    """The pages of posts on a host: the form of path and query, and the key made from its parts."""

    form: str
    key: str


_X = _PostPages(r"/\w+(?:/web)?/status/(\d{1,20})", "x:{}")
_REDDIT = _PostPages(r"(?:/r/\w+)?/comments/([a-z0-9]{1,12})", "reddit:t3_{}")
_POST_PAGES = {
    "x.com": _X,
    "twitter.com": _X,
    "bsky.app": _PostPages(r"/profile/(did:[a-z]+:[\w.:-]+)/post/([\w~.:-]+)", "bluesky:at://{}/app.bsky.feed.post/{}"),
    "news.ycombinator.com": _PostPages(r"/item\?id=(\d{1,12})", "hackernews:{}"),
    "lobste.rs": _PostPages(r"/s/([a-z0-9]{6})", "lobsters:{}"),
    "reddit.com": _REDDIT,
    "old.reddit.com": _REDDIT,
}
_MASTODON_PAGE = re.compile(r"(https?://[^/]+)/@(\w+)/(?:statuses/)?(\d+)", re.ASCII)


def is_web_address(text: str) -> bool:
    """Whether a text is a web address rather than a key."""
    return text.strip().startswith(("http://", "https://"))


def parse_key(text: str) -> str:
    """The record's form of a key as people type it, or of a post whose address they give. Raises UsageError if it is
    not a post or account."""
    text = text.strip()
    key = _key_of_page(text) if is_web_address(text) else folded(text)
    if not is_key(key) or storable(key) != key:
        raise UsageError(
            f"{text}: not a post or account; write it as network:id, such as x:1341202937956233217 or x:@somebody,"
            " or give the post's address"
        )
    return key


def _key_of_page(address: str) -> str:
    """The key of the post with this address; empty if it is not a post's. On Mastodon the address is the key."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    pages = _POST_PAGES.get(parts.netloc.lower().removeprefix("www."))
    if pages:
        target = f"{parts.path}?{parts.query}" if "?" in pages.form else parts.path
        match = re.match(rf"{pages.form}(?![\w-])", target, re.ASCII)
        return pages.key.format(*match.groups()) if match else ""
    on_page = _MASTODON_PAGE.fullmatch(address)
    return f"mastodon:{on_page[1]}/users/{on_page[2]}/statuses/{on_page[3]}" if on_page else f"mastodon:{address}"
