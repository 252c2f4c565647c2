"""A site that lies or withholds something: only what its log holds is accepted, and every problem is reported."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
import zstandard

from hotpapers.base.errors import NetError, NotAProof
from hotpapers.base.keys import own_id
from hotpapers.base.model import DAY, HOUR, Measurement, Post, Snapshot
from hotpapers.keep.privacy import queries
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record
from hotpapers.record.item_rows import StoredRow
from hotpapers.record.sqlite import SqliteDatabase
from hotpapers.record.tombstones import ForgottenNames
from hotpapers.wings.peers.following import file_intake
from hotpapers.wings.proof import alarms, entries, log_files, log_keys, observations
from hotpapers.wings.proof.notes import COSIGNATURE_ED25519, SigningKey, is_signed, parse_checkpoint
from hotpapers.wings.proof.policies import parse_policy
from hotpapers.wings.proof.publication_log import update_log
from tests.issues.made import key, moment
from tests.wings.peers.following.sites import (
    FIRST,
    NAME,
    Follower,
    Publisher,
    alarm_kinds,
    day_file,
    forge,
    leaves_of,
    lines_in,
    received_days,
    withdrawal_list,
)
from tests.wings.proof.cosigners import Cosigner, cosign
from tests.wings.proof.logs import public_key

BLUESKY = f"bluesky:*{0:032x}"


def test_invented_counts_are_not_those_of_the_log(publisher: Publisher, follower: Follower) -> None:
    file = publisher.files()[1]
    honest = file.read_bytes()
    lines = [line.replace(b'"likes":7', b'"likes":70') for line in lines_in(file)]
    file.write_bytes(observations.pack_lines(lines))
    outcome = follower.follow(3)
    assert outcome.problems == ("2024-05-07T23-1.jsonl.zst: its lines do not match the log",)
    assert received_days(follower) == {"06", "08"} and follower.record.count(Measurement)
    items = [row.item for row in follower.record.view().latest(Measurement, "t.until_at > ?", (FIRST + DAY,))]
    overlapping = [item for item in items if item.until_at - item.age * HOUR < FIRST + DAY]
    assert overlapping and all(item.unread for item in overlapping)
    file.write_bytes(honest)
    assert follower.follow(3, 9).problems == () and received_days(follower) == {"06", "07", "08"}
    assert alarm_kinds(follower) == []


def test_a_part_of_an_hour_that_no_log_lists_is_named(publisher: Publisher, follower: Follower) -> None:
    lines = lines_in(publisher.files()[0])
    part_one, part_three = (day_file(0, lines, part) for part in (1, 3))
    forge(publisher, [part_one[0], part_three[0]], {part_one[1]: part_one[2], part_three[1]: part_three[2]})
    [problem] = follower.follow(3).problems
    assert problem == "2024-05-06T23-2: is in no log, though a later part of the hour is"
    assert received_days(follower) == {"06"}, "listed files are accepted"


def test_a_part_without_a_number_neither_ends_the_round_nor_hides_another(
    publisher: Publisher, follower: Follower
) -> None:
    lines = lines_in(publisher.files()[0])
    part_zero, part_one, part_three = (day_file(0, lines, part) for part in (0, 1, 3))
    forge(publisher, [part_zero[0]], {part_zero[1]: part_zero[2]})
    assert follower.follow(3).problems == ("2024-05-06T23-0: its parts are counted from 1",)
    (follower.site.folder / "policy.txt").unlink()
    shutil.rmtree(follower.site.folder / "log")
    forge(
        publisher,
        [leaf for leaf, _, _ in (part_zero, part_one, part_three)],
        {name: data for _, name, data in (part_one, part_three)},
    )
    assert "2024-05-06T23-2: is in no log, though a later part of the hour is" in follower.follow(3).problems


def test_however_many_problems_a_site_has_its_state_names_ten(publisher: Publisher, follower: Follower) -> None:
    leaf, name, data = day_file(0, lines_in(publisher.files()[0]))
    forge(publisher, [leaf] * 1_000, {name: data})
    reason = follower.attempt(FIRST + 3 * DAY).reason
    assert reason.count("2024-05-06T23-1: is in the log twice") == 10 and reason.endswith("; and 989 more")


def test_a_day_that_is_held_back_is_named(publisher: Publisher, follower: Follower) -> None:
    publisher.files()[0].unlink()
    [problem] = follower.follow(3).problems
    assert problem.startswith("2024-05-06T23-1: is in the log but withheld: ") and "answered 404" in problem
    assert received_days(follower) == {"07", "08"}
    [alarm] = alarms.open_alarms(follower.site.folder)
    assert str(alarm) == f"neighbour: {problem} (since 2024-05-09 07:00 UTC)"
    follower.follow(3, 9)
    assert alarms.open_alarms(follower.site.folder) == (alarm,)
    alarms.acknowledge(follower.site.folder, "neighbour")
    follower.follow(3, 10)
    assert alarm_kinds(follower) == []
    publisher.files()[0].unlink()  # other requested files are another matter
    (follower.site.folder / "record.db").unlink()
    follower.follow(3, 11)
    assert alarm_kinds(follower) == ["not believed"]


def test_a_day_that_the_log_leaves_out_is_named(publisher: Publisher, follower: Follower) -> None:
    files = {file.name: file.read_bytes() for file in publisher.files()}
    listed_files = entries.described_by(leaves_of(publisher), entries.ObservedFile)
    forge(publisher, [entries.observation_entry(file) for file in (listed_files[0], listed_files[2])], files)
    assert (
        "2024-05-07T00 to 2024-05-07T23: the log has no file for it, though it has later ones"
        in follower.follow(3).problems
    )
    assert received_days(follower) == {"06", "08"}


def test_a_later_file_that_claims_the_hours_of_one_that_is_held_back_hides_nothing(
    publisher: Publisher, follower: Follower
) -> None:
    first_file, withheld_file, next_file = entries.described_by(leaves_of(publisher), entries.ObservedFile)
    leaves = map(entries.observation_entry, (first_file, withheld_file, next_file._replace(first=withheld_file.first)))
    files = publisher.files()
    forge(publisher, list(leaves), {file.name: file.read_bytes() for file in (files[0], files[2])})
    [problem] = follower.follow(3).problems
    assert problem.startswith("2024-05-07T23-1: is in the log but withheld: ")
    three_days = follower.record.view().items(Measurement, "t.age = 72")
    assert {item.unread for item in three_days} == {DAY}


def test_a_rewritten_past_is_refused(publisher: Publisher, follower: Follower) -> None:
    outcome = follower.follow(3)
    assert outcome.problems == ()
    leaf, name, data = day_file(0, lines_in(publisher.files()[0])[:4])
    files = {file.name: file.read_bytes() for file in publisher.files()} | {name: data}
    for leaves in ([leaf, *leaves_of(publisher)[1:]], [leaf], [leaf, *leaves_of(publisher), leaf]):
        forge(publisher, leaves, files)
        [problem] = follower.follow(3, 9).problems
        assert "has rewritten its past" in problem and "Nothing from it is accepted" in problem
        assert alarm_kinds(follower) == ["rewritten past"]
    signed_a, signed_b = map(parse_checkpoint, alarms.open_alarms(follower.site.folder)[0].evidence)
    key = parse_policy((follower.site.folder / "policy.txt").read_text()).logs[0]
    assert is_signed(signed_a, [key]) and is_signed(signed_b, [key]) and signed_a != signed_b
    assert received_days(follower) == {"06", "07", "08"}


def test_a_past_that_was_rewritten_and_put_back_is_reported_until_it_is_acknowledged(
    publisher: Publisher, follower: Follower
) -> None:
    """Even if the rewritten part is in a bundle that was read before."""
    log_files.add_entries(
        publisher.config.folder / NAME / "1", [b"%d" % n for n in range(300)], public_key(publisher.config)
    )
    publisher.publish(3)
    update_log(publisher.record.database, NAME, publisher.config, FIRST + 3 * DAY)
    assert follower.follow(3).problems == ()
    honest_leaves, files = leaves_of(publisher), {file.name: file.read_bytes() for file in publisher.files()}
    forge(publisher, [honest_leaves[1], honest_leaves[0], *honest_leaves[2:], b"more"], files)
    assert "has rewritten its past" in follower.follow(3, 8).problems[0]
    forge(publisher, honest_leaves, files)
    assert follower.follow(3, 9).problems == () and alarm_kinds(follower) == ["rewritten past"]
    alarms.acknowledge(follower.site.folder, "neighbour")
    assert alarm_kinds(follower) == []


def test_leaves_that_are_torn_or_withheld_are_no_rewritten_past(publisher: Publisher, follower: Follower) -> None:
    follower.follow(3)
    publisher.live(3)
    publisher.publish(4)
    bundle = max((publisher.public / f"log/{NAME}/1/tile/entries").glob("*/*"), key=lambda file: int(file.name))
    data = bundle.read_bytes()
    shorter_bundle = data[2 + data[1] :]
    for damaged_bundle, reason in (
        (data[:-10], "ends within an entry"),
        (b"", "do not match"),
        (shorter_bundle, "do not match"),
    ):
        bundle.write_bytes(damaged_bundle)
        assert reason in follower.follow(4).problems[0] and alarm_kinds(follower) == ["not believed"]
    bundle.unlink()
    assert "withholds leaves that its checkpoint covers" in follower.follow(4, 8).problems[0]
    bundle.write_bytes(data)
    assert follower.follow(4, 9).problems == () and alarm_kinds(follower) == []


def test_a_copy_that_lags_behind_is_no_lie(publisher: Publisher, follower: Follower) -> None:
    old_copy = shutil.copytree(publisher.public, publisher.public.with_name("before"))
    publisher.live(3)
    publisher.publish(4)
    assert follower.follow(4).files == 4
    shutil.rmtree(publisher.public)
    old_copy.rename(publisher.public)
    assert follower.follow(4, 9) == (0, 0, 0, 0, ())


def test_a_checkpoint_from_a_cache_is_no_lie_though_its_partial_bundle_is_full_by_now(
    publisher: Publisher, follower: Follower
) -> None:
    checkpoint = publisher.public / f"log/{NAME}/1/checkpoint"
    cached = checkpoint.read_bytes()
    log_files.add_entries(
        publisher.config.folder / NAME / "1", [b"%d" % n for n in range(300)], public_key(publisher.config)
    )
    publisher.publish(3)
    checkpoint.write_bytes(cached)
    assert follower.follow(3).problems == () and alarm_kinds(follower) == []
    assert received_days(follower) == {"06", "07", "08"}


def test_unsigned_leaves_are_refused(publisher: Publisher, follower: Follower) -> None:
    [bundle] = (publisher.public / f"log/{NAME}/1/tile/entries").glob("*/*")
    *rest, last_byte = bundle.read_bytes()
    bundle.write_bytes(bytes([*rest, last_byte ^ 1]))
    assert any("leaves do not match its checkpoint" in text for text in follower.follow(3).problems)
    assert received_days(follower) == set()


def test_another_key_is_not_trusted(publisher: Publisher, follower: Follower) -> None:
    follower.follow(3)
    log_keys.make_key(publisher.config.key_file)
    forge(publisher, leaves_of(publisher), {file.name: file.read_bytes() for file in publisher.files()})
    problems = follower.follow(3, 9).problems
    assert any("add `log " in text for text in problems) and len(problems) == 3


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (Post(post=BLUESKY, network="bluesky", account=BLUESKY, created_at=FIRST, text="Look!", observed_at=FIRST),
         "words, names or handles in this post"),
        (Post(post=BLUESKY, network="bluesky", account="bluesky:@ann", created_at=FIRST, observed_at=FIRST),
         "words, names or handles in this post"),
        (Snapshot(post="x:1341202937956233217", likes=5, observed_at=FIRST),
         "words, names or handles in this snapshot"),
        (Snapshot(post=BLUESKY, likes=5, observed_at=moment("2025-01-01")), "is dated in the future"),
    ],
)  # fmt: skip
def test_forbidden_content_is_refused(
    publisher: Publisher, follower: Follower, item: Post | Snapshot, reason: str
) -> None:
    leaf, name, data = day_file(0, [observations.encode_line(item)])
    forge(publisher, [leaf], {name: data})
    [problem] = follower.follow(3).problems
    assert problem.startswith("2024-05-06T23-1.jsonl.zst:") and reason in problem
    with follower.peer() as peer:
        assert not peer.count(Post) and not peer.count(Snapshot)


def test_extra_fields_beside_an_item_are_refused(publisher: Publisher, follower: Follower) -> None:
    line = b'{"kind":"snapshot","observed_at":1,"post":"%s","row":{"redacted":{"text":"Look!"}}}' % BLUESKY.encode()
    leaf, name, data = day_file(0, [line])
    forge(publisher, [leaf], {name: data})
    assert "words, names or handles in this snapshot" in follower.follow(3).problems[0]


@pytest.mark.parametrize("flaw", ["cut", "bomb", "bytes", "lines"])
def test_damaged_and_hostile_files_are_refused(publisher: Publisher, follower: Follower, flaw: str) -> None:
    file = publisher.files()[1]
    data = file.read_bytes()
    short = observations.pack_lines(lines_in(file)[:3])
    unpacked = zstandard.ZstdDecompressor().stream_reader(short).read()
    damaged_data = {
        "cut": data[: len(data) // 2], "bytes": b"\xff" * 500,
        "bomb": zstandard.ZstdCompressor().compress(b" " * (observations.MAX_UNPACKED_BYTES + 10)),
        "lines": zstandard.ZstdCompressor().compress(unpacked.removesuffix(b'{"kind":"end"}\n')),
    }[flaw]  # fmt: skip
    file.write_bytes(damaged_data)
    [problem] = follower.follow(3).problems
    assert problem.startswith("2024-05-07T23-1.jsonl.zst:") and received_days(follower) == {"06", "08"}


def test_impossible_leaves_are_named(publisher: Publisher, follower: Follower) -> None:
    leaf, name, data = day_file(0, lines_in(publisher.files()[0]))
    future_leaf, future_name, future_data = day_file(9, [])
    endless_leaf = entries.observation_entry(entries.ObservedFile(1, 2**32 - 1, 2**32 - 1, 1, bytes(32)))
    backwards_leaf = entries.observation_entry(
        entries.ObservedFile(1, FIRST // HOUR + 50, FIRST // HOUR + 47, 1, bytes(32))
    )
    forge(publisher, [leaf, leaf, future_leaf, endless_leaf, backwards_leaf], {name: data, future_name: future_data})
    assert follower.follow(3).problems == (
        "2024-05-06T23-1: is in the log twice",
        "2024-05-15T23-1: is of an hour that is not over by this machine's clock",
        "the log names a file of hour 4,294,967,295, which is out of range",
        "2024-05-07T23-1: is of an hour that is not over by this machine's clock",
    )  # fmt: skip


def test_a_line_that_is_held_back_is_named(publisher: Publisher, follower: Follower) -> None:
    file = publisher.files()[0]
    lines = observations.remove_marked(file.name, file.read_bytes(), ())[0]
    lines[3] = observations.taken_back(lines[3])
    file.write_bytes(observations.pack_lines(lines))
    [problem] = follower.follow(3).problems
    assert "line 3 is withheld, but no list in the log withdraws it" in problem
    assert received_days(follower) == {"07", "08"}


def test_a_list_that_is_held_back_or_changed_is_named(publisher: Publisher, follower: Follower) -> None:
    follower.follow(3)
    forget_key(publisher.record, "bluesky:1")
    publisher.publish(3)
    [withdrawal_list] = (publisher.public / f"log/{NAME}/observations").glob("withdrawn-*")
    text = withdrawal_list.read_text()
    withdrawal_list.write_text(text + "line 2024-05-06T23-1 1\n")
    assert "it is not the list in the log" in follower.follow(3, 9).problems[0]
    withdrawal_list.unlink()
    assert "is in the log but unusable: " in follower.follow(3, 10).problems[0]
    withdrawal_list.write_text(text)
    assert follower.follow(3, 11).withdrawn == 1
    (follower.site.folder / withdrawal_list.name).write_text(text[:20])
    publisher.live(3)
    publisher.publish(4)
    assert follower.follow(4).problems == (), "a copy that is damaged here is fetched again once it is needed"
    assert (follower.site.folder / withdrawal_list.name).read_text() == text


def test_a_list_that_claims_to_be_old_hides_nothing(publisher: Publisher, follower: Follower) -> None:
    """Old ones need not be published."""
    file = publisher.files()[0]
    lines = observations.remove_marked(file.name, file.read_bytes(), ())[0]
    lines[3] = observations.taken_back(lines[3])
    data = observations.pack_lines(lines)
    leaf, name, text = withdrawal_list(-91, ["line 2024-05-06T23-1 3"])
    forge(publisher, [*leaves_of(publisher), leaf], {file.name: data, name: text})
    assert "line 3 is withheld, but no list in the log withdraws it" in follower.follow(3).problems[0]


def test_a_stale_file_brings_back_nothing_withdrawn(publisher: Publisher, follower: Follower) -> None:
    stale_file = publisher.files()[0].read_bytes()
    forget_key(publisher.record, "bluesky:1")
    publisher.publish(3)
    publisher.files()[0].write_bytes(stale_file)
    assert follower.follow(3).problems == ()
    with follower.peer() as peer:
        assert peer.count(Post) == 8


def test_a_list_of_marks_that_are_nobodys_costs_nothing(
    publisher: Publisher, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For each name in no row, forgetting searches the whole store: a list could keep us busy for days."""
    follower.follow(3)
    with follower.peer() as peer:
        known_mark = next(own_id(post.post) for post in peer.view().items(Post))
    leaf, name, data = withdrawal_list(3, [known_mark, *(f"*{n:032x}" for n in range(2000))])
    files = {file.name: file.read_bytes() for file in publisher.files()} | {name: data}
    forge(publisher, [*leaves_of(publisher), leaf], files)
    scans, rows_with_names = list[Record](), queries.rows_with_names

    def counting_rows(record: Record, names: ForgottenNames) -> Iterator[StoredRow]:
        scans.append(record)
        return rows_with_names(record, names)

    monkeypatch.setattr(queries, "rows_with_names", counting_rows)
    outcome = follower.follow(3, 9)
    assert outcome.problems == () and outcome.withdrawn == 1 and len(scans) == 1


