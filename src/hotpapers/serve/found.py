"""What a search found, as the page shows it: pure."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from hotpapers.answers import shapes
from hotpapers.answers.desk import bare
from hotpapers.model import Post
from hotpapers.publish import addresses, wording
from hotpapers.publish.quoting import language
from hotpapers.publish.search_page import Answer, HitView, PlaceView, PostHitView, marked, marked_names
from hotpapers.ranking import words
from hotpapers.record.search import PostHit, grammar

ISSUES = 3
"""The latest issues that are named of those that held a paper."""
NOTHING = "Nothing was asked for: write a word, a name, a category or a day."
GONE = "This page of answers is gone."


def complaint(query: str) -> str:
    """Why a query cannot be answered; empty where it can."""
    if len(query) > grammar.LONGEST:
        return f"That is too long: write {grammar.LONGEST:,} signs at most."
    return "" if grammar.parse(query).asks else NOTHING


def gone(query: str) -> Answer:
    """The answer to who asks for a page of an answer that there is no more, with the way to its first one."""
    return Answer(query, GONE, again="?" + urlencode({"q": query}, quote_via=quote))


def answer_of(query: str, found: shapes.Hits, posts: Sequence[PostHit], publication: str) -> Answer:
    """The answer to a query on the site of a publication."""
    return Answer(
        query=query, told=told(found), hits=tuple(_hit(hit, publication) for hit in found.papers),
        posts=tuple(map(_post, posts)), feed=feed_address(query) if found.understood else "",
        next="?" + urlencode({"q": query, "cursor": found.next}, quote_via=quote) if found.next else "",
    )  # fmt: skip


def feed_address(query: str) -> str:
    """The way to the feed of a query from the site's folder."""
    return "feeds/query.atom?" + urlencode({"q": query}, quote_via=quote)


def told(found: shapes.Hits) -> str:
    """What was understood, and how much there is of it."""
    if not found.understood:
        return NOTHING
    number = words.count_noun(found.total, "paper") if found.exact else f"More than {found.total:,} papers"
    if not found.total:
        said = f"No paper {found.understood}."
    elif found.parts:
        said = f"No paper {found.understood}; {number} with that as part of a word."
    else:
        said = f"{number} {found.understood}."
    late = f" {words.count_noun(found.behind, 'batch', 'batches')} of the record could not be searched yet."
    return said + (late if found.behind else "")


def _hit(hit: shapes.Hit, publication: str) -> HitView:
    issues = [one for one in hit.issues if one.publication == publication]
    note = ", ".join(map(wording.one_line, (hit.id, *hit.categories)))
    return HitView(
        title=marked(hit.title, hit.spans.title) if hit.title else marked(hit.id, ()),
        path=addresses.paper_path(hit.paper) if issues else "", url=addresses.abs_url(hit.paper),
        authors=marked_names(hit.authors, hit.spans.authors), note=note, day="" if issues else hit.day,
        places=tuple(_place(one, hit.paper) for one in issues[: -ISSUES - 1 : -1]),
        text=marked(hit.snippet, hit.spans.snippet),
    )  # fmt: skip


def _place(one: shapes.FoundIn, paper: str) -> PlaceView:
    name = f"place {one.place}" if one.place else "still talked about"
    anchor = addresses.bare(paper).replace("/", "-")
    return PlaceView(name, addresses.issue_path(one.day) + (f"#{anchor}" if anchor else ""), one.day)


def _post(hit: PostHit) -> PostHitView:
    post = Post(observed_at=0, post=hit.post, network=hit.network, account="", created_at=hit.created_at)
    return PostHitView(
        text=marked(hit.text, hit.spans), lang=language(hit.lang), dir="rtl" if hit.rtl else "auto",
        who=wording.one_line(hit.name or (f"@{hit.handle}" if hit.handle else "A post")),
        handle=wording.one_line(hit.handle) if hit.name else "",
        network=wording.one_line(words.network_name(hit.network)),
        day=wording.day_name(wording.day_of(hit.created_at)), moment=wording.iso(hit.created_at),
        url=addresses.post_url(post), papers=tuple((bare(paper), addresses.abs_url(paper)) for paper in hit.papers),
    )  # fmt: skip
