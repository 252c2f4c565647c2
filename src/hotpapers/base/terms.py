"""The networks' terms as data: one reviewed and dated row per network, and the functions that apply them.

    read           whether it may be read, and who has to enable it
    keep           how long its raw payloads are kept
    shown          how its posts are shown
    exported       whether its posts are exported with their words
    count_limited  whether posts that may not be quoted still count

Collecting, publishing and exporting follow these rows. An operator who has agreed on other terms with a network sets
`[terms.<network>]` in hotpapers.toml. docs/reference/terms.md has the table for people; a test keeps both the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Literal, NamedTuple

import msgspec

from hotpapers.base.model import (
    DAY,
    MAX_INTEGER,
    NETWORKS,
    Account,
    Item,
    Mention,
    Post,
    Showing,
    Snapshot,
    TextLink,
    Verdict,
)
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.wings import sources

Read = Literal["public", "operator names it", "own key", "no"]
"""public: by anyone, so on by default; operator names it: only what the settings name; own key: only with a key of the
operator's; no: not at all."""
Exported = Literal["facts", "ids"]
"""facts: everything known about a post; ids: identifiers, times and counts, without words and names."""

EXCERPT = 280
"""Maximum code points of an excerpt."""
_LAST_WORD = re.compile(r"\s+\S*\Z")


class NetworkTerms(NamedTuple):
    """What one network's terms allow.

    `reviewed`: the day of the last review. `basis`: the reasons, in our own words; `page`: the address to check next
    time. `keep`: microseconds. For the other fields, see the module's docstring.
    """

    network: str
    reviewed: str
    basis: str
    page: str
    read: Read
    keep: int
    shown: Showing
    exported: Exported
    count_limited: bool


class TermsOverride(SettingsStruct):
    """Other terms that an operator takes responsibility for; whatever is left out stays as reviewed.

    `read`: `no` keeps a source from running. `keep`: days for which raw payloads are kept. `shown`: posts in full,
    their first words, or only links. `exported`: with words or without. `count_limited`: true or false, whether posts
    that may not be quoted still count.
    """

    read: Read | None = None
    keep: Annotated[int, msgspec.Meta(ge=0, le=36_500)] | None = None
    shown: Showing | None = None
    exported: Exported | None = None
    count_limited: bool | None = None


_usual = partial(NetworkTerms, read="public", keep=30 * DAY, shown="text", exported="facts", count_limited=True)
"""What most networks allow."""

_ROWS = (
    _usual(
        "arxiv",
        "2026-11-20",
        "metadata is free for any use (CC0); at most one request every three seconds across all machines of a site",
        "https://info.arxiv.org/help/api/tou.html",
        keep=MAX_INTEGER,
    ),
    _usual(
        "bluesky",
        "2026-11-20",
        "posts are public; labels, and the wish to be hidden from people without an account, are respected",
        "https://bsky.social/about/support/tos",
    ),
    _usual(
        "mastodon",
        "2026-11-20",
        "servers have their own rules, so the operator names them; accounts that opt out are left alone",
        "https://docs.joinmastodon.org/entities/Account/",
        read="operator names it",
        count_limited=False,
    ),
    _usual(
        "hackernews",
        "2026-11-20",
        "a public API, without a key",
        "https://github.com/HackerNews/API",
    ),
    _usual(
        "lobsters",
        "2026-11-20",
        "public lists as JSON; its operator asks programs to read them rarely and not to copy the site",
        "https://lobste.rs/about",
    ),
    _usual(
        "reddit",
        "2026-11-20",
        "needs an approved application; no words are passed on",
        "https://redditinc.com/policies/data-api-terms",
        read="operator names it",
        keep=2 * DAY,
        shown="link",
        exported="ids",
    ),
    _usual(
        "x",
        "2026-11-20",
        "needs a paid key; only identifiers are passed on, and X itself shows the words",
        "https://docs.x.com/developer-terms/agreement",
        read="own key",
        shown="link",
        exported="ids",
    ),
    _usual(
        "huggingface",
        "2026-11-20",
        "public lists without a key; only paper titles are quoted",
        "https://huggingface.co/terms-of-service",
    ),
    _usual(
        "feeds",
        "2026-11-20",
        "each publisher has its own terms; feeds are made for programs, but contain whole articles",
        "https://www.rfc-editor.org/rfc/rfc4287",
        read="operator names it",
        shown="excerpt",
    ),
)

