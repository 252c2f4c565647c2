"""Exports without words: their content if a network's terms allow only identifiers, and what stores make of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from hotpapers.base import model
from hotpapers.base.errors import NotExchange
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.backup import back_up_store
from hotpapers.keep.transfer.jsonl import exporter, importer
from hotpapers.keep.transfer.jsonl.importer import ImportResult
from hotpapers.record import Record, wordless_rows
from hotpapers.record.commitments import make_commitment
from hotpapers.record.identities import NUMBER
from hotpapers.record.verify import VerifyFinding
from tests.record import made
from tests.record.made import AT

IDS = ("bluesky", "x")
"""In the made-up record, all talk is on Bluesky, and all posts of its listings on X."""
LOUD = model.Post(
    post="x:1366659539260149888", network="x", account="x:4712", created_at=AT, text="A kettle that nobody printed",
    links=(model.TextLink(2, 8, "https://kettle.example/"),), handle="made_up_perpetua", name="Perpetua Lund",
    observed_at=AT,
)  # fmt: skip
PERPETUA = model.Account(account="x:4712", handle="made_up_perpetua", name="Perpetua Lund", observed_at=AT)


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as record:
        record.database.run("PRAGMA synchronous = OFF")
        yield filled(record)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Record]:
    """An empty store."""
    with Record(str(tmp_path / "other.db")) as other:
        other.database.run("PRAGMA synchronous = OFF")
        yield other


def filled(record: Record) -> Record:
    made.rich(record)
    record.append([LOUD, PERPETUA, made.later(LOUD, model.HOUR)], source="x")
    return record


def whole(record: Record, **wanted: object) -> list[bytes]:
    return list(exporter.record_lines(record, ids_only=IDS, **wanted))  # type: ignore[arg-type]


def words(record: Record) -> list[str]:
    """All texts and names in a record, including closed rows."""
    posts = record.database.rows("SELECT text, handle, name FROM post")
    accounts = record.database.rows("SELECT handle, name FROM account")
    return sorted({text for row in (*posts, *accounts) for text in row if text})


def rows_with_words(record: Record, network: str) -> int:
    """The number of rows of a network's posts and accounts, all of which have words here."""
    rows = "SELECT post FROM post UNION ALL SELECT account FROM account"
    keys = record.database.rows(f"SELECT i.key FROM ({rows}) AS t JOIN identity AS i ON i.id = t.post")
    return sum(key.startswith(f"{network}:") for (key,) in keys)


# ---- a full export ---------------------------------------------------------------------------------------


def test_a_record_without_words_comes_back_and_verifies(store_url: str, other_url: str) -> None:
    with Record(store_url) as record, Record(other_url) as other:
        exported = whole(filled(record))
        assert importer.import_lines(other, "export", exported) == ImportResult(restored=record.head.position)
        assert other.head == record.head
        checked = made.verified(other)
        lacking = rows_with_words(record, "bluesky") + 3
        assert (checked.findings, checked.forgotten, checked.withheld) == ((), 0, lacking)
        assert checked.rows == made.verified(record).rows and made.verified(record).withheld == 0
        assert made.all_rows(other, model.Issue) == made.all_rows(record, model.Issue)
        assert len(words(record)) > 20 and set(words(other)) < set(words(record))
        assert not [text for text in words(other) if "Number" in text or "Perpetua" in text or "nobody printed" in text]
        issues = [RecordIssueReader(source).issue("hot-papers", "2021-03-02") for source in (record, other)]
        assert issues[0].printed and issues[0].printed == issues[1].printed and issues[0].places == issues[1].places


def test_what_was_kept_back_is_told(record: Record) -> None:
    counts: list[Mapping[str, int]] = []
    assert list(exporter.record_lines(record, ids_only=IDS, on_redacted=counts.append)) == whole(record)
    assert counts == [{"bluesky": rows_with_words(record, "bluesky"), "x": 3}]
    counts.clear()
    list(exporter.record_lines(record, on_redacted=counts.append))
    assert counts == [{}]


