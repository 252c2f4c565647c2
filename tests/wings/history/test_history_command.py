"""`history`: issues of a past period, made later."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hotpapers.keep.search.indexing import catch_up
from hotpapers.publish.query import issues, papers, request_params, status
from hotpapers.publish.query.session import QuerySession
from hotpapers.record import Record
from tests.cli.run import assert_matches_file, failure, good, misuse, run
from tests.issues.made import frozen, moment, paper, posts_about, write
from tests.issues.past import DAILY, DAYS, FIRST, LAST, NAME, fill
from tests.wings.history.test_inferred_days import fill_without_announcements

PERIOD = ("--from", str(FIRST), "--to", str(LAST))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with Record(str(tmp_path / "past.db")) as record:
        fill(record)
    return tmp_path / "past.db"


@pytest.mark.long
def test_a_period_is_made_once(store: Path) -> None:
    assert good("history", *PERIOD, "--store", store) == f"{NAME}: 15 issues frozen, {DAYS[0]} to {DAYS[-1]}\n"
    command = ("history", "--from", "2024-05-20", "--to", "2024-05-29", "--store", store)
    assert good(*command) == (
        f"{NAME}: 5 issues frozen before, 2024-05-20 to 2024-05-24\n"
        "no issue for 3 days, 2024-05-27 to 2024-05-29: the record has no announcements from then\n"
    )
    assert good("verify", "2024-05-15", "--store", store).startswith("verified: 1 issue rebuilt")


def test_a_period_without_posts_is_not_made(tmp_path: Path) -> None:
    command = ("history", "--from", "2024-05-15", "--to", "2024-05-17", "--store", tmp_path / "few.db")
    with Record(str(tmp_path / "few.db")) as record:
        write(record, DAILY, *paper(1, "2024-05-15"), *paper(2, "2024-05-17"))
        write(record, *posts_about(1, 1, moment("2024-05-20")))
    message = misuse(*command)
    assert "no posts about papers from 2024-05-15 to 2024-05-17; import an archive of that time first" in message


def test_an_earlier_period_says_that_later_issues_do_not_know_it(tmp_path: Path) -> None:
    store = tmp_path / "few.db"
    with Record(str(store)) as record:
        write(record, DAILY, *paper(1, "2024-05-15"), *paper(2, "2024-05-17"))
        write(record, *posts_about(1, 1, moment("2024-05-15")), *posts_about(2, 1, moment("2024-05-17")))
    for day in ("2024-05-16", "2024-05-17"):
        assert good("history", "--from", day, "--to", day, "--store", store).count("\n") == 1
    output = good("history", "--from", "2024-05-15", "--to", "2024-05-15", "--store", store)
    assert output.endswith(
        f"{NAME}: 2 later issues frozen before, from 2024-05-16 on, may list the same papers;"
        " make the earliest period first\n"
    )


def test_days_before_and_after_the_announcements_are_said_apart(tmp_path: Path) -> None:
    with Record(str(tmp_path / "few.db")) as record:
        write(record, DAILY, *paper(1, "2024-05-15"), *paper(2, "2024-05-17"))
        write(record, *posts_about(1, 1, moment("2024-05-15")))
    output = good("history", "--from", "2024-05-13", "--to", "2024-05-20", "--store", tmp_path / "few.db")
    assert output == (
        f"{NAME}: 3 issues frozen, 2024-05-15 to 2024-05-17\n"
        "no issue for 2 days, 2024-05-13 to 2024-05-14: the record has no announcements from then\n"
        "no issue for 1 day, 2024-05-20: the record has no announcements from then\n"
    )


def test_an_issue_in_words(store: Path) -> None:
    good("history", *PERIOD, "--store", store)
    text = good("issue", "2024-05-17", "--publication", NAME, "--store", store)
    text, count = re.subn(r"(?m)(?<=^Frozen )\d+ \w+ \d{4} at \d\d:\d\d UTC|(?<=^Digest `)[0-9a-f]{64}", "…", text)
    assert count == 2
    assert_matches_file("history.md", text)


def test_an_issue_whose_days_are_inferred(tmp_path: Path) -> None:
    """What the command and the issue say when arXiv's snapshot replaces its announcements."""
    store = tmp_path / "inferred.db"
    with Record(str(store)) as record:
        fill_without_announcements(record)
    command = ("history", *PERIOD[:2], "--to", "2024-05-17", "--store", store)
    assert good(*command) == (
        "announcement days of 210 papers inferred from the submission dates\n"
        f"{NAME}: 10 issues frozen, {DAYS[0]} to {DAYS[9]}\n"
    )
    assert good(*command) == f"{NAME}: 10 issues frozen before, {DAYS[0]} to {DAYS[9]}\n"
    text = good("issue", "2024-05-17", "--publication", NAME, "--store", store)
    text, count = re.subn(r"(?m)(?<=^Frozen )\d+ \w+ \d{4} at \d\d:\d\d UTC|(?<=^Digest `)[0-9a-f]{64}", "…", text)
    assert count == 2
    assert_matches_file("history-inferred.md", text)
    assert good("verify", "2024-05-17", "--store", store).startswith("verified: 1 issue rebuilt")


