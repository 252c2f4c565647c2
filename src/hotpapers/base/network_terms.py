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
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

import msgspec

from hotpapers.base.model import (
    DAY,
    Account,
    Item,
    Mention,
    Post,
    Showing,
    Snapshot,
    TextLink,
    Verdict,
)
from hotpapers.base.networks import UNKNOWN, Exported, Network, Read, network_names, readable_networks
from hotpapers.base.struct_types import SettingsStruct

EXCERPT = 280
"""Maximum code points of an excerpt."""
_LAST_WORD = re.compile(r"\s+\S*\Z")


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


Table = Mapping[str, Network]
"""Networks with their terms, by name."""


class _Reviewed(Table):
    """The rows of `networks`, which are loaded when they are looked up."""

    def __getitem__(self, name: str) -> Network:
        return readable_networks()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(readable_networks())

    def __len__(self) -> int:
        return len(readable_networks())


TERMS = _Reviewed()
"""The reviewed terms of networks, by name."""


def reviewed_terms(changes: Mapping[str, TermsOverride] | None) -> dict[str, Network]:
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


def terms_of(terms: Table, network: str) -> Network:
    """A network's row, or `UNKNOWN`."""
    return terms.get(network, UNKNOWN)


# ---- collecting ----------------------------------------------------------------------------------------


def may_run(row: Network, opted_in: bool) -> bool:
    """Whether a network's source may run. `opted_in`: the settings enable it, name what it reads, or give its key."""
    return row.read == "public" or (row.read != "no" and opted_in)


def admissible_items(items: Iterable[Item], row: Network) -> list[Item]:
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


def limited_posts(items: Iterable[Item], row: Network) -> set[str]:
    """The posts that may not count, because their authors or servers limit them."""
    return set() if row.count_limited else {item.post for item in items if isinstance(item, Post) and item.limits}


# ---- publishing ----------------------------------------------------------------------------------------


def as_shown(post: Post, mode: Showing) -> Post:
    """The part of a post that is shown: all of it, its first words, or only where and when it was posted."""
    if mode == "link":
        return Post(
            post=post.post, network=post.network, account="", created_at=post.created_at, observed_at=post.observed_at
        )
    return cut_excerpt(post) if mode == "excerpt" else post


def cut_excerpt(post: Post, most: int = EXCERPT) -> Post:
    """The post, cut at the last space before `most` code points, or exactly there in text without spaces.

    It keeps the links that begin before the cut.
    """
    if len(post.text) <= most:
        return post
    head = _LAST_WORD.sub("", post.text[: most + 1])
    end = len(head) if most // 2 < len(head) <= most else most
    links = tuple(TextLink(link.start, min(link.end, end), link.target) for link in post.links if link.start < end)
    return msgspec.structs.replace(post, text=post.text[:end] + " …", links=links)


# ---- exporting -----------------------------------------------------------------------------------------


def ids_only(terms: Table) -> frozenset[str]:
    """The networks whose posts are exported without their words."""
    return frozenset(network for network in network_names() if terms_of(terms, network).exported == "ids")
