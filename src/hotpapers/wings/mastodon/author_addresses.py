"""The address of an account that a server leaves out, derived from the status's address and that of the profile.

The forms are those that the programs document or show: Mastodon (also its numbered accounts), GoToSocial, snac, Takahē,
Pixelfed, Ghost, PeerTube, Pleroma, Akkoma, Friendica, Threads, Bridgy Fed, Lemmy, PieFed, Mbin, BookWyrm, Hubzilla,
Hollo. Misskey, Iceshrimp and WordPress number their accounts, and no address shows that number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import urlsplit

_ORIGIN = r"(https?://[\w.:-]+)"
Forms = tuple[tuple[str, str], ...]
"""Patterns of whole addresses, each with the template of the author's address."""
_OF_STATUS: Forms = (
    (rf"{_ORIGIN}/p/([^/?#]+)/[0-9]+", r"\1/users/\2"),  # Pixelfed
    (rf"{_ORIGIN}/(users/[^/?#]+|ap/users/[0-9]+)/statuses/.*", r"\1/\2"),
    (rf"{_ORIGIN}/(user/[^/?#]+)/[a-z]+/[0-9]+", r"\1/\2"),  # BookWyrm, also of a user p
    (rf"{_ORIGIN}/([^/?#]+)/p/.*", r"\1/\2"),  # snac
    (rf"{_ORIGIN}/((?:[^/?#]+/){{1,3}}[^/?#]+)/p/[0-9]+\.[^/?#]+", r"\1/\2"),  # snac below a path
    (rf"{_ORIGIN}/(@[^/?#]+/)posts/.*", r"\1/\2"),  # Takahē
    (rf"{_ORIGIN}/(@[^/?#]+)/[0-9a-f]{{8}}-[0-9a-f-]{{27}}", r"\1/\2"),  # Hollo
    (rf"{_ORIGIN}/\.ghost/activitypub/(?:note|article)/.*", r"\1/.ghost/activitypub/users/index"),
)
_OF_ONE_SERVER: Forms = (
    (r"https://bsky\.brid\.gy/convert/ap/at://(did:[^/?#]+)/.*", r"https://bsky.brid.gy/ap/\1"),
    (r"https://(?:www\.)?threads\.(?:net|com)/ap/users/([0-9]+)/post/.*", r"https://threads.net/ap/users/\1/"),
)
_OF_PROFILE: tuple[tuple[str, Forms], ...] = (
    (  # PeerTube
        rf"{_ORIGIN}/videos/watch/.*",
        (
            (rf"{_ORIGIN}/a/([^/?#]+)(?:/.*)?", r"\1/accounts/\2"),
            (rf"{_ORIGIN}/c/([^/?#]+)(?:/.*)?", r"\1/video-channels/\2"),
        ),
    ),
    (rf"{_ORIGIN}/objects/.*", ((rf"{_ORIGIN}/(users|profile)/([^/?#]+)", r"\1/\2/\3"),)),  # Pleroma, Akkoma; Friendica
    (rf"{_ORIGIN}/(?:(?:post|comment)/[0-9]+|m/[^/?#]+/[tp]/[0-9]+.*)", ((rf"{_ORIGIN}/(u/[^/?#]+)", r"\1/\2"),)),
    (rf"{_ORIGIN}/item/.*", ((rf"{_ORIGIN}/(channel/[^/?#]+)", r"\1/\2"),)),  # Hubzilla
)
"""By the form of a status's address, those of profiles."""


def author_address(status: str, profile: str) -> str:
    """The address of a status's author; empty if the profile is on another server, or if no known form contains it."""
    if address := _derived(status, _OF_ONE_SERVER):
        return address
    if not profile or address_host(profile) != address_host(status):
        return ""
    if address := _derived(status, _OF_STATUS):
        return address
    matching_forms = (forms for pattern, forms in _OF_PROFILE if re.fullmatch(pattern, status))
    forms = next(matching_forms, ())
    return _derived(profile.removesuffix("/"), forms)


def address_host(address: str) -> str:
    """The host and port in an address; empty if it is not one: other servers can send any text."""
    with suppress(ValueError):
        return urlsplit(address).netloc
    return ""


def _derived(address: str, forms: Iterable[tuple[str, str]]) -> str:
    matches = ((re.fullmatch(pattern, address), template) for pattern, template in forms)
    return next((match.expand(template) for match, template in matches if match), "")
