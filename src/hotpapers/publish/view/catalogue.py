"""The papers of all issues by category and by author.

A category gets a page with its first paper, and one for each of its years. An author gets a page with the second paper;
before that the paper's page says it all. Authors are distinguished by name: people whose names are written alike share
a page.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from hotpapers.base.model import EntrySummary
from hotpapers.base.text.accents import in_plain_letters
from hotpapers.publish.view import clean_text, site_paths

LATEST = 60
"""Papers on the first page of a category."""
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=1 << 16)
def make_slug(name: str) -> str:
    """A name for URLs: `Zoë Brandywine` → `zoe-brandywine`; names in other scripts get a hash."""
    lowercase = (name if name.isprintable() else clean_text.one_line(name)).lower()
    words = lowercase.split()
    if lowercase.isascii() and "".join(words).isalnum():  # the usual case
        return "-".join(words)[:80].strip("-")
    if not lowercase.isascii():
        lowercase = in_plain_letters(lowercase)
        if not lowercase.isascii():
            hasher = hashlib.sha256(" ".join(lowercase.split()).encode("utf-8", "replace"))
            return f"n-{hasher.hexdigest()[:12]}"
    return _NOT_IN_SLUG.sub("-", lowercase).strip("-")[:80].strip("-")


class Catalogue:
    """An index of the entries of issues."""

    def __init__(self, entry_summaries: Sequence[EntrySummary]) -> None:
        by_category = defaultdict[str, list[EntrySummary]](list)
        self._by_author = defaultdict[str, list[EntrySummary]](list)
        self._all = entry_summaries
        for summary in entry_summaries:
            for category in dict.fromkeys(summary.categories):
                by_category[category].append(summary)
            for author in set(map(make_slug, summary.authors)):
                self._by_author[author].append(summary)
        self._by_category = {
            category: summaries for category, summaries in by_category.items() if site_paths.category_url(category)
        }

    def everything(self) -> tuple[set[str], set[str]]:
        """The paths of all categories and their years, and the slugs of all authors."""
        categories = {
            site_paths.category_path(category, year)
            for category in self._by_category
            for year in ("", *self.years(category))
        }
        return categories, set(self._by_author)

    def latest(self, most: int) -> list[EntrySummary]:
        """The latest entries, the newest issue first."""
        return newest_first(self._all)[:most]

    # ---- categories ----------------------------------------------------------------------------------

    def categories(self) -> list[tuple[str, int]]:
        """Every category with its number of entries, by name."""
        return sorted((category, len(summaries)) for category, summaries in self._by_category.items())

    def category(self, category: str) -> Sequence[EntrySummary]:
        """A category's entries, newest issue first."""
        return newest_first(self._by_category.get(category, ()))

    def years(self, category: str) -> dict[str, int]:
        """A category's years with their number of entries, newest first."""
        summaries = reversed(self._by_category.get(category, ()))
        return Counter(summary.day[:4] for summary in summaries)

    # ---- authors -------------------------------------------------------------------------------------

    def has_author(self, author: str) -> bool:
        """Whether the author with this slug has a page."""
        if len(self._by_author.get(author, ())) < 2:  # most authors have one entry
            return False
        return bool(author) and len(self.papers_of(author)) > 1

    def author(self, author: str) -> Sequence[EntrySummary]:
        """The entries by the author with this slug, newest issue first."""
        return newest_first(self._by_author.get(author, ()))

    def papers_of(self, author: str) -> set[str]:
        return {summary.paper for summary in self._by_author.get(author, ())}

    def first_authors(self, most: int) -> list[tuple[str, int]]:
        """The authors with most papers, by their most frequent spellings, and the numbers of these papers."""
        several = filter(self.has_author, self._by_author)
        counts = {author: len(self.papers_of(author)) for author in several}
        first = sorted(counts, key=lambda author: (-counts[author], author))[:most]
        return [(self.spellings(author)[0], counts[author]) for author in first]

    def path_of(self, name: str) -> str:
        """The path of an author's page, by name; empty if there is none."""
        author = make_slug(name)
        return site_paths.author_path(author) if self.has_author(author) else ""

    def spellings(self, author: str) -> list[str]:
        """The spellings of the names that share a slug, most frequent first."""
        summaries = self._by_author.get(author, ())
        names = [name for summary in summaries for name in summary.authors if make_slug(name) == author]
        return sorted({clean_text.one_line(name) for name in names}, key=lambda name: (-names.count(name), name))


def newest_first(entry_summaries: Iterable[EntrySummary]) -> list[EntrySummary]:
    """Entries by issue, newest first, then by place."""
    return sorted(entry_summaries, key=lambda summary: (-int(summary.day.replace("-", "")), summary.place))
