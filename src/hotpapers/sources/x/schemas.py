"""What X's second interface says, as far as it is used. https://docs.x.com/x-api/fundamentals/data-dictionary"""

from __future__ import annotations

import datetime
from typing import Annotated

import msgspec

from hotpapers.sources.paper_matching import decode_or_none

NOT_FOUND, NOT_SHOWN = "/resource-not-found", "/not-authorized-for-resource"
"""How the types of problems end that mean: this post is not to be seen any more."""
NOBODY = msgspec.Raw(b"null")
Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}$")]


class XUser(msgspec.Struct):
    """An account."""

    id: Id
    username: str = ""
    name: str = ""
    protected: bool = False


class XUrl(msgspec.Struct):
    """An address in a post: where its short form stands, what is shown there, where it leads."""

    start: int = 0
    end: int = 0
    expanded_url: str = ""
    unwound_url: str = ""
    display_url: str = ""


class _Entities(msgspec.Struct):
    urls: list[XUrl] = []


class _Note(msgspec.Struct):
    """A post of more than 280 characters, whole."""

    text: str
    entities: _Entities | None = None


class XMetrics(msgspec.Struct):
    """A post's counts."""

    retweet_count: int | None = None
    like_count: int | None = None
    reply_count: int | None = None
    quote_count: int | None = None
    impression_count: int | None = None


class _Reference(msgspec.Struct):
    type: str
    id: Id


class XPostId(msgspec.Struct):
    """What a post says of itself: which it is."""

    id: Id
    author_id: str = ""
    edit_history_tweet_ids: list[Id] = []

    @property
    def first(self) -> str:
        """The id of its first wording: every edit has one of its own."""
        return self.edit_history_tweet_ids[0] if self.edit_history_tweet_ids else self.id


class XPost(XPostId):
    """A post."""

    text: str = ""
    author: XUser | None = None
    created_at: datetime.datetime | None = None
    lang: str = "und"
    entities: _Entities | None = None
    note_tweet: _Note | None = None
    public_metrics: XMetrics | None = None
    referenced_tweets: list[_Reference] = []
    possibly_sensitive: bool = False


class XPostWithAuthor(msgspec.Struct):
    """A post with its author, as the two stand in an answer."""

    tweet: msgspec.Raw
    author: msgspec.Raw = NOBODY


class XProblem(msgspec.Struct):
    """Why something that was asked for is not in an answer that came all the same."""

    value: str = ""
    resource_type: str = ""
    title: str = ""
    type: str = ""

    @property
    def gone(self) -> str:
        """Why a post is not to be seen any more; empty where it says something else, such as that we asked too much."""
        if self.resource_type != "tweet" or not self.type.endswith((NOT_FOUND, NOT_SHOWN)):
            return ""
        if self.type.endswith(NOT_SHOWN):
            return "protected"
        return "suspended" if self.title == "Forbidden" else "deleted"


class _Meta(msgspec.Struct):
    next_token: str = ""


class _Includes(msgspec.Struct):
    users: list[msgspec.Raw] = []


class XResponse(msgspec.Struct):
    """An answer: posts, what belongs to them, where it goes on, and what is wrong with parts of it."""

    data: list[msgspec.Raw] = []
    includes: _Includes | None = None
    meta: _Meta | None = None
    errors: list[msgspec.Raw] = []

    @property
    def users(self) -> list[msgspec.Raw]:
        return self.includes.users if self.includes else []

    @property
    def next_token(self) -> str:
        return self.meta.next_token if self.meta else ""

    @property
    def ids(self) -> list[str]:
        return [entry.id for raw in self.data if (entry := decode_or_none(raw, XPostId))]
