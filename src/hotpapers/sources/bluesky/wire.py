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


class Commit(msgspec.Struct, gc=False):
    """A change of one record in somebody's repository. A deletion has no record."""

    operation: str
    collection: str
    rkey: str
    record: msgspec.Raw = msgspec.Raw(b"null")


class Standing(msgspec.Struct, gc=False):
    """Whether an account is there, and if not why: deactivated, deleted, suspended, takendown …"""

    active: bool
    status: str = ""


class Event(msgspec.Struct, gc=False):
    """One message of Jetstream. `time_us`: when the network learned of it."""

    did: str
    time_us: int
    commit: Commit | None = None
    account: Standing | None = None


class Ref(msgspec.Struct, gc=False):
    """A reference to a record."""

    uri: str = ""


class Pointing(msgspec.Struct, gc=False):
    """A like or a repost."""

    subject: Ref


class Index(msgspec.Struct, gc=False, rename="camel"):
    """A stretch of a text in bytes of its UTF-8."""

    byte_start: int
    byte_end: int


class Feature(msgspec.Struct, gc=False):
    """What a facet is: a link, or something without `uri`."""

    uri: str = ""


class Facet(msgspec.Struct, gc=False):
    """A stretch of a text that leads somewhere."""

    index: Index
    features: list[Feature] = []


class Reply(msgspec.Struct, gc=False):
    """What a post answers."""

    parent: Ref


class Media(msgspec.Struct, gc=False):
    """What stands beside a quoted post."""

    external: Ref | None = None


class Quoted(msgspec.Struct, gc=False):
    """A quoted record; one level deeper when media stand beside it."""

    uri: str = ""
    record: Ref | None = None


class Embed(msgspec.Struct, gc=False):
    """What a post carries with it: a card, a quoted post, or both."""

    external: Ref | None = None
    record: Quoted | None = None
    media: Media | None = None

    def cards(self) -> list[str]:
        """Where its cards lead."""
        return [card.uri for card in (self.external, self.media and self.media.external) if card and card.uri]

    def quoted(self) -> str:
        """The quoted post, if there is one; lists, feeds and the like are not quoted."""
        record = self.record
        uri = (record.record.uri if record.record else record.uri) if record else ""
        return uri if f"/{POST}/" in uri else ""


class Value(msgspec.Struct, gc=False):
    """A label that somebody gives."""

    val: str = ""
    neg: bool = False


class SelfLabels(msgspec.Struct, gc=False):
    """Labels that an author gives."""

    values: list[Value] = []


class PostRecord(msgspec.Struct, gc=False, rename="camel"):
    """A post as its author wrote it."""

    text: str = ""
    created_at: str = ""
    langs: list[str] | None = None
    facets: list[Facet] | None = None
    embed: Embed | None = None
    reply: Reply | None = None
    labels: SelfLabels | None = None

    def facet_targets(self) -> list[str]:
        """Where the links in its text lead."""
        return [feature.uri for facet in self.facets or () for feature in facet.features if feature.uri]

    def answers(self) -> dict[ReactionType, str]:
        """The post that it replies to and the one that it quotes."""
        found: dict[ReactionType, str] = {}
        if self.reply and self.reply.parent.uri:
            found["reply"] = self.reply.parent.uri
        if self.embed and (quoted := self.embed.quoted()):
            found["quote"] = quoted
        return found


class Author(msgspec.Struct, gc=False, rename="camel"):
    """An account as a view shows it; `handle.invalid` stands where its handle does not resolve."""

    did: str
    handle: str = ""
    display_name: str = ""
    labels: list[Value] = []

    def known_as(self) -> str:
        """Its handle, if it has one."""
        return "" if self.handle == "handle.invalid" else self.handle


class View(msgspec.Struct, gc=False, rename="camel"):
    """A post with its counts, as getPosts gives it."""

    uri: str
    author: Author
    record: PostRecord
    like_count: int | None = None
    repost_count: int | None = None
    reply_count: int | None = None
    quote_count: int | None = None
    labels: list[Value] = []


class ViewUri(msgspec.Struct):
    """Which post a view shows."""

    uri: str


class Views(msgspec.Struct):
    """The answer of getPosts: what is not there any more is left out."""

    posts: list[msgspec.Raw]


class Withdrawal(msgspec.Struct):
    """A deleted like or repost, with the post it was for: the event itself does not say."""

    post: str
    event: Event


event = msgspec.json.Decoder(Event).decode
pointing = msgspec.json.Decoder(Pointing).decode
post_record = msgspec.json.Decoder(PostRecord).decode
view = msgspec.json.Decoder(View).decode
withdrawal = msgspec.json.Decoder(Withdrawal).decode
