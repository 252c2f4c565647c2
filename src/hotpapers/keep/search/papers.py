"""Searching the record, and how papers are found."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from hotpapers.base import network_terms
from hotpapers.base.errors import BusyStore, CorruptStore, FullStore, ReadOnlyStore, UsageError, require
from hotpapers.base.model import MAX_INTEGER, taken_back
from hotpapers.base.papers.mentions.server_mentions import parse_paper
from hotpapers.keep.search import index, indexing, posts, query_parser, spelling
from hotpapers.keep.search.highlights import Highlighter
from hotpapers.keep.search.index import MAX_HIT_OFFSET, NOTHING, PAPER_WORDS, ResultPage, SearchStatement
from hotpapers.keep.search.query_parser import SearchAtom, SearchQuery, SearchTerm
from hotpapers.keep.search.results import HighlightSpans, PaperHit, PaperResults, PostResults, SearchHitIssue
from hotpapers.record import AsOfView
from hotpapers.record.database import Database, first_column, sql_placeholders
from hotpapers.record.identities import numbers_of
from hotpapers.record.paper_names import paper_named
from hotpapers.record.record import Record

MAX_HITS = 1_000
"""Most hits per page."""
MIN_PART_CHARS = 3
"""Fewest code points of a part of a word."""
ALTERNATIVES = 64
"""Most words that a part is expanded to: the shortest ones."""
PARTS = 4
"""Words in longer queries are not searched as parts, since each takes a scan of all words."""
MAX_INDEXING_SECONDS = 3.0
"""How long a search brings the index up to date, so that no reader has to wait for a new one; the next goes on."""
AT_ONCE = 20
"""Parameters that a statement has room for."""

Answer = TypeVar("Answer", PaperResults, PostResults)


def search_papers(record: Record, query: str, *, limit: int = 20, cursor: str | None = None) -> PaperResults:
    """The papers that match a query (see `query_parser`), in their latest observation.

    Brings the index up to date first, for MAX_INDEXING_SECONDS at most: `behind` is the number of batches that it lacks
    then. `cursor`: `next` from an answer to the same query. Raises UsageError for an invalid limit or cursor,
    ReadOnlyStore if there is no index and none can be made.
    """
    parsed = _sound(query, partial(paper_named, record))
    start = _start(limit, cursor)
    ask = partial(_papers, record.database, query, parsed, limit, start) if parsed.asks else PaperResults
    return _rebuild_if_damaged(record, ask)


def search_posts(
    record: Record,
    query: str,
    *,
    limit: int = 20,
    cursor: str | None = None,
    allowed: network_terms.Table = network_terms.TERMS,
) -> PostResults:
    """The posts about papers that match a query's words and dates.

    Posts that may not be quoted are left out: see `moderation.quotation_policy`. Raises the errors of `search_papers`,
    and UsageError if the query has fields that posts lack: authors, categories.
    """
    parsed = _query_for_posts(query)
    start = _start(limit, cursor)
    ask = partial(posts.search_posts, record, parsed, limit, start, allowed) if parsed.asks else PostResults
    return _rebuild_if_damaged(record, ask)


def latest_posts(record: Record, query: str, *, limit: int, allowed: network_terms.Table) -> PostResults:
    """The posts that `search_posts` finds, but those recorded last, and neither ranked nor counted: `total` is their
    own number. Raises the errors of `search_posts`."""
    parsed = _query_for_posts(query)
    ask = partial(posts.latest_posts, record, parsed, limit, allowed) if parsed.asks else PostResults
    return _rebuild_if_damaged(record, ask)


def _query_for_posts(query: str) -> SearchQuery:
    """A parsed query, without anything that posts don't have."""
    parsed = _sound(query)
    if any(atom.kind != "word" for atom in [*parsed.atoms, *parsed.unwanted]):
        raise UsageError("posts are searched by words and days: leave out author:, title:, category: and identifiers")
    return parsed


def _sound(text: str, key_of: Callable[[str], str] = parse_paper) -> SearchQuery:
    """A parsed query. Raises UsageError if it has a mistake."""
    query = query_parser.parse_query(text, key_of)
    require(not query.mistake, query.mistake)
    return query


def _start(limit: int, cursor: str | None) -> int:
    """The number of hits before the page."""
    if not 1 <= limit <= MAX_HITS:
        raise UsageError(f"{limit}: the limit must be from 1 to {MAX_HITS:,}")
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10 and int(cursor) <= MAX_HIT_OFFSET):
        raise UsageError(f"{cursor[:60]}: not a cursor from an answer")
    return int(cursor)


