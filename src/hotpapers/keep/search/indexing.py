"""Fills the index in batch order, one slice per transaction, so that writers never wait for long.

Writing batches doesn't touch the index; a search brings it up to date first. After a crash, indexing continues where it
stopped, since each slice is committed together with the index's state.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from hotpapers.base.errors import CorruptStore
from hotpapers.base.model import MAX_INTEGER, Announcement, HeldPapers, Issue, Paper, Post, is_retrospective
from hotpapers.base.papers import paper_servers
from hotpapers.base.papers.categories import archive_of
from hotpapers.base.text import timestamps
from hotpapers.keep.search import index
from hotpapers.keep.search.index import ALL, BETWEEN, PAPER_WORDS, POST_WORDS, Document, IndexState
from hotpapers.keep.search.tokenizer import MAX_WORD_CHARS, stem_word, text_words
from hotpapers.record import batches, issue_contents
from hotpapers.record.as_of import AsOfView
from hotpapers.record.database import Database, first_column, first_value, sql_placeholders, statement_slices
from hotpapers.record.identities import key_of, numbers_of
from hotpapers.record.item_rows import SPECS, RowOf
from hotpapers.record.record import Record

SLICE = 1_000
"""Rows processed per transaction."""
CACHED_WORDS = 200_000
"""Words remembered as being in the index, so that they are not inserted again."""

OnProgress = Callable[[int], None]


def batches_behind(record: Record) -> int:
    """How many batches are not indexed yet; all of them if there is no index."""
    state = index.load(record.database)
    return record.head.position - (state.position if state else 0)


def catch_up(record: Record, on_progress: OnProgress = lambda _: None, seconds: float = math.inf) -> int:
    """Bring the index up to the last batch, or until so many seconds are over. Returns how many batches it still lacks;
    `on_progress` gets the number of rows of each step."""
    builder = _IndexBuilder(record.database)
    end = time.monotonic() + seconds
    while step := builder.step():
        on_progress(step)
        if time.monotonic() > end:
            return batches_behind(record)
    return 0


def outstanding_rows(record: Record) -> int:
    """How many rows `catch_up` would process."""
    state = index.load(record.database)
    highest = {kind: first_value(record.database, f"SELECT max(id) FROM {kind}") or 0 for kind in _KINDS}
    return sum(max(number - (state.last_ids.get(kind, 0) if state else 0), 0) for kind, number in highest.items())


def renew_posts(database: Database, keys: Iterable[str]) -> None:
    """Index posts again after parts of them were forgotten, leaving no trace of those. Call inside `write()`."""
    if index.load(database) is None:
        index.clear(database)
        return
    _IndexBuilder(database).take_posts(list(keys))
    index.word_index(database).tidy(database)


class _IndexBuilder:
    """Indexes rows; remembers between slices which words are in the index."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._index = index.word_index(database)
        self._words = set[str]()
        self._last_ids: dict[str, int] = {}

    def step(self) -> int:
        """Index one slice. Returns its number of rows, 0 when done."""
        state = index.load(self._database)
        if state is not None and batches.head(self._database).position == state.position:
            return 0
        with self._database.write():
            state = index.load(self._database) or index.start(self._database)
            if state.last_ids != self._last_ids:  # another process has changed the index and may have restarted it
                self._words.clear()
            for kind, (key, take) in _KINDS.items():
                sql = f"SELECT t.id, {key} FROM {kind} AS t WHERE t.id > ? ORDER BY t.id LIMIT {SLICE}"
                if rows := self._database.rows(sql, (state.last_ids.get(kind, 0),)):
                    take(self, list(dict.fromkeys(row[1] for row in rows)))
                    self._last_ids = state.last_ids | {kind: rows[-1][0]}
                    index.save(self._database, state._replace(last_ids=self._last_ids))
                    return len(rows)
            # Reindex what a better parser has superseded
            for kind, (key, take) in _KINDS.items():
                sql = f"SELECT DISTINCT {key} FROM {kind} AS t WHERE t.until > 0 AND t.until > ?"
                if rows := self._database.rows(sql, (state.position,)):
                    take(self, [row[0] for row in rows])
            head = batches.head(self._database)
            index_state = IndexState(head.position, head.chain.hex(), state.last_ids)
            index.save(self._database, index_state)
            return 0

    def take_announcements(self, papers: Sequence[str]) -> None:
        """Update the days of indexed papers."""
        for chunk in statement_slices(papers):
            sql = f"SELECT paper FROM search_paper WHERE paper IN ({sql_placeholders(chunk)})"
            known = first_column(self._database, sql, chunk)
            days = self._announced(known)
            rows = [(days[paper], paper) for paper in known if paper in days]
            self._database.many("UPDATE search_paper SET day = ? WHERE paper = ?", rows)
            self.take_papers([paper for paper in known if paper not in days])

    def take_papers(self, papers: Sequence[str]) -> None:
        """Index the latest observations of papers, replacing earlier ones."""
        for chunk in statement_slices(papers):
            old_rows = f"SELECT id FROM search_paper WHERE paper IN ({sql_placeholders(chunk)})"
            self._database.run(f"DELETE FROM search_paper_words WHERE rowid IN ({old_rows})", chunk)
            self._database.run(f"DELETE FROM search_paper WHERE paper IN ({sql_placeholders(chunk)})", chunk)
            days = self._announced(chunk)
            latest = self._view().latest(Paper, f"t.paper IN ({numbers_of(chunk)})", chunk)
            rows = [(row.id, row.item.paper, days.get(row.item.paper) or day_of(row.item)) for row in latest]
            self._database.many("INSERT INTO search_paper VALUES (?, ?, ?)", rows)
            documents = [paper_words(row.id, row.item) for row in latest]
            self._index.put(self._database, PAPER_WORDS, documents)
            self._keep_words(documents)

    def take_posts(self, posts: Sequence[str]) -> None:
        """Index the latest observations of posts that may be shown, replacing earlier ones."""
        for chunk in statement_slices(posts):
            old_rows = f"SELECT id FROM post WHERE post IN ({numbers_of(chunk)})"
            self._database.run(f"DELETE FROM search_post_words WHERE rowid IN ({old_rows})", chunk)
            rows = self._view().latest(Post, f"t.post IN ({numbers_of(chunk)})", chunk)
            self._index.put(self._database, POST_WORDS, list(filter(None, map(post_words, rows))))

    def take_issues(self, issues: Sequence[str]) -> None:
        """Index the papers in issues, given by publication and day, by their latest editions."""
        for issue in issues:
            where = issue.rpartition(" ")[::2]
            self._database.run('DELETE FROM search_entry WHERE publication = ? AND "day" = ?', where)
            rows = list(_entries(self._view().items(Issue, 't.publication = ? AND t."day" = ?', where)))
            self._database.many("INSERT INTO search_entry VALUES (?, ?, ?, ?)", rows)

    def _view(self) -> AsOfView:
        return AsOfView(self._database, MAX_INTEGER, batches.head(self._database).position)

    def _announced(self, papers: Sequence[str]) -> dict[str, str]:
        """The first day on which each paper was announced."""
        if not papers:
            return {}
        view = self._view()
        newest = view.newest(SPECS[Announcement], "t")
        sql = f"""SELECT {key_of("t.paper")}, min(t."day") FROM announcement AS t
            WHERE t.paper IN ({numbers_of(papers)}) AND t.type <> 'replacement' AND {view.visible("t")}
              AND {newest} GROUP BY t.paper"""
        return dict(self._database.rows(sql, tuple(papers)))

    def _keep_words(self, papers: Iterable[Document]) -> None:
        """Store the words of titles, authors and abstracts, for searches by a part of a word."""
        if len(self._words) > CACHED_WORDS:
            self._words.clear()
        new_words = {word for _, columns in papers for column in columns[:-1] for word in column}
        missing_words = [(word,) for word in sorted(new_words - self._words - {BETWEEN})]
        self._database.many("INSERT INTO search_word VALUES (?) ON CONFLICT DO NOTHING", missing_words)
        self._words |= new_words


