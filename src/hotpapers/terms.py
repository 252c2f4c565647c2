"""Terms as data: what each network lets a reader do. One reviewed, dated row a network, and what obeying it means.

    read           whether it may be read, and who has to ask for it
    keep           how long what it said is kept raw
    shown          how its posts are shown
    exported       whether its posts leave the store with their words
    count_limited  whether posts that may not be quoted count

Collecting, publishing and exporting ask here; an operator who has agreed on something else with a network says so in
`[terms.<network>]` of hotpapers.toml. docs/reference/terms.md has the table for people; a test keeps both the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, NamedTuple, get_args

import msgspec

from hotpapers.model import DAY, LARGEST, NETWORKS, Item, Mention, Post, Showing, Snapshot, TextLink

Read = Literal["public", "operator names it", "own key", "no"]
"""public: by anybody, so by default; operator names it: where the settings name what; own key: with a key of the
operator's; no: not at all."""
Exported = Literal["facts", "ids"]
"""facts: everything that is known of a post; ids: identifiers, moments and counts, without words and names."""

EXCERPT = 280
"""The most code points of an excerpt."""
_LAST_WORD = re.compile(r"\s+\S*\Z")


class NetworkTerms(NamedTuple):
    """What one network's terms allow.

    `reviewed`: the day on which this row was last weighed. `basis`: what it rests on, in our own words; `page`: where
    to look again. `keep`: microseconds. The others: see the file.
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


class TermsOverride(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator answers for otherwise; what is left out stays as reviewed.

    `read`: `no` keeps a source from running. `keep`: days for which what a network said is kept raw. `shown`: its posts
    whole, their first words, or links alone. `exported`: with words or without. `count_limited`: true or false, whether
    posts count that may not be quoted.
    """

    read: Read | None = None
    keep: Annotated[int, msgspec.Meta(ge=0, le=36_500)] | None = None
    shown: Showing | None = None
    exported: Exported | None = None
    count_limited: bool | None = None


CHOICES: dict[str, tuple[str, ...]] = {
    "read": get_args(Read),
    "shown": get_args(Showing),
    "exported": get_args(Exported),
}
"""The words that a setting takes."""

_ROWS = (
    NetworkTerms(
        "arxiv", "2026-11-20",
        "metadata is free for everybody (CC0); one request in three seconds over all machines of a site",
        "https://info.arxiv.org/help/api/tou.html", "public", LARGEST, "text", "facts", True,
    ),
    NetworkTerms(
        "bluesky", "2026-11-20",
        "posts are public; labels, and the wish not to be shown to those without an account, are obeyed",
        "https://bsky.social/about/support/tos", "public", 30 * DAY, "text", "facts", True,
    ),
    NetworkTerms(
        "mastodon", "2026-11-20",
        "servers have their own rules, so the operator names them; people who want to be left alone say so, and are",
        "https://docs.joinmastodon.org/entities/Account/", "operator names it", 30 * DAY, "text", "facts", False,
    ),
    NetworkTerms(
        "hackernews", "2026-11-20",
        "a public interface for programs, without a key",
        "https://github.com/HackerNews/API", "public", 30 * DAY, "text", "facts", True,
    ),
    NetworkTerms(
        "lobsters", "2026-11-20",
        "public lists as JSON; its operator asks to be read rarely, and not copied",
        "https://lobste.rs/about", "public", 30 * DAY, "text", "facts", True,
    ),
    NetworkTerms(
        "reddit", "2026-11-20",
        "an approved application of one's own; no words are handed on",
        "https://redditinc.com/policies/data-api-terms", "operator names it", 2 * DAY, "link", "ids", True,
    ),
    NetworkTerms(
        "x", "2026-11-20",
        "a paid key of one's own; only identifiers are handed on, words are shown by X itself",
        "https://docs.x.com/developer-terms/agreement", "own key", 30 * DAY, "link", "ids", True,
    ),
    NetworkTerms(
        "huggingface", "2026-11-20",
        "public lists without a key; only titles of papers are quoted",
        "https://huggingface.co/terms-of-service", "public", 30 * DAY, "text", "facts", True,
    ),
    NetworkTerms(
        "feeds", "2026-11-20",
        "each publisher's own; feeds are made for programs, but their texts are whole articles",
        "https://www.rfc-editor.org/rfc/rfc4287", "operator names it", 30 * DAY, "excerpt", "facts", True,
    ),
)  # fmt: skip

