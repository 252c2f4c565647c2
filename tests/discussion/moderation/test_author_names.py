"""Matching names and handles with authors: labeled made-up pairs, real posts if present, and arbitrary text."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.discussion.moderation.author_names import fold_name, shows_author
from hotpapers.discussion.moderation.common_surnames import COMMON, EASTERN, NICKNAMES
from hotpapers.wings.classic import format as classic
from tests.conftest import SHARED
from tests.discussion.moderation.labeled_examples import Figures, documented_figures, figures, rows


class NamePair(NamedTuple):
    """A name and a handle, with a paper's authors. `lot` 1 was written with the rule, `lot` 2 after it."""

    lot: str
    kind: str
    is_author: bool
    name: str
    handle: str
    authors: tuple[str, ...]


PAIRS = [
    NamePair(lot, kind, label == "1", name, handle, tuple(authors.split("; ")))
    for lot, kind, label, name, handle, authors in rows("author_names.tsv")
]


def figures_of(pairs: list[NamePair]) -> Figures:
    return figures((pair.is_author, shows_author(pair.name, pair.handle, pair.authors)) for pair in pairs)


def test_four_hundred_made_up_pairs() -> None:
    """The minimum: 97% of those found are authors, and 85% of authors are found."""
    all_pairs = figures_of(PAIRS)
    assert all_pairs.examples >= 200 and all_pairs.precision >= 0.97 and all_pairs.recall >= 0.85
    unseen_figures = figures_of([pair for pair in PAIRS if pair.lot == "2"])
    assert unseen_figures.precision >= 0.97 and unseen_figures.recall >= 0.9


@pytest.mark.parametrize(
    ("name", "author"),
    [
        ("Adam Amberfield", "Ada Amberfield"), ("Jan Novotny", "Jana Novotny"), ("Dana Fennimarsh", "Dan Fennimarsh"),
        ("Mario Overquill", "Mari Overquill"), ("Wen Lindenau Fan Club", "Wen Lindenau"),
        ("Ada Amberfield Prize", "Ada Amberfield"), ("The Ada Amberfield Institute", "Ada Amberfield"),
    ],
)  # fmt: skip
def test_other_given_names_and_what_is_named_after_somebody(name: str, author: str) -> None:
    assert not shows_author(name, "", [author])


@pytest.mark.parametrize(
    ("name", "author"),
    [
        ("Dan Fennimarsh", "Daniel Fennimarsh"), ("D. Fennimarsh", "Daniel Fennimarsh"),
        ("Sara Fennimarsh", "Sarah Fennimarsh"), ("Philip Fennimarsh", "Philipp Fennimarsh"),
        ("Steve Fennimarsh", "Steven Fennimarsh"), ("Tansy Fan", "Tansy Fan"), ("Fan Overquill", "Fan Overquill"),
    ],
)  # fmt: skip
def test_forms_of_a_name(name: str, author: str) -> None:
    assert shows_author(name, "", [author]) and shows_author(author, "", [name])


def test_the_docs_tell_the_figures() -> None:
    assert documented_figures("names") == [figures_of([pair for pair in PAIRS if pair.lot == lot]) for lot in "12"]


def test_where_it_is_wrong() -> None:
    """Two surnames without a given name match the author; short handles of hers do not."""
    rows_found = [(pair.name, pair.handle, shows_author(pair.name, pair.handle, pair.authors)) for pair in PAIRS]
    mistakes = [row for row, pair in zip(rows_found, PAIRS, strict=True) if row[2] != pair.is_author]
    assert mistakes == [
        ("Overquill Marrowby", "", True),
        ("", "fennimarsh.example", False),
        ("", "prof_fennimarsh", False),
        ("Xiquo", "xqchen", False),
        ("minnow", "mlee_fish", False),
    ]


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("Tansy Overquill", "teatime"),
        ("T. Overquill", ""),
        ("the tea person", "tansy-overquill.bsky.social"),
        ("", "bomarrowby"),
    ],
)
def test_a_name_initials_or_a_handle_show_any_of_the_authors(name: str, handle: str) -> None:
    assert shows_author(name, handle, ("Bo Marrowby", "Tansy Overquill"))
    assert not shows_author(name, handle, ())


def test_who_shows_nothing_shows_no_author() -> None:
    assert not shows_author("", "", ("Bo Marrowby", "Tansy Overquill"))


def test_the_lists_are_folded_and_nicknames_differ_from_names() -> None:
    assert all(fold_name(name) == name for name in COMMON) and EASTERN < COMMON
    assert all(len(pair) == 2 and not pair[0].startswith(pair[1]) for pair in NICKNAMES)


names = st.text(max_size=40) | st.sampled_from([pair.name for pair in PAIRS]) | st.just("Ω Å, ﬁ ǅ (")


@given(names, names, st.lists(names, max_size=4))
def test_any_text_is_compared_and_authors_match_one_by_one(name: str, handle: str, authors: list[str]) -> None:
    assert shows_author(name, handle, authors) == any(shows_author(name, handle, [author]) for author in authors)


@given(st.sampled_from([pair for pair in PAIRS if pair.is_author and pair.name and "," not in pair.name]))
def test_matching_ignores_case(pair: NamePair) -> None:
    is_match = shows_author(pair.name, "", pair.authors)
    assert shows_author(pair.name.upper(), "", pair.authors) == is_match
    assert shows_author(pair.name.lower(), "", pair.authors) == is_match


def test_a_paper_of_three_thousand_authors() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    authors = [f"Tan{letters[n % 26]} Over{letters[n // 26 % 26]}{letters[n // 676]}quill" for n in range(3_000)]
    assert not shows_author("Bo Marrowby | " * 20, "nobody.example", authors)
    assert shows_author(f"{authors[-1]} | tea", "", authors)


# ---- real posts ------------------------------------------------------------------------------------------


class RealPost(NamedTuple):
    """A post and its paper, as a publication showed them in 2020 to 2022."""

    name: str
    handle: str
    text: str
    paper: classic.ClassicItem


@pytest.fixture(scope="module")
def archive() -> list[RealPost]:
    if not SHARED.is_dir():
        pytest.skip(f"the folder of real texts is absent: {SHARED}")
    return [
        RealPost(post.name, post.handle, post.text, item)
        for file in sorted((SHARED / "archive" / "posts").glob("*.md"))
        for item in classic.parse_classic(classic.decode_file(file.read_bytes())[0]).items
        for post in item.posts
    ]


@pytest.mark.long
def test_posters_do_not_match_authors_of_other_papers(archive: list[RealPost]) -> None:
    """Each post is paired with the paper of the post 100 places later; whoever matches wrote that paper too."""
    shifted = [*archive[100:], *archive[:100]]
    wrong_matches = [
        (post.name, later_post.paper.paper)
        for post, later_post in zip(archive, shifted, strict=True)
        if post.paper.paper != later_post.paper.paper and shows_author(post.name, post.handle, later_post.paper.authors)
    ]
    assert len(wrong_matches) <= 2
