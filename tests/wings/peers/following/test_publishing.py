"""What a site publishes of its observations: nothing by default, never any text; crashes lose and leave nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest

from hotpapers.base import file_modes
from hotpapers.base.errors import LogError, UsageError
from hotpapers.base.model import (
    DAY,
    HOUR,
    Alias,
    Announcement,
    Item,
    Measurement,
    Mention,
    Post,
    Reaction,
    Snapshot,
    kind_of,
)
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.backup import back_up_store, restore_backup
from hotpapers.record import Record
from hotpapers.record.item_rows import KeyedHasher
from hotpapers.wings.proof import entries, observations, queries, site_logs
from hotpapers.wings.proof.publication_log import LogUpdate, update_log
from tests.base.papers.known_fields import known_fields
from tests.issues.made import DAILY, post
from tests.publish.schedule.test_publishing import CUT, fill
from tests.record import made
from tests.wings.peers.following.sites import FIRST, NAME, Follower, Publisher, leaves_of, render
from tests.wings.proof.test_site import publishing

SECRET = KeyedHasher(bytes(32))
MINUTE = 60_000_000


@pytest.mark.parametrize("item", made.EVERY, ids=kind_of)
def test_no_written_words_are_published(item: Item) -> None:
    outgoing = observations.handed_out(item, lambda own: observations.mark_of(own, SECRET))
    if outgoing is None:
        return
    assert observations.handed_out(outgoing, lambda own: own) == outgoing
    line = observations.encode_line(outgoing).decode()
    for name in item.personal:
        value = getattr(item, name)
        words = value if isinstance(value, str) else "".join(link.target for link in value)
        assert not words or words not in line
    assert getattr(item, "reason", "") in ("", None) or item.reason not in line  # type: ignore[attr-defined]


def test_only_kinds_that_are_counted_are_handed_out() -> None:
    outgoing = [item for item in made.EVERY if observations.handed_out(item, lambda own: own) is not None]
    assert {type(item) for item in outgoing} <= set(observations.KINDS) and len(outgoing) > 5


def test_papers_of_every_category_are_handed_out_as_announced() -> None:
    for field in known_fields():
        item = Announcement(
            paper="doi:10.5555/tea",
            day="2026-03-13",
            category=field,
            type="new",
            announced_at=1,
            version=1,
            observed_at=1,
        )
        assert observations.handed_out(item, lambda own: own) == item, field


def test_marks_are_of_one_store_and_known_after_forgetting() -> None:
    mark = observations.mark_of("bluesky:did:plc:ann", SECRET)
    assert observations.MARK.fullmatch(mark) and mark == observations.mark_of("bluesky:did:plc:ann", SECRET)
    assert mark != observations.mark_of("bluesky:did:plc:ann", KeyedHasher(bytes(31) + b"1"))
    withdrawn = [observations._published(SECRET.tombstone("bluesky:did:plc:ann"), SECRET)]
    assert mark.partition(":")[2] in withdrawn


def test_both_databases_hand_out_the_same(tmp_path: Path, sqlite_url: str, postgres_url: str) -> None:
    files = []
    for name, store in (("sqlite", sqlite_url), ("postgres", postgres_url)):
        with closing(Publisher(tmp_path / name, store)) as publisher:
            publisher.record.adopt_secret("00" * 32)
            for day in range(2):
                publisher.live(day)
            publisher.publish(2)
            forget_key(publisher.record, "bluesky:1")
            publisher.publish(2)
            files.append([(file.name, file.read_bytes()) for file in publisher.files()])
    assert files[0] == files[1] and len(files[0]) == 2


def test_it_is_off_by_default(publisher: Publisher) -> None:
    publisher.config = publisher.config._replace(observations=False)
    shutil.rmtree(publisher.config.folder / NAME)
    publisher.config.key_file.with_name("hotpapers.key.signed").unlink()
    publisher.publish(5)
    assert not publisher.files() and not entries.described_by(leaves_of(publisher), entries.ObservedFile)


def test_when_switched_off_nothing_is_added_and_forgotten_items_are_withdrawn(publisher: Publisher) -> None:
    publisher.config = publisher.config._replace(observations=False)
    publisher.live(3)
    forget_key(publisher.record, "bluesky:1")
    publisher.publish(4)
    assert len(publisher.files()) == 3
    assert len(entries.described_by(leaves_of(publisher), entries.ListLeaf)) == 1


def test_a_lost_folder_is_built_again_to_the_same_root(publisher: Publisher) -> None:
    leaves_before, files = leaves_of(publisher), [file.read_bytes() for file in publisher.files()]
    shutil.rmtree(publisher.config.folder)
    publisher.publish(3)
    assert leaves_of(publisher) == leaves_before and [file.read_bytes() for file in publisher.files()] == files
    forget_key(publisher.record, "bluesky:1")
    publisher.publish(3)
    shutil.rmtree(publisher.config.folder)
    with pytest.raises(LogError, match="does not have them"):
        publisher.publish(3)


def test_more_withdrawals_than_a_list_holds_go_to_further_lists(
    publisher: Publisher, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Followers refuse longer ones."""
    follower.follow(3)
    monkeypatch.setattr(observations, "MAX_WITHDRAWN_LINES", 2)
    for number in (1, 2, 11):
        forget_key(publisher.record, f"bluesky:{number}")
    publisher.publish(3)
    lists = [path.read_text() for path in (publisher.public / f"log/{NAME}/observations").glob("withdrawn-*")]
    assert len(lists) > 3 and all(text.count("\n") <= 2 for text in lists)
    outcome = follower.follow(3, 9)
    assert outcome.problems == () and outcome.withdrawn == 3