@pytest.mark.long
def test_a_folder_of_its_own(store: Path, tmp_path: Path) -> None:
    """Every page says what it is, and none promises further issues."""
    result = run("history", *PERIOD, "--judge", "--output", tmp_path / "out", "--json", "--store", store)
    assert result.status == 0 and result.err == ""
    assert [issue["day"] for issue in result.json["issues"]] == DAYS and result.json["publication"] == NAME
    assert {row["channel"] for row in result.json["channels"]} == {"markdown", "site"}
    pages = [page for page in (tmp_path / "out" / "site").rglob("*.html") if page.name != "storage.html"]
    assert len(pages) > 50
    for page in pages:
        text = page.read_text("utf-8")
        assert "no issue appeared on its day" in text and "was due by" not in text and "will appear by" not in text
        assert "application/atom+xml" not in text
    assert sorted(file.stem for file in (tmp_path / "out" / "markdown").glob("2*.md")) == DAYS
    command = ("publish", "--all", "--publication", NAME, "--output", tmp_path / "other", "--store", store)
    assert good(*command).startswith("site: ")
    assert (tmp_path / "other" / "index.html").exists()


@pytest.mark.long
@pytest.mark.parametrize("channel", ["feeds", "mailing", "classic"])
def test_nobody_is_told(store: Path, tmp_path: Path, channel: str) -> None:
    good("history", *PERIOD, "--store", store)
    command = ("publish", "--all", "--publication", NAME, "--store", store)
    assert "can only be published to site or markdown" in misuse(*command, "--to", channel, "--output", tmp_path / "x")
    assert "name a separate folder with --output" in misuse(*command)


def test_it_is_not_written_into_a_folder_of_somebody_s_own(store: Path, tmp_path: Path) -> None:
    own_page = tmp_path / "docs" / "site" / "index.html"
    own_page.parent.mkdir(parents=True)
    own_page.write_bytes(b"my own page")
    command = ("history", *PERIOD, "--store", store, "--output", tmp_path / "docs")
    assert f"{own_page.parent}: contains index.html, which this program did not write" in misuse(*command)
    assert own_page.read_bytes() == b"my own page" and not (own_page.parent / "archive").exists()
    good(*command, "--force")
    good(*command)


@pytest.mark.long
def test_it_is_in_no_list(store: Path) -> None:
    """Only issues made at their time appear in lists, as the latest, in searches, or on a paper's page."""
    good("history", "--from", str(FIRST), "--to", "2024-05-17", "--store", store)
    with Record(str(store)) as record:
        content = frozen(record, DAILY, "2024-05-23").content
        session = QuerySession(record)
        no_params = request_params.NoParams()
        assert [row.publication for row in issues.publications(session, no_params).publications] == ["daily"]
        assert [row.publication for row in status.status(session, no_params).latest] == ["daily"]
        assert session.publication("").publication == "daily" and session.publication(NAME).publication == NAME
        paper = content.entries[0].paper
        places = papers.paper(session, request_params.PaperParams(paper=paper)).appearances
        assert [(place.publication, place.day) for place in places] == [("daily", "2024-05-23")]
        catch_up(record)
        rows = record.database.rows("SELECT DISTINCT publication FROM search_entry")
        assert rows == [("daily",)]


def test_what_cannot_be_made_is_said_in_a_line(store: Path, tmp_path: Path) -> None:
    def period(first: str, last: str) -> tuple[str | Path, ...]:
        return ("history", "--from", first, "--to", last, "--store", store)

    assert "not a date" in misuse(*period("March", "2024-05-01"))
    for first, last in (("0001-01-01", "2024-05-02"), ("2024-05-01", "9999-12-31")):
        assert "not a date" in misuse(*period(first, last))
    for first, last in (("1900-01-01", "2024-05-02"), ("2024-05-01", "2999-12-31")):
        assert "not a past day on which arXiv had papers" in misuse(*period(first, last))
    assert "ends before it begins" in misuse(*period("2024-05-02", "2024-05-01"))
    assert "the record has no announcements from 2023-03-01 to 2023-03-31" in misuse(
        *period("2023-03-01", "2023-03-31")
    )
    assert "no such publication" in misuse(*period("2024-05-01", "2024-05-02"), "--publication", "weekly")
    assert "no such store" in misuse("history", *PERIOD, "--store", tmp_path / "none.db")
    with Record(str(store)) as record:
        frozen(record, DAILY, "2024-05-08")
    assert failure(*period("2024-05-06", "2024-05-10")).startswith("2024-05-08: already frozen")
