"""The used parts of X's API v2. https://docs.x.com/x-api/fundamentals/data-dictionary"""

from __future__ import annotations

import datetime
from typing import Annotated

import msgspec

from hotpapers.collect.sources.decoding import Count, Flag, decode_or_none

NOT_FOUND, NOT_SHOWN = "/resource-not-found", "/not-authorized-for-resource"
"""Endings of the problem types that mean a post is no longer visible."""
NOBODY = msgspec.Raw(b"null")
Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}$")]


class XUser(msgspec.Struct):
    """An account."""

    id: Id
    username: str = ""
    name: str = ""
    protected: Flag = False


class XUrl(msgspec.Struct):
    """An address in a post: the position of its short form, what is displayed there, where it leads."""

    start: int = 0
    end: int = 0
    expanded_url: str = ""
    unwound_url: str = ""
    display_url: str = ""


class _Entities(msgspec.Struct):
    urls: list[XUrl] = []


class _Note(msgspec.Struct):
    """The full text of a post of more than 280 characters."""

    text: str
    entities: _Entities | None = None


class XMetrics(msgspec.Struct):
    """A post's public counts."""

    retweet_count: Count | None = None
    like_count: Count | None = None
    reply_count: Count | None = None
    quote_count: Count | None = None
    impression_count: Count | None = None


class _Reference(msgspec.Struct):
    type: str
    id: Id


class XPostId(msgspec.Struct):
    """The part of a post that identifies it."""

    id: Id
    author_id: str = ""
    edit_history_tweet_ids: list[Id] = []

    @property
    def first(self) -> str:
        """The id of its first version: every edit gets an id of its own."""
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
    possibly_sensitive: Flag = False


class XPostWithAuthor(msgspec.Struct):
    """A post and its author, as they are in a response."""

    tweet: msgspec.Raw
    author: msgspec.Raw = NOBODY


class XProblem(msgspec.Struct):
    """Why a response lacks something that was asked for."""

    value: str = ""
    resource_type: str = ""
    title: str = ""
    type: str = ""

    @property
    def gone(self) -> str:
        """Why a post is no longer visible; empty for any other problem, such as too many requests."""
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
    """A response: posts, included users, the token for the next page, and errors about parts of it."""

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
