"""The demo's made-up week: what today's publication shows, and that all of it is marked as made up."""

from __future__ import annotations

import json
import re
import shutil
from collections import defaultdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import zstandard

from hotpapers.base import settings
from hotpapers.base.errors import UsageError
from hotpapers.base.model import BEGAN, DAY, READ_BACK, PublishedIssue
from hotpapers.base.networks import network_title
from hotpapers.base.settings import publication_item
from hotpapers.issues import freeze
from hotpapers.issues.ranking import words
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.view import phrases
from hotpapers.record import Record
from hotpapers.site import demo as week
from hotpapers.wings.cards import drawing
from hotpapers.wings.classic.format import parse_classic
from tests.cli.run import good
from tests.conftest import ROOT, needs_wings
from tests.publish.render.html import Page
from tools import week_script

RANKINGS, CLAUSES = "explanation/ranking.md", "development/decisions/0059-what-a-part-counts-stays.md"
ISSUES = len(week.QUIET_DAYS) + len(week.DAYS) + 1
"""One was corrected."""
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def week_folder(demo_folder: Path) -> Path:
    return demo_folder / week.FOLDER


@pytest.fixture(scope="module")
def issues(week_folder: Path) -> list[PublishedIssue]:
    with Record(str(week_folder / "hotpapers.db")) as record:
        issue_reader = RecordIssueReader(record)
        return [issue_reader.issue(week.NAME, day) for day in week.DAYS]


@pytest.fixture(scope="module")
def rows() -> Rows:
    """The rows of the week's file by kind."""
    lines = zstandard.decompress(files("hotpapers.site").joinpath("demo", week.RECORD).read_bytes(), 2**28).splitlines()
    rows_by_kind = defaultdict(list)
    for row in map(json.loads, lines):
        rows_by_kind[row["kind"]].append(row)
    return rows_by_kind


@pytest.fixture(scope="module")
def first_read_at(rows: Rows) -> dict[str, int]:
    """When each network was first read."""
    return {row["network"]: row["observed_at"] for row in rows["coverage"] if row["reason"] == BEGAN}


def page_text(week_folder: Path, day: str) -> str:
    return Page((week_folder / "site" / day / "index.html").read_bytes()).text


def test_every_file_says_that_it_is_made_up(week_folder: Path) -> None:
    pages = [page for page in (week_folder / "site").rglob("*.html") if page.name != "storage.html"]  # never seen
    assert len(pages) > 100 and all(f'<p class="notice">{week.NOTE}</p>' in page.read_text("utf-8") for page in pages)
    assert all(f"\n**{week.NOTE}**\n" in page.read_text("utf-8") for page in (week_folder / "markdown").iterdir())
    feeds = [file.read_text("utf-8") for file in (week_folder / "site" / "feeds").rglob("*") if file.is_file()]
    assert len(feeds) > 10 and all(feed.count(week.NOTE) > feed.count("<entry>") for feed in feeds)


def test_it_is_read_from_eight_networks_and_names_what_was_not_read(
    week_folder: Path, issues: list[PublishedIssue]
) -> None:
    networks = {reading.network for issue in issues for reading in issue.content.readings}
    assert networks >= {"bluesky", "feeds", "hackernews", "huggingface", "lobsters", "mastodon", "reddit"}
    facts = [" · ".join(phrases.facts(issue)) for issue in issues]
    assert "5 networks read; Mastodon only in part from 10 March 03:00 to 10 March 07:00 UTC (2 of 3" in facts[1]
    assert "6 networks read; Hacker News only in part from 11 March 00:00" in facts[2]
    assert not re.search(r"in part|not (from|before|since|at all|reachable)", facts[0] + facts[3] + facts[4])
    assert all("the order is rough" in fact_line for fact_line in facts)


# ---- the rules of docs/reference/rebuilding.md ---------------------------------------------------------------


def test_some_of_those_counted_are_known_and_others_vouched_for(issues: list[PublishedIssue]) -> None:
    for issue in issues:
        parts = [part for entry in issue.content.entries for part in entry.parts if part.counted_as == "voices"]
        assert [part for part in parts if isinstance(part.known, int) and 0 < part.known < part.voices]