def test_the_publications_own_accounts_are_left_out(publisher: Publisher) -> None:
    publisher.record.append([msgspec.structs.replace(DAILY, own=("bluesky:own",))], source="settings")
    bridged = Alias(account="mastodon:own", stable="bluesky:own", observed_at=CUT)
    publisher.live(3, bridged, *post(31, "bluesky:ours", CUT, account="bluesky:own"))
    publisher.live(3, *post(31, "mastodon:ours", CUT, account="mastodon:own"))
    publisher.publish(4)
    file = publisher.files()[-1]
    items = [line.item for line in observations.read_packed(file.name, file.read_bytes())]
    posts = [item.post for item in items if isinstance(item, Post)]
    assert len(posts) == 3
    assert {item.post for item in items if isinstance(item, Mention | Snapshot | Reaction)} <= set(posts)


def test_a_trial_needs_a_key_that_can_sign(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_logs, "log_config", lambda site: publisher.config)
    [trial] = site_logs.trials(Mock())
    assert trial.try_out(Mock()) == str(publisher.config.folder)
    publisher.config.key_file.write_text("not a key\n")
    with pytest.raises(UsageError, match="not a usable key"):
        trial.try_out(Mock())


def test_a_large_hour_has_several_files(
    publisher: Publisher, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observations, "MAX_FILE_LINES", 20)
    publisher.live(3, *(item for number in range(60, 70) for item in post(number, f"hackernews:{number}", CUT)))
    publisher.publish(4)
    names = [file.name for file in publisher.files()]
    assert names[3:] == ["2024-05-09T23-1.jsonl.zst", "2024-05-09T23-2.jsonl.zst"]
    assert follower.follow(4).problems == ()


