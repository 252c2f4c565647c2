"""100,000 papers, against the bare FTS5 query on the same index, and PostgreSQL's own search.

Queries are drawn from the papers with a seed: one to three words of a title, two adjacent words as a phrase, an author
or a category with a word of a title, a prefix, and a few very common words. Ours is all of `search_papers` for 20 hits:
query, check of the index, the best 20, their total (up to 1,000), titles, authors, days, categories, issues, marks and
a snippet. The peer asks the same index for the row numbers of the best 20 by the same BM25, in the fastest way we know
and as usually written (`BARE`, `USUAL` in bench/bench_search.py). Both must find the same papers, but for words in so
many that ours weighs only those with the word in the title. All queries in a row, best of nine, from the page cache.

*PostgreSQL's own* is what its documentation shows: a weighted `to_tsvector('english', …)` of title, authors and
abstract with a GIN index, queried with `websearch_to_tsquery` for the best 20 by `ts_rank` and their titles. Only words
and phrases are compared, since they mean the same there, with `search_papers` on SQLite and on a PostgreSQL store on
the same server.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import zstandard

from bench import measure
from bench.bench_record import fresh_schema
from bench.made_up import MadeUp
from hotpapers.base.errors import HotPapersError
from hotpapers.base.model import Announcement, Item, Paper
from hotpapers.keep.search import catch_up, query_parser, search_papers, tokenizer
from hotpapers.keep.search.index import fts_expression
from hotpapers.record import Record

KEEP = "HOTPAPERS_BENCH_KEEP"
"""Names a folder where the store is kept between runs."""
PAPERS = 100_000
QUERIES = 30
"""Queries of each kind."""
BATCH = 5_000
SMALL = frozenset(
    ("a", "an", "and", "are", "as", "at", "by", "for", "from", "in", "is", "of", "on", "the", "to", "with")
)
NEWEST_FROM = "25"
"""Papers with identifiers from this year on; earlier ones have only a few fields."""

USUAL = "SELECT rowid FROM search_paper_words WHERE search_paper_words MATCH ? ORDER BY rank LIMIT 20"
"""As in SQLite's documentation."""
BARE = USUAL.replace("ORDER BY rank", "ORDER BY rank, rowid DESC")
"""The second term keeps SQLite from making FTS5 sort everything it finds, which is slower."""
SERVERS_OWN = """SELECT id, title, ts_rank(told, asked) FROM bare, websearch_to_tsquery('english', %s) AS asked
    WHERE told @@ asked ORDER BY 3 DESC LIMIT 20"""


class Sorts(NamedTuple):
    """Queries by kind. The first three mean the same in PostgreSQL's own search."""

    words: list[str]
    phrases: list[str]
    common: list[str]
    others: list[str]

    @property
    def every(self) -> list[str]:
        """All of them."""
        return [query for sort in self for query in sort]


# ---- papers and queries ----------------------------------------------------------------------------------


def papers(scale: float) -> tuple[Iterator[Item], str]:
    """Papers with their announcements, and a note on where they come from."""
    number = max(int(PAPERS * scale), 500)
    file = measure.SHARED / "data" / "arxiv-metadata.jsonl.zst"
    if file.exists():
        return itertools.chain.from_iterable(itertools.islice(_real(file), number)), f"{number:,} real papers"
    facts = (item for batch in MadeUp(scale / 10).batches() for item in batch if isinstance(item, Paper | Announcement))
    return itertools.islice(facts, 2 * number), "made-up papers: the real ones are absent"


def _real(file: Path) -> Iterator[list[Item]]:
    with file.open("rb") as stream:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(stream), "utf-8")
        for row in map(json.loads, lines):
            if row["id"] >= NEWEST_FROM:
                yield _items(row)


def _items(row: dict[str, Any]) -> list[Item]:
    key, day = f"arxiv:{row['id']}", row["listed"]
    paper = Paper(
        paper=key, title=row["title"], authors=tuple(row["authors"]), abstract=row["abstract"],
        categories=tuple(row["categories"]), observed_at=1,
    )  # fmt: skip
    if not day:
        return [paper]
    return [
        paper,
        Announcement(paper=key, day=day, category=row["primary"], type="new", announced_at=1, observed_at=1),
    ]


def queries(source: Sequence[Paper]) -> Sorts:
    """Queries drawn from papers; the same papers give the same queries, and each finds at least its paper."""
    chance = random.Random("hot papers search")
    sample = (paper for paper in chance.sample(source, len(source)) if paper.authors and len(_words_of(paper)) > 3)

    def some(paper: Paper, count: int = 1) -> str:
        return " ".join(chance.sample(_words_of(paper), count))

    def neighbors(paper: Paper) -> str:
        row = tokenizer.text_words(paper.title)
        at = chance.randrange(len(row) - 1)
        return f'"{row[at]} {row[at + 1]}"'

    def of_author(paper: Paper) -> str:
        return f"author:{tokenizer.text_words(paper.authors[0])[-1]} {some(paper)}"

    def in_category(paper: Paper) -> str:
        return f"category:{paper.categories[0]} {some(paper)}"

    def beginning(paper: Paper) -> str:
        return f"{some(paper)[:5]}*"

    makers = (of_author, in_category, beginning)
    return Sorts(
        words=[some(next(sample), count) for count in (1, 2, 3) for _ in range(QUERIES)],
        phrases=[neighbors(next(sample)) for _ in range(QUERIES)],
        common=["language models", "graph", "quantum", "attention", "neural network", "diffusion model"],
        others=[make(next(sample)) for make in makers for _ in range(QUERIES)],
    )


def _words_of(paper: Paper) -> list[str]:
    """The words of a title that people would look for."""
    return [word for word in tokenizer.text_words(paper.title) if len(word) > 2 and word not in SMALL]


