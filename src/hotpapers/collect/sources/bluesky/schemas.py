"""Bluesky's formats, as far as needed: events of the stream, records, views. Unknown fields are ignored.

https://atproto.com/specs/event-stream · https://github.com/bluesky-social/jetstream · lexicons app.bsky.feed.*
"""

from __future__ import annotations

from typing import Any

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.model import ReactionType
from hotpapers.base.text import timestamps
from hotpapers.base.text.html_text import html_to_text
from hotpapers.base.untrusted_json import decode_or_mend
from hotpapers.collect.sources.decoding import Count, Flag, entry_decoder

POST = "app.bsky.feed.post"
LIKE = "app.bsky.feed.like"
REPOST = "app.bsky.feed.repost"
OWN_EMBED = "app.bsky.embed."
"""How the types of Bluesky's own embeds begin. New ones have had the parts of the old ones."""
LINK = "app.bsky.richtext.facet#link"
ANSWERS: tuple[ReactionType, ...] = ("reply", "quote")
"""How a post may react to another post."""


MAX_ORIGINAL_CHARS = 20_000
"""Characters of a bridged post's own text that are read."""


class CommitEvent(msgspec.Struct, gc=False):
    """A change to a record in a repository. A deletion has no record."""

    operation: str
    collection: str
    rkey: str
    record: msgspec.Raw = msgspec.Raw(b"null")


class AccountStatus(msgspec.Struct, gc=False):
    """Whether an account is active, and if not why: deactivated, deleted, suspended, takendown …"""

    active: bool
    status: Any = ""


class StreamEvent(msgspec.Struct, gc=False):
    """A message from Jetstream. `time_us`: when the network learned of it. `kind`: commit, account, identity; of its
    second version also sync, where a repository was replaced, and info or error, with a `notice`. `seq`: the number
    that the second version gave it."""

    did: str
    time_us: int
    commit: CommitEvent | None = None
    account: AccountStatus | None = None
    kind: Any = ""
    seq: int = msgspec.field(default=0, name="$seq")
    notice: str = msgspec.field(default="", name="$notice")


class FramePayload(msgspec.Struct, gc=False):
    """The payload of a frame of Jetstream 2. Only commits have an operation."""

    type: str = msgspec.field(name="$type")
    did: str = ""
    time: str = ""
    seq: int = 0
    operation: str = ""
    collection: str = ""
    rkey: str = ""
    record: msgspec.Raw = msgspec.Raw(b"null")
    account: AccountStatus | None = None
    name: str = ""


class EventFrame(msgspec.Struct, gc=False):
    """A frame of Jetstream 2: a message, or an error, after which the stream ends."""

    payload: FramePayload | None = None
    error: str = ""


class StrongRef(msgspec.Struct, gc=False):
    """A reference to a record."""

    uri: str = ""


class LikeOrRepost(msgspec.Struct, gc=False):
    """A like or a repost."""

    subject: StrongRef


class ByteSlice(msgspec.Struct, gc=False, rename="camel"):
    """A span of a text, in bytes of its UTF-8."""

    byte_start: int
    byte_end: int


class FacetFeature(msgspec.Struct, gc=False):
    """What a facet is: a link, or something else."""

    uri: str = ""
    type: str = msgspec.field(name="$type", default="")

    @property
    def target(self) -> str:
        """Where a link leads; empty for anything else."""
        return self.uri if self.type in ("", LINK) else ""


class Facet(msgspec.Struct, gc=False):
    """A span of a text that links somewhere."""

    index: ByteSlice | None = None
    features: list[FacetFeature] = []


class ReplyRef(msgspec.Struct, gc=False):
    """The post that a post replies to."""

    parent: StrongRef


def _is_own(type: str) -> bool:
    return not type or type.startswith(OWN_EMBED)


class EmbedMedia(msgspec.Struct, gc=False):
    """Media beside a quoted post."""

    external: StrongRef | None = None
    type: str = msgspec.field(name="$type", default="")


class QuotedRecord(msgspec.Struct, gc=False):
    """A quoted record, one level deeper if there are media beside it."""

    uri: str = ""
    record: StrongRef | None = None


