"""Search results as shown on the page. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from hotpapers.base.model import Post
from hotpapers.issues.ranking import words
from hotpapers.keep.search import PostHit, SearchHitIssue, query_parser
from hotpapers.publish.query import schemas
from hotpapers.publish.query.session import bare
from hotpapers.publish.render.html.search_page import (
    HitIssueView,
    HitView,
    PostHitView,
    SearchAnswer,
    marked,
    marked_names,
)
from hotpapers.publish.view import phrases, site_paths
from hotpapers.publish.view.post_views import byline

ISSUES = 3
"""How many of the latest issues with a paper are named."""
NOTHING = "Type a word, a name, a category or a day."
GONE = "These results have expired."


def query_error(query: str) -> str:
    """Why a query cannot be answered; empty if it can."""
    if len(query) > query_parser.MAX_QUERY_CHARS:
        return f"This is too long: type {query_parser.MAX_QUERY_CHARS:,} characters at most."
    return "" if query_parser.parse(query).asks else NOTHING


def expired(query: str) -> SearchAnswer:
    """The answer for a page of results that have expired, with a link to the first page."""
    return SearchAnswer(query, GONE, first_page="?" + urlencode({"q": query}, quote_via=quote))


def answer_of(query: str, page: schemas.SearchPage, posts: Sequence[PostHit], publication: str) -> SearchAnswer:
    """The answer to a query on the site of a publication."""
    return SearchAnswer(
        query=query,
        summary=result_line(query, page),
        hits=tuple(_hit(hit, publication) for hit in page.papers),
        posts=tuple(map(_post, posts)),
        feed=feed_address(query) if page.understood else "",
        next="?" + urlencode({"q": query, "cursor": page.next}, quote_via=quote) if page.next else "",
    )


def feed_address(query: str, form: str = "atom") -> str:
    """The address of a query's feed, relative to the site's root."""
    return f"feeds/query.{form}?" + urlencode({"q": query}, quote_via=quote)


def result_line(query: str, page: schemas.SearchPage) -> str:
    """How the query was understood, the number of results and their order, in the words of the static site's search."""
    if not page.understood:
        return NOTHING
    number = words.count_noun(page.total, "paper") if page.exact else f"More than {page.total:,} papers"
    order = "best" if query_parser.parse(query).is_ranked else "newest"
    first = f", the {order} first" if page.total > 1 else ""
    if not page.total:
        text = f"No paper {page.understood}."
    elif page.parts:
        text = f"No paper {page.understood}; {number} with it as part of a word{first}."
    else:
        text = f"{number} {page.understood}{first}."
    backlog = " Not everything is searched yet."
    return text + (backlog if page.behind else "")


def _hit(hit: schemas.SearchHit, publication: str) -> HitView:
    issues = [issue for issue in hit.issues if issue.publication == publication]
    note = ", ".join(map(phrases.one_line, (hit.id, *hit.categories)))
    return HitView(
        title=marked(hit.title, hit.spans.title) if hit.title else marked(hit.id, ()),
        path=site_paths.paper_path(hit.paper) if issues else "",
        url=site_paths.abs_url(hit.paper),
        authors=marked_names(hit.authors, hit.spans.authors),
        note=note,
        day="" if issues else _day_name(hit.day),
        places=tuple(_place(issue, hit.paper) for issue in issues[: -ISSUES - 1 : -1]),
        text=marked(hit.snippet, hit.spans.snippet),
    )


def _day_name(day: str) -> str:
    """The name of a day, or of a month: for a paper that was never announced, only the month may be known."""
    return phrases.day_name(day) if len(day) == len("2021-01-14") else phrases.month_name(day)


def _place(issue: SearchHitIssue, paper: str) -> HitIssueView:
    name = f"place {issue.place}" if issue.place else "still talked about"
    anchor = site_paths.arxiv_id(paper).replace("/", "-")
    return HitIssueView(name, site_paths.issue_path(issue.day) + (f"#{anchor}" if anchor else ""), issue.day)


def _post(hit: PostHit) -> PostHitView:
    post = Post(
        post=hit.post,
        network=hit.network,
        account="",
        created_at=hit.created_at,
        handle=hit.handle,
        name=hit.name,
        lang=hit.lang,
        rtl=hit.rtl,
        observed_at=0,
    )
    papers = tuple((bare(paper), site_paths.abs_url(paper)) for paper in hit.papers)
    return PostHitView(text=marked(hit.text, hit.spans), papers=papers, **byline(post))