# ---- the two sides ---------------------------------------------------------------------------------------


class Built(NamedTuple):
    """The time to fill the index (seconds), and its size (bytes)."""

    seconds: float
    size: int


def build(store: str, items: Iterator[Item]) -> Built:
    """Write the papers, then fill the index."""
    with Record(store) as record:
        for batch in iter(lambda: list(itertools.islice(items, BATCH)), []):
            record.append(batch, source="bench")
        empty_size = record.database.size()
        duration = measure.seconds(lambda: catch_up(record))
        return Built(duration, record.database.size() - empty_size)


def told_in(record: Record) -> list[Paper]:
    """All papers of a store."""
    return [row.item for row in record.view().iterate(Paper)]


def against_bare(store: str, texts: Sequence[str]) -> list[float]:
    """[ours, bare, bare as usual] in seconds for all queries."""
    expressions = [fts_expression(query_parser.parse_query(query), one_column=False) for query in texts]
    with Record(store) as record, closing(apsw.Connection(store)) as connection:
        _check_same(record, connection, texts, expressions)

        def plain(sql: str) -> float:
            return measure.seconds(lambda: [connection.execute(sql, (term,)).fetchall() for term in expressions])

        return measure.by_turns(
            9,
            lambda: measure.seconds(lambda: [search_papers(record, query) for query in texts]),
            lambda: plain(BARE),
            lambda: plain(USUAL),
        )


def _check_same(record: Record, connection: apsw.Connection, texts: Sequence[str], expressions: Sequence[str]) -> None:
    """Check that both find the same papers in the same order where all are weighed; otherwise the figures mean
    nothing."""
    number = "SELECT id FROM search_paper WHERE paper = ?"
    for query, term in zip(texts, expressions, strict=True):
        result = search_papers(record, query)
        own_ids = [connection.execute(number, (hit.paper,)).get for hit in result.papers]
        is_same = own_ids == [row[0] for row in connection.execute(BARE, (term,))] and not result.parts
        if result.exact and not is_same:
            raise AssertionError(f"{query}: both sides do not say the same")


def slowest(store: str, texts: Sequence[str]) -> str:
    """A note on single queries."""
    with Record(store) as record:
        times = sorted((min(_once(record, query) for _ in range(3)), query) for query in texts)
    (middle, _), (longest, text) = times[len(times) // 2], times[-1]
    return f"one query: {measure.span(middle)} median, {measure.span(longest)} at most ({text})"


def _once(record: Record, query: str) -> float:
    return measure.seconds(lambda: search_papers(record, query))


# ---- PostgreSQL, where one is reachable ------------------------------------------------------------------


def on_server(store: str, texts: Sequence[str]) -> list[float] | str:
    """[ours on SQLite, ours on PostgreSQL, PostgreSQL's own] in seconds for all queries; or why there are none."""
    try:
        import psycopg
    except ImportError as missing:
        return str(missing)
    try:
        with fresh_schema() as url, Record(store) as lite:
            all_papers = told_in(lite)
            build(url, iter(all_papers))
            with Record(url) as record, psycopg.connect(url, autocommit=True) as connection:
                _fill_own(connection, all_papers)
                return measure.by_turns(
                    3,
                    lambda: measure.seconds(lambda: [search_papers(lite, query) for query in texts]),
                    lambda: measure.seconds(lambda: [search_papers(record, query) for query in texts]),
                    lambda: measure.seconds(lambda: [connection.execute(SERVERS_OWN, (q,)).fetchall() for q in texts]),
                )
    except (HotPapersError, psycopg.Error) as problem:
        return str(problem).splitlines()[0]


def _fill_own(connection: Any, all_papers: Sequence[Paper]) -> None:
    """The table that PostgreSQL's documentation shows."""
    connection.execute("CREATE TABLE bare (id text, title text, told tsvector)")
    sql = """INSERT INTO bare VALUES (%s, %s, setweight(to_tsvector('english', %s), 'A')
        || setweight(to_tsvector('english', %s), 'B') || setweight(to_tsvector('english', %s), 'C'))"""
    rows = [(paper.paper, paper.title, paper.title, ", ".join(paper.authors), paper.abstract) for paper in all_papers]
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)
    connection.execute("CREATE INDEX bare_told ON bare USING gin (told)")
    connection.execute("VACUUM ANALYZE")


# ---- the benchmark ---------------------------------------------------------------------------------------


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(os.environ.get(KEEP, folder)) / f"search-{scale:g}.db")
        items, source = papers(scale)
        index = build(store, items) if not Path(store).exists() else None
        with Record(store) as record:
            sorts = queries(told_in(record))
        own_time, bare, usual = against_bare(store, sorts.every)
        notes = [f"{source}; {len(sorts.every)} queries", slowest(store, sorts.every)]
        if index:
            notes.append(f"the index: {index.size / 1e6:,.0f} MB, filled in {index.seconds:,.0f} s")
        lines = [
            measure.at_most(f"searching, {len(sorts.every)} queries", own_time, bare, 1.5),
            measure.at_most("the same, against the bare query as it is usually written", own_time, usual, None),
        ]
        alike = [*sorts.words, *sorts.phrases, *sorts.common]
        times = on_server(store, alike)
        if isinstance(times, str):
            notes.append(f"PostgreSQL was left out: {times}")
        else:
            lite, server, own = times
            label = f"{len(alike)} of them, words and phrases"
            lines.append(measure.at_most(f"{label}, over SQLite, against PostgreSQL's own", lite, own, None))
            lines.append(measure.at_most(f"{label}, over PostgreSQL, against its own", server, own, None))
    return {"lines": lines, "method": __doc__, "notes": notes}
