"""Doubt about what a post is about: words that are another paper's title."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotpapers.base.papers.mentions.paper_index import PaperAlias, PaperIndex
from hotpapers.base.papers.mentions.title_mismatch import other_title
from hotpapers.base.papers.mentions.title_words import split_words
from hotpapers.wings.classic import format as classic
from tests.base.papers.test_titles import KETTLE, KNOWN, SOCKS, TITLE, titles

SHEEP = split_words("Counting Sheep by Contrastive Methods")


def doubted(text: str, title: list[str] = SHEEP, names: PaperIndex = KNOWN) -> str | None:
    return other_title(text, title, names)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("A Theory of Lost Socks and Where They Go\npdf: https://t.example/a\nabs: https://t.example/b", SOCKS),
        ("“A theory of lost socks and where they go” https://arxiv.org/abs/2609.00003", SOCKS),
        ("Where Unknown Drawers Hide Their Treasures\npdf: https://t.example/a\nabs: arxiv.org/abs/2609.00003", ""),
        ("Where Unknown Drawers\nHide Their “Treasures”\npaper: https://t.example/a", ""),
        ("Where Do Unknown Drawers Hide?\n\npdf: https://t.example/a", ""),
    ],
)
def test_words_that_are_another_papers_title(text: str, other: str) -> None:
    assert doubted(text) == other


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nice!",
        "Counting sheep by contrastive methods, after A Theory of Lost Socks and Where They Go",
        "We count sheep. See also: A Theory of Lost Socks and Where They Go",
        "A Theory of Lost Socks and Where They Go: " + "so much more is text_of_paper here than that, " * 3,
        f"A Theory of Lost Socks and Where They Go\n{TITLE}",
        "Where Unknown Sheep Hide Their Treasures\npdf: https://t.example/a",
        "My first paper with somebody is online!\npdf: https://t.example/a",
        "Where Unknown Drawers Hide Their Treasures. Read It\npdf: https://t.example/a",
        "Where Unknown Drawers Hide Their Treasures by @emil\npdf: https://t.example/a",
        "Where unknown drawers hide all their treasures\npdf: https://t.example/a",
        "Where Drawers Hide\npdf: https://t.example/a",
        "Where Unknown Drawers Hide Their Treasures https://t.example/c\npdf: https://t.example/a",
        "Where Unknown Drawers Hide Their Treasures https://t.example/a",
        "Where Unknown Drawers Hide Their Treasures\npdf: https://t.example/a\n" + "and a long talk about it all " * 3,
        "pdf: https://t.example/a",
        "憧れの研究者 Antonio Bellini Corrado Dante Enrico\npdf: https://t.example/a",
        "A Theory of Lost Socks and Where They Go\n" + "\n" * 5_000,
    ],
)
def test_words_that_leave_no_doubt(text: str) -> None:
    assert doubted(text) is None


def test_no_doubt_where_the_title_is_not_known_or_is_nearly_the_same() -> None:
    text = "A Theory of Lost Socks and Where They Go"
    assert doubted(text, []) is None
    assert doubted(text, split_words("Theories of Lost Socks")) is None


def test_a_title_of_two_other_papers_is_another_papers_title_all_the_same() -> None:
    text = "A Theory of Lost Socks and Where They Go"
    assert doubted(text, SHEEP, PaperIndex([PaperAlias(KETTLE, text), PaperAlias(SOCKS, text)])) == ""


# ---- real posts --------------------------------------------------------------------------------------


def listed(shared: Path) -> list[tuple[str, classic.ClassicItem, int, classic.ClassicPost]]:
    files = sorted([*(shared / "archive" / "posts").glob("*.md"), *(shared / "seeds" / "restored").glob("*.md")])
    issues = [classic.parse_classic(file.read_bytes().decode()) for file in files]
    return [
        (issue.date, item, n, post) for issue in issues for item in issue.items for n, post in enumerate(item.posts, 1)
    ]


@pytest.mark.long
def test_listed_posts_quote_the_titles_that_they_stand_under(shared: Path) -> None:
    """Of 2,992 posts one, 2021-01-14 #13, quotes another title, of a paper that is not among them."""
    posts = listed(shared)
    assert len(posts) > 2_900
    names = PaperIndex(PaperAlias(item.paper, item.title) for _, item, _, _ in posts)
    hold = [
        (item.paper, post.text)
        for _, item, _, post in posts
        if len(item.title.split()) >= 5
        and f" {' '.join(split_words(item.title))} " in f" {' '.join(split_words(post.text))} "
    ]
    assert sum(paper in titles(text, names) for paper, text in hold) >= 0.98 * len(hold)
    assert not [(day, item.number) for day, item, _, post in posts if set(titles(post.text, names)) - {item.paper}]
    doubts = [
        (day, item.number, n)
        for day, item, n, post in posts
        if doubted(post.text, split_words(item.title), names) is not None
    ]
    assert doubts == [("2021-01-14", 13, 1)]