def test_each_part_says_what_it_counted(week_folder: Path, issues: list[PublishedIssue]) -> None:
    """On the page, in Markdown and in `explain`, with the formula."""
    for issue in issues:
        day, entries = issue.content.day, issue.content.entries
        markdown = (week_folder / "markdown" / f"{day}.md").read_text("utf-8")
        explained = good("explain", entries[0].paper, "--issue", day, "--store", week_folder / "hotpapers.db")
        for text, shown in ((page_text(week_folder, day), entries), (markdown, entries), (explained, entries[:1])):
            parts = [part for entry in shown for part in entry.parts if part.network and part.score]
            names = [(part, network_title(part.network)) for part in parts]
            amounts = [f"{words.counted_amount(part)} on {name}" for part, name in names]
            one_line = " ".join(text.split())
            assert [phrase for phrase in (*amounts, *map(words.part_formula, parts)) if phrase not in one_line] == []
            assert any("likes for one post" in amount for amount in amounts)


def test_the_docs_say_whose_likes_decide(week_folder: Path) -> None:
    """And that they would decide still more without one of the clauses of `rarity/2`."""
    rows = json.loads(good("lab", "clauses", week_folder / "hotpapers.db", "--json"))
    usual, *variants = (row for row in rows if row["with_standing"])
    of_one_post, with_one_known = (f"{usual[name]:.0f} %" for name in ("of_one_post", "with_one_known"))
    docs = {name: (ROOT / "docs" / name).read_text("utf-8") for name in (RANKINGS, CLAUSES)}
    shares = f"{of_one_post} of the points in the week of `hotpapers demo`, and {with_one_known}"
    assert shares in " ".join(docs[RANKINGS].split())
    without = {variant["without"]: variant for variant in variants}
    share = f"{without['named']['of_one_post']:.0f} % of the points in the demo's week instead of {of_one_post}"
    assert f"one post would bring {share}" in " ".join(docs[CLAUSES].split())
    assert without["several"]["moved"] == without["replies"]["moved"] == 0 < without["matching"]["moved"]


def test_networks_are_read_back_when_reading_begins(rows: Rows, first_read_at: dict[str, int]) -> None:
    read_back = {row["network"] for row in rows["coverage"] if row["reason"] == READ_BACK}
    earlier = {row["network"] for row in rows["post"] if row["created_at"] < first_read_at.get(row["network"], 0)}
    assert read_back >= earlier >= {"bluesky", "hackernews", "mastodon", "reddit"}


def test_reddit_joins_on_the_second_day(
    issues: list[PublishedIssue], rows: Rows, first_read_at: dict[str, int]
) -> None:
    start, joined_at = min(first_read_at.values()), first_read_at["reddit"]
    assert set(first_read_at.values()) == {start, joined_at} and week.MONDAY + DAY < joined_at < week.MONDAY + 2 * DAY
    counted = [{count.network for entry in issue.content.entries for count in entry.counts} for issue in issues]
    assert ["reddit" in networks for networks in counted] == [False, False, True, True, True]
    covered_from = min(row["from_at"] for row in rows["coverage"] if row["network"] == "reddit")
    announced_at = {row["paper"]: row["announced_at"] for row in rows["announcement"] if row["type"] == "new"}
    posts = {row["post"] for row in rows["post"] if row["network"] == "reddit"}
    papers = {row["paper"] for row in rows["mention"] if row["post"] in posts}
    assert any(announced_at.get(paper, covered_from) < covered_from for paper in papers)  # not compared with others


def test_likes_are_taken_back(rows: Rows, issues: list[PublishedIssue]) -> None:
    entries = {entry.paper for entry in issues[-1].content.entries}
    posts = {row["post"] for row in rows["mention"] if row["paper"] in entries}
    withdrawn = [row for row in rows["reaction"] if row["type"] == "like" and row["withdrawn"] and row["post"] in posts]
    assert [row for row in withdrawn if row["observed_at"] <= issues[-1].content.as_of]


# ---- what pages show ---------------------------------------------------------------------------------------------


