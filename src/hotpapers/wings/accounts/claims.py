"""Which account somebody means by what they typed: an account's name, its address, or the address of one of its posts.

ada.example, @ada.example, did:plc:…, at://…             Bluesky
https://bsky.app/profile/ada.example/post/…
@ada@social.example, https://social.example/@ada/123     Mastodon
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from urllib.parse import unquote, urlsplit

Network = Literal["bluesky", "mastodon", ""]

MAX_CLAIM_CHARS = 500
_DID = re.compile(r"did:(?:plc:[a-z2-7]{24}|web:[a-z0-9.-]{3,253})")
_DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HANDLE = re.compile(_DOMAIN)
_NAME = r"[a-z0-9_](?:[a-z0-9_.-]{0,98}[a-z0-9_])?"
_HOST = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?"
_ON_SERVER = re.compile(rf"({_NAME})@({_HOST})")
_ON_PAGE = re.compile(rf"@({_NAME})(?:@({_HOST}))?")


class AccountClaim(NamedTuple):
    """An account as somebody named it. `keys`: the keys under which the record may have it; empty if its network has no
    profiles to fetch."""

    network: Network
    keys: tuple[str, ...] = ()


NOT_HERE = AccountClaim("")
_BARE = re.compile(r"@?[\w-]{1,100}")


def is_bare(text: str) -> bool:
    """Whether the text is an account's name without a server: `ada`, `@ada`."""
    return _BARE.fullmatch(text.strip()) is not None


def parse_claim(text: str) -> AccountClaim:
    """The account that a text names; NOT_HERE if it is not an account or post on Bluesky or Mastodon."""
    text = text.strip()
    if len(text) > MAX_CLAIM_CHARS or not text.isprintable():
        return NOT_HERE
    if text.lower().startswith(("http://", "https://")):
        return _of_page(text)
    name = text.removeprefix("at://").removeprefix("@").lower()
    on_server = _ON_SERVER.fullmatch(name)
    if on_server:
        return AccountClaim("mastodon", (f"mastodon:@{name}",))
    return _on_bluesky(name.partition("/")[0])


def _on_bluesky(name: str) -> AccountClaim:
    if _DID.fullmatch(name):
        return AccountClaim("bluesky", (f"bluesky:{name}",))
    if _HANDLE.fullmatch(name) and len(name) <= 253:
        return AccountClaim("bluesky", (f"bluesky:@{name}",))
    return NOT_HERE


def _of_page(address: str) -> AccountClaim:
    try:
        parts = urlsplit(address)
        host, path = parts.netloc.lower(), unquote(parts.path)
    except ValueError:
        return NOT_HERE
    steps = [step for step in path.split("/") if step]
    if host in ("bsky.app", "www.bsky.app"):
        return _on_bluesky(steps[1].lower()) if len(steps) > 1 and steps[0] == "profile" else NOT_HERE
    if not re.fullmatch(_HOST, host) or not steps:
        return NOT_HERE
    return _on_mastodon(f"{parts.scheme}://{host}", host, steps)


def _on_mastodon(server: str, host: str, steps: list[str]) -> AccountClaim:
    """An account's page `/@name`, its own address `/users/name` or `/ap/users/number`, or a post below one of these."""
    on_page = _ON_PAGE.fullmatch(steps[0].lower())
    if on_page:
        local_keys = () if on_page[2] else (f"mastodon:{server}/users/{steps[0][1:]}",)
        return AccountClaim("mastodon", (f"mastodon:@{on_page[1]}@{on_page[2] or host}", *local_keys))
    if steps[0] == "users" and len(steps) > 1 and re.fullmatch(_NAME, steps[1].lower()):
        return AccountClaim("mastodon", (f"mastodon:{server}/users/{steps[1]}", f"mastodon:@{steps[1].lower()}@{host}"))
    if steps[:2] == ["ap", "users"] and len(steps) > 2 and steps[2].isdigit() and steps[2].isascii():
        return AccountClaim("mastodon", (f"mastodon:{server}/ap/users/{steps[2]}",))
    return NOT_HERE
