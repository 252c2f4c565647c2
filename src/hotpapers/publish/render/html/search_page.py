"""The search page: its help, and the answers that the app renders on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from hotpapers.publish.view.highlighting import mark_spans

PATH = "search/index.html"
SCRIPTS = ("search_words.js", "search_index.js", "search_spelling.js", "search.js")
"""The scripts that search a static site."""
MAX_NAMES = 3
"""Authors of a hit that are shown whether or not they match."""
HELP = (
    ("kettle steam", "both words in title, authors or abstract"),
    ("kettl*", "prefix match"),
    ("-tea", "without the word; also works with authors and categories"),
    ("kettle OR teapot", "either word"),
    ('"on steam"', "these words next to each other, in this order"),
    ("title:kettle", "the word in the title"),
    ('author:"Ada Brewster"', "by an author of that name; author:brewster works too"),
    ("category:cs.LG", 'in a category, in an archive: category:cs, or as named: category:"bioRxiv: neuroscience"'),
    ("date:2026-11", "from that month; also a day, a year or a range 2026-11-02..2026-11-05"),
    ("from:2026-11 to:2027", "from one date to the other, both included"),
    ("2101.04869", "the paper itself"),
)
"""Search syntax, and its meaning."""


class HitIssueView(NamedTuple):
    """An issue that contains a paper. `target`: its path from the site's folder."""

    name: str
    target: str
    day: str


class HitView(NamedTuple):
    """A paper that was found, with the matches marked. `path`: its page, else `url`: arXiv's; both may be empty.
    `taken_back`: how, if it was; `note`: identifier and categories; `day`: when it was announced, if no issue says
    so."""

    title: Markup
    path: str
    url: str
    authors: Markup
    note: str
    day: str
    places: tuple[HitIssueView, ...]
    text: Markup
    taken_back: str


class PostHitView(NamedTuple):
    """A post that was found. `papers`: identifiers and addresses of the papers it is about."""

    text: Markup
    lang: str
    dir: str
    author: str
    handle: str
    network: str
    day: str
    moment: str
    url: str
    papers: tuple[tuple[str, str], ...]


class SearchAnswer(NamedTuple):
    """The app's answer to a search. `summary`: how many results, or why there are none; `next`: the address of the next
    page; `feed`: the path of this query's feed from the site's folder; `first_page`: its address, if the requested page
    is gone. The last three may be empty. `meant`: a query that finds something instead, and its address."""

    query: str
    summary: str
    hits: tuple[HitView, ...] = ()
    posts: tuple[PostHitView, ...] = ()
    next: str = ""
    feed: str = ""
    first_page: str = ""
    meant: tuple[str, str] | None = None


def marked_names(names: Sequence[str], spans: Sequence[tuple[int, int, int]]) -> Markup:
    """The first names, and those with a match. Each span follows the index of its name."""
    spans_by_name = {n: [(start, end) for k, start, end in spans if k == n] for n, _, _ in spans}
    printed = [n for n in range(len(names)) if n < MAX_NAMES or n in spans_by_name]
    omitted = len(names) - len(printed)
    text = Markup(", ").join(mark_spans(names[n], spans_by_name.get(n, ())) for n in printed)
    return text + f" and {omitted} more" if omitted else text
