"""The page on which one searches: its help, and the answers that the app writes on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from hotpapers.view import clean_text

PATH = "search/index.html"
SCRIPTS = ("search_index.js", "search.js")
"""What searches where the site lies as files."""
HELP = (
    ("kettle steam", "both words in title, authors or abstract"),
    ("kettl*", "prefix match"),
    ("-tea", "without the word; before names and categories as well"),
    ("kettle OR teapot", "one of them"),
    ('"on steam"', "these words next to each other, in this order"),
    ("title:kettle", "the word in the title"),
    ('author:"Ada Brewster"', "by somebody of that name; author:brewster"),
    ("category:cs.LG", "in a category, or in an archive: category:cs"),
    ("date:2026-11", "of that month; of a day, a year, or a span 2026-11-02..2026-11-05"),
    ("from:2026-11 to:2027", "from then on, until then, both included"),
    ("2101.04869", "the paper itself"),
)
"""Search syntax, and what is found."""


class HitIssueView(NamedTuple):
    """An issue in which a paper was. `target`: the way there from the site's folder."""

    name: str
    target: str
    day: str


class HitView(NamedTuple):
    """A paper that was found; what was asked for is marked. `path`: its page, else `url`: arXiv's; both may be empty.
    `note`: identifier and categories; `day`: when it was announced, where no issue says it."""

    title: Markup
    path: str
    url: str
    authors: Markup
    note: str
    day: str
    places: tuple[HitIssueView, ...]
    text: Markup


class PostHitView(NamedTuple):
    """A post that was found. `papers`: identifiers of what it is about, and the addresses of these."""

    text: Markup
    lang: str
    dir: str
    who: str
    handle: str
    network: str
    day: str
    moment: str
    url: str
    papers: tuple[tuple[str, str], ...]


class SearchAnswer(NamedTuple):
    """What the app found. `summary`: how much it is, or why it is nothing; `next`: the address of what follows; `feed`:
    the way to the feed of this query from the site's folder; `again`: the address of its first page, where the one that
    was asked for is gone. All three may be empty."""

    query: str
    summary: str
    hits: tuple[HitView, ...] = ()
    posts: tuple[PostHitView, ...] = ()
    next: str = ""
    feed: str = ""
    again: str = ""


def marked(text: str, spans: Sequence[tuple[int, int]]) -> Markup:
    """A text with some places marked, given in order and without overlaps; all of it is escaped."""
    html, at = Markup(""), 0
    for start, end in spans:
        html += escape(clean_text.shown(text[at:start])) + Markup("<mark>{}</mark>").format(
            clean_text.shown(text[start:end])
        )
        at = end
    return html + escape(clean_text.shown(text[at:]))


def marked_names(names: Sequence[str], spans: Sequence[tuple[int, int, int]], most: int = 3) -> Markup:
    """The first names, and those in which something is marked: each span after the number of its name."""
    within = {n: [(start, end) for k, start, end in spans if k == n] for n, _, _ in spans}
    named = [n for n in range(len(names)) if n < most or n in within]
    rest = len(names) - len(named)
    text = Markup(", ").join(marked(names[n], within.get(n, ())) for n in named)
    return text + f" and {rest} more" if rest else text