def test_its_papers_and_what_people_say_about_them_are_written_out(issues: list[PublishedIssue]) -> None:
    written = week_script.written_papers(week_script.WRITTEN.read_text("utf-8"))
    titles = {paper.title for papers in (*written.values(), written_preprints()) for paper in papers}
    abstracts = set()
    for issue in issues:
        papers = [issue.papers[entry.paper] for entry in issue.content.listed]
        assert len({paper.title for paper in papers} & titles) >= 9
        abstracts |= {paper.abstract for paper in papers}
    assert len(abstracts) > 45 and any("$" in abstract for abstract in abstracts)


def written_preprints() -> list[week_script.WrittenPaper]:
    return week_script.written_preprints(week_script.WRITTEN_PREPRINTS.read_text("utf-8"))


def test_one_day_is_about_biology_too(issues: list[PublishedIssue], week_folder: Path) -> None:
    """Papers of bioRxiv are entries beside those of arXiv, with abstracts, categories and what people say."""
    [issue] = [issue for issue in issues if issue.content.day > week_script.POSTED_ON][:1]
    papers = [issue.papers[entry.paper] for entry in issue.content.entries]
    posted = {paper.title: paper for paper in papers if paper.paper.startswith("doi:10.64898/")}
    assert posted.keys() == {paper.title for paper in written_preprints()} and len(papers) > len(posted)
    assert all(paper.abstract and paper.categories[0].startswith("biorxiv.") for paper in posted.values())
    page = page_text(week_folder, issue.content.day)
    assert "posted on Wednesday" in page and "posted the day before" in page and page.count("bioRxiv 10.64898/") >= 3
    assert any("The controls bent." in text for text in quoted(issue))


def test_people_answer_each_other(issues: list[PublishedIssue]) -> None:
    """Posts are quoted with a question, by an author, with a formula, and in another script."""
    newest, texts = quoted(issues[-1]), [text for issue in issues for text in quoted(issue)]
    assert any("?" in text for text in newest) and any(re.search("[ぁ-ん]", text) for text in newest)
    assert any("Author here" in text for text in newest) and any("∫" in text for text in texts)


def test_the_first_page_has_a_formula_and_no_arithmetic_is_open(week_folder: Path) -> None:
    page = (week_folder / "site" / "index.html").read_text("utf-8")
    assert "<msup>" in page and not re.search(r"<details[^>]* open", page)
    assert page.count('<details class="rest">') == page.count('<section class="why"') >= 10


def test_hosts_are_as_readers_know_them(rows: Rows) -> None:
    assert not [row for row in rows["post"] if "loopback" in json.dumps(row)]
    assert [row for row in rows["post"] if row["post"].startswith("mastodon:https://mastodon-one.example/")]


def test_a_paper_is_withdrawn(issues: list[PublishedIssue], week_folder: Path) -> None:
    [paper] = issues[0].withdrawn.keys() & {entry.paper for entry in issues[0].content.entries}
    assert not {paper} & {entry.paper for issue in issues[2:] for entry in issue.content.ongoing}
    assert "withdrawn" in page_text(week_folder, week.DAYS[0])


def quoted(issue: PublishedIssue) -> list[str]:
    """The words of all posts that an issue quotes."""
    return [post.post.text for entry in issue.content.entries for post in phrases.with_words(issue.posts[entry.paper])]


def test_its_issues_hold_ten_papers_with_posts_that_say_something(issues: list[PublishedIssue]) -> None:
    assert all(len(issue.content.listed) >= 10 and issue.content.quoting == "quotes/1" for issue in issues)
    quotations = [
        (post.post.text, issue.papers[entry.paper].title)
        for issue in issues for entry in issue.content.entries
        for post in phrases.with_words(issue.posts[entry.paper])
    ]  # fmt: skip
    assert len(quotations) >= 50
    assert not [text for text, title in quotations if text.strip().casefold() == title.casefold()]


def test_its_pages_show_curves_folded_posts_and_bots_told_apart(week_folder: Path) -> None:
    page = (week_folder / "site" / week.DAYS[4] / "index.html").read_text("utf-8")
    assert page.count('class="spark"') >= 10 and page.count('<details class="unfolds">') >= 3
    assert re.search(r"not counted: \d+ bot post", page)


