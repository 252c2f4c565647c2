"""Which groups stand out: the arithmetic, merging and names; and planted bursts."""

from __future__ import annotations

from math import log, sqrt

from hotpapers.wings.topics.finding import (
    MIN_BEFORE,
    MIN_PAPERS,
    DiscussedPaper,
    PaperSet,
    discussed_paper,
    find_topics,
    log_odds,
    set_of,
)
from lab.topic_trials import score_of
from tests.cli.run import good

BEFORE = [[discussed_paper(f"{week}.{n}", 7, f"Tea number {week}", "") for n in range(20)] for week in range(13)]


def week_of(*titles: str, voices: int = 7) -> list[DiscussedPaper]:
    """These papers, and some like those before."""
    rest = [discussed_paper(f"rest.{n}", 7, "Tea number", "") for n in range(20)]
    return [discussed_paper(f"new.{n}", voices + n, title, "") for n, title in enumerate(titles)] + rest


def test_z_is_that_of_monroe_and_others() -> None:
    week, before = PaperSet(60, 300, 1800), PaperSet(700, 3500, 20_000)
    here, there = 40 * (300 * 300 / 1800) / 300, 50 * (3500 * 3500 / 20_000) / 3500
    n, m = 300 * 300 / 1800, 3500 * 3500 / 20_000
    prior = max(10 * (here + there) / (n + m), 0.5)
    odds = log((here + prior) / (n + 10 - here - prior)) - log((there + prior) / (m + 10 - there - prior))
    z = odds / sqrt(1 / (here + prior) + 1 / (there + prior))
    assert log_odds(40, week, 50, before) == round(100 * z)
    assert set_of(week_of(voices=0)) == (20, 80, 320)


def test_a_topic_has_its_papers_and_is_named_by_its_longest_group() -> None:
    titles = ["Blue Kettle Lattices", "On blue kettle lattices", "Blue kettle lattices", "Kettles"]
    titles += ["About blue kettle lattices", "With blue kettle lattices"]
    [topic] = find_topics(week_of(*titles), BEFORE)
    assert topic.name == "blue kettle lattices"
    assert topic.groups[0].group == "kettle" and topic.groups[0].before_papers == 0
    assert [paper.paper for paper in topic.papers] == [f"new.{n}" for n in reversed(range(6))]
    assert {"kettle lattice", "blue", "blue kettle"} <= {count.group for count in topic.groups}


def test_what_is_common_rare_or_without_a_past_is_no_topic() -> None:
    few = ["Kettle lattices"] * (MIN_PAPERS - 1)
    assert find_topics(week_of(*few), BEFORE) == [] and find_topics(week_of(), BEFORE) == []
    assert find_topics(week_of(*few, "Kettle lattices"), BEFORE[: MIN_BEFORE - 1]) == []
    assert find_topics([], BEFORE) == []


def test_words_that_are_in_no_title_are_no_topic() -> None:
    week = [discussed_paper(f"new.{n}", 7, f"Cup {n}", "We define kettles.") for n in range(8)]
    assert [topic.name for topic in find_topics([*week, *week_of()], BEFORE)] == ["Cup"]


def test_planted_bursts_are_found() -> None:
    score = score_of(1)
    assert score.planted == 60 and score.precision >= 0.9 and score.recall >= 0.8


def test_the_lab_prints_precision_and_recall() -> None:
    lines = good("lab", "topics", "--help").splitlines()
    assert "Plant bursts of words in made-up weeks, and see whether they are found." in " ".join(lines)
