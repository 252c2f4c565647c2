"""What Bluesky says, as far as it is needed: events of the stream, records, views. Unknown fields are passed over.

https://atproto.com/specs/event-stream · https://github.com/bluesky-social/jetstream · lexicons app.bsky.feed.*
"""

from __future__ import annotations

import msgspec

from hotpapers.model import ReactionType

POST = "app.bsky.feed.post"
LIKE = "app.bsky.feed.like"
REPOST = "app.bsky.feed.repost"
ANSWERS: tuple[ReactionType, ...] = ("reply", "quote")
"""How a post may react to another one."""


class CommitEvent(msgspec.Struct, gc=False):
    """A change of one record in somebody's repository. A deletion has no record."""

    operation: str
    collection: str
    rkey: str
    record: msgspec.Raw = msgspec.Raw(b"null")


class AccountStatus(msgspec.Struct, gc=False):
    """Whether an account is there, and if not why: deactivated, deleted, suspended, takendown …"""

    active: bool
    status: str = ""


class StreamEvent(msgspec.Struct, gc=False):
    """One message of Jetstream. `time_us`: when the network learned of it."""

    did: str
    time_us: int
    commit: CommitEvent | None = None
    account: AccountStatus | None = None


class StrongRef(msgspec.Struct, gc=False):
    """A reference to a record."""

    uri: str = ""


class LikeOrRepost(msgspec.Struct, gc=False):
    """A like or a repost."""

    subject: StrongRef


class ByteSlice(msgspec.Struct, gc=False, rename="camel"):
    """A stretch of a text in bytes of its UTF-8."""

    byte_start: int
    byte_end: int


class FacetFeature(msgspec.Struct, gc=False):
    """What a facet is: a link, or something without `uri`."""

    uri: str = ""


class Facet(msgspec.Struct, gc=False):
    """A stretch of a text that leads somewhere."""

    index: ByteSlice
    features: list[FacetFeature] = []


class ReplyRef(msgspec.Struct, gc=False):
    """What a post answers."""

    parent: StrongRef


class EmbedMedia(msgspec.Struct, gc=False):
    """What stands beside a quoted post."""

    external: StrongRef | None = None


class QuotedRecord(msgspec.Struct, gc=False):
    """A quoted record; one level deeper when media stand beside it."""

    uri: str = ""
    record: StrongRef | None = None


class Embed(msgspec.Struct, gc=False):
    """What a post carries with it: a card, a quoted post, or both."""

    external: StrongRef | None = None
    record: QuotedRecord | None = None
    media: EmbedMedia | None = None

    def cards(self) -> list[str]:
        """Where its cards lead."""
        return [card.uri for card in (self.external, self.media and self.media.external) if card and card.uri]

    def quoted(self) -> str:
        """The quoted post, if there is one; lists, feeds and the like are not quoted."""
        record = self.record
        uri = (record.record.uri if record.record else record.uri) if record else ""
        return uri if f"/{POST}/" in uri else ""


class LabelValue(msgspec.Struct, gc=False):
    """A label that somebody gives."""

    val: str = ""
    neg: bool = False


class SelfLabels(msgspec.Struct, gc=False):
    """Labels that an author gives."""

    values: list[LabelValue] = []


class PostRecord(msgspec.Struct, gc=False, rename="camel"):
    """A post as its author wrote it."""

    text: str = ""
    created_at: str = ""
    langs: list[str] | None = None
    facets: list[Facet] | None = None
    embed: Embed | None = None
    reply: ReplyRef | None = None
    labels: SelfLabels | None = None

    def facet_targets(self) -> list[str]:
        """Where the links in its text lead."""
        return [feature.uri for facet in self.facets or () for feature in facet.features if feature.uri]

    def answers(self) -> dict[ReactionType, str]:
        """The post that it replies to and the one that it quotes."""
        result: dict[ReactionType, str] = {}
        if self.reply and self.reply.parent.uri:
            result["reply"] = self.reply.parent.uri
        if self.embed and (quoted := self.embed.quoted()):
            result["quote"] = quoted
        return result


class AppViewAuthor(msgspec.Struct, gc=False, rename="camel"):
    """An account as a view shows it; `handle.invalid` stands where its handle does not resolve."""

    did: str
    handle: str = ""
    display_name: str = ""
    labels: list[LabelValue] = []

    def valid_handle(self) -> str:
        return "" if self.handle == "handle.invalid" else self.handle


class AppViewPost(msgspec.Struct, gc=False, rename="camel"):
    """A post with its counts, as getPosts gives it."""

    uri: str
    author: AppViewAuthor
    record: PostRecord
    like_count: int | None = None
    repost_count: int | None = None
    reply_count: int | None = None
    quote_count: int | None = None
    labels: list[LabelValue] = []


class AppViewPostUri(msgspec.Struct):
    """Which post a view shows."""

    uri: str


class AppViewPosts(msgspec.Struct):
    """The answer of getPosts: what is not there any more is left out."""

    posts: list[msgspec.Raw]


class WithdrawnReaction(msgspec.Struct):
    """A deleted like or repost, with the post it was for: the event itself does not say."""

    post: str
    event: StreamEvent


event = msgspec.json.Decoder(StreamEvent).decode
like_or_repost = msgspec.json.Decoder(LikeOrRepost).decode
post_record = msgspec.json.Decoder(PostRecord).decode
view = msgspec.json.Decoder(AppViewPost).decode
withdrawal = msgspec.json.Decoder(WithdrawnReaction).decode