def test_one_issue_is_corrected_and_says_why(week_folder: Path, issues: list[PublishedIssue]) -> None:
    assert [len(issue.editions) for issue in issues] == [1, 1, 2, 1, 1]
    assert f"Edition 2. Corrected: {week.REASON}" in page_text(week_folder, week.CORRECTED)
    with Record(str(week_folder / "hotpapers.db")) as record:
        first, second = freeze.list_editions(record, week.NAME, week.CORRECTED)
    before, after = ({entry.paper: entry.voices for entry in edition.content.entries} for edition in (first, second))
    assert any(after.get(paper, voices) < voices for paper, voices in before.items())


@pytest.mark.long
def test_somebody_is_forgotten_and_all_of_it_verifies(week_folder: Path) -> None:
    output = good("verify", "--all", "--config", week_folder / "hotpapers.toml")
    assert re.fullmatch(rf"verified, \d+ parts forgotten: {ISSUES} issues rebuilt, [\d,]+ rows checked\n", output)


def test_its_settings_are_those_that_it_was_made_by(week_folder: Path) -> None:
    [publication] = settings.load(week_folder / "hotpapers.toml").publication
    with Record(str(week_folder / "hotpapers.db")) as record:
        item = freeze.publication_of(record, None)
    assert item == publication_item(publication, item.observed_at)


@pytest.mark.long
def test_a_store_that_was_not_finished_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(record: Record, key: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(week, "forget_key", interrupt)
        with pytest.raises(KeyboardInterrupt):
            week.make_week(tmp_path, tell=lambda label, place: None)
    assert [file.name for file in tmp_path.iterdir()] == ["hotpapers.toml"]
    assert week.make_week(tmp_path, tell=lambda label, place: None).content.day == week.DAYS[-1]


def test_somebody_s_own_settings_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / settings.FILE).write_text("[[publication]]\nname = 'mine'\n")
    with pytest.raises(UsageError, match="not the demo's settings"):
        week.make_week(tmp_path, tell=lambda label, place: None)
    assert [file.name for file in tmp_path.iterdir()] == [settings.FILE]
    assert "mine" in (tmp_path / settings.FILE).read_text()


# ---- what wings add ------------------------------------------------------------------------------------------


@needs_wings
def test_the_classic_format_has_the_papers_of_arxiv_alone(week_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(week_folder, tmp_path / "week")  # the store remembers where it was published
    store, day = tmp_path / "week" / "hotpapers.db", week.DAYS[3]
    good("publish", day, "--to", "classic", "--output", tmp_path / "c", "--store", store, "--publication", week.NAME)
    [file] = (tmp_path / "c").glob("*.md")
    items = parse_classic(file.read_text("utf-8")).items
    assert [item.number for item in items] == [1, 2, 3, 4, 5, 6, 7] and "Crows" not in file.read_text("utf-8")


@needs_wings
def test_the_week_has_topics_a_lane_and_a_card(week_folder: Path, issues: list[PublishedIssue]) -> None:
    topics = Page((week_folder / "site" / "topics" / "index.html").read_bytes()).text
    assert "Language models" in topics and "1 topic in 51 papers, compared with" in topics
    assert "topics/2026-W11/index.html" in (week_folder / "site" / "top" / "2026-W11" / "index.html").read_text()
    assert issues[-1].lanes and "Shared by people this publication follows" in page_text(week_folder, week.DAYS[-1])
    assert (week_folder / "card.png").read_bytes().startswith(b"\x89PNG") == drawing.is_available()


@needs_wings
def test_the_demo_says_where_to_see_them_or_why_not(
    week_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(week_folder, tmp_path / "week")
    (tmp_path / "week" / "card.png").unlink(missing_ok=True)
    told: dict[str, str] = {}
    monkeypatch.setattr(drawing, "is_available", lambda: False)
    week.make_week(tmp_path / "week", told.__setitem__)
    assert told.keys() == {"topics", "followed", "card"}
    assert "pip install 'hotpapers[cards]'" in told["card"] and not (tmp_path / "week" / "card.png").exists()
    assert Path(told["topics"]).is_file() and Path(told["followed"].partition("  (")[0]).is_file()