def test_only_what_is_kept_back_is_another(record: Record) -> None:
    """If the store has nothing of the withheld networks, the export equals a complete one."""
    assert list(exporter.record_lines(record, ids_only=("reddit", "mastodon"))) == list(exporter.record_lines(record))
    headers = [msgspec.json.decode(lines[0]) for lines in (list(exporter.record_lines(record)), whole(record))]
    assert "withheld" not in headers[0] and headers[1].pop("withheld") == ["bluesky", "x"]
    assert headers[0] == headers[1]


def test_what_a_listing_printed_is_handed_on_as_printed(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        made.listings(record)
        assert whole(record) == list(exporter.record_lines(record))
        assert whole(record, records_only=True) == list(exporter.record_lines(record, records_only=True))


def test_a_store_without_words_hands_on_what_it_has(record: Record, other: Record) -> None:
    """Whatever is to be withheld; and importing its own export adds nothing."""
    exported = whole(record)
    importer.import_lines(other, "export", exported)
    assert whole(other) == list(exporter.record_lines(other)) == exported
    assert importer.import_lines(other, "export", exported) == ImportResult(present=record.head.position)
    assert whole(other) == exported and not made.verified(other).findings


def test_observations_without_words_are_handed_on_as_such(record: Record, other: Record) -> None:
    """So that a store with the words keeps them, however many others have had the observations."""
    observations = whole(record, records_only=True)
    importer.import_lines(other, "export", observations)
    handed_on = list(exporter.record_lines(other, records_only=True))
    assert msgspec.json.decode(handed_on[0])["withheld"] == msgspec.json.decode(observations[0])["withheld"]
    texts = words(record)
    assert importer.import_lines(record, "export", handed_on).added == 0 and words(record) == texts


def test_a_store_keeps_its_words_when_it_takes_in_its_own_export_without_them(record: Record) -> None:
    texts, head = words(record), record.head
    importer.import_lines(record, "export", whole(record))
    assert (words(record), record.head) == (texts, head)
    assert made.verified(record).withheld == 0 and not made.verified(record).findings
    importer.import_lines(record, "records", whole(record, records_only=True))
    assert (words(record), record.head) == (texts, head)


@pytest.mark.parametrize("first", [True, False], ids=["words first", "words last"])
def test_an_export_goes_on_from_one_of_the_other_sort(record: Record, other: Record, first: bool) -> None:
    exports = [list(exporter.record_lines(record)), whole(record)]
    first_export, rest = exports if first else exports[::-1]
    with pytest.raises(NotExchange, match="truncated"):
        importer.import_lines(other, "first_export", first_export[: len(first_export) * 2 // 3])
    assert 0 < other.head.position < record.head.position
    importer.import_lines(other, "rest", rest)
    assert other.head == record.head
    assert words(record) != words(other) != []
    checked = made.verified(other)
    assert not checked.findings and 0 < checked.withheld < made.verified(record).rows


def test_a_mirror_is_kept_up_to_date(record: Record, other: Record) -> None:
    importer.import_lines(other, "export", whole(record))
    before = record.head.position
    record.append([made.later(LOUD, 2 * model.HOUR)], source="x")
    assert importer.import_lines(other, "export", whole(record)) == ImportResult(restored=1, present=before)
    assert other.head == record.head and not made.verified(other).findings


# ---- forgetting ------------------------------------------------------------------------------------------


def test_what_lacks_its_words_can_be_forgotten(store_url: str, other_url: str) -> None:
    with Record(store_url) as record, Record(other_url) as other:
        filled(record)
        importer.import_lines(other, "export", whole(record))
        forget_key(other, "x:4712")
        checked = made.verified(other)
        assert not checked.findings and checked.forgotten == 3
        assert checked.withheld == rows_with_words(record, "bluesky")
        assert other.database.rows(f"SELECT count(*) FROM post WHERE account = {NUMBER}", ("x:4712",)) == [(0,)]
        assert other.database.rows("SELECT 1 FROM identity WHERE key = 'x:4712'") == []


def test_what_was_forgotten_in_part_goes_without_the_rest(record: Record, other: Record) -> None:
    """A post that names a forgotten account: its text was redacted and sealed, and is now withheld."""
    gossip = msgspec.structs.replace(LOUD, post="x:1366659539260149889", text="@made_up_taro and his tea")
    record.append([gossip], source="x")
    forget_key(record, "x:@made_up_taro")
    assert [text for text in words(record) if "and his tea" in text] == [f"@{'█' * 12} and his tea"]
    forgotten = made.verified(record).forgotten
    importer.import_lines(other, "export", whole(record))
    checked = made.verified(other)
    assert not checked.findings and not [text for text in words(other) if "his tea" in text]
    assert (checked.forgotten, checked.withheld) == (forgotten - 1, rows_with_words(record, "bluesky") + 4)
    forget_key(other, gossip.post)
    assert not made.verified(other).findings


# ---- tampering -------------------------------------------------------------------------------------------


def findings_after(record: Record, sql: str, *params: object) -> list[VerifyFinding]:
    with record.database.write():
        assert record.database.run(sql, params)
    return list(made.verified(record).findings)


NAME = f"post {LOUD.post}"
LOUD_ROW = f"WHERE post = {NUMBER} AND observed_at = ?"
BLANK = f"UPDATE post SET text = '', links = '[]', handle = '', name = '', redacted = ? {LOUD_ROW}"
ANOTHER = "(SELECT id FROM identity WHERE key = 'x:@made_up_ada')"


def blank(record: Record) -> list[VerifyFinding]:
    """Remove the words from a row by hand, with correct commitments."""
    rows = [row for row in record.view().latest(model.Post, f"t.post = {NUMBER}", (LOUD.post,))]
    left = wordless_rows.redacted_row(rows[0])
    lost = msgspec.json.encode(left.redacted, order="sorted").decode()
    return findings_after(record, BLANK, lost, LOUD.post, rows[0].item.observed_at)


def test_words_that_are_taken_out_by_hand_are_missed(record: Record, other: Record) -> None:
    """In a store that never imported without words, and in one that did for another network."""
    assert blank(record) == [VerifyFinding("changed", NAME)]
    made.rich(other)
    with other.database.write():
        wordless_rows.note_networks(other.database, ["bluesky"])
    other.append([LOUD], source="x")
    assert blank(other) == [VerifyFinding("changed", NAME)]


@pytest.mark.parametrize(
    "change",
    [f"account = {ANOTHER}", "reply_to = post", "created_at = created_at + 1",
     "text = 'A kettle'", "voice = voice - 1", "lang = 'fr'",
     "salt = NULL", "redacted = NULL"],
)  # fmt: skip
def test_what_is_left_cannot_be_changed(record: Record, other: Record, change: str) -> None:
    importer.import_lines(other, "export", whole(record))
    sql = f"UPDATE post SET {change} {LOUD_ROW}"
    assert findings_after(other, sql, LOUD.post, LOUD.observed_at) == [VerifyFinding("changed", NAME)]


def test_what_is_left_cannot_be_of_somebody_who_is_not_there(record: Record, other: Record) -> None:
    importer.import_lines(other, "export", whole(record))
    [(number, since, voice)] = other.database.rows(
        f"SELECT id, since, voice FROM post {LOUD_ROW}", (LOUD.post, LOUD.observed_at)
    )
    assert other.database.rows("SELECT max(id) FROM identity") == [(voice,)]
    sql = f"UPDATE post SET voice = voice + 1 {LOUD_ROW}"
    assert findings_after(other, sql, LOUD.post, LOUD.observed_at) == [
        VerifyFinding("changed", f"post row {number} (not in the form in which rows are written)"),
        VerifyFinding("removed", f"post row {number} of batch {since}"),
    ]


def test_a_commitment_to_what_is_there_keeps_nothing_back(record: Record, other: Record) -> None:
    """A row may lack its words, but another key in it is still detected."""
    importer.import_lines(other, "export", whole(record))
    [(lost,)] = other.database.rows(f"SELECT redacted FROM post {LOUD_ROW}", (LOUD.post, LOUD.observed_at))
    [(salt,)] = other.database.rows("SELECT salt FROM identity WHERE key = ?", (LOUD.account,))
    commitments = msgspec.json.decode(lost) | {"account": make_commitment(bytes(salt), LOUD.account)}
    sql = f"UPDATE post SET account = {ANOTHER}, redacted = ? {LOUD_ROW}"
    encoded = msgspec.json.encode(commitments, order="sorted").decode()
    assert findings_after(other, sql, encoded, LOUD.post, LOUD.observed_at) == [VerifyFinding("changed", NAME)]


# ---- records only, Parquet, backups ----------------------------------------------------------------------


def test_records_without_words_are_taken_once(store_url: str, other_url: str) -> None:
    with Record(store_url) as record, Record(other_url) as other:
        lines = whole(filled(record), records_only=True)
        text = b"".join(lines)
        assert b"nobody printed" not in text and b"Perpetua" not in text and b"kettle.example" not in text
        assert b"Number 10" not in text and b'"row"' not in text
        assert importer.import_lines(other, "records", lines).added == len(lines) - 2
        again = importer.import_lines(other, "records", lines)
        assert (again.added, again.known, again.later) == (0, len(lines) - 2, 0)
        assert list(exporter.record_lines(other, records_only=True))[1:] == lines[1:]


def test_records_without_words_do_not_hide_those_that_are_there(record: Record, other: Record) -> None:
    """The importing store has the same posts with their words."""
    importer.import_lines(other, "all", list(exporter.record_lines(record, records_only=True)))
    texts = words(other)
    result = importer.import_lines(other, "records", whole(record, records_only=True))
    assert (result.added, result.later) == (0, 0) and words(other) == texts


def test_words_that_somebody_took_out_of_a_line_are_another_observation(sqlite_url: str) -> None:
    """Without a header that says so, a missing text is an emptied text."""
    with Record(sqlite_url) as record:
        record.append([LOUD], source="x")
        header, line, end = whole(record, records_only=True)
        assert b'"text":""' in line and importer.import_lines(record, "kept back", [header, line, end]).later == 0
        plain = header.replace(b',"withheld":["x"]', b"")
        assert plain != header and importer.import_lines(record, "edited", [plain, line, end]).later == 1


def test_another_observation_is_not_taken_for_known(sqlite_url: str) -> None:
    """For the same moment, but with another language: the difference is not in the words."""
    with Record(sqlite_url) as record:
        record.append([LOUD], source="x")
        lines = [line.replace(b'"lang":"und"', b'"lang":"en"') for line in whole(record, records_only=True)]
        assert importer.import_lines(record, "edited", lines).later == 1


def test_a_header_may_name_networks_that_are_none(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        header = b'{"kind":"header","format":"hotpapers-record","version":1,"full":false,"withheld":["friendster"]}'
        assert importer.import_lines(record, "theirs", [header]).added == 0
        with pytest.raises(NotExchange):
            importer.import_lines(record, "theirs", [header.replace(b'["friendster"]', b"7")])


def test_a_backup_is_whole_and_one_of_a_store_without_words_verifies(
    record: Record, other: Record, tmp_path: Path
) -> None:
    back_up_store(record, tmp_path / "whole.db")
    with Record(str(tmp_path / "whole.db"), create=False) as copied:
        assert words(copied) == words(record)
    importer.import_lines(other, "export", whole(record))
    back_up_store(other, tmp_path / "lacking.db")
    with Record(str(tmp_path / "lacking.db"), create=False) as copied:
        assert made.verified(copied) == made.verified(other) and not made.verified(copied).findings


def test_abstracts_that_may_not_be_passed_on(tmp_path: Path) -> None:
    """Exports of observations lack them, imports keep what is there, and a store that is moved whole has them."""
    shown = model.Paper(
        paper="doi:10.1101/2026.01.02.700001", title="Gloves", abstract="Seven gloves.", license="cc_no", observed_at=1
    )
    free = msgspec.structs.replace(shown, paper="doi:10.1101/2026.01.02.700002", license="cc_by")
    with Record(str(tmp_path / "own.db")) as record, Record(str(tmp_path / "other.db")) as other:
        record.append([shown, free], source="biorxiv")
        lines = list(exporter.record_lines(record, records_only=True))
        assert b"".join(lines).count(b"Seven gloves.") == 1
        assert b"".join(exporter.record_lines(record)).count(b"Seven gloves.") == 2
        importer.import_lines(record, "again", lines)
        assert list(record.view().items(model.Paper)) == [shown, free]
        importer.import_lines(other, "all", lines)
        assert list(other.view().items(model.Paper)) == [msgspec.structs.replace(shown, abstract=""), free]
