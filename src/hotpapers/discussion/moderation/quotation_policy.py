"""The last gate for quotations: no channel shows a post's words unless they pass it. `network_terms.admissible_items`
is the first one, at intake, and `issues.queries.withheld_posts` the second.

It is applied whenever an issue is rendered, so the operator's blocklist, a network's terms and an author's wish apply
to issues frozen long ago too, and so do edits: a post is shown with its current words. An issue's content and its
digest do not depend on it.

    gone, limited, hidden   by its author, its network or the operator: `issues.queries.withheld_posts`, before
    doubtful                it may be about another paper
    blocked                 the operator's accounts, words and servers
    terms                   its network's: shown whole, by its first words, or as a link without quotation
    a reply                 to somebody else; additions to one's own thread are not replies
    once an issue           one quotation per account: the one under the first paper
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from hotpapers.base import keys, network_terms
from hotpapers.base.model import Post, Quotation, Showing
from hotpapers.base.networks import row_of
from hotpapers.discussion.moderation.queries import edited_posts, holders_of_handles
from hotpapers.record import AsOfView, Database, read_meta, save_meta

_NOTE = "blocked"


class Blocklist(msgspec.Struct, frozen=True):
    """The operator's list of sources never to quote, kept in the store so that it applies even when rendering without
    settings: accounts by key or as network:@handle; words and phrases; hosts, including their subdomains."""

    accounts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()


def save_blocklist(database: Database, blocked: Blocklist) -> None:
    """Replaces the stored list, if it differs."""
    if load_blocklist(database) != blocked:
        save_meta(database, _NOTE, msgspec.json.encode(blocked).decode())


def load_blocklist(database: Database) -> Blocklist:
    """The stored list; empty if there is none."""
    stored = read_meta(database, _NOTE)
    return msgspec.json.decode(stored, type=Blocklist) if stored is not None else Blocklist()


def blocklist_for(view: AsOfView, accounts: Iterable[str] | None = None) -> Blocklist:
    """The stored list, extended by those of some accounts (default: all) that have or had a handle in it: people rename
    themselves, and posts from a stream have no handles."""
    blocked = load_blocklist(view.database)
    holders = holders_of(view, blocked.accounts, accounts)
    return msgspec.structs.replace(blocked, accounts=(*blocked.accounts, *holders)) if holders else blocked


def holders_of(view: AsOfView, names: Iterable[str], accounts: Iterable[str] | None = None) -> set[str]:
    """Those of some accounts (default: all) that have or had one of some handles, given as `network:@handle`."""
    listed = {key for key in map(keys.normalize_key, names) if keys.own_id(key).startswith("@")}
    if not listed:
        return set()
    handles = [keys.own_id(key)[1:] for key in listed]
    among = None if accounts is None else sorted({*accounts} - {""})
    return {
        account
        for account, handle in holders_of_handles(view, handles, among)
        if keys.handle_key(keys.network_of(account), handle) in listed
    }


_ADDRESSED = re.compile(r"@([\w.-]*\w)(?:@([\w.-]*\w))?")
_LETTER = "[0-9a-zß-öø-ʯͰ-ԯḀ-ῼ]"
"""Folded letters of Latin, Greek and Cyrillic, and digits."""
_AUTHOR_IN_KEY = re.compile(r"(\w+):at://(did:[a-z]+:[\w.:-]+)/", re.ASCII)


class QuotationPolicy(NamedTuple):
    """The rules for quotations. `doubtful_pairs`: posts with papers that they may not be about. `authors`: the accounts
    of posts that are replied to, if the record knows them."""

    allowed: network_terms.Table
    blocked: Blocklist
    doubtful_pairs: frozenset[tuple[str, str]] = frozenset()
    authors: Mapping[str, str] = {}


def policy_for(view: AsOfView, allowed: network_terms.Table, posts: Iterable[Post]) -> QuotationPolicy:
    """A policy for some posts, without their doubtful pairs."""
    known = list(posts)
    parents = (post.reply_to for post in known if post.reply_to)
    authors = {key: post.account for key, post in view.by_key(Post, parents).items()}
    blocked = blocklist_for(view, (post.account for post in known))
    return QuotationPolicy(allowed, blocked, frozenset(), authors)


def with_current_words(view: AsOfView, posts: Iterable[Post]) -> dict[str, Post]:
    """Some posts by key. Those that were edited, or whose authors changed their names, have the words and names of a
    view instead of their own."""
    result = {post.post: post for post in posts}
    for latest in edited_posts(view, result):
        post = result[latest.post]
        named = latest if latest.handle else post
        result[latest.post] = msgspec.structs.replace(
            post, text=latest.text, links=latest.links, lang=latest.lang, rtl=latest.rtl, name=named.name,
            handle=named.handle,
        )  # fmt: skip
    return result


def choose_showing(policy: QuotationPolicy, post: Post, paper: str = "") -> Showing:
    """How a post is shown where it cannot be left out: as a link if it does not pass."""
    if _passes(policy, paper, post):
        return network_terms.terms_of(policy.allowed, post.network).shown
    return "link"


def quotable_posts(policy: QuotationPolicy, paper: str, quotations: Iterable[Quotation]) -> list[Quotation]:
    """The posts under a paper that may be quoted, shortened as their networks' terms require."""
    return [by_terms(policy.allowed, quotation) for quotation in quotations if _passes(policy, paper, quotation.post)]