def update_index(record: Record, on_progress: indexing.OnProgress = lambda _: None, seconds: float = math.inf) -> int:
    """Bring the index up to date. Returns the number of batches it still lacks if the store cannot be written now, or
    if so many seconds are not enough.

    `on_progress` gets the number of rows of each step. Raises the store's error if there is no index yet.
    """
    try:
        return indexing.catch_up(record, on_progress, seconds)
    except (ReadOnlyStore, BusyStore, FullStore):
        if index.load(record.database) is None:
            raise
        return indexing.batches_behind(record)


def make_index(record: Record, on_progress: indexing.OnProgress) -> None:
    """Bring the index up to date. A store that cannot be written and has no index gets one for this connection alone.
    Raises ReadOnlyStore if its server allows none."""
    try:
        update_index(record, on_progress)
    except ReadOnlyStore as problem:
        try:
            index.start_temporary(record.database)
        except ReadOnlyStore as reason:
            raise ReadOnlyStore(
                f"{problem}. There is no search index yet: search once as a user who may write, which makes one."
            ) from reason
        update_index(record, on_progress)


def _rebuild_if_damaged(record: Record, ask: Callable[[], Answer]) -> Answer:
    """The answer, from one snapshot. If the index, and nothing else, is damaged, it is rebuilt first."""
    try:
        return _answer(record, ask)
    except CorruptStore as problem:
        if not index.word_index(record.database).is_to_blame(problem):
            raise
        with record.database.write():
            index.start(record.database)  # a damaged one is rebuilt, not repaired
        return _answer(record, ask)


_INDEXED: WeakKeyDictionary[Database, object] = WeakKeyDictionary()
"""The versions of databases and of their index when all was found to be indexed."""


def _answer(record: Record, ask: Callable[[], Answer]) -> Answer:
    state = record.database.version(), index.VERSION  # read before looking: a later change must show
    is_indexed = state[0] is not None and _INDEXED.get(record.database) == state
    behind = 0 if is_indexed else update_index(record, seconds=MAX_INDEXING_SECONDS)
    if not behind:
        _INDEXED[record.database] = state
    with record.database.snapshot():
        return ask()._replace(behind=behind)


# ---- papers --------------------------------------------------------------------------------------------------


def _papers(database: Database, text: str, query: SearchQuery, limit: int, start: int) -> PaperResults:
    page = _page(database, query, limit, start)
    parts = None if page.counted else _as_parts(database, query)
    if parts is not None:
        page = _statement(database, parts).page(database, limit, start)
    hits = tuple(_hits(database, page.found, Highlighter(parts or query)))
    understood = query_parser.describe_query(query)
    if page.counted:
        meant = ""
    else:
        meant = spelling.suggest_query(database, text, query, partial(_count, database))
    return PaperResults(
        papers=hits, understood=understood, parts=bool(parts and page.counted), meant=meant, **page.totals
    )


def _count(database: Database, query: SearchQuery) -> int:
    return _statement(database, query).count(database)


def _page(database: Database, query: SearchQuery, limit: int, start: int) -> ResultPage:
    """One page of the best results, or of those in the order of `_tiers`, if too many papers match to weigh all of
    them."""
    statement = _statement(database, query)
    end = start + limit
    if not (query.is_ranked and query.wants_all) or (total := statement.count(database, end)) <= index.COUNT_LIMIT:
        return statement.page(database, limit, start)
    scores = dict[int, float]()
    tiers = _tiers(query)
    for score, tier in zip(range(len(tiers), 0, -1), tiers, strict=True):
        last_recorded = _statement(database, tier)._replace(score=str(score), order="1 DESC")
        best = last_recorded.best(database, end + len(scores))
        scores |= {number: best[number] for number in best if number not in scores}
        if len(scores) >= end:
            break
    return ResultPage(dict(islice(scores.items(), start, end)), start, total)


def _tiers(query: SearchQuery) -> list[SearchQuery]:
    """The query for titles, then for names, then for all of a paper. The last one finds all."""
    return list(dict.fromkeys([query.within("title"), query.within("authors"), query]))