TERMS: dict[str, NetworkTerms] = {
    **{row.network: row for row in _ROWS},
    **{
        name: NetworkTerms(
            name,
            source.reviewed,
            source.basis,
            source.page,
            source.read,
            source.keep * DAY,
            source.shown,
            source.exported,
            source.count_limited,
        )
        for name, source in sources().items()
    },
}
"""The reviewed table, by network."""

UNKNOWN = NetworkTerms("", "", "nobody has looked at its terms yet", "", "no", 0, "link", "ids", False)
"""The terms of a network without a row: as little as possible is allowed."""

Table = Mapping[str, NetworkTerms]


def table(changes: Mapping[str, TermsOverride] | None = None) -> dict[str, NetworkTerms]:
    """The reviewed table with the operator's changes, by network."""
    result = dict(TERMS)
    for name, change in (changes or {}).items():
        if name not in result:
            continue
        values = {key: value for key, value in msgspec.structs.asdict(change).items() if value is not None}
        if "keep" in values:
            values["keep"] *= DAY
        result[name] = result[name]._replace(**values)
    return result


def of(terms: Table, network: str) -> NetworkTerms:
    """A network's row, or `UNKNOWN`."""
    return terms.get(network, UNKNOWN)


# ---- collecting ----------------------------------------------------------------------------------------


def may_run(row: NetworkTerms, opted_in: bool) -> bool:
    """Whether a network's source may run. `opted_in`: the settings enable it, name what it reads, or give its key."""
    return row.read == "public" or (row.read != "no" and opted_in)


def admitted(items: Iterable[Item], row: NetworkTerms) -> list[Item]:
    """The items from one read of a network that may enter the record.

    If limited posts may not count, such a post is reduced to the fact that it is limited, without words, mentions,
    counts and its author's names; issues that quoted it then stop doing so.
    """
    result = list(items)
    limited = limited_posts(result, row)
    if not limited:
        return result
    posts = [item for item in result if isinstance(item, Post)]
    named = {post.account for post in posts if post.post not in limited}
    left_out = {post.account for post in posts} - named
    return [
        msgspec.structs.replace(item, text="", links=(), handle="", name="")
        if isinstance(item, Post) and item.post in limited
        else item
        for item in result
        if not (isinstance(item, Mention | Snapshot) and item.post in limited)
        and not (isinstance(item, Verdict) and item.subject in limited)
        and not (isinstance(item, Account) and item.account in left_out)
    ]


def limited_posts(items: Iterable[Item], row: NetworkTerms) -> set[str]:
    """The posts that may not count, because their authors or servers limit them."""
    return set() if row.count_limited else {item.post for item in items if isinstance(item, Post) and item.limits}


# ---- publishing ----------------------------------------------------------------------------------------


def as_shown(post: Post, mode: Showing) -> Post:
    """The part of a post that is shown: all of it, its first words, or only where and when it was posted."""
    if mode == "link":
        return Post(
            post=post.post, network=post.network, account="", created_at=post.created_at, observed_at=post.observed_at
        )
    return excerpt(post) if mode == "excerpt" else post


def excerpt(post: Post) -> Post:
    """The post, cut at the last space before `EXCERPT` code points, or exactly there in text without spaces.

    It keeps the links that begin before the cut.
    """
    if len(post.text) <= EXCERPT:
        return post
    head = _LAST_WORD.sub("", post.text[: EXCERPT + 1])
    end = len(head) if EXCERPT // 2 < len(head) <= EXCERPT else EXCERPT
    links = tuple(TextLink(link.start, min(link.end, end), link.target) for link in post.links if link.start < end)
    return msgspec.structs.replace(post, text=post.text[:end] + " …", links=links)


# ---- exporting -----------------------------------------------------------------------------------------


def ids_only(terms: Table) -> frozenset[str]:
    """The networks whose posts are exported without their words."""
    return frozenset(network for network in NETWORKS if of(terms, network).exported == "ids")
