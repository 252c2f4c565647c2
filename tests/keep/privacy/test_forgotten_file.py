"""A store is lost or damaged, and an older backup replaces it: nobody who was forgotten comes back."""

from __future__ import annotations

import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotpapers.base.errors import UsageError
from hotpapers.keep.privacy import forgotten_file
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.privacy.forgotten_file import ForgottenMark
from hotpapers.keep.transfer.backup import back_up_store, restore_backup
from hotpapers.record import Record
from hotpapers.record.item_rows import KeyedHasher
from hotpapers.record.record import store_path
from hotpapers.wings.mail import subscribers
from tests.record import made
from tests.wings.mail.samples import BEFORE, join

ITEMS = made.post_about(71, "arxiv:2103.00001", "someveryone", made.AT)
POST = "bluesky:at://did:plc:someveryone/app.bsky.feed.post/3kinvented00071"


def remove(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def overwrite(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:4096] = bytes(3996)
    path.write_bytes(data)


FAULTS = [remove, truncate, overwrite]


@pytest.mark.parametrize("fault", FAULTS)
def test_restoring_brings_back_no_forgotten_account_or_former_subscriber(
    sqlite_url: str, tmp_path: Path, fault: Callable[[Path], None]
) -> None:
    copy, path = tmp_path / "copy.db", store_path(sqlite_url)
    with Record(sqlite_url) as record:
        record.append(ITEMS, source="test")
        ended, bounced, confirmed = (join(record, f"{name}@moth.example") for name in ("leaves", "bounces", "stays"))
        back_up_store(record, copy)
        forget_key(record, POST)
        subscribers.end(record, ended, BEFORE + 10)
        subscribers.bounce(record, bounced, "5.1.1", BEFORE + 10)
    fault(path)
    assert restore_backup(copy, sqlite_url, replace=True).forgotten_again >= 1
    with Record(sqlite_url) as record:
        states = {
            subscriber.mark: (subscriber.state, subscriber.address)
            for subscriber in subscribers.all_subscribers(record)
        }
        assert (
            states[ended] == ("ended", "") and states[bounced][0] == "bounced" and states[confirmed][0] == "confirmed"
        )
        assert record.append(ITEMS, source="test").refused > 0
        assert not made.verified(record).findings
    stored_bytes = path.read_bytes()
    assert b"biscuit in hand" not in stored_bytes and b"leaves@moth" not in stored_bytes


def test_the_file_names_no_account(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        record.append(ITEMS, source="test")
        mark = join(record, "leaves@moth.example")
        forget_key(record, POST)
        subscribers.end(record, mark, BEFORE + 10)
        file = forgotten_file.file_of(record.database)
        assert file is not None
        text = file.read_text("ascii")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert mark in text and "someveryone" not in text and "3kinvented00071" not in text and "moth" not in text
        assert text.count("tombstone ") >= 1
        assert record.secret() not in text


def test_a_lost_store_is_restored_only_with_the_file_or_the_option(
    store_url: str, other_url: str, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    with Record(store_url) as record:
        record.append(ITEMS, source="test")
        position = back_up_store(record, copy)
    with pytest.raises(UsageError, match=r"has no entries for this record, so anyone .* add --as-backed-up if"):
        restore_backup(copy, other_url)
    assert restore_backup(copy, other_url, as_backed_up=True).position == position


def test_another_stores_marks_say_nothing_of_this_one(sqlite_url: str, tmp_path: Path) -> None:
    copy, path = tmp_path / "copy.db", store_path(sqlite_url)
    with Record(sqlite_url) as record:
        record.append(ITEMS, source="test")
        back_up_store(record, copy)
    path.unlink()
    forgotten_file.file_beside(path).unlink()
    with Record(sqlite_url) as record:
        record.append(ITEMS, source="test")
        forget_key(record, POST)
    path.unlink()
    with pytest.raises(UsageError, match=r"hotpapers\.db\.forgotten has no entries for this record"):
        restore_backup(copy, sqlite_url)


def test_marks_that_the_file_lacks_are_added(sqlite_url: str, tmp_path: Path) -> None:
    with Record(sqlite_url) as record:
        record.append(ITEMS, source="test")
        back_up_store(record, tmp_path / "copy.db")
        file = forgotten_file.file_of(record.database)
        assert file is not None
        file_before = file.read_bytes()
        forget_key(record, POST)
        marks = forgotten_file.read_whole(file, record.hasher).marks
        file.write_bytes(file_before + b"\ntombst")
        forgotten_file.complete_file(record.database, record.hasher)
        assert forgotten_file.read_whole(file, record.hasher).marks == marks
        size = file.stat().st_size
        forgotten_file.complete_file(record.database, record.hasher)
        assert file.stat().st_size == size, "nothing is added twice"


def test_a_subscription_ends_even_if_the_file_cannot_be_written(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with Record(sqlite_url) as record:
        forgotten_file.file_beside(store_path(sqlite_url)).mkdir()
        mark = join(record, "leaves@moth.example")
        subscribers.end(record, mark, BEFORE + 10)
        subscriber = subscribers.find(record, mark)
        assert subscriber is not None and subscriber.state == "ended"
    assert "cannot write the list of who was forgotten beside the store" in caplog.text


def test_a_subscriber_who_came_back_before_the_restore_stays(sqlite_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with Record(sqlite_url) as record:
        mark = join(record, "some@moth.example")
        back_up_store(record, copy)
        subscribers.end(record, mark, BEFORE + 1)
        join(record, "some@moth.example", BEFORE + 2)
    restore_backup(copy, sqlite_url, replace=True)
    with Record(sqlite_url) as record:
        subscriber = subscribers.find(record, mark)
        assert subscriber is not None and subscriber.state == "confirmed"


MARK = st.text("0123456789abcdef", min_size=32, max_size=32)
LINE = st.builds(ForgottenMark, st.sampled_from(["tombstone", "ended", "bounced"]), MARK, st.integers(0, 10**18 - 1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINE, max_size=6), st.lists(LINE, max_size=6), st.binary(max_size=80), st.integers(0, 400))
def test_complete_marks_are_read_whatever_else_the_file_has(
    sqlite_url: str, first: list[ForgottenMark], second: list[ForgottenMark], noise: bytes, cut: int
) -> None:
    hasher = KeyedHasher(bytes(range(32)))
    with Record(sqlite_url) as record:
        file = forgotten_file.file_of(record.database)
        assert file is not None
        file.unlink(missing_ok=True)
        forgotten_file.complete_file(record.database, hasher, first)
        file.write_bytes(file.read_bytes()[: max(cut, 1)] + noise)
        forgotten_file.complete_file(record.database, hasher, second)
        lines = forgotten_file.read_whole(file, hasher).marks
    assert lines is not None and set(second) <= lines
    assert forgotten_file.read_whole(file, KeyedHasher(bytes(32))).marks is None


# ---- a file that is not whole --------------------------------------------------------------------------


@pytest.fixture
def lost(sqlite_url: str, tmp_path: Path) -> tuple[Path, Path]:
    """A backup, and the file beside a lost store, which names a post and a subscriber."""
    copy, path = tmp_path / "copy.db", store_path(sqlite_url)
    with Record(sqlite_url) as record:
        record.append(ITEMS, source="test")
        mark = join(record, "leaves@moth.example")
        back_up_store(record, copy)
        forget_key(record, POST)
        subscribers.end(record, mark, BEFORE + 10)
    path.unlink()
    return copy, forgotten_file.file_beside(path)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_a_file_that_lost_its_end_or_is_changed_restores_nobody(
    sqlite_url: str, lost: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    copy, file = lost
    data = file.read_bytes()
    cuts = {*range(0, len(data), 7), *(n for n in range(len(data)) if data[n - 1 : n] == b"\n")}
    for damaged in (*(data[:n] for n in sorted(cuts)), *(flipped(data, n) for n in range(0, len(data), 7))):
        file.write_bytes(damaged)
        with pytest.raises(
            UsageError, match=r"(has lost its end|has no entries for this record), so anyone .* add --as"
        ):
            restore_backup(copy, sqlite_url)
    for damaged in (data[100:], data[data.index(b"\n") :], b"".join(data.splitlines(keepends=True)[:-1])):
        file.write_bytes(damaged)
        with pytest.raises(UsageError, match=r"hotpapers\.db\.forgotten is damaged or has lost its end, so anyone"):
            restore_backup(copy, sqlite_url)
    assert restore_backup(copy, sqlite_url, as_backed_up=True).forgotten_again >= 1
    assert "is damaged or has lost its end: somebody forgotten or unsubscribed since may be back" in caplog.text


def test_a_whole_file_gives_no_warning(
    sqlite_url: str, lost: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    copy, file = lost
    file.write_bytes(file.read_bytes() + b"tombstone 5d4")  # a crash before the change was committed
    assert restore_backup(copy, sqlite_url).forgotten_again >= 1 and not caplog.messages


def test_a_time_that_no_store_can_hold_is_no_mark(sqlite_url: str, lost: tuple[Path, Path]) -> None:
    copy, file = lost
    file.write_bytes(file.read_bytes() + b"tombstone " + b"5d" * 16 + b" " + b"9" * 19 + b"\n")
    assert restore_backup(copy, sqlite_url).forgotten_again >= 1


def test_a_file_of_an_earlier_version_is_read_with_a_warning_and_then_renewed(
    sqlite_url: str, lost: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    copy, file = lost
    lines = file.read_text("ascii").splitlines()
    old = (
        "\n" + "\n".join(" ".join(line.split()[:2]) if line.startswith("secret") else line for line in lines[1:]) + "\n"
    )
    file.write_text(old, "ascii")
    for _ in range(2):
        assert restore_backup(copy, sqlite_url).forgotten_again >= 1
        store_path(sqlite_url).unlink()
    [warning] = caplog.messages
    assert "was written by an earlier version, so it does not show whether it is complete" in warning
    assert file.read_text("ascii").count(old.strip()) == 1


def test_a_damaged_file_gets_all_marks_of_the_store_it_belongs_to_and_stays_damaged_for_others(
    sqlite_url: str, lost: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    copy, file = lost
    file.write_bytes(file.read_bytes()[:-50])
    with Record(sqlite_url) as record:  # another store takes the place of the lost one
        record.append(ITEMS, source="test")
        forget_key(record, POST)
        assert forgotten_file.read_whole(file, record.hasher).problem == ""
        for _ in range(3):
            forgotten_file.complete_file(record.database, record.hasher)
    assert caplog.messages.count("the list of who was forgotten is damaged or has lost its end") == 1
    store_path(sqlite_url).unlink()
    with pytest.raises(UsageError, match="is damaged or has lost its end"):
        restore_backup(copy, sqlite_url)
    restore_backup(copy, sqlite_url, as_backed_up=True)
    with Record(sqlite_url) as record:
        assert forgotten_file.read_whole(file, record.hasher).problem == "", "what is left is all that is known"
        size = file.stat().st_size
        forgotten_file.complete_file(record.database, record.hasher)
        assert file.stat().st_size == size


def test_writers_at_the_same_time_lose_no_mark(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        database, hasher = record.database, record.hasher
        marks = frozenset(ForgottenMark("ended", f"{n:032x}", n) for n in range(200))
        forgotten_file.complete_file(database, hasher)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda mark: forgotten_file.complete_file(database, hasher, [mark]), sorted(marks)))
        file = forgotten_file.file_of(database)
        assert file is not None
        result = forgotten_file.read_whole(file, hasher)
    assert result.marks == marks and result.problem == ""