def test_several_lists_are_cleaned_up_once_and_read_once(
    publisher: Publisher, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each clean-up rewrites the whole store, and years of lists need not be in memory every ten minutes."""
    follower.follow(3)
    for number in (1, 2, 11):
        forget_key(publisher.record, f"bluesky:{number}")
        publisher.publish(3)
    erase_traces, parse_withdrawn = Mock(), Mock(wraps=observations.parse_withdrawn)
    monkeypatch.setattr(SqliteDatabase, "erase_traces", erase_traces)
    monkeypatch.setattr(observations, "parse_withdrawn", parse_withdrawn)
    assert follower.follow(3, 9).withdrawn == 3
    follower.follow(3, 10)
    assert (erase_traces.call_count, parse_withdrawn.call_count) == (1, 3)


def test_a_site_that_withdraws_without_end_is_not_believed(
    publisher: Publisher, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_key(publisher.record, "bluesky:1")
    publisher.publish(3)
    monkeypatch.setattr(file_intake, "MAX_WITHDRAWN_LINES", 2)
    with pytest.raises(NotAProof, match="withdraw more than 2 marks and lines"):
        follower.follow(3)
    assert received_days(follower) == set() and alarm_kinds(follower)


@pytest.mark.parametrize("number", ["abc", "²", "0", "01", "1/2", "..", "1\u0661"])
def test_a_log_whose_name_has_no_number_is_refused(publisher: Publisher, follower: Follower, number: str) -> None:
    key = SigningKey(f"papers.example/log/{NAME}/{number}", bytes(32)).verifier
    (publisher.public / "log/policy.txt").write_text(f"log {key}\nquorum none\n")
    [problem, *_] = follower.follow(3).problems
    assert "its name does not end with the path of its files" in problem and received_days(follower) == set()


def test_with_too_few_witnesses_nothing_is_accepted(publisher: Publisher, follower: Follower) -> None:
    witness = Cosigner("w.example", COSIGNATURE_ED25519, bytes(range(32)))
    policy = (publisher.public / "log/policy.txt").read_text().replace("quorum none\n", "")
    site = follower.site._replace(policy=f"{policy}witness w {witness.verifier}\nquorum w\n")
    follower.site = site
    [problem] = follower.follow(3).problems
    assert "0 of 1 witnesses cosigned its checkpoint" in problem and received_days(follower) == set()
    assert alarm_kinds(follower) == []  # they may come later
    file = publisher.public / f"log/{NAME}/1/checkpoint"
    checkpoint = parse_checkpoint(file.read_text())
    file.write_text(str(checkpoint) + str(cosign(checkpoint, witness, FIRST // 1_000_000)))
    assert follower.follow(3, 9).problems == () and received_days(follower) == {"06", "07", "08"}


def test_a_site_that_is_gone_is_a_network_that_cannot_be_read(publisher: Publisher, follower: Follower) -> None:
    follower.follow(3)
    shutil.rmtree(publisher.public / "log")
    with pytest.raises(NetError, match="404"):
        follower.follow(3, 9)
    assert follower.record.count(Measurement) and key(1) and alarm_kinds(follower) == []