class Embed(msgspec.Struct, gc=False):
    """A post's embed: a card, a quoted post, or both. Anybody may add types of embeds: others than Bluesky's own are
    passed over, even if they have fields of these names."""

    type: str = msgspec.field(name="$type", default="")
    external: StrongRef | None = None
    record: QuotedRecord | None = None
    media: EmbedMedia | None = None

    def cards(self) -> list[str]:
        """The addresses of its cards."""
        if not _is_own(self.type):
            return []
        if self.media and _is_own(self.media.type):
            beside = self.media.external
        else:
            beside = None
        cards = (self.external, beside)
        return [card.uri for card in cards if card and card.uri]

    def quoted(self) -> str:
        """The quoted post, if there is one; lists, feeds and the like are not quoted."""
        if self.record and _is_own(self.type):
            uri = (self.record.record or self.record).uri
        else:
            uri = ""
        return uri if f"/{POST}/" in uri else ""


class LabelValue(msgspec.Struct, gc=False):
    """A label that somebody applied."""

    val: str = ""
    neg: Flag = False


class SelfLabels(msgspec.Struct, gc=False):
    """Labels by the author."""

    values: list[LabelValue] = []


class PostRecord(msgspec.Struct, gc=False, rename="camel"):
    """A post as its author wrote it."""

    text: str
    created_at: str = ""
    langs: list[str] | None = None
    facets: list[Facet] | None = None
    embed: Embed | None = None
    reply: ReplyRef | None = None
    labels: SelfLabels | None = None
    bridgy_original_text: str = ""
    full_text: str = ""

    def whole(self) -> tuple[str, list[str]]:
        """The text and links of the post that a bridge cut to fit, as the bridge keeps it; empty for others."""
        original = self.bridgy_original_text or self.full_text
        text, links = html_to_text(original[:MAX_ORIGINAL_CHARS]) if original else ("", ())
        return text, [link.target for link in links]

    def facet_targets(self) -> list[str]:
        """The targets of the links in its text."""
        facets = self.facets or ()
        return [feature.target for facet in facets for feature in facet.features if feature.target]

    def answers(self) -> dict[ReactionType, str]:
        """The post that it replies to and the one that it quotes."""
        result: dict[ReactionType, str] = {}
        if self.reply and self.reply.parent.uri:
            result["reply"] = self.reply.parent.uri
        if self.embed and (quoted := self.embed.quoted()):
            result["quote"] = quoted
        return result


class AppViewAuthor(msgspec.Struct, gc=False, rename="camel"):
    """An account as a view shows it; its handle is `handle.invalid` if it does not resolve."""

    did: str
    handle: str = ""
    display_name: str = ""
    created_at: str = ""
    labels: list[LabelValue] = []

    def valid_handle(self) -> str:
        return "" if self.handle == "handle.invalid" else self.handle


class AppViewPost(msgspec.Struct, gc=False, rename="camel"):
    """A post with its counts, as getPosts returns it."""

    uri: str
    author: AppViewAuthor
    record: PostRecord
    like_count: Count | None = None
    repost_count: Count | None = None
    reply_count: Count | None = None
    quote_count: Count | None = None
    labels: list[LabelValue] = []


class AppViewPostUri(msgspec.Struct):
    """The part of a view that identifies its post."""

    uri: str


class AppViewPosts(msgspec.Struct):
    """The response of getPosts, without posts that no longer exist."""

    posts: list[msgspec.Raw]


class WithdrawnReaction(msgspec.Struct):
    """A deleted like or repost, with the post it was for, which the event itself does not name."""

    post: str
    event: StreamEvent


def read_event(message: bytes) -> StreamEvent:
    """A message of either version of Jetstream. Raises the decoder's errors, and InputError for an impossible time."""
    return decode_or_mend(_read_event, message)


def _read_event(message: bytes) -> StreamEvent:
    if not message.startswith(FRAME):
        return _event(message)
    frame = _frame(message)
    content = frame.payload
    if content is None:
        return StreamEvent("", 0, kind="error", notice=frame.error)
    kind = content.type.rpartition("#")[2]
    if kind == "info":
        return StreamEvent("", 0, kind=kind, notice=content.name)
    at = timestamps.parse_iso(content.time)
    if at is None or not content.did:
        raise InputError("a frame without a time or an account")
    commit = None
    if kind == "commit":
        commit = CommitEvent(content.operation, content.collection, content.rkey, content.record)
    return StreamEvent(content.did, at, commit, content.account, kind, content.seq)


FRAME = b'{"$type":'
"""How a frame of Jetstream 2 begins; no event of its first version has a type."""
_event = msgspec.json.Decoder(StreamEvent).decode
_frame = msgspec.json.Decoder(EventFrame).decode
like_or_repost = msgspec.json.Decoder(LikeOrRepost).decode
post_record = entry_decoder(PostRecord)
view = entry_decoder(AppViewPost)
withdrawal = msgspec.json.Decoder(WithdrawnReaction).decode