_KINDS: dict[str, tuple[str, Callable[[_IndexBuilder, Sequence[str]], None]]] = {
    "announcement": (key_of("t.paper"), _IndexBuilder.take_announcements),
    "paper": (key_of("t.paper"), _IndexBuilder.take_papers),
    "post": (key_of("t.post"), _IndexBuilder.take_posts),
    "issue": ("t.publication || ' ' || t.\"day\"", _IndexBuilder.take_issues),
}
"""The kinds of rows that are indexed, their keys and handlers. Announcements first, since papers include their day."""


# ---- words of an item ----------------------------------------------------------------------------------------


def paper_words(number: int, paper: Paper) -> Document:
    """The words of a paper. Its one-sentence summary is searched too, by itself if there is no abstract."""
    text = f"{paper.abstract}\n{paper.summary}" if paper.summary else paper.abstract
    authors = [word for name in paper.authors for word in (*text_words(name), BETWEEN)]
    labels = {name for category in paper.categories for name in (category.lower(), archive_of(category.lower()))}
    own_labels = [
        ALL,
        f"#{paper_servers.paper_id(paper.paper)}",
        *(f"#{name}" for name in sorted(labels) if _is_label(name)),
    ]
    return number, [_stems(paper.title), authors, _stems(text), own_labels]


def _stems(text: str) -> list[str]:
    return [stem_word(word) for word in text_words(text)]


def _is_label(name: str) -> bool:
    """Whether this looks like a category; imported ones may be anything."""
    if len(name) > MAX_WORD_CHARS:
        return False
    return name.isascii() and name.replace(".", "").replace("-", "").isalnum()


def post_words(row: RowOf[Post]) -> Document | None:
    """The words of a post that anyone may see; None for others."""
    post = row.item
    if row.is_forgotten or post.gone or post.limits:
        return None
    stems = _stems(post.text)
    return (row.id, [[ALL, *stems]]) if stems else None


def day_of(paper: Paper) -> str:
    """The day of a paper that was never announced: when it was submitted, else the month of its identifier; empty if
    neither is known."""
    if paper.published_at is not None:
        return timestamps.day_of(paper.published_at)
    month = paper_servers.month_of(paper.paper)
    return f"{month[0]}-{month[1]:02}" if month else ""


def _entries(issues: Iterable[Issue]) -> Iterator[tuple[str, str, str, int]]:
    """Publication, day, paper and place of every entry; place 0 for a paper still talked about."""
    editions = {(issue.publication, issue.day): issue for issue in issues if not is_retrospective(issue.publication)}
    for (publication, day), issue in editions.items():
        try:
            content = issue_contents.decode_content(issue.content, HeldPapers)
        except CorruptStore:  # `verify` reports it
            continue
        places = {held.paper: 0 for held in content.ongoing} | {held.paper: held.place for held in content.listed}
        yield from ((publication, day, paper, place) for paper, place in places.items())
