"""The topics of a publication: from its frozen issues, noted, checked, on pages, as data, and on the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from hotpapers.base.errors import NotFound
from hotpapers.base.model import HOUR
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.query import QuerySession
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.record import Record
from hotpapers.wings.mcp.record_tools import all_tools
from hotpapers.wings.personal import kept
from hotpapers.wings.topics import weeks
from hotpapers.wings.topics.freezing import check_notes, freeze_next, note_name
from hotpapers.wings.topics.weeks import TopicWeeks, is_last_of_week, is_week, weeks_up_to
from tests.cli.run import good, misuse, run
from tests.issues.made import key, moment
from tests.wings.mcp.test_mcp_typescript import call_tools
from tests.wings.topics.made import A_WEEK, BURST, FRIDAYS, PUBLICATION, WEEK, fill


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("topics") / "papers.db"
    with Record(str(file)) as record:
        fill(record)
        while freeze_next(record, "daily"):
            pass
    return file


@pytest.fixture
def record(store: Path) -> Iterator[Record]:
    with Record(str(store)) as opened:
        yield opened


def test_a_week_has_its_topic(record: Record) -> None:
    topic_weeks = TopicWeeks(RecordIssueReader(record), "daily")
    assert list(topic_weeks.closing_days) == weeks_up_to(WEEK, 4) and topic_weeks.latest() == WEEK
    of_week = topic_weeks.topics(WEEK)
    [topic] = of_week.topics
    assert topic.name == "kettle lattices" and [group.group for group in topic.groups][:1] == ["kettle lattice"]
    assert [paper.paper for paper in topic.papers] == [key(709 - n) for n in range(BURST)]
    assert topic.papers[0].voices == 18
    assert topic.line[-1] == BURST and len(topic.line) == 26 and sum(topic.line) == BURST
    assert (of_week.papers, of_week.before_papers, of_week.before_weeks) == (A_WEEK, 7 * A_WEEK, 7)
    assert [issue.day for issue in of_week.issues] == FRIDAYS
    with pytest.raises(NotFound, match="no issues, not over yet, or too few weeks before"):
        topic_weeks.topics("2024-W12")


def test_a_later_correction_changes_no_topics(store: Path, tmp_path: Path) -> None:
    with Record(str(store)) as original:
        digest = TopicWeeks(RecordIssueReader(original), "daily").topics(WEEK).digest
    copy = tmp_path / "copy.db"
    copy.write_bytes(store.read_bytes())
    with Record(str(copy)) as record:
        at = moment(FRIDAYS[-1]) + 90 * HOUR
        corrected = freeze.freeze_issue(record, PUBLICATION, FRIDAYS[-1], again=True, reason="a cup was blue", at=at)
        assert corrected.content.edition == 2
        assert TopicWeeks(RecordIssueReader(record), "daily").topics(WEEK).digest == digest


def test_notes_are_checked(store: Path, tmp_path: Path) -> None:
    assert good("verify", "--all", "--store", store).startswith("verified")
    copy = tmp_path / "copy.db"
    copy.write_bytes(store.read_bytes())
    with Record(str(copy)) as record:
        assert list(check_notes(record, "daily")) == [] and freeze_next(record, "daily") == ""
        with record.database.write():
            record.database.run("UPDATE meta SET value = 'x' WHERE name = ?", (note_name("daily", WEEK),))
            record.database.run("INSERT INTO meta VALUES (?, 'y')", (note_name("daily", "2024-W01"),))
    result = run("verify", "--all", "--store", copy)
    assert result.status == 1 and f"topics: daily {WEEK}: digest is x, rebuilt " in result.out
    assert "topics: daily 2024-W01: cannot be rebuilt: " in result.out


def test_topics_are_counted_once_but_checked_by_counting_again(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(store.read_bytes())
    with Record(str(copy)) as record:
        counted = TopicWeeks(RecordIssueReader(record), "daily").topics(WEEK)
        monkeypatch.setattr(kept, "_OF_STORES", {})  # as in another process
        monkeypatch.setattr(weeks, "find_topics", lambda week, before: [])
        again = TopicWeeks(RecordIssueReader(record), "daily").topics(WEEK)
        assert again == counted and again.digest == counted.digest
        assert [str(finding) for finding in check_notes(record, "daily")]


def test_only_so_many_weeks_stay_in_memory_and_each_has_its_file(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(store.read_bytes())
    monkeypatch.setattr(kept, "_OF_STORES", {})
    monkeypatch.setattr(weeks, "CACHED_WEEKS", 2)
    with Record(str(copy)) as record:
        topic_weeks = TopicWeeks(RecordIssueReader(record), "daily")
        counted = {week: topic_weeks.topics(week) for week in topic_weeks.closing_days}
        assert len(counted) == 4 and len(kept._OF_STORES[str(copy)]) == 2
        monkeypatch.setattr(kept, "_OF_STORES", {})
        monkeypatch.setattr(weeks, "find_topics", lambda week, before: [])
        assert {week: topic_weeks.topics(week) for week in counted} == counted


def test_pages_and_data(record: Record) -> None:
    pages = SitePages(RecordIssueReader(record), "daily")
    data, page = pages.page(f"topics/{WEEK}/topics.json"), pages.page(f"topics/{WEEK}/index.html")
    assert data is not None and page is not None
    text = page.decode()
    assert sha256(data).hexdigest() in text and json.loads(data)["week"] == WEEK
    assert text.count('<li value="') == 0 and text.count(f"paper/{key(709)[6:]}/index.html") == 1
    assert f"1 topic in {A_WEEK} papers, compared with {7 * A_WEEK} of 7 weeks before" in text
    index = (pages.page("topics/index.html") or b"").decode()
    assert "All weeks" in index and "topics/2024-W16/index.html" in index
    quiet = (pages.page("topics/2024-W18/index.html") or b"").decode()
    assert "Nothing stands out this week." in quiet and f"topics/{WEEK}/index.html" in quiet
    assert pages.page("topics/2024-W12/index.html") is None and pages.page("topics/2024-W12/topics.json") is None
    paths = set(pages.paths([FRIDAYS[-1]]))
    expected = {f"topics/{WEEK}/index.html", f"topics/{WEEK}/topics.json", "topics/2024-W18/index.html"}
    assert {path for path in paths if path.startswith("topics/")} == expected | {"topics/index.html"}
    top = (pages.page(f"top/{WEEK}/index.html") or b"").decode()
    assert f'<a href="../../topics/{WEEK}/index.html">topics</a>' in top
    assert "topics/" not in (pages.page("top/2024-W12/index.html") or b"").decode()


def test_a_site_that_is_too_young_has_no_pages(tmp_path: Path) -> None:
    with Record(str(tmp_path / "young.db")) as record:
        fill(record, FRIDAYS[:2])
        pages = SitePages(RecordIssueReader(record), "daily")
        assert not [path for path in pages.paths() if path.startswith("topics/")]
        assert pages.page("topics/index.html") is None and freeze_next(record, "daily") == ""
        assert "no topics yet: they need" in run("topics", "--store", tmp_path / "young.db").err


def test_the_command_and_the_tool_say_the_same(store: Path, record: Record) -> None:
    text = good("topics", "--store", store)
    assert re.search(
        r"“kettle lattices”: 8 of 15 papers with weight \d+ of \d+ this week; 0 of 105 with 0 of \d+ before", text
    )
    value = json.loads(good("topics", WEEK, "--json", "--store", store))
    tool = all_tools()["topics"]
    arguments = {"week": "latest"}
    answer = msgspec.json.decode(msgspec.json.encode(tool.call(QuerySession(record), arguments)))
    Draft202012Validator(tool.definition["inputSchema"]).validate(arguments)
    Draft202012Validator(tool.definition["outputSchema"]).validate(answer)
    assert value["topics"] == answer["topics"]
    assert "not a week" in misuse("topics", "2024-05-10", "--store", store)


def test_the_official_client_can_use_the_tool(store: Path) -> None:
    calls: list[tuple[str, dict[str, object]]] = [("topics", {}), ("topics", {"week": WEEK})]
    results = call_tools(store, calls)["results"]
    assert [result["problems"] for result in results] == [[], []] and results[0] == results[1]
    assert results[0]["answer"]["topics"][0]["name"] == "kettle lattices"


def test_weeks() -> None:
    assert weeks_up_to("2021-W01", 3) == ["2020-W52", "2020-W53", "2021-W01"]
    assert is_week("2020-W53") and not is_week("2021-W53") and not is_week("2021-53")
    assert is_last_of_week(PUBLICATION, "2024-05-10") and not is_last_of_week(PUBLICATION, "2024-05-09")
    assert is_last_of_week(msgspec.structs.replace(PUBLICATION, last_day="2024-05-08"), "2024-05-08")
    assert not is_last_of_week(msgspec.structs.replace(PUBLICATION, window="listing"), "2024-05-10")
    assert is_last_of_week(msgspec.structs.replace(PUBLICATION, window="weekly"), "2024-05-13")
