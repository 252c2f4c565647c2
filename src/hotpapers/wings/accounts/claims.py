"""Finds the account that somebody means by their input: an account's name, its address, or the address of one of its
posts.

ada.example, @ada.example, did:plc:…, at://…             Bluesky
https://bsky.app/profile/ada.example/post/…
@ada@social.example, https://social.example/@ada/123     Mastodon
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

MAX_CLAIM_CHARS = 500
_DID = re.compile(r"did:(?:plc:[a-z2-7]{24}|web:[a-z0-9.-]{3,253})")
_DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HANDLE = re.compile(_DOMAIN)
_NAME = r"[a-z0-9_](?:[a-z0-9_.-]{0,98}[a-z0-9_])?"
_HOST = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?"
_ON_SERVER = re.compile(rf"({_NAME})@({_HOST})")
_ON_PAGE = re.compile(rf"@({_NAME})(?:@({_HOST}))?")


_BARE = re.compile(r"@?[\w-]{1,100}")
Keys = tuple[str, ...]
"""The keys under which the record may have an account, all of one network; none if no account or post on Bluesky or
Mastodon is named."""


def is_bare(text: str) -> bool:
    """Whether the text is an account's name without a server: `ada`, `@ada`."""
    return _BARE.fullmatch(text.strip()) is not None


def parse_claim(text: str) -> Keys:
    """The account that a text names."""
    text = text.strip()
    if len(text) > MAX_CLAIM_CHARS or not text.isprintable():
        return ()
    if text.lower().startswith(("http://", "https://")):
        return _of_page(text)
    name = text.removeprefix("at://").removeprefix("@").lower()
    if _ON_SERVER.fullmatch(name):
        return (f"mastodon:@{name}",)
    return _on_bluesky(name.partition("/")[0])


def _on_bluesky(name: str) -> Keys:
    if _DID.fullmatch(name):
        return (f"bluesky:{name}",)
    if _HANDLE.fullmatch(name) and len(name) <= 253:
        return (f"bluesky:@{name}",)
    return ()


def _of_page(address: str) -> Keys:
    try:
        parts = urlsplit(address)
        host = parts.netloc.lower()
        path = unquote(parts.path)
    except ValueError:
        return ()
    steps = [step for step in path.split("/") if step]
    if host in ("bsky.app", "www.bsky.app"):
        if len(steps) > 1 and steps[0] == "profile":
            return _on_bluesky(steps[1].lower())
        return ()
    if re.fullmatch(_HOST, host) and steps:
        return _on_mastodon(f"{parts.scheme}://{host}", host, steps)
    return ()


def _on_mastodon(server: str, host: str, steps: list[str]) -> Keys:
    """An account's page `/@name`, its own address `/users/name` or `/ap/users/number`, or a post below one of these."""
    if on_page := _ON_PAGE.fullmatch(steps[0].lower()):
        local_keys = () if on_page[2] else (f"mastodon:{server}/users/{steps[0][1:]}",)
        key = f"mastodon:@{on_page[1]}@{on_page[2] or host}"
        return (key, *local_keys)
    if steps[0] == "users" and len(steps) > 1 and re.fullmatch(_NAME, steps[1].lower()):
        return (f"mastodon:{server}/users/{steps[1]}", f"mastodon:@{steps[1].lower()}@{host}")
    if steps[:2] == ["ap", "users"] and len(steps) > 2 and steps[2].isdigit() and steps[2].isascii():
        return (f"mastodon:{server}/ap/users/{steps[2]}",)
    return ()
