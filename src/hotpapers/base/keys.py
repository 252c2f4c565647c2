"""Keys of posts and accounts: `network:id`, or `network:@handle` for an account known only by its handle."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from urllib.parse import urlsplit

from hotpapers.base.errors import UsageError
from hotpapers.base.model import storable_text
from hotpapers.base.networks import FEDERATED, PostPages, all_networks, row_of
from hotpapers.base.text.domains import ascii_domain

_AUTHOR = re.compile(r"at://([^/]+)/|(https?://[^/]+/(?:@|users/|ap/users/)[^/]+)/")


def network_of(key: str) -> str:
    """The network of a key."""
    return key.partition(":")[0]


def own_id(key: str) -> str:
    """The network's own id in a key."""
    return key.partition(":")[2]


def is_key(text: str) -> bool:
    """Whether a text is a key of a known network."""
    return network_of(text) in all_networks() and bool(own_id(text).strip("@ "))


def normalize_key(text: str) -> str:
    """A key as people type it (`X:@SomeBody`), in the record's form. Handles are case-insensitive, ids are not."""
    network, _, own = text.strip().partition(":")
    return f"{network.lower()}:{own.lower() if own.startswith('@') else own}"


def handle_key(network: str, handle: str) -> str:
    """The key of an account known only by its handle."""
    return f"{network}:@{handle.lower().removeprefix('@')}"


def is_at_home(account: str, handle: str) -> bool:
    """Whether a fediverse account, by key, is on the server that its handle names, or on a subdomain of it: other
    servers may claim any handle for their accounts."""
    user, _, server = handle.lower().partition("@")
    home = ""
    with suppress(ValueError):
        home = urlsplit(own_id(account)).netloc.lower()
    is_on_server = f".{home}".endswith(f".{ascii_domain(server)}")
    return network_of(account) == FEDERATED and bool(user and server) and is_on_server


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


def is_web_address(text: str) -> bool:
    """Whether a text is a web address rather than a key."""
    return text.strip().startswith(("http://", "https://"))


def parse_key(text: str) -> str:
    """The record's form of a key as people type it, or of a post whose address they give. Raises UsageError if it is
    not a post or account."""
    text = text.strip()
    key = key_of(text) if is_web_address(text) else normalize_key(text)
    if not is_key(key) or storable_text(key) != key:
        raise UsageError(
            f"{text}: not a post or account; write it as network:id, such as x:1341202937956233217 or x:@somebody,"
            " or give the post's address"
        )
    return key


# ---- the addresses of posts on their networks ------------------------------------------------------------


@cache
def _pages_by_host() -> dict[str, tuple[str, PostPages]]:
    """A network's name and its pages of posts, by host."""
    return {host: (row.name, row.posts) for row in all_networks().values() if row.posts for host in row.posts.hosts}


_FEDERATED_PAGE = re.compile(r"(https?://[^/]+)/@(\w+)/(?:statuses/)?(\d+)", re.ASCII)


def page_of(network: str, id: str) -> str:
    """The address of a post's page on its network; empty if it has none of a known form."""
    pages = row_of(network).posts
    match = re.fullmatch(pages.id_form, id, re.ASCII) if pages else None
    return pages.page.format(*match.groups()) if pages and match else ""


def key_of(address: str) -> str:
    """The key of the post with this address; empty if it is not a post's. On Mastodon the address is the id."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    there = _pages_by_host().get(parts.netloc.lower().removeprefix("www."))
    if there is None:
        on_page = _FEDERATED_PAGE.fullmatch(address)
        return (
            f"{FEDERATED}:{on_page[1]}/users/{on_page[2]}/statuses/{on_page[3]}"
            if on_page
            else f"{FEDERATED}:{address}"
        )
    network, pages = there
    match = re.match(rf"{pages.path_form}(?![\w-])", f"{parts.path}?{parts.query}", re.ASCII)
    return f"{network}:{pages.id.format(*match.groups())}" if match else ""
