"""Whether batches change the contents of the app's pages, which stay cached across batches that do not. Of folders,
`publish/schedule/publishing.py` renders again what changes.

Pages show frozen issues, so most collected rows change nothing: new posts, reactions and counts, papers in no issue.
These do: metadata of papers in issues, posts that are gone or limited, whatever closes, prunes or forgets rows, and
anything not known to be harmless, such as issues, lanes, and verdicts, of which a day has few batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from hotpapers.discussion import lanes
from hotpapers.discussion.moderation import quotation_policy
from hotpapers.issues import queries
from hotpapers.record import Record, batches, manifest, read_meta, statement_slices

HARMLESS = frozenset(("account", "coverage", "delivery", "mention", "reaction", "snapshot", "tally"))
"""Kinds of rows that do not change pages: whatever pages show of them was frozen with the issue."""
OF_PAPERS = frozenset(("announcement", "paper"))


class PageChangeCounter:
    """Counts how often a record's pages have changed."""

    def __init__(self, record: Record) -> None:
        self._database = record.database
        self._position = record.head.position
        self._rules = self._read_rules()
        self._issue_papers: frozenset[str] | None = None
        self.changes = 0

    def look(self) -> int:
        rules = self._read_rules()
        position = batches.head(self._database).position
        if position == self._position and rules == self._rules:
            return self.changes
        added = batches.manifests_after(self._database, self._position)
        if rules != self._rules or position < self._position or any(map(self._changes, added)):
            self.changes += 1
            self._issue_papers = None
        self._position = position
        self._rules = rules
        return self.changes

    def _read_rules(self) -> tuple[object, str | None]:
        """Reads the rules on which pages depend besides batches: the blocklist, and how often lanes were noted."""
        return quotation_policy.load_blocklist(self._database), read_meta(self._database, lanes.COUNT)

    def _changes(self, batch: manifest.Manifest) -> bool:
        if batch.closed or batch.pruned or batch.forgotten or batch.erased or batch.tombstones:
            return True
        rows = groupby(batch.rows(), itemgetter(0))
        return any(self._matters(kind, [n for _, n in group]) for kind, group in rows if kind not in HARMLESS)

    def _matters(self, kind: str, numbers: Sequence[int]) -> bool:
        """Whether new rows of a kind change a page."""
        if kind in OF_PAPERS:
            batches_of_papers = (
                queries.papers_of_rows(self._database, kind, batch) for batch in statement_slices(numbers)
            )
            return any(not self._papers().isdisjoint(papers) for papers in batches_of_papers)
        if kind == "post":
            return any(
                queries.do_posts_matter(self._database, batch, self._position) for batch in statement_slices(numbers)
            )
        return True

    def _papers(self) -> frozenset[str]:
        """The papers in any issue."""
        if self._issue_papers is None:
            issues = queries.issue_papers(self._database)
            papers = (paper for _, _, issue in issues for paper in issue.voices)
            self._issue_papers = frozenset(papers)
        return self._issue_papers
