"""Finds posts about papers, in any language: only those that anyone may see now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from hotpapers.base import network_terms
from hotpapers.base.grouping import lists_by_key
from hotpapers.base.model import DAY, MAX_INTEGER, Mention, Post
from hotpapers.base.text import timestamps
from hotpapers.discussion.engagement.queries import doubtful_sql, hidden_sql, limited_sql, persons_sql
from hotpapers.discussion.moderation.quotation_policy import choose_showing, policy_for
from hotpapers.keep.search import index, query_parser
from hotpapers.keep.search.highlights import Highlighter
from hotpapers.keep.search.index import NOTHING, POST_WORDS, ResultPage, SearchStatement
from hotpapers.keep.search.results import PostHit, PostResults
from hotpapers.record.as_of import AsOfView
from hotpapers.record.database import sql_placeholders
from hotpapers.record.identities import key_of, numbers_of
from hotpapers.record.item_rows import SPECS, select_rows
from hotpapers.record.record import Record

SAME = ("post", "network", "created_at", "handle", "name", "lang", "rtl")
"""The fields of a post that a hit shows unchanged."""
CANDIDATES = 1_000
"""Best posts considered for an answer. Whether a post may be quoted is known only once it is read."""
SPARE = 4
"""How many times as many posts are read together as are asked for: some may not be quoted."""


def search_posts(
    record: Record, query: query_parser.SearchQuery, limit: int, start: int, allowed: network_terms.Table
) -> PostResults:
    """A page of posts with the query's words."""
    view = record.view()
    understood = query_parser.describe_query(query)
    if all(row.shown == "link" for row in allowed.values()):
        return PostResults(understood=understood)
    best = _statement(view, query, allowed).best(view.database, CANDIDATES + 1)
    quotable = list(_quotable(view, dict(islice(best.items(), CANDIDATES)), allowed))
    on_page = quotable[start : start + limit]
    page = ResultPage({number: best[number] for number, _, _ in on_page}, start, len(quotable))
    marker = Highlighter(query)
    totals = page.totals | {"exact": len(best) <= CANDIDATES}
    hits = tuple(_hit(post, best[number], papers, marker) for number, post, papers in on_page)
    return PostResults(posts=hits, understood=understood, **totals)


def latest_posts(
    record: Record, query: query_parser.SearchQuery, limit: int, allowed: network_terms.Table
) -> PostResults:
    """The posts with the query's words that were recorded last, latest first. They are neither ranked nor counted,
    which takes longer the more posts there are."""
    view = record.view()
    marker = Highlighter(query)
    if all(row.shown == "link" for row in allowed.values()):
        return PostResults(understood=query_parser.describe_query(query))
    rows = islice(_last_recorded(view, query, limit, allowed), limit)
    hits = [_hit(post, 0, papers, marker) for _, post, papers in rows]
    in_order = tuple(sorted(hits, key=lambda hit: hit.created_at, reverse=True))
    return PostResults(posts=in_order, total=len(in_order), understood=query_parser.describe_query(query))


def _last_recorded(
    view: AsOfView, query: query_parser.SearchQuery, limit: int, allowed: network_terms.Table
) -> Iterator[tuple[int, Post, list[str]]]:
    """Yields the quotable posts, the last recorded first; reads them in steps of `SPARE * limit`."""
    statement = _statement(view, query, allowed)
    unscored = statement._replace(score=NOTHING, order="1 DESC")
    step = SPARE * limit
    for start in range(0, CANDIDATES, step):
        numbers = unscored.best(view.database, step, start)
        yield from _quotable(view, numbers, allowed)
        if len(numbers) < step:
            return


def _statement(view: AsOfView, query: query_parser.SearchQuery, allowed: network_terms.Table) -> SearchStatement:
    """The statement that finds posts: existing, not hidden, from networks whose words may be shown."""
    networks = sorted(name for name, row in allowed.items() if row.shown != "link")
    newest = view.newest(SPECS[Post], "p")
    visible = f"""p.until = 0 AND NOT {limited_sql("p")} AND {newest}
        AND p.network IN ({sql_placeholders(networks)}) AND p.created_at >= ? AND p.created_at < ?
        AND p.post NOT IN (SELECT subject FROM hidden)
        AND p.voice NOT IN (SELECT voice FROM hidden UNION SELECT k.voice FROM stable_account AS k
            JOIN hidden AS h ON h.voice = k.stable_voice)"""
    # The range of days as timestamps: start (inclusive) and end (exclusive)
    first = _midnight(query.since) if query.since else 0
    params = (*networks, *(first, _midnight(_after(query.until)) if query.until else MAX_INTEGER))
    context = f"WITH {persons_sql(view, ())}, {hidden_sql(view)} "
    if not query.wanted and not query.unwanted:
        return SearchStatement("p.id", NOTHING, "post AS p", visible, "p.created_at DESC, p.id DESC", params, context)
    match = index.word_index(view.database).match(POST_WORDS, query)
    where = f"{match.where} AND p.id = f.rowid AND {visible}"
    return SearchStatement(
        "f.rowid",
        match.score,
        f"{match.source} CROSS JOIN post AS p",
        where,
        "2 DESC, 1 DESC",
        (*match.params, *params),
        context,
    )


def _midnight(day: str) -> int:
    return timestamps.start_of_day(day + {4: "-01-01", 7: "-01", 10: ""}[len(day)])


def _after(day: str) -> str:
    """The next day, month or year."""
    days = {4: 366, 7: 31, 10: 1}[len(day)]  # from the first day on, enough for any year or month
    return timestamps.day_of(_midnight(day) + days * DAY)[: len(day)]


def _quotable(
    view: AsOfView, scores: Mapping[int, float], allowed: network_terms.Table
) -> Iterator[tuple[int, Post, list[str]]]:
    """The posts that are about a paper and may be quoted, as they are shown: number, post, papers."""
    numbers = list(scores)
    where = f"id IN ({sql_placeholders(numbers)})"
    rows = select_rows(view.database, SPECS[Post], where, numbers) if numbers else ()
    posts = {row.id: row.item for row in rows}
    if posts:
        papers = _papers_of(view, [post.post for post in posts.values()])
    else:
        papers = {}
    policy = policy_for(view, allowed, posts.values())
    for number in numbers:
        shown = choose_showing(policy, posts[number])
        if shown != "link" and posts[number].post in papers:
            yield number, network_terms.as_shown(posts[number], shown), papers[posts[number].post]


def _papers_of(view: AsOfView, posts: Sequence[str]) -> dict[str, list[str]]:
    """The papers that posts are about, except doubtful ones."""
    newest = view.newest(SPECS[Mention], "m")
    sql = f"""WITH {doubtful_sql(view)} SELECT {key_of("m.post")}, {key_of("m.paper")} FROM mention AS m
        WHERE m.post IN ({numbers_of(posts)}) AND {view.visible("m")} AND {newest}
          AND NOT EXISTS (SELECT 1 FROM doubtful AS d WHERE d.post = m.post AND d.paper = m.paper)
        ORDER BY 1, 2"""
    return lists_by_key(view.database.rows(sql, tuple(posts)))


def _hit(post: Post, score: float, papers: Sequence[str], marker: Highlighter) -> PostHit:
    text, spans = marker.snippet(post.text)
    same = {name: getattr(post, name) for name in SAME}
    return PostHit(**same, score=score, text=text, spans=spans, papers=tuple(papers))
