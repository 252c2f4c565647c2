"""Keys of posts and accounts: `network:id`, or `network:@handle` for an account known only by its handle."""

from __future__ import annotations

import re

from hotpapers.errors import UsageError
from hotpapers.model import post_pages
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


def is_web_address(text: str) -> bool:
    """Whether a text is a web address rather than a key."""
    return text.strip().startswith(("http://", "https://"))


def parse_key(text: str) -> str:
    """The record's form of a key as people type it, or of a post whose address they give. Raises UsageError if it is
    not a post or account."""
    text = text.strip()
    key = post_pages.key_of(text) if is_web_address(text) else folded(text)
    if not is_key(key) or storable(key) != key:
        raise UsageError(
            f"{text}: not a post or account; write it as network:id, such as x:1341202937956233217 or x:@somebody,"
            " or give the post's address"
        )
    return key