TERMS: dict[str, NetworkTerms] = {row.network: row for row in _ROWS}
"""The reviewed table, by network."""

UNKNOWN = NetworkTerms("", "", "nobody has looked at its terms yet", "", "no", 0, "link", "ids", False)
"""What holds for a network without a row: as little as possible."""

Table = Mapping[str, NetworkTerms]


def table(changes: Mapping[str, TermsOverride] | None = None) -> dict[str, NetworkTerms]:
    """The reviewed table with what an operator answers for otherwise, by network."""
    changes = changes or {}
    return {name: _changed(row, changes[name]) if name in changes else row for name, row in TERMS.items()}


def _changed(row: NetworkTerms, change: TermsOverride) -> NetworkTerms:
    changes = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not None}
    if "keep" in changes:
        changes["keep"] *= DAY
    return row._replace(**changes)


def of(terms: Table, network: str) -> NetworkTerms:
    """A network's row; for one without: as little as possible."""
    return terms.get(network, UNKNOWN)


# ---- collecting ----------------------------------------------------------------------------------------


def may_run(row: NetworkTerms, opted_in: bool) -> bool:
    """Whether a network's source may run. `opted_in`: the settings switch it on, or name what it reads, or its key."""
    return row.read == "public" or (row.read != "no" and opted_in)


def keep_for(network: str, changes: Mapping[str, TermsOverride] | None = None) -> int:
    """Microseconds for which what a network said is kept raw."""
    return of(table(changes), network).keep


def admitted(items: Iterable[Item], row: NetworkTerms) -> list[Item]:
    """What may enter the record of what was read at once from a network.

    Where posts with limits may not count, such a post stays as the fact that it is limited, so that it is quoted no
    more where it was; without words, mentions and counts.
    """
    result = list(items)
    limited = {item.post for item in result if isinstance(item, Post) and item.limits} if not row.count_limited else ()
    if not limited:
        return result
    allowed_items = [item for item in result if not (isinstance(item, Mention | Snapshot) and item.post in limited)]
    return [_wordless(post) if isinstance(post, Post) and post.post in limited else post for post in allowed_items]


def _wordless(post: Post) -> Post:
    return msgspec.structs.replace(post, text="", links=(), handle="", name="")


# ---- publishing ----------------------------------------------------------------------------------------


def as_shown(post: Post, how: Showing) -> Post:
    """A post with what of it is shown: all, the first words, or only where and when it was."""
    if how == "link":
        return Post(
            post=post.post, network=post.network, account="", created_at=post.created_at, observed_at=post.observed_at
        )
    return excerpt(post) if how == "excerpt" else post


def excerpt(post: Post) -> Post:
    """The post up to a blank before `EXCERPT` code points, or just there where words are not set apart by blanks.

    Its links are those that begin before the cut.
    """
    if len(post.text) <= EXCERPT:
        return post
    head = _LAST_WORD.sub("", post.text[: EXCERPT + 1])
    end = len(head) if EXCERPT // 2 < len(head) <= EXCERPT else EXCERPT
    links = tuple(TextLink(link.start, min(link.end, end), link.target) for link in post.links if link.start < end)
    return msgspec.structs.replace(post, text=post.text[:end] + " …", links=links)


# ---- exporting -----------------------------------------------------------------------------------------


def ids_only(terms: Table) -> frozenset[str]:
    """The networks whose posts leave the store without their words."""
    return frozenset(network for network in NETWORKS if of(terms, network).exported == "ids")
