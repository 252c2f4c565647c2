"""Picks the relevant events of the stream: posts that name papers, and reactions and changes to tracked posts.

This runs for every event of the network, hundreds per second, and hundreds of times as many after an outage. So an
event is decoded without its record, and most are dropped at first sight.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.model import PostTracker, RawPayload, ReactionType
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.collect.sources.bluesky import schemas
from hotpapers.collect.sources.bluesky.parser import MAX_LINKS, NETWORK, REACTIONS, answer_key, key_of, record_address
from hotpapers.collect.sources.paper_mentions import MAX_TEXT_CHARS

UNREADABLE = (InputError, msgspec.MsgspecError, ValueError, RecursionError)
"""The errors that decoders raise for invalid input."""
NOTHING: Sequence[RawPayload] = ()
REPLACED_WITHIN = 60_000_000
"""Microseconds after which all records of a replaced repository have come again."""


class Replacement(NamedTuple):
    """A repository that was replaced as a whole: the account's posts that have not come again, until a moment, µs UTC;
    the event, and when it came."""

    until: int
    missing: set[str]
    body: bytes
    at: int


class EventFilter:
    """Keeps the relevant events. `known`: keys of the posts and accounts that the record tracks.

    A withdrawal names only the reaction. Its post is known to the filter for the last `remembers` reactions, otherwise
    it asks `known`, if that is a PostTracker. `fresh`: posts and accounts that it let through and that `known` may not
    have yet.
    """

    def __init__(self, known: Container[str], *, reactions: bool, remembers: int, names: PaperIndex) -> None:
        self._names = names
        self._known = known
        self._most_reactions = remembers
        self._reactions = frozenset(REACTIONS if reactions else ())
        self._post_of = known.post_of if isinstance(known, PostTracker) else lambda reaction: None
        self._holds = known.holds if isinstance(known, PostTracker) else known.__contains__
        self._posts_of = known.posts_of if isinstance(known, PostTracker) else lambda account: ()
        self._posts_by_reaction = OrderedDict[str, str]()
        self._replaced: dict[str, Replacement] = {}
        self.fresh = set[str]()

    def payloads(self, event: schemas.StreamEvent, body: bytes, at: int) -> Sequence[RawPayload]:
        """The payloads of an event, if it is relevant. Raises the decoder's errors for an invalid event."""
        commit = event.commit
        gone = self._not_replaced(event.time_us) if self._replaced else NOTHING
        if commit is None:
            is_relevant = event.account and self._is_known(event.did)
            if event.kind == "sync" and self._is_known(event.did):
                posts = set(self._posts_of(key_of(event.did)))
                self._replaced[event.did] = Replacement(event.time_us + REPLACED_WITHIN, posts, body, at)
            return [*gone, RawPayload("account", event.did, body, at)] if is_relevant else gone
        if commit.collection in self._reactions:
            return [*gone, *self._reaction(event, commit, body, at)]
        if commit.collection == schemas.POST:
            return [*gone, *self._post(event, commit, body, at)]
        return gone

    def _not_replaced(self, time: int) -> Sequence[RawPayload]:
        """The removals of posts that did not come again although their account's repository was replaced."""
        over = [did for did, replacement in self._replaced.items() if time > replacement.until]
        replacements = [self._replaced.pop(did) for did in over]
        return [
            RawPayload("gone", key.removeprefix(f"{NETWORK}:"), replacement.body, replacement.at)
            for replacement in replacements
            for key in sorted(replacement.missing)
        ]

    def _is_tracked(self, id: str) -> bool:
        key = key_of(id)
        return key in self._known or key in self.fresh

    def _is_tracked_post(self, uri: str) -> bool:
        """Whether an address that somebody wrote is a tracked post's: it might be a tracked account."""
        return self._is_tracked(uri) and uri.startswith("at://")

    def _is_known(self, id: str) -> bool:
        """Whether the record has it at all: removed posts leave the pages, however old they are."""
        return self._is_tracked(id) or self._holds(key_of(id))

    # ---- posts -----------------------------------------------------------------------------------------

    def _post(
        self, event: schemas.StreamEvent, commit: schemas.CommitEvent, body: bytes, at: int
    ) -> Sequence[RawPayload]:
        """A post that names a paper, or did before it was edited; its replies and quotes; its deletion. A known post's
        new wording is of kind `edit`: papers it no longer names were edited out."""
        uri = record_address(event.did, schemas.POST, commit.rkey)
        if event.did in self._replaced:
            self._replaced[event.did].missing.discard(key_of(uri))
        if commit.operation == "delete":
            if self._is_known(uri):
                removals = [RawPayload("gone", uri, body, at)]
            else:
                removals = []
            return [*removals, *self._withdrawn_answers(uri, {}, body, at)]
        record = post_record(commit.record)
        payloads = []
        if commit.operation == "update" and self._is_known(uri):
            payloads.append(RawPayload("edit", uri, body, at))
        elif names_paper(commit.record, record, self._names):
            self.fresh.update((key_of(uri), key_of(event.did)))
            payloads.append(RawPayload("post", uri, body, at))
        if record is None or (commit.operation == "create" and not (record.reply or record.embed)):
            return payloads
        # Replies to and quotes of tracked posts: reactions to these, whether or not they name a paper themselves
        answers = {kind: post for kind, post in record.answers().items() if self._is_tracked_post(post)}
        if commit.operation == "update":
            withdrawals = self._withdrawn_answers(uri, answers, body, at)
        else:
            withdrawals = NOTHING
        payloads += [
            *withdrawals,
            *(self._reaction_payload(answer_key(uri, kind), post, body, at) for kind, post in answers.items()),
        ]
        return payloads

    def _withdrawn_answers(
        self, uri: str, answers: Mapping[ReactionType, str], body: bytes, at: int
    ) -> Sequence[RawPayload]:
        """Withdrawals of the answers that a post no longer has. `answers`: those that it has now."""
        return [
            payload
            for kind in schemas.ANSWERS
            for payload in self._withdrawal_payloads(answer_key(uri, kind), body, at, answers.get(kind, ""))
        ]

    # ---- reactions -------------------------------------------------------------------------------------

    def _reaction(
        self, event: schemas.StreamEvent, commit: schemas.CommitEvent, body: bytes, at: int
    ) -> Sequence[RawPayload]:
        if commit.operation == "delete":
            return self._withdrawal_payloads(record_address(event.did, commit.collection, commit.rkey), body, at)
        try:
            post = schemas.like_or_repost(commit.record).subject.uri
        except UNREADABLE:  # servers pass on whatever somebody writes
            post = ""
        is_tracked = self._is_tracked_post(post)
        is_changed = commit.operation == "update"
        if not (is_tracked or is_changed):  # nearly all of them
            return NOTHING
        reaction = record_address(event.did, commit.collection, commit.rkey)
        withdrawals = self._withdrawal_payloads(reaction, body, at, post) if is_changed else NOTHING
        if is_tracked:
            return [*withdrawals, self._reaction_payload(reaction, post, body, at)]
        return withdrawals

    def _reaction_payload(self, reaction: str, post: str, body: bytes, at: int) -> RawPayload:
        self._posts_by_reaction[reaction] = post
        if len(self._posts_by_reaction) > self._most_reactions:
            self._posts_by_reaction.popitem(last=False)
        return RawPayload("reaction", reaction, body, at)

    def _withdrawal_payloads(self, reaction: str, body: bytes, at: int, current: str = "") -> Sequence[RawPayload]:
        """The withdrawal of a reaction that is not, or no longer, for the post `current`."""
        # not removed: a page that gets lost is read again
        post = self._posts_by_reaction.get(reaction, "")
        if post in ("", current):
            post = (self._post_of(reaction) or "").removeprefix(f"{NETWORK}:")
        if post in ("", current):
            return NOTHING
        return [RawPayload("withdrawn", reaction, msgspec.json.encode({"post": post, "event": msgspec.Raw(body)}), at)]


def post_record(record: msgspec.Raw) -> schemas.PostRecord | None:
    """A post's record; None if it is invalid."""
    try:
        return schemas.post_record(record)
    except UNREADABLE:
        return None


def names_paper(raw: msgspec.Raw, post: schemas.PostRecord | None, names: PaperIndex) -> bool:
    """Whether a post names a paper, by the search of `parser.read_payload`, over all its words and links together.

    An invalid record is kept only if its bytes name a paper; reading it later reports that it is broken.
    """
    if post is None:
        return bool(names.named_by_ids(bytes(raw).decode("utf-8", "replace")[:MAX_TEXT_CHARS]))
    post_text = post.text[:MAX_TEXT_CHARS]
    links = post.facet_targets()[:MAX_LINKS] if post.facets else []
    if post.embed is not None:
        links += post.embed.cards()
    if post.bridgy_original_text or post.full_text:
        original, original_links = post.whole()
        links += [original, *original_links]
    text = "\n".join((post_text, *links)) if links else post_text
    if names.named_by_ids(text):
        return True
    return names.may_name(text) and bool(names.papers_in(post_text, links))
