"""The parts of a classic issue: immutable values, with free text kept verbatim."""

from __future__ import annotations

from msgspec import Struct


class ClassicLink(Struct, frozen=True):
    """A link in a post: text[start:end] (code points) links to `target` (entities resolved)."""

    start: int
    end: int
    target: str


class ClassicPost(Struct, frozen=True):
    """A post as an item shows it. `text` and `name` are plain text: entities are resolved, `<br>` is a newline.

    `id` is the network's decimal id, `handle` has no @, `lang` is the network's own code (including `und`, `in`), `rtl`
    means right-to-left text. `links` are in order and don't overlap.
    """

    id: str
    handle: str
    name: str
    lang: str
    rtl: bool
    text: str
    links: tuple[ClassicLink, ...]


class ClassicItem(Struct, frozen=True):
    """One paper of an issue. Title, authors and abstract are as printed.

    `number` counts from 1. `tallied` is the printed time of the tally ("MM/DD/YYYY HH:MM:SS", Japan time). `paper` is
    the arXiv identifier without a version.
    """

    number: int
    title: str
    authors: tuple[str, ...]
    reposts: int
    likes: int
    tallied: str
    paper: str
    categories: tuple[str, ...]
    abstract: str
    posts: tuple[ClassicPost, ...]


class ClassicIssue(Struct, frozen=True):
    """A whole file: `date` "YYYY-MM-DD"; `made` "YYYY-MM-DDTHH:MM:SS", as printed without its ".Z" (Japan time);
    `lead`, the number of extra blank lines between the front matter and the first item."""

    date: str
    made: str
    lead: int
    items: tuple[ClassicItem, ...]
