"""Views of issues: entries are prepared only when they are looked at."""

from __future__ import annotations

import msgspec
import pytest

from hotpapers.model import NetworkForecast, PrintedCount
from hotpapers.view.issue_view import issue_view
from tests.render.build import OWN, issue, own_entry, paper

PAPERS = [paper(f"2101.9990{n}", f"Kettles, part {n}") for n in (1, 2, 3)]
VIEW = issue_view(issue(OWN, "2021-01-14", [own_entry(n, item, [], []) for n, item in enumerate(PAPERS, 1)]))


def test_entries_are_what_they_would_be_all_at_once() -> None:
    titles = [entry.title for entry in VIEW.entries]
    assert titles == ["Kettles, part 1", "Kettles, part 2", "Kettles, part 3"] and len(VIEW.entries) == 3
    assert VIEW.entries[-1].title == titles[-1]
    assert [entry.title for entry in VIEW.entries[:2]] == titles[:2]
    assert not VIEW.ongoing and list(VIEW.ongoing) == []
    with pytest.raises(IndexError):
        VIEW.entries[3]


def test_an_entry_is_found_by_its_paper_and_no_other_is_prepared() -> None:
    published_issue = issue(OWN, "2021-01-14", [own_entry(n, item, [], []) for n, item in enumerate(PAPERS, 1)])
    del published_issue.papers["arxiv:2101.99903"]  # preparing this entry would fail
    entries = issue_view(published_issue).entries
    assert [entry.place for entry in entries.of("arxiv:2101.99902")] == [2] and entries.of("arxiv:2101.99909") == []
    assert entries.of("arxiv:2101.99902")[0] is entries[1]
    with pytest.raises(KeyError):
        entries.of("arxiv:2101.99903")


def test_a_network_whose_voices_all_count_elsewhere_is_left_out() -> None:
    counts = [
        PrintedCount(network="bluesky", voices=3, reposts=0, likes=1, until=0),
        PrintedCount(network="mastodon", voices=0, reposts=0, likes=0, until=0, bots=1),
        PrintedCount(network="x", voices=0, reposts=0, likes=0, until=0),
    ]
    [entry] = issue_view(issue(OWN, "2021-01-14", [own_entry(1, PAPERS[0], counts, [])])).entries
    assert [count.name for count in entry.counts_view.counts] == ["Bluesky", "Mastodon"]


@pytest.mark.parametrize(
    ("classic_rank", "movement", "rise", "places"),
    [
        (1, "", "", ""),
        (12, "12th by likes and reposts", "↑", "By reposts and likes added up: place 12."),
    ],
)
def test_the_place_by_the_classic_rule_is_shown_if_it_differs(
    classic_rank: int, movement: str, rise: str, places: str
) -> None:
    full_entry = own_entry(1, PAPERS[0], [], [])
    ranked = full_entry._replace(entry=msgspec.structs.replace(full_entry.entry, classic_rank=classic_rank))
    [entry] = issue_view(issue(OWN, "2021-01-14", [ranked])).entries
    assert (entry.movement, entry.rise, entry.score_view.places) == (movement, rise, places)


def test_counts_of_the_same_moment_share_a_sentence() -> None:
    counts = [
        PrintedCount(network=name, voices=n, reposts=0, likes=0, until=until)
        for n, (name, until) in enumerate((("bluesky", 0), ("lobsters", 60_000_000), ("x", 0)), 1)
    ]
    [entry] = issue_view(issue(OWN, "2021-01-14", [own_entry(1, PAPERS[0], counts, [])])).entries
    assert entry.score_view.counted == (
        "Counted as of 1 January 1970 at 00:00 UTC: Bluesky 1 voice; X (Twitter) 3 voices.",
        "Counted as of 1 January 1970 at 00:01 UTC: Lobsters 2 voices.",
    )


def test_a_page_does_not_mention_forecasts_that_were_not_possible() -> None:
    full_entry = own_entry(1, PAPERS[0], [], [])
    forecasts = (NetworkForecast("x", 6, 5, 43, None),)
    entry_with_none = full_entry._replace(entry=msgspec.structs.replace(full_entry.entry, forecasts=forecasts))
    [entry] = issue_view(issue(OWN, "2021-01-14", [entry_with_none])).entries
    assert entry.score_view.forecasts == ()
