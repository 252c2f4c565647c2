"""The twenty changes, each on networks where it is realistic."""

from __future__ import annotations

from tests.drift import changes as to
from tests.drift.drill import Drift

LATER, NEW_FORMAT = "nothing: what it hides", "upgrade hotpapers"
DRILL = (
    Drift(
        "403 with a page in place of JSON",
        "reddit",
        to.answers(403, to.BLOCKED),
        "answered 403",
        "it no longer answers",
    ),
    Drift(
        "403 with a page in place of JSON",
        "reddit feeds",
        to.answers(403, to.BLOCKED),
        "answered 403",
        "it no longer answers",
    ),
    Drift("200 with a page to log in", "mastodon", to.answers(200, to.LOGIN), "web page", "open the address"),
    Drift("200 with a page to log in", "huggingface", to.answers(200, to.LOGIN), "web page", "open the address"),
    Drift("a challenge in JavaScript", "lobsters", to.answers(200, to.CHALLENGE), "web page", "open the address"),
    Drift("a challenge in JavaScript", "feeds", to.answers(200, to.CHALLENGE), "web page", "open the address"),
    Drift(
        "429 below the documented limit", "mastodon", to.lets_through(2), "answered 429", "nothing: it is asked less"
    ),
    Drift(
        "429 below the documented limit", "hackernews", to.lets_through(3), "answered 429", "nothing: it is asked less"
    ),
    Drift("smaller pages than documented", "reddit", to.asks_for(limit="30")),
    Drift("smaller pages than documented", "hackernews", to.asks_for(hitsPerPage="1")),
    Drift("smaller pages than documented", "huggingface", to.asks_for(limit="3")),
    Drift("smaller pages than documented", "mastodon", to.asks_for(limit="10")),
    Drift("smaller pages than documented", "x", to.asks_for(max_results="10")),
    Drift("a key is demanded", "hackernews", to.demands_a_key, "answered 401", "it no longer answers"),
    Drift(
        "a key is demanded",
        "bluesky",
        to.on("getPosts", to.demands_a_key),
        "answered 401",
        "it no longer answers",
        counts=True,
        shows_after=4,
    ),
    Drift("a key is demanded", "reddit own feeds", to.shows_feeds_to_accounts),
    Drift("an empty search for two days", "hackernews", to.cut_to(0, "hits"), "search", LATER, hours=48),
    Drift(
        "a stale feed",
        "arxiv",
        to.on("/rss/", to.has_yesterdays_papers),
        "another day's items",
        "nothing: it is read again",
        hours=28,
        shows_after=22,
    ),
    Drift("a renamed field", "lobsters", to.renamed(short_id="id"), "could not be read", NEW_FORMAT),
    Drift("a renamed field", "mastodon", to.renamed(content="text"), "could not be read", NEW_FORMAT),
    Drift("a renamed field", "hackernews", to.renamed(created_at_i="created_at_s"), "could not be read", NEW_FORMAT),
    Drift("a renamed field", "bluesky", to.renamed(text="body"), "could not be read", NEW_FORMAT, lost=True),
    Drift("a new type of embed", "bluesky", to.replaced(b"app.bsky.embed.external", b"app.bsky.embed.preview")),
    Drift("a new prefix of DOIs", "mastodon", to.replaced(b"10.48550/arXiv", b"10.65215/arXiv"), blind="doi"),
    Drift("a moved host", "lobsters", to.redirects),
    Drift("a moved host", "reddit", to.redirects, "redirects a form", "it may have moved"),
    Drift("an expired certificate", "lobsters", to.has_expired, "certificate has expired", "its operator"),
    Drift("a refused cursor", "x", to.refuses("since_id"), "answered 400", NEW_FORMAT),
    Drift("a refused cursor", "mastodon", to.refuses("min_id"), "answered 400", NEW_FORMAT),
    Drift(
        "times in another zone",
        "lobsters",
        to.with_values(created_at=lambda text: text[:23] + "+00:00"),
        "the dates of",
        NEW_FORMAT,
    ),
    Drift("HTML in place of plain text", "lobsters", to.with_values(description_plain=lambda text: f"<p>{text}</p>")),
    Drift(
        "no counts",
        "lobsters",
        to.without("score", "comment_count"),
        "no counts",
        NEW_FORMAT,
        counts=True,
        shows_after=4,
    ),
    Drift("no counts", "huggingface", to.without("upvotes"), "no counts", NEW_FORMAT, counts=True, shows_after=4),
    Drift(
        "counts as texts",
        "reddit",
        to.with_values(score=str, num_comments=str),
        "no counts",
        NEW_FORMAT,
        counts=True,
        shows_after=4,
    ),
    Drift(
        "counts as texts",
        "lobsters",
        to.with_values(score=str, comment_count=str),
        "no counts",
        NEW_FORMAT,
        counts=True,
        shows_after=4,
    ),
    Drift("renamed accounts", "bluesky", to.with_values(handle=lambda name: f"new-{name}")),
    Drift("renamed accounts", "x", to.with_values(username=lambda name: f"new_{name}")),
    Drift("a list that forgets", "mastodon", to.on("timelines", to.keeps(3))),
    Drift("a list that forgets", "lobsters", to.on("domains", to.cut_to(3))),
    Drift("a list that forgets", "reddit", to.on("new", to.cut_to(5, "data", "children"))),
    Drift("a list that forgets", "reddit feeds", to.on("new", to.short_feed(5))),
)
