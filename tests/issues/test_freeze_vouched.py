"""Issues ranked by rarity/2: frozen with the standing of that moment, whatever is added or forgotten later."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.model import DAY, HOUR, Entry, Issue, Item, Price, Reaction
from hotpapers.discussion.engagement.standing.queries import known_accounts, relearn_standing
from hotpapers.issues import freeze
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.jsonl.exporter import record_lines
from hotpapers.keep.transfer.jsonl.importer import import_lines
from hotpapers.record.record import Record
from tests.issues import made
from tests.issues.made import background, counts, frozen, judged, key, moment, paper, post, write

TODAY = moment(made.DAY)
LATER = TODAY + 72 * HOUR
ACCOUNTS = [f"bluesky:known{n}" for n in range(104)]
VOUCHED = msgspec.structs.replace(made.DAILY, ranking="rarity/2", threshold=100)


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened:
        opened.database.run("PRAGMA synchronous = OFF")
        yield opened


def weeks_ago(accounts: list[str] = ACCOUNTS, first: int = 0) -> list[Item]:
    """Each account posts about three papers, 50 to 20 days earlier."""
    return [
        item
        for number, account in enumerate(accounts, first)
        for n, days in enumerate((50, 40, 20))
        for item in post(7000 + (number + n) % 9, f"bluesky:old{number}-{n}", TODAY - days * DAY, account)
    ]


def liked(number: int, name: str, accounts: list[str]) -> list[Item]:
    """A paper, a post about it, and who liked that post."""
    likes = [Reaction(post=name, account=account, type="like", observed_at=TODAY) for account in accounts]
    return [*paper(number), *post(number, name, TODAY), *likes]


def day() -> list[Item]:
    """One paper with ten known voices, one with a crowd of unknown ones, and one with both and a post by its author."""
    crowd = [f"bluesky:new{n}" for n in range(60)]
    return [
        VOUCHED, *background(), *liked(1, "bluesky:1", ACCOUNTS[:10]), *liked(2, "bluesky:2", crowd),
        *liked(3, "bluesky:3", [*ACCOUNTS[20:25], *crowd]), judged(ACCOUNTS[20], "author", key(3), "name", at=TODAY),
    ]  # fmt: skip


def findings(record: Record) -> list[str]:
    rows = [row.item for row in record.view().latest(Issue)]
    return [str(finding) for item in rows for finding in freeze.check_issue(record, item)]


def by_number(issue: freeze.FrozenIssue) -> dict[int, Entry]:
    return {int(entry.paper[-5:]): entry for entry in issue.content.entries}


def test_an_issue_tells_who_vouched(store_url: str) -> None:
    with Record(store_url) as record:
        write(record, weeks_ago())
        write(record, day())
        issue = frozen(record, VOUCHED)
        entries = by_number(issue)
        assert list(entries) == [1, 3], "unknown voices alone are no entry"
        assert [(c.voices, c.known, c.authors) for c in entries[1].counts] == [(11, 10, 0)]
        assert [(c.voices, c.known, c.authors) for c in entries[3].counts] == [(66, 4, 1)]
        assert entries[1].score == sum(part.score for part in entries[1].parts) <= 20 * 11
        assert [part.voices for part in entries[3].parts] == [8], "four known voices, and as many others"
        assert all(isinstance(entry.price, Price) and entry.price.known == 2 for entry in entries.values())
        assert findings(record) == []
        forget_key(record, ACCOUNTS[0])
        forget_key(record, ACCOUNTS[21])
        assert findings(record) == []


def test_what_comes_later_changes_no_frozen_standing(record: Record) -> None:
    write(record, weeks_ago())
    write(record, day())
    first = frozen(record, VOUCHED)
    write(record, weeks_ago([f"bluesky:new{n}" for n in range(60)], first=500))
    write(record, [Reaction(post="bluesky:2", account=account, type="like", observed_at=TODAY) for account in ACCOUNTS])
    assert findings(record) == []
    again = freeze.freeze_issue(record, VOUCHED, made.DAY, again=True, reason="late likes", at=LATER)
    assert list(by_number(again)) != list(by_number(first)), "else it could not fail"
    assert by_number(again)[3].counts[0].known == 4, "of whom the record heard today, it hears no earlier"
    assert findings(record) == [] and freeze.list_editions(record, "daily", made.DAY)[0] == first


def test_in_another_store_it_is_rebuilt_alike(record: Record, tmp_path: Path) -> None:
    write(record, weeks_ago())
    write(record, day())
    first = frozen(record, VOUCHED)
    with Record(str(tmp_path / "other.db")) as other:
        import_lines(other, "made-up.jsonl", record_lines(record))
        assert findings(other) == []
        assert freeze.list_editions(other, "daily", made.DAY) == [first]


def test_a_young_record_knows_nobody_and_ranks_all(record: Record) -> None:
    write(record, weeks_ago(ACCOUNTS[:99]), day())
    issue = frozen(record, VOUCHED)
    entries = by_number(issue)
    assert {1, 2, 3} <= set(entries)
    assert all(c.known is c.authors is msgspec.UNSET for entry in entries.values() for c in entry.counts)
    assert all(isinstance(entry.price, Price) and entry.price.known == 0 for entry in entries.values())
    write(record, weeks_ago(ACCOUNTS[99:], first=99))
    assert findings(record) == []


def test_another_table_of_standing_is_made_again_from_the_record(record: Record) -> None:
    write(record, weeks_ago())
    write(record, day())
    frozen(record, VOUCHED)
    view = record.view(TODAY + 8 * HOUR)
    accounts = known_accounts(view)
    record.database.run("UPDATE standing SET settled_at = settled_at + 99999999999999 WHERE account % 2 = 0")
    assert known_accounts(view) != accounts
    relearn_standing(record.database)
    assert known_accounts(view) == accounts and findings(record) == []


def test_counts_that_no_account_explains_do_not_vouch(record: Record) -> None:
    write(record, weeks_ago())
    write(record, day(), counts("bluesky:2", 5000, TODAY + 1, reposts=5000))
    assert list(by_number(frozen(record, VOUCHED))) == [1, 3]


@pytest.mark.parametrize(("known", "score"), [(2, 480), (3, 720)])
def test_the_program_in_the_docs_recomputes_what_known_voices_vouch_for(record: Record, known: int, score: int) -> None:
    """A thousand nameless likes under a post are worth more points than a few known voices vouch for."""
    likes = counts("bluesky:1", 1000, TODAY + 1)
    write(record, weeks_ago(), background(), liked(1, "bluesky:1", ACCOUNTS[:known]), [likes])
    issue = frozen(record, VOUCHED)
    [entry] = issue.content.entries
    assert entry.score == score and entry.parts[-1].rule == "vouching"
    command = [sys.executable, str(Path(__file__).parents[2] / "docs" / "examples" / "score.py"), entry.paper]
    subprocess.run(command, input=msgspec.json.encode(issue.content), check=True)
