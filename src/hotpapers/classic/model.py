"""What a classic issue is made of: immutable values, verbatim where they are free text."""

from __future__ import annotations

from msgspec import Struct


class ClassicLink(Struct, frozen=True):
    """A link in a post: it shows text[start:end] (code points) and leads to `target` (entities resolved)."""

    start: int
    end: int
    target: str


class ClassicPost(Struct, frozen=True):
    """A post as an item shows it. `text` and `name` are plain: entities resolved, `<br>` is a newline in the text.

    `id` is the network's decimal id, `handle` comes without the @, `lang` is the network's own code (also `und`, `in`),
    `rtl` says that the text runs from right to left. `links` are in order and don't overlap.
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

    `number` counts from 1; `tallied` is the printed moment of the tally ("MM/DD/YYYY HH:MM:SS", Japan time);
    `paper` is the bare arXiv identifier, without version.
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
    """A whole file: `date` "YYYY-MM-DD"; `made` "YYYY-MM-DDTHH:MM:SS", as printed but for its ".Z" (Japan time);
    `lead` counts the blank lines between front matter and first item beyond the usual one."""

    date: str
    made: str
    lead: int
    items: tuple[ClassicItem, ...]
