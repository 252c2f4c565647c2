"""Views of issues: entries are prepared only when they are looked at."""

from __future__ import annotations

import msgspec
import pytest

from hotpapers.base.model import HOUR, Attention, NetworkForecast, PrintedCount, Quotation
from hotpapers.issues.ranking import words
from hotpapers.publish.view.issue_view import issue_view, links_to_paper
from hotpapers.publish.view.post_views import LinkedPiece
from tests.publish.render.build import OWN, issue, link_only, own_entry, paper, post

PAPERS = [paper(f"2101.9990{n}", f"Kettles, part {n}") for n in (1, 2, 3)]
VIEW = issue_view(issue(OWN, "2021-01-14", [own_entry(n, item, [], []) for n, item in enumerate(PAPERS, 1)]))


def test_entries_are_what_they_would_be_all_at_once() -> None:
    titles = [entry.title for entry in VIEW.entries]
    assert titles == ["Kettles, part 1", "Kettles, part 2", "Kettles, part 3"] and len(VIEW.entries) == 3
    assert not VIEW.ongoing and list(VIEW.ongoing) == []


def test_an_entry_is_found_by_its_paper_and_no_other_is_prepared() -> None:
    published_issue = issue(OWN, "2021-01-14", [own_entry(n, item, [], []) for n, item in enumerate(PAPERS, 1)])
    del published_issue.papers["arxiv:2101.99903"]  # preparing this entry would fail
    entries = issue_view(published_issue).entries
    assert [entry.place for entry in entries.of("arxiv:2101.99902")] == [2] and entries.of("arxiv:2101.99909") == []
    assert entries.of("arxiv:2101.99902")[0] is entries.of("arxiv:2101.99902")[0]
    with pytest.raises(KeyError):
        entries.of("arxiv:2101.99903")


def listed(*posts: list[Quotation]) -> str:
    entries = [
        own_entry(n, item, [], [], *quotations) for n, (item, quotations) in enumerate(zip(PAPERS, posts, strict=True))
    ]
    return issue_view(issue(OWN, "2021-01-14", entries)).posts_only_on


def test_an_issue_says_once_on_which_network_alone_its_posts_are() -> None:
    tweet, toot = link_only(post("1", "Tea!", "x")), link_only(post("2", "Tea!", "mastodon"))
    assert listed([tweet], [tweet], []) == "X (Twitter)"
    assert listed([tweet], [], []) == listed([tweet], [toot], []) == listed([], [], []) == ""
    assert listed([tweet], [tweet], [post("3", "A kettle of some worth.", "x")]) == ""


def test_a_network_without_people_of_its_own_is_not_beside_an_entry_but_its_bots_are_explained() -> None:
    counts = [
        PrintedCount(network="bluesky", voices=3, reposts=0, likes=1, until=0),
        PrintedCount(network="mastodon", voices=0, reposts=0, likes=0, until=0, bots=1),
        PrintedCount(network="x", voices=0, reposts=0, likes=0, until=0),
    ]
    [entry] = issue_view(issue(OWN, "2021-01-14", [own_entry(1, PAPERS[0], counts, [])])).entries
    assert [count.name for count in entry.counts_view.counts] == ["Bluesky"]
    assert "Mastodon nobody seen (not counted: 1 bot post)" in str(entry.score_view)


@pytest.mark.parametrize(
    ("classic_rank", "places"), [(1, "Place 1 of 1."), (12, "Place 1 of 1; 12th by likes and reposts.")]
)
def test_the_place_by_the_classic_rule_is_shown_if_it_differs(classic_rank: int, places: str) -> None:
    full_entry = own_entry(1, PAPERS[0], [], [])
    ranked = full_entry._replace(entry=msgspec.structs.replace(full_entry.entry, classic_rank=classic_rank))
    [entry] = issue_view(issue(OWN, "2021-01-14", [ranked])).entries
    assert entry.score_view.places == places


