"""The demo's made-up week: what today's publication shows, and that all of it is marked as made up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hotpapers import settings
from hotpapers.cli import week
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.model import PublishedIssue
from hotpapers.settings import publication_item
from hotpapers.store import Record
from hotpapers.view import phrases
from tests.cli.run import good
from tests.render.html import Page


@pytest.fixture(scope="module")
def week_folder(demo_folder: Path) -> Path:
    return demo_folder / week.FOLDER


@pytest.fixture(scope="module")
def issues(week_folder: Path) -> list[PublishedIssue]:
    with Record(str(week_folder / "hotpapers.db")) as record:
        issue_reader = RecordIssueReader(record)
        return [issue_reader.issue(week.NAME, day) for day in week.DAYS]


def page_text(week_folder: Path, day: str) -> str:
    return Page((week_folder / "site" / day / "index.html").read_bytes()).text


def test_every_file_says_that_it_is_made_up(week_folder: Path) -> None:
    pages = list((week_folder / "site").rglob("*.html"))
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
    assert "1 in part (Mastodon: since" in facts[1]
    assert "2 unknown (Hacker News: failing since" in facts[3] and "Reddit: failing since" in facts[3]
    assert all("places are provisional" in fact_line for fact_line in facts)


def test_its_issues_hold_ten_papers_with_posts_that_say_something(issues: list[PublishedIssue]) -> None:
    assert all(len(issue.content.entries) >= 10 and issue.content.quoting == "quotes/1" for issue in issues)
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
        first, second = freeze.editions(record, week.NAME, week.CORRECTED)
    assert sum(entry.voices for entry in first.content.entries) > sum(entry.voices for entry in second.content.entries)


@pytest.mark.long
def test_somebody_is_forgotten_and_all_of_it_verifies(week_folder: Path) -> None:
    output = good("verify", "--all", "--config", week_folder / "hotpapers.toml")
    assert re.fullmatch(r"verified, \d+ parts forgotten: 6 issues rebuilt, [\d,]+ rows checked\n", output)


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
        patch.setattr(week, "forget", interrupt)
        with pytest.raises(KeyboardInterrupt):
            week.make_week(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["hotpapers.toml"]
    assert week.make_week(tmp_path).content.day == week.DAYS[-1]
