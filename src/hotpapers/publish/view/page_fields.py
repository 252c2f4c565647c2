"""Papers by field: the categories of a page's papers with their numbers, and which of them a reader asked for.

A paper counts in its primary category only, so that the numbers add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote, urlencode

from hotpapers.base.model import EntrySummary, Paper
from hotpapers.publish.view import phrases
from hotpapers.publish.view.category_names import field_name

SHOWN = 5
"""Categories shown at once; the others unfold."""
OTHER = "other"
"""What papers without a category are in."""
ORDERS = ("category", "voices")
"""The orders of lists that have a choice, the default first."""


class PageChoice(NamedTuple):
    """What a reader asked a page for. `category`: only papers of this primary category; `order`: one of `ORDERS`."""

    category: str = ""
    order: str = ""

    def has(self, category: str) -> bool:
        """Whether papers of a primary category are among what the reader asked for."""
        return self.category in ("", category)

    @property
    def query(self) -> str:
        """The query of the page's address: `?in=cs.CL`, or `?` for everything in the page's own order."""
        return "?" + urlencode([(name, value) for name, value in (("in", self.category), ("by", self.order)) if value])


EVERYTHING = PageChoice()


class FieldCount(NamedTuple):
    """A category, its name in words, and its number of papers."""

    category: str
    name: str
    papers: int

    @property
    def anchor(self) -> str:
        """The id of its part of a page that has one for each category."""
        return anchor_of(self.category)


class Fields(NamedTuple):
    """The categories of a page's papers, those with most papers first. `total`: papers in all. `choice`: what the
    reader asked for; `is_live`: whether a program answers addresses with a choice, so that links work without a
    script."""

    counts: tuple[FieldCount, ...]
    total: int
    choice: PageChoice
    is_live: bool

    @property
    def shown(self) -> tuple[FieldCount, ...]:
        """Those shown at once."""
        return self.counts if len(self.counts) == SHOWN + 1 else self.counts[:SHOWN]

    @property
    def folded(self) -> tuple[FieldCount, ...]:
        return self.counts[len(self.shown) :]

    @property
    def chosen(self) -> int:
        """The number of papers in the chosen category."""
        return sum(count.papers for count in self.counts if count.category == self.choice.category)

    @property
    def chosen_name(self) -> str:
        """The chosen category and its name: `cs.CL, Computation and Language`."""
        name = field_name(self.choice.category)
        return f"{self.choice.category}, {name}" if name else self.choice.category

    def query(self, category: str) -> str:
        """The query of the address with another category, in the same order."""
        return self.choice._replace(category=category).query

    def query_by(self, order: str) -> str:
        """The query of the address with the same category, in another order."""
        return self.choice._replace(order="" if order == ORDERS[0] else order).query


def field_of(paper: Paper | EntrySummary) -> str:
    """A paper's primary category."""
    return phrases.one_line(paper.categories[0]) if paper.categories else OTHER


def fields(categories: Iterable[str], choice: PageChoice, *, is_live: bool) -> Fields | None:
    """The fields of papers, by their primary categories. None if the choice is a category that does not exist."""
    counts = Counter(categories)
    if choice.category and not (choice.category in counts or field_name(choice.category)):
        return None
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return Fields(
        tuple(FieldCount(category, field_name(category), papers) for category, papers in ordered),
        counts.total(),
        choice,
        is_live,
    )


def anchor_of(category: str) -> str:
    """`in-cs.CL`: ASCII, and without spaces."""
    return f"in-{quote(category, safe='')}"


def choice_of(category: str | None, order: str | None) -> PageChoice:
    """The choice in an address. Unknown orders are ignored."""
    return PageChoice((category or "")[:60].strip(), order if order in ORDERS[1:] else "")
