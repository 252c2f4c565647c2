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
def made(demo_made: Path) -> Path:
    return demo_made / week.FOLDER


@pytest.fixture(scope="module")
def issues(made: Path) -> list[PublishedIssue]:
    with Record(str(made / "hotpapers.db")) as record:
        issue_reader = RecordIssueReader(record)
        return [issue_reader.issue(week.NAME, day) for day in week.DAYS]


def text(made: Path, day: str) -> str:
    return Page((made / "site" / day / "index.html").read_bytes()).text


def test_every_file_says_that_it_is_made_up(made: Path) -> None:
    pages = list((made / "site").rglob("*.html"))
    assert len(pages) > 100 and all(f'<p class="notice">{week.NOTE}</p>' in one.read_text("utf-8") for one in pages)
    assert all(f"\n**{week.NOTE}**\n" in one.read_text("utf-8") for one in (made / "markdown").iterdir())
    feeds = [one.read_text("utf-8") for one in (made / "site" / "feeds").rglob("*") if one.is_file()]
    assert len(feeds) > 10 and all(one.count(week.NOTE) > one.count("<entry>") for one in feeds)


def test_it_is_read_from_eight_networks_and_names_what_was_not_read(made: Path, issues: list[PublishedIssue]) -> None:
    read = {reading.network for issue in issues for reading in issue.content.readings}
    assert read >= {"bluesky", "feeds", "hackernews", "huggingface", "lobsters", "mastodon", "reddit"}
    facts = [" · ".join(phrases.facts(issue)) for issue in issues]
    assert "1 in part (Mastodon: since" in facts[1]
    assert "2 unknown (Hacker News: failing since" in facts[3] and "Reddit: failing since" in facts[3]
    assert all("places are provisional" in one for one in facts)


def test_its_issues_hold_ten_papers_with_posts_that_say_something(issues: list[PublishedIssue]) -> None:
    assert all(len(issue.content.entries) >= 10 and issue.content.quoting == "quotes/1" for issue in issues)
    quoted = [
        (one.post.text, issue.papers[entry.paper].title)
        for issue in issues for entry in issue.content.entries
        for one in phrases.with_words(issue.posts[entry.paper])
    ]  # fmt: skip
    assert len(quoted) >= 50
    assert not [said for said, title in quoted if said.strip().casefold() == title.casefold()]


def test_its_pages_show_curves_folded_posts_and_bots_told_apart(made: Path) -> None:
    page = (made / "site" / week.DAYS[4] / "index.html").read_text("utf-8")
    assert page.count('class="spark"') >= 10 and page.count('<details class="unfolds">') >= 3
    assert re.search(r"not counted: \d+ bot post", page)


def test_one_issue_is_corrected_and_says_why(made: Path, issues: list[PublishedIssue]) -> None:
    assert [len(issue.editions) for issue in issues] == [1, 1, 2, 1, 1]
    assert f"Edition 2. Corrected: {week.REASON}" in text(made, week.CORRECTED)
    with Record(str(made / "hotpapers.db")) as record:
        before, after = freeze.editions(record, week.NAME, week.CORRECTED)
    assert sum(one.voices for one in before.content.entries) > sum(one.voices for one in after.content.entries)


@pytest.mark.long
def test_somebody_is_forgotten_and_all_of_it_verifies(made: Path) -> None:
    said = good("verify", "--all", "--config", made / "hotpapers.toml")
    assert re.fullmatch(r"verified, \d+ parts forgotten: 6 issues rebuilt, [\d,]+ rows checked\n", said)


def test_its_settings_are_those_that_it_was_made_by(made: Path) -> None:
    [publication] = settings.load(made / "hotpapers.toml").publication
    with Record(str(made / "hotpapers.db")) as record:
        kept = freeze.publication_of(record, None)
    assert kept == publication_item(publication, kept.observed_at)


@pytest.mark.long
def test_a_store_that_was_not_finished_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(record: Record, key: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(week, "forget", broken)
        with pytest.raises(KeyboardInterrupt):
            week.make_week(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["hotpapers.toml"]
    assert week.make_week(tmp_path).content.day == week.DAYS[-1]