def _statement(database: Database, query: SearchQuery) -> SearchStatement:
    """The statement that finds papers. A query by days alone needs no words."""
    days, params = _days("s.day", query)
    newest = "s.day DESC, s.id DESC"
    if not query.wanted and not query.unwanted:
        return SearchStatement("s.id", NOTHING, "search_paper AS s", days or "1 = 1", newest, params)
    match = index.word_index(database).match(PAPER_WORDS, query)
    ranked = query.is_ranked
    if ranked and not days:
        return SearchStatement("f.rowid", match.score, match.source, match.where, "2 DESC, 1 DESC", match.params)
    where = " AND ".join(filter(None, (match.where, "s.id = f.rowid", days)))
    source = f"{match.source} CROSS JOIN search_paper AS s"  # fixed join order: words first
    score, order = (match.score, "2 DESC, 1 DESC") if ranked else (NOTHING, newest)
    return SearchStatement("f.rowid", score, source, where, order, (*match.params, *params))


def _days(column: str, query: SearchQuery) -> tuple[str, tuple[str, ...]]:
    """The condition for a day to be in the range. Days are compared as text; a month includes all days that start with
    it."""
    ends = {f"{column} >= ?": query.since, f"{column} < ?": query.until and f"{query.until}~"}
    given = {condition: day for condition, day in ends.items() if day}
    return " AND ".join(given), tuple(given.values())


def _as_parts(database: Database, query: SearchQuery) -> SearchQuery | None:
    """The query with each word expanded to the paper words that contain it; None if that adds no words."""
    if len(query.atoms) > PARTS:
        return None
    groups = tuple(tuple(term for atom in atoms for term in _whole_words(database, atom)) for atoms in query.wanted)
    return query._replace(wanted=groups) if groups != query.wanted else None


def _whole_words(database: Database, atom: SearchAtom) -> list[SearchAtom]:
    """The words that contain this one; the atom itself if there are none."""
    field, words, prefix = atom.terms[0]
    part = atom.terms[0].words[0]
    is_one_word = len(atom.terms) == len(words) == 1 and not prefix
    if atom.kind not in ("word", "title") or not is_one_word or len(part) < MIN_PART_CHARS:
        return [atom]
    sql = f"SELECT word FROM search_word WHERE word LIKE ? ORDER BY length(word), word LIMIT {ALTERNATIVES}"
    stored_words = first_column(database, sql, (f"%{part}%",))
    return [atom._replace(terms=(SearchTerm(field, (word,)),)) for word in stored_words] or [atom]


_decode_names = msgspec.json.Decoder(tuple[str, ...]).decode


def _hits(database: Database, scores: Mapping[int, float], marker: Highlighter) -> Iterator[PaperHit]:
    """The hits for papers, in the order of their scores."""
    if not scores:
        return
    marks, numbers = _padded(list(scores), 0)
    sql = f"""SELECT s.id, s.paper, s.day, p.title, p.authors, p.categories, p.abstract, p.summary, p.withdrawn
        FROM search_paper AS s JOIN paper AS p ON p.id = s.id WHERE s.id IN ({marks})"""
    rows = {row[0]: row[1:] for row in database.rows(sql, numbers)}
    marks, keys = _padded([row[0] for row in rows.values()], "")
    issues = _issues(database, marks, keys)
    view = AsOfView(database, MAX_INTEGER, MAX_INTEGER)
    notices = view.notices(f"t.paper IN ({numbers_of(keys)})", keys)
    how_taken_back = taken_back((row[0] for row in rows.values() if row[-1]), notices)
    for number, score in scores.items():
        paper, day, title, authors, categories, abstract, summary, _ = rows[number]
        names = _decode_names(authors)
        snippet, spans = marker.snippet(abstract or summary)
        yield PaperHit(
            paper=paper,
            score=score,
            day=day,
            title=title,
            authors=names,
            categories=_decode_names(categories),
            snippet=snippet,
            spans=HighlightSpans(marker.title(title), marker.names(names), spans),
            issues=issues.get(paper, ()),
            taken_back=how_taken_back.get(paper, ""),
        )


def _padded(values: Sequence[Any], nothing: int | str) -> tuple[str, list[Any]]:
    """Values for an `IN (…)`, padded to a multiple of `AT_ONCE`, so that the same statement can be prepared once."""
    padded = [*values, *(nothing for _ in range(-len(values) % AT_ONCE))]
    return sql_placeholders(padded), padded


def _issues(database: Database, marks: str, keys: Sequence[str]) -> dict[str, tuple[SearchHitIssue, ...]]:
    sql = f"""SELECT paper, publication, day, place FROM search_entry
        WHERE paper IN ({marks}) ORDER BY day, publication"""
    by_paper = defaultdict[str, tuple[SearchHitIssue, ...]](tuple)
    for paper, publication, day, place in database.rows(sql, keys):
        by_paper[paper] += (SearchHitIssue(publication, day, place),)
    return by_paper
