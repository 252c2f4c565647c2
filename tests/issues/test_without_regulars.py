"""In a young record that knows regulars, papers that fewer than two of them talked about have a line, not a place."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from hotpapers.base.model import HOUR, Issue, IssueContent, Item, Price
from hotpapers.discussion.engagement.standing import queries as standing_queries
from hotpapers.issues.explain import explain_entry, text_of
from hotpapers.issues.freeze import check_issue
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.view import phrases
from hotpapers.record.record import Record
from tests.cli.rebuild_program import load_program, rebuilt_differently
from tests.issues.made import DAILY, DAY, frozen, moment, numbers, paper, post, read, write

TODAY = moment(DAY)
TEN = msgspec.structs.replace(DAILY, ranking="rarity/2", least_entries=10)
REGULARS = ("ada", "bea", "cy")


@pytest.fixture
def record(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Record]:
    """A record that has known three regulars since March."""
    monkeypatch.setattr(standing_queries, "ENOUGH_KNOWN", len(REGULARS))
    monkeypatch.setattr(load_program("rebuild_counts"), "ENOUGH", len(REGULARS))
    with Record(store_url) as opened:
        for number in (901, 902, 903):
            at = moment("2024-03-20")
            write(opened, paper(number, "2024-03-20"), posts_by(number, at + HOUR, *REGULARS))
        yield opened


def posts_by(number: int, at: int, *people: str) -> list[Item]:
    """A post about a paper by each of these people."""
    posts = (post(number, f"bluesky:{name}{number}", at, f"bluesky:{name}") for name in people)
    return [item for items in posts for item in items]


def differences(record: Record, content: IssueContent) -> list[str]:
    """In what an issue differs as docs/examples/rebuild.py rebuilds it."""
    return rebuilt_differently(load_program(), record, content)


def three_papers(record: Record) -> None:
    """Of three people each: two, one and none of them regulars."""
    for number, people in ((1, ("ada", "bea", "new")), (2, ("cy", "ned", "nell")), (3, ("nat", "nick", "nora"))):
        write(record, paper(number), posts_by(number, TODAY + HOUR, *people))


def test_a_place_takes_two_regulars_and_the_others_have_a_line(record: Record) -> None:
    three_papers(record)
    content = frozen(record, TEN).content
    assert (content.choice, numbers(content.entries), numbers(content.further or ())) == ("least/5", [1], [2, 3])
    assert [entry.price for entry in content.listed] == [
        Price(accounts=2, known=2),
        Price(accounts=1, known=0),
        Price(accounts=1, known=0),
    ]
    assert phrases.further_title(content) == "2 more without two regulars"
    assert list(check_issue(record, record.view().latest(Issue)[0].item)) == []
    assert differences(record, content) == []


def test_the_price_says_for_what_it_is(record: Record) -> None:
    three_papers(record)
    frozen(record, TEN)
    issue = RecordIssueReader(record).issue("daily", DAY)
    prices = [explain_entry(issue, entry.paper).price for entry in issue.content.listed]
    assert prices[0].startswith("A place below the threshold would take about 2 accounts, at least 2 of them regulars;")
    assert prices[1] == "A line below the threshold would take about 1 account, not a regular’s."


def test_a_line_is_no_place_wherever_it_is_explained(record: Record) -> None:
    three_papers(record)
    frozen(record, TEN)
    issue = RecordIssueReader(record).issue("daily", DAY)
    explanations = [explain_entry(issue, entry.paper) for entry in issue.content.listed]
    assert [explanation.lane for explanation in explanations] == ["entries", "further", "further"]
    sentences = [phrases.place_sentence(issue, entry, is_ongoing=False) for entry in issue.content.listed]
    assert sentences == ["Place 1 of 3.", "Place 2 of 3, in a line.", "Place 3 of 3, in a line."]
    lines = list(text_of(explanations[1]))
    assert lines[1].startswith(f"Issue of {DAY}, edition 1: place 2 of 3 by rarity/2, in a line")
    assert "those without two regulars in a line each." in " ".join(line.strip() for line in lines)


def test_a_line_keeps_no_paper_from_a_place_and_comes_once(record: Record) -> None:
    three_papers(record)
    frozen(record, TEN)
    write(record, paper(4, "2024-05-08"), posts_by(3, TODAY + 20 * HOUR, "ada", "bea"))
    content = frozen(record, TEN, "2024-05-08").content
    assert (numbers(content.entries), numbers(content.further or ())) == ([3], [])
    assert differences(record, content) == []


def test_an_issue_of_lines_alone_says_so(record: Record) -> None:
    write(
        record,
        paper(3),
        posts_by(3, TODAY + HOUR, "nat", "nick", "nora"),
        read("bluesky", TODAY - 24 * HOUR, TODAY + 24 * HOUR),
    )
    frozen(record, TEN)
    issue = RecordIssueReader(record).issue("daily", DAY)
    assert (
        phrases.why_empty(issue) == "Nothing to show yet: no paper talked about reached 3 people, two of them regulars."
    )


def test_while_nobody_is_known_the_best_are_shown(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing_queries, "ENOUGH_KNOWN", 100)
    three_papers(record)
    content = frozen(record, TEN).content
    assert (sorted(numbers(content.entries)), content.further) == ([1, 2, 3], msgspec.UNSET)
    assert content.entries[0].price == Price(accounts=1, known=0)