def test_counts_of_the_same_moment_share_a_sentence() -> None:
    counts = [
        PrintedCount(network=name, voices=n, reposts=0, likes=0, until=until)
        for n, (name, until) in enumerate((("bluesky", 0), ("lobsters", 60_000_000), ("x", 0)), 1)
    ]
    [entry] = issue_view(issue(OWN, "2021-01-14", [own_entry(1, PAPERS[0], counts, [])])).entries
    assert entry.score_view.counted == (
        "Counted on 1 January 1970 at 00:00 UTC: Bluesky 1 person; X (Twitter) 3 people.",
        "Counted on 1 January 1970 at 00:01 UTC: Lobsters 2 people.",
    )


def test_a_page_does_not_mention_forecasts_that_were_not_possible() -> None:
    full_entry = own_entry(1, PAPERS[0], [], [])
    forecasts = (NetworkForecast("x", 6, 5, 43, None),)
    entry_with_none = full_entry._replace(entry=msgspec.structs.replace(full_entry.entry, forecasts=forecasts))
    [entry] = issue_view(issue(OWN, "2021-01-14", [entry_with_none])).entries
    assert entry.score_view.forecasts == ()


def test_a_count_leads_to_the_largest_thread_on_its_network() -> None:
    counts = [
        PrintedCount(network=name, voices=1, reposts=0, likes=0, until=0)
        for name in ("hackernews", "lobsters", "reddit", "huggingface")
    ]
    quoted = [post("abcdef", "Of tea.", "lobsters"), post("t3_1a", "Of kettles.", "reddit")]
    published = issue(OWN, "2021-01-14", [own_entry(1, PAPERS[0], counts, [], *quoted)])
    known = [
        post("23", "A large thread.", "hackernews"),
        post("t3_2b", "A thread.", "reddit"),
        post("24", "", "hackernews"),
        post("2101.99901", "", "huggingface"),
    ]

    def targets(posts: dict[str, list[Quotation]] | None) -> list[str]:
        [entry] = issue_view(published, posts=posts).entries
        return [count.url for count in entry.counts_view.counts]

    hacker_news, lobsters = "https://news.ycombinator.com/item?id=23", "https://lobste.rs/s/abcdef"
    reddit, hugging_face = "https://www.reddit.com/comments/", "https://huggingface.co/papers/2101.99901"
    assert targets({PAPERS[0].paper: known}) == [hacker_news, lobsters, f"{reddit}2b", hugging_face]
    assert targets(None) == ["", lobsters, f"{reddit}1a", ""]


def test_the_curve_says_which_voices_are_known() -> None:
    counts = [
        PrintedCount(network="bluesky", voices=41, reposts=0, likes=0, until=9 * HOUR, known=30),
        PrintedCount(network="reddit", voices=2, reposts=0, likes=0, until=9 * HOUR, known=0),
    ]
    history = [
        Attention(network="bluesky", until=age * HOUR, age=age, voices=age, reposts=0, likes=0) for age in (1, 3)
    ]
    [entry] = issue_view(
        issue(OWN, "2021-01-14", [own_entry(1, PAPERS[0], counts, [])]), {PAPERS[0].paper: history}
    ).entries
    assert entry.counts_view.spark is not None
    assert entry.counts_view.spark.description == (
        "People since the announcement: 1 after 1 hour, 3 after 3 hours. Regulars: 30 of 41 on Bluesky."
    )
    assert words.known_sentence(counts[1:]) == "Regulars: none."
    assert words.known_sentence([PrintedCount(network="x", voices=1, reposts=0, likes=0, until=0)]) == ""


def test_code_is_found_where_hugging_face_lists_it_if_authors_name_none() -> None:
    target = "https://github.com/kettles/tea"
    listed = post(
        "2101.99901",
        f"Kettles\n{target}",
        "huggingface",
        links=[{"start": 8, "end": 8 + len(target), "target": target}],
    )
    published = issue(OWN, "2021-01-14", [own_entry(n, item, [], []) for n, item in enumerate(PAPERS, 1)])
    entries = issue_view(published, posts={PAPERS[0].paper: [listed]}).entries
    assert [[link.url for link in entry.links if link.text == "code"] for entry in entries] == [[target], [], []]
    named = msgspec.structs.replace(PAPERS[0], comment="Code: github.com/kettles/own")
    assert LinkedPiece("code", "https://github.com/kettles/own") in links_to_paper(
        named, known=[listed], later=None, notices=(), article=None
    )