def _passes(policy: QuotationPolicy, paper: str, post: Post) -> bool:
    if (post.post, paper) in policy.doubtful_pairs or is_blocked(post, policy.blocked):
        return False
    if network_terms.terms_of(policy.allowed, post.network).shown == "link":
        return True
    return not is_reply_to_other(post, policy.authors)


def one_per_account(
    entries: Iterable[tuple[str, Sequence[Quotation]]], whole: Mapping[str, Post]
) -> dict[str, tuple[Quotation, ...]]:
    """The quotations under each paper, without accounts already quoted earlier in the issue. Links are always kept, as
    they quote nobody. `whole`: the posts by key, with their accounts."""
    quoted_accounts = set[str]()
    result: dict[str, tuple[Quotation, ...]] = {}
    for paper, quotations in entries:
        result[paper] = ()
        for quotation in quotations:
            account = whole[quotation.post.post].account if quotation.shown != "link" else ""
            if not account or account not in quoted_accounts:
                quoted_accounts.add(account)
                result[paper] += (quotation,)
    return result


def by_terms(allowed: network_terms.Table, quotation: Quotation) -> Quotation:
    """The part of a post that its network's terms allow to be shown."""
    shown = network_terms.terms_of(allowed, quotation.post.network).shown
    return Quotation(post=network_terms.as_shown(quotation.post, shown), hash=quotation.hash, shown=shown)


# ---- replies -------------------------------------------------------------------------------------------


def is_reply_to_other(post: Post, authors: Mapping[str, str]) -> bool:
    """Whether a post replies to somebody else. If the author of the post replied to is unknown, it is taken to be
    somebody else."""
    network = row_of(post.network)
    if network.is_forum:
        return False
    if post.reply_to:
        match = _AUTHOR_IN_KEY.match(post.reply_to)
        author = f"{match[1]}:{match[2]}" if match else authors.get(post.reply_to, "")
        return author != post.account
    if network.begins_with_handle:
        addressed = _ADDRESSED.match(post.text.lstrip())
    else:
        addressed = None
    own_name, _, own_server = post.handle.lower().partition("@")
    if addressed is None or addressed[1].lower() != own_name:
        return addressed is not None
    return (addressed[2] or own_server).lower() != own_server


# ---- the operator's list -------------------------------------------------------------------------------


def is_blocked(post: Post, blocked: Blocklist) -> bool:
    """Whether the operator's blocklist matches a post."""
    accounts = blocked.accounts
    words = blocked.words
    servers = blocked.servers
    author = keys.normalize_key(post.account)
    names = {author, f"{post.network}:@{post.handle.lower()}"}
    if accounts and not names.isdisjoint(map(keys.normalize_key, accounts)):
        return True
    if words and _pattern(words).search(_folded(f"{post.text}\n{post.name}\n{post.handle}")):
        return True
    if not servers:
        return False
    return any(f".{host}".endswith(f".{server.lower()}") for host in _hosts(post) for server in servers)


@lru_cache(8)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Matches any of the words, but not within longer words. Scripts written without spaces have no such boundaries."""
    patterns = (_bounded(_folded(" ".join(word.split()))) for word in words)
    return re.compile("|".join(patterns))


def _folded(text: str) -> str:
    """Text to compare: in lower case, with each accent in one character with its letter."""
    return unicodedata.normalize("NFC", text.casefold())


def _bounded(word: str) -> str:
    text = re.escape(word).replace(r"\ ", r"\s+")
    before = f"(?<!{_LETTER})" if re.match(_LETTER, word) else ""
    after = f"(?!{_LETTER})" if re.search(rf"{_LETTER}\Z", word) else ""
    return f"{before}{text}{after}"


def _hosts(post: Post) -> set[str]:
    """The hosts of a post: from its own address, its account's address and its handle, if that is a host."""
    handle = post.handle.rpartition("@")[2].lower()
    hosts = {handle} if "." in handle else set()
    for address in (keys.own_id(post.post), keys.own_id(post.account)):
        with suppress(ValueError):
            hosts.add((urlsplit(address).hostname or "").lower() if "://" in address else "")
    return hosts - {""}