def test_an_hour_of_an_imported_archive_is_written_a_file_at_a_time(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have more observations than fit into memory."""
    monkeypatch.setattr(observations, "MAX_FILE_LINES", 20)
    publisher.live(3, *(item for number in range(60, 100) for item in post(number, f"hackernews:{number}", CUT)))
    read, written, items_between = list[Item](), list[int](), queries.items_between

    def counted(*args: Any) -> Iterator[Item]:
        for item in items_between(*args):
            read.append(item)
            yield item

    def noted(file: Path, data: bytes, *args: Any) -> None:
        written.append(len(read))

    monkeypatch.setattr(queries, "items_between", counted)
    monkeypatch.setattr(file_modes, "write_atomically", noted)
    config = publisher.config
    held, own = leaves_of(publisher), ()
    observations.fresh_entries(
        publisher.record.database, config.folder / NAME / observations.FOLDER, held, own, FIRST + 4 * DAY,
        adding=True,
    )  # fmt: skip
    assert len(written) > 3 and all(before < after for before, after in pairwise(written))


def test_the_next_file_names_the_hours_without_observations(publisher: Publisher, follower: Follower) -> None:
    """A site that was off has no file for each missed hour, and no file that it withholds can pass for one of those."""
    publisher.live(4)
    publisher.publish(5)
    assert [file.name[8:13] for file in publisher.files()] == ["06T23", "07T23", "08T23", "10T23"]
    files = entries.described_by(leaves_of(publisher), entries.ObservedFile)
    assert [file.hour - file.first for file in files] == [0, 23, 23, 47]
    assert all(following.first == file.hour + 1 for file, following in pairwise(files))
    assert follower.follow(5).problems == ()


def test_each_hour_with_observations_has_a_file_once_it_is_over(publisher: Publisher, follower: Follower) -> None:
    start = publisher.start + 3 * DAY
    for number, minute in enumerate((10, 50, 70, 190)):
        new_post = post(40 + number, f"hackernews:{40 + number}", start)
        publisher.record.append(new_post, source="made-up", at=start + minute * MINUTE)
    updates = [update_log(publisher.record.database, NAME, publisher.config, start + hour * HOUR) for hour in range(5)]
    assert [update.added for update in updates] == [0, 1, 1, 0, 1]
    render(publisher.config, publisher.public)
    assert [file.name[8:13] for file in publisher.files()][3:] == ["09T00", "09T01", "09T03"]
    follower.time.seconds = (start + 5 * HOUR) / 1e6
    assert follower.round().problems == ()
    with follower.peer() as peer:
        assert peer.count(Post) == publisher.record.count(Post)


@pytest.mark.parametrize("every_hour", [True, False])
def test_a_clock_that_is_put_back_hands_out_nothing_twice(
    publisher: Publisher, follower: Follower, every_hour: bool
) -> None:
    """Two processes of a site have different clocks: the last batch belongs to the previous hour."""
    start = publisher.start + 3 * DAY
    for number, hour in enumerate((2, 1, 2, 1, 3)):
        new_post = post(40 + number, f"hackernews:{40 + number}", start)
        publisher.record.append(new_post, source="made-up", at=start + hour * HOUR)
        if every_hour:
            update_log(publisher.record.database, NAME, publisher.config, start + (number + 2) * HOUR)
    update_log(publisher.record.database, NAME, publisher.config, start + 9 * HOUR)
    render(publisher.config, publisher.public)
    lines = [line for file in publisher.files() for line in _lines(file)]
    assert len(set(lines)) == len(lines)
    follower.time.seconds = (start + 9 * HOUR) / 1e6
    assert follower.round().problems == ()
    with follower.peer() as peer:
        assert peer.count(Post) == publisher.record.count(Post)


def test_new_observations_of_a_restored_store_are_published(
    publisher: Publisher, follower: Follower, tmp_path: Path
) -> None:
    """Its first batches have the numbers of those that the backup lacks, whose files are published."""
    back_up_store(publisher.record, tmp_path / "backup.db")
    for day in (3, 4):
        publisher.live(day)
    publisher.publish(5)
    store = publisher.record.database.where
    publisher.close()
    restore_backup(tmp_path / "backup.db", store, replace=True)
    publisher.record = Record(store)
    for day in (5, 6, 7):
        publisher.live(day)
        publisher.publish(day + 1)
    assert [file.name[:10] for file in publisher.files()] == [f"2024-05-{day:02}" for day in range(6, 14)]
    lines = [line for file in publisher.files() for line in _lines(file)]
    assert len(set(lines)) == len(lines)
    assert follower.follow(8).problems == ()
    with follower.peer() as peer:
        assert peer.count(Announcement) == 16


def test_items_that_a_restored_store_forgets_are_withdrawn(publisher: Publisher, tmp_path: Path) -> None:
    """Even if it has then forgotten as much as the store that was lost."""
    back_up_store(publisher.record, tmp_path / "backup.db")
    forget_key(publisher.record, "bluesky:1")
    publisher.publish(3)
    store = publisher.record.database.where
    publisher.close()
    for path in Path(store).parent.glob("hotpapers.db*"):
        path.unlink()
    restore_backup(tmp_path / "backup.db", store, as_backed_up=True)
    publisher.record = Record(store)
    forget_key(publisher.record, "bluesky:2")
    publisher.publish(3)
    mark = observations.mark_of("bluesky:2", publisher.record.hasher).encode()
    assert not any(mark in line for file in publisher.files() for line in _lines(file))


def test_a_store_with_another_secret_publishes_nothing_into_the_same_log(
    publisher: Publisher, follower: Follower, tmp_path: Path
) -> None:
    """Such as one filled from an export of the records: followers would count everybody twice, as two accounts."""
    follower.follow(3)
    counts = list(follower.record.view().items(Measurement))
    items = [item for kind in observations.KINDS for item in publisher.record.view().items(kind)]
    publisher.close()
    publisher.record = Record(str(tmp_path / "new.db"))
    publisher.record.append(items, source="import", at=FIRST + 3 * DAY)
    with pytest.raises(LogError, match="a store with another secret"):
        publisher.publish(4)
    assert len(publisher.files()) == 3 and follower.follow(4) == (0, 0, 0, 0, ())
    assert list(follower.record.view().items(Measurement)) == counts


def raising_at(step: int, function: Callable[..., object]) -> Callable[..., object]:
    """The same function, except that call number `step` raises."""
    calls_left = [step]

    def counted_call(*args: object, **kwargs: object) -> object:
        calls_left[0] -= 1
        if calls_left[0] == 0:
            raise KeyboardInterrupt
        return function(*args, **kwargs)

    return counted_call


@pytest.mark.parametrize("step", range(1, 9))
def test_a_publisher_killed_while_publishing_continues(
    publisher: Publisher, follower: Follower, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    publisher.live(3)
    forget_key(publisher.record, "bluesky:1")
    with monkeypatch.context() as patch:
        patch.setattr(file_modes, "write_atomically", raising_at(step, file_modes.write_atomically))
        with suppress(KeyboardInterrupt):
            publisher.publish(4)
    publisher.publish(4)
    update: LogUpdate = publisher.publish(4)
    assert update.added == 0
    leaves = leaves_of(publisher)
    assert len(set(leaves)) == len(leaves) and len(publisher.files()) == 4
    assert follower.follow(4).problems == ()
    for file in publisher.files():
        assert not any(b"Tea" in line for line in _lines(file))
    mark = observations.mark_of("bluesky:1", publisher.record.hasher).encode()
    assert not any(mark in line for file in publisher.files() for line in _lines(file))


def _lines(file: Path) -> list[bytes]:
    return observations.remove_marked(file.name, file.read_bytes(), ())[0]


def test_run_publishes_and_withdraws(sqlite_url: str, publisher: Publisher, tmp_path: Path) -> None:
    config = publisher.config._replace(folder=tmp_path / "logs", observations=True)
    config.key_file.with_name("hotpapers.key.signed").unlink()
    public = tmp_path / "public"
    with publishing(sqlite_url, public, config) as site:
        fill(site.record)
        site.round(CUT + 1)
        day = 24 * 3_600_000_000
        site.round(CUT + day)
        names = [path.name for path in (public / f"log/{NAME}/observations").iterdir()]
        assert names and all(name.endswith(".jsonl.zst") for name in names)
        posts = [row.item for row in site.record.view().latest(Post)]
        forget_key(site.record, posts[0].post)
        site.round(CUT + day + 60_000_000)
        assert any(path.name.startswith("withdrawn-") for path in (public / f"log/{NAME}/observations").iterdir())
