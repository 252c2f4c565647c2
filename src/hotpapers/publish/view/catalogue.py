"""The papers of all issues by category and by author.

A category gets a page with its first paper, and one for each of its years. An author gets a page with the second paper;
before that the paper's page says it all. Authors are distinguished by name: people whose names are written alike share
a page.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from operator import attrgetter

from hotpapers.base.model import EntrySummary
from hotpapers.base.papers.categories import is_category
from hotpapers.base.text import clean_text
from hotpapers.base.text.accents import in_plain_letters
from hotpapers.publish.view import site_paths

LATEST = 60
"""Papers on the first page of a category."""
_SIGNS = str.maketrans({sign: "-" for sign in map(chr, range(128)) if sign != "\n" and not sign.isalnum()})


@lru_cache(1024)
def make_slug(name: str) -> str:
    """A name for URLs: `Zoë Brandywine` → `zoe-brandywine`; names in other scripts get a hash."""
    return make_slugs([name])[0]


def make_slugs(names: Iterable[str]) -> list[str]:
    """The slugs of names: of many in a third of the time."""
    lines = (name if name.isascii() and name.isprintable() else _in_ascii(name) for name in names)
    text = "\n".join(lines).lower().translate(_SIGNS)
    while "--" in text:
        text = text.replace("--", "-")
    slugs = text.split("\n")
    return [slug.strip("-")[:80].strip("-") for slug in slugs]


def _in_ascii(name: str) -> str:
    lowercase = in_plain_letters(clean_text.one_line(name).lower())
    if lowercase.isascii():
        return lowercase
    hasher = hashlib.sha256(" ".join(lowercase.split()).encode("utf-8", "replace"))
    return f"n-{hasher.hexdigest()[:12]}"


class Catalogue:
    """An index of entries of issues, which are ordered by day and place. `entries`: the newest issue first, then by
    place. `papers`: of each author who has a page, by slug, the number of papers."""

    def __init__(self, entry_summaries: Iterable[EntrySummary]) -> None:
        by_category = defaultdict[str, list[EntrySummary]](list)
        self._by_author = defaultdict[str, list[EntrySummary]](list)
        self.entries = sorted(entry_summaries, key=attrgetter("day"), reverse=True)
        names = {name for summary in self.entries for name in summary.authors}
        self._slugs = dict(zip(names, make_slugs(names), strict=False))
        for summary in self.entries:
            for category in dict.fromkeys(summary.categories):
                by_category[category].append(summary)
            for name in summary.authors:
                self._by_author[self._slugs[name]].append(summary)
        self._by_category = {
            category: summaries for category, summaries in by_category.items() if is_category(category)
        }
        counts = {
            author: len({summary.paper for summary in summaries})
            for author, summaries in self._by_author.items()
            if len(summaries) > 1  # most authors have one entry
        }
        self.papers = {author: count for author, count in counts.items() if author and count > 1}
        self.years = cache(self._count_years)

    def everything(self) -> tuple[set[str], set[str]]:
        """The paths of all categories and their years, and the slugs of all authors."""
        categories = {
            site_paths.category_path(category, year)
            for category in self._by_category
            for year in ("", *self.years(category))
        }
        return categories, set(self.papers)

    # ---- categories ----------------------------------------------------------------------------------

    def categories(self) -> list[tuple[str, int]]:
        """Every category with its number of entries, by name."""
        return sorted((category, len(summaries)) for category, summaries in self._by_category.items())

    def category(self, category: str) -> Sequence[EntrySummary]:
        """A category's entries, newest issue first."""
        return self._by_category.get(category, [])

    def _count_years(self, category: str) -> dict[str, int]:
        """A category's years with their number of entries, newest first."""
        return Counter(summary.day[:4] for summary in self.category(category))

    # ---- authors -------------------------------------------------------------------------------------

    def author(self, author: str) -> Sequence[EntrySummary]:
        """The entries by the author with this slug, newest issue first."""
        return list(dict.fromkeys(self._by_author.get(author, ())))  # two names of a paper may be written alike

    def first_authors(self, most: int) -> list[tuple[str, int]]:
        """The authors with most papers, by their most frequent spellings, and the numbers of these papers."""
        first = sorted(self.papers, key=lambda author: (-self.papers[author], author))[:most]
        return [(self.spellings(author)[0], self.papers[author]) for author in first]

    def path_of(self, name: str) -> str:
        """The path of an author's page, by name; empty if there is none."""
        author = make_slug(name)
        return site_paths.author_path(author) if author in self.papers else ""

    def spellings(self, author: str) -> list[str]:
        """The spellings of the names that share a slug, most frequent first."""
        names = [name for summary in self.author(author) for name in summary.authors if self._slugs[name] == author]
        return sorted({clean_text.one_line(name) for name in names}, key=lambda name: (-names.count(name), name))
