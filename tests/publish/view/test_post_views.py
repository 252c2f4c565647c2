"""Posts as pages show them: where a paper is discussed, and blogs by name."""

from __future__ import annotations

import msgspec
import pytest

from hotpapers.base.model import Quotation
from hotpapers.publish.query.issues import as_post
from hotpapers.publish.view.post_views import discussion_views, post_byline
from tests.publish.render.build import link_only, post

ARTICLE = "https://www.kettles.example/of-tea"


def blog_post(
    number: int = 1, handle: str = "https://desk:tea@www.kettles.example/feed.xml", **more: object
) -> Quotation:
    fields = {"links": [{"start": 0, "end": 6, "target": ARTICLE}], **more}
    return post(f"{number:032x}", "Of tea", "feeds", handle=handle, **fields)


def with_reactions(quotation: Quotation, reactions: int) -> Quotation:
    return msgspec.structs.replace(quotation, reactions=reactions)


def test_the_networks_and_posts_with_the_most_reactions_come_first() -> None:
    posts = [
        with_reactions(post("23", "A story", "hackernews", name=""), 300),
        with_reactions(post("at://did:plc:a/app.bsky.feed.post/2", "Tea", "bluesky"), 3),
        with_reactions(post("at://did:plc:a/app.bsky.feed.post/1", "More tea", "bluesky"), 1200),
        with_reactions(link_only(post("t3_1a", "Hidden", "reddit")), 7),
        blog_post(name="Ada Rushmere"),
    ]
    shown = [
        (network.name, [(thread.author, thread.blog, thread.reactions) for thread in network.threads])
        for network in discussion_views(posts)
    ]
    assert shown == [
        ("Bluesky", [("Quill Marrowby", "", "1,200 reactions"), ("Quill Marrowby", "", "3 reactions")]),
        ("Hacker News", [("@quill", "", "300 reactions")]),
        ("Reddit", [("A post", "", "7 reactions")]),
        ("Blogs", [("Ada Rushmere", "kettles.example", "")]),
    ]
    addresses = [thread.url for network in discussion_views(posts) for thread in network.threads]
    assert addresses[2:] == ["https://news.ycombinator.com/item?id=23", "https://www.reddit.com/comments/1a", ARTICLE]


@pytest.mark.parametrize(("name", "author"), [("Ada Rushmere", "Ada Rushmere"), ("", "A post")])
def test_a_blog_is_named_by_its_host_without_what_its_feed_address_may_hide(name: str, author: str) -> None:
    source = post_byline(blog_post(name=name).post)
    assert (source["author"], source["handle"], source["network"]) == (author, "", "kettles.example")


@pytest.mark.parametrize("handle", ["", "kettles", "https://", "https://[::1/feed", "javascript:alert(1)"])
def test_a_feed_without_a_host_is_one_of_the_blogs(handle: str) -> None:
    assert post_byline(blog_post(handle=handle).post)["network"] == "Blogs"


@pytest.mark.parametrize("links", [[], [{"start": 2, "end": 6, "target": ARTICLE}],
                                   [{"start": 0, "end": 6, "target": "javascript:alert(1)"}]])  # fmt: skip
def test_an_article_is_linked_only_by_its_title_and_only_on_the_web(links: list[object]) -> None:
    assert post_byline(blog_post(links=links).post)["url"] == "" == as_post(blog_post(links=links).post, "text").url
    assert as_post(blog_post().post, "text").url == ARTICLE
