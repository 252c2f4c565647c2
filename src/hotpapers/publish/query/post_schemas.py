"""Answers about posts, and the papers of a lane; the base of all answers."""

from __future__ import annotations

import msgspec

from hotpapers.base import model


class Schema(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all answers: every field is always present."""


class PostDetails(Schema, frozen=True, kw_only=True):
    """A post as far as its network's terms allow it to be shown; its words are a stranger's.

    `shown`: all of it (text), its first words (excerpt), or only its place and time, without words or names (link).
    `url`: its page on its network, empty if unknown. `automated`: its account was judged to be a bot, so it does not
    count.
    """

    post: str
    network: str
    url: str
    created_at: int
    shown: model.Showing
    text: str
    links: tuple[model.TextLink, ...]
    lang: str
    rtl: bool
    handle: str
    name: str
    automated: bool


class LanePaperDetails(Schema, frozen=True, kw_only=True):
    """A paper in a lane, and the posts about it that may be shown."""

    id: str
    title: str
    posts: tuple[PostDetails, ...]


class LaneDetails(Schema, frozen=True, kw_only=True):
    """Papers beside an issue, such as those shared by people whom the publication follows."""

    title: str
    papers: tuple[LanePaperDetails, ...]
