"""Repositories: imported as the live reader would read the same records; nothing broken or forged gets in."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from itertools import permutations
from pathlib import Path
from typing import Any

import libipld
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import InputError
from hotpapers.base.model import Post, Reaction
from hotpapers.collect.sources.bluesky.parser import tid_time
from hotpapers.record import Record
from hotpapers.record.verify import check_record
from hotpapers.wings.archives import framing, repository
from hotpapers.wings.archives.event_lines import COLLECTIONS
from hotpapers.wings.archives.format import FIRST
from hotpapers.wings.archives.repository import MAX_BLOCK_BYTES, MAX_NODE_BYTES, MAX_TREE_DEPTH
from tests.cli.run import good, run
from tests.collect.sources import bluesky_events as bluesky
from tests.collect.sources.bluesky_events import ANNA, BERT, tid
from tests.collect.sources.fake_repository import block, car, fake_repository, section, varint
from tests.conftest import DATA, data
from tests.wings.archives.archive_helpers import (
    DAY,
    DAY_START,
    PAPER_URL,
    assert_same,
    export_lines,
    import_one,
    lines,
    quarantine_of,
    rewrite,
)
from tests.wings.archives.test_archives_workers import import_with_workers

POST, LIKE, REPOST = "app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.feed.repost"
SECOND = 1_000_000
CLEO = "did:plc:madeupcccccccccccccccccc"


def kettles() -> dict[str, dict[str, Any]]:
    """A made-up person's records by path, related to papers or not."""
    uris = [f"at://{ANNA}/{POST}/{tid(DAY_START + n * SECOND)}" for n in range(40)]
    records: dict[str, dict[str, Any]] = {
        "app.bsky.actor.profile/self": {"$type": "app.bsky.actor.profile", "displayName": "Anna"},
        f"{POST}/{tid(DAY_START)}": bluesky.post(f"Read {PAPER_URL.format(1001)}", langs=["en"]),
        f"{POST}/{tid(DAY_START + SECOND)}": bluesky.post("A card", embed=_card(f"https://{PAPER_URL.format(1002)}v2")),
        f"{POST}/{tid(DAY_START + 2 * SECOND)}": bluesky.post(
            f"More on {PAPER_URL.format(1003)}", reply=_reply(uris[0])
        ),
        f"{POST}/my-own-key": bluesky.post(PAPER_URL.format(1004), createdAt="2026-07-03T00:00:05.000Z"),
        f"{POST}/{tid(DAY_START + 10 * 365 * DAY)}": bluesky.post(f"Not made yet: {PAPER_URL.format(1005)}"),
        f"{LIKE}/{tid(DAY_START + 6 * SECOND)}": _reaction(uris[0]),
        f"{REPOST}/{tid(DAY_START + 7 * SECOND)}": _reaction(uris[2]),
        f"{LIKE}/{tid(DAY_START + 8 * SECOND)}": _reaction(uris[30]),
    }
    weather = {f"{POST}/{tid(DAY_START + n * SECOND)}": bluesky.post(f"Rain, {n}") for n in range(10, 40)}
    follows = {f"app.bsky.graph.follow/{tid(DAY_START + n)}": {"subject": BERT} for n in range(30)}
    return records | weather | follows


def _card(uri: str) -> dict[str, object]:
    return {"$type": "app.bsky.embed.external", "external": {"uri": uri, "title": "", "description": ""}}


def _reply(uri: str) -> dict[str, object]:
    ref = {"uri": uri, "cid": "bafyrei"}
    return {"root": ref, "parent": ref}


def _reaction(uri: str) -> dict[str, Any]:
    return {"subject": {"uri": uri, "cid": "bafyrei"}, "createdAt": "2026-07-03T00:00:00Z"}


REPOSITORY = car(*fake_repository(kettles()))


def as_events(records: Mapping[str, Any]) -> bytes:
    """The same records as the stream sends them, each at the moment in its key."""
    times = [(tid_time(path.partition("/")[2]), path) for path in records]
    return lines(
        bluesky.create(ANNA, records[path], collection=path.partition("/")[0], rkey=path.partition("/")[2], time=at)
        for at, path in sorted((at, path) for at, path in times if at and at < DAY_START + DAY)
    )


def test_a_repository_becomes_what_the_source_reads(record: Record) -> None:
    file = DATA / "archives" / "car-kettles.car"
    rewrite(file, REPOSITORY)
    assert file.read_bytes() == REPOSITORY
    result = import_one(record, "car", data("archives/car-kettles.car"))
    assert_same("car-kettles.items.jsonl", export_lines(record))
    assert_same("car-kettles.told.json", json.dumps(result._asdict(), indent=1).encode() + b"\n")
    assert not check_record(record.database, record.hasher).findings


def test_it_is_what_the_live_reader_makes_of_the_same_records(record: Record, other_record: Record) -> None:
    records = {path: body for path, body in kettles().items() if path.partition("/")[2] not in ("self", "my-own-key")}
    past_records = {path: body for path, body in records.items() if (tid_time(path[-13:]) or 0) < DAY_START + DAY}
    import_one(record, "car", car(*fake_repository(past_records)))
    import_one(other_record, "jetstream", as_events(past_records))
    assert export_lines(record) == export_lines(other_record) and record.count(Reaction) == 3


@pytest.mark.long
def test_in_both_databases_and_by_several_processes(
    store_url: str, other_record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_one(other_record, "car", REPOSITORY)
    monkeypatch.setattr(framing, "BLOCK", 300)
    with Record(store_url) as record:
        import_with_workers(record, "car", REPOSITORY, 2)
        assert export_lines(record) == export_lines(other_record)


def test_what_the_record_knows_from_the_stream_is_not_doubled(record: Record) -> None:
    """The stream sends a post a while after the moment in its key."""
    events = lines(
        bluesky.create(ANNA, kettles()[f"{POST}/{tid(at)}"], rkey=tid(at), time=at + SECOND // 2)
        for at in (DAY_START, DAY_START + SECOND)
    )
    import_one(record, "jetstream", events)
    assert record.count(Post) == 2
    for content in (REPOSITORY, REPOSITORY + section(*_forged())):  # another file with the same records
        import_one(record, "car", content)
        assert (record.count(Post), record.count(Reaction)) == (5, 3)


def _forged() -> tuple[bytes, bytes]:
    blocks: dict[bytes, bytes] = {}
    return block(bluesky.post("What is here was never said"), blocks), libipld.encode_dag_cbor({"text": "forged"})


# ---- broken and forged ---------------------------------------------------------------------------------


def reasons(record: Record) -> list[str]:
    return [row.reason.removeprefix("InputError: ") for row in quarantine_of(record, "bluesky")]


def test_a_block_that_is_missing_or_forged_is_told_and_the_rest_goes_in(record: Record, other_record: Record) -> None:
    paths = [f"{POST}/{tid(DAY_START + n * SECOND)}" for n in (0, 1)]
    root, blocks = fake_repository(kettles())
    cids = [block(kettles()[path], {}) for path in paths]
    blocks[cids[0]] = libipld.encode_dag_cbor(bluesky.post(f"Never said: {PAPER_URL.format(1099)}"))
    del blocks[cids[1]]
    result = import_one(record, "car", car(root, blocks) + section(*_forged()))
    assert sorted(reasons(record)) == [
        f"{ANNA}/{paths[0]}: a record that has other bytes than its hash says",
        f"{ANNA}/{paths[1]}: a record that is not in the file",
        f"{ANNA}: a block that has other bytes than its hash says",
    ]
    import_one(
        other_record,
        "car",
        car(*fake_repository({path: body for path, body in kettles().items() if path not in paths})),
    )
    assert result.quarantined == 3 and result.posts == other_record.count(Post) == 3


def test_what_the_tree_does_not_hold_does_not_count(record: Record) -> None:
    root, blocks = fake_repository(kettles())
    unlinked_blocks: dict[bytes, bytes] = {}
    block(bluesky.post(f"Deleted: {PAPER_URL.format(1098)}"), unlinked_blocks)
    import_one(record, "car", car(root, blocks | unlinked_blocks))
    assert b"2606.01098" not in export_lines(record) and record.count(Post) == 5


def with_tree(nodes: list[dict[str, Any]]) -> bytes:
    """A repository with the given nodes, the last one as the root. A link is the index of an earlier node."""
    blocks: dict[bytes, bytes] = {}
    leaf = block(bluesky.post(PAPER_URL.format(1000)), blocks)
    cids: list[bytes] = []

    def link_to(number: object) -> bytes | None:
        return cids[number] if isinstance(number, int) else None

    for node in nodes:
        entries = [{"p": entry[0], "k": entry[1], "v": leaf, "t": link_to(entry[2])} for entry in node["e"]]
        cids.append(block({"l": link_to(node.get("l")), "e": entries}, blocks))
    commit = {
        "did": ANNA,
        "version": 3,
        "data": cids[-1],
        "rev": tid(DAY_START + DAY),
        "prev": None,
        "sig": b"",
    }
    return car(block(commit, blocks), blocks)


KEYS = [f"{POST}/{tid(DAY_START + n)}".encode() for n in range(9)]


@pytest.mark.parametrize(
    ("nodes", "reason", "posts"),
    [
        ([{"e": [(0, KEYS[1], None), (0, KEYS[0], None)]}], "a key that is not in order", 1),
        ([{"e": [(0, KEYS[1], None)]}, {"l": 0, "e": [(0, KEYS[1], None)]}], "a key that is not in order", 1),
        ([{"e": [(0, KEYS[0], None)]}, {"l": 0, "e": [(0, KEYS[1], 0)]}], "is in two places", 2),
        ([{"e": [(0, POST.encode() + b"/" + b"a" * 2000, None)]}], "a key that is too long", 0),
        ([{"e": [(0, POST.encode() + b"/..", None)]}], "a key that no record can have", 0),
        ([{"e": [(0, POST.encode() + b"/a b", None)]}], "a key that no record can have", 0),
        ([{"e": [(0, POST.encode() + b"/a/b", None), (0, KEYS[0], None)]}], "a key that ", 0),
        ([{"e": []}, *({"l": n, "e": []} for n in range(MAX_TREE_DEPTH + 1))], "a tree that is too deep", 0),
        ([{"e": [(0, b"z" * (MAX_NODE_BYTES + 1), None)]}], "a node of the tree that cannot be read", 0),
    ],
)
def test_a_tree_that_is_none_is_told(record: Record, nodes: list[dict[str, Any]], reason: str, posts: int) -> None:
    if posts:
        import_one(record, "car", with_tree(nodes))
    else:
        with pytest.raises(InputError, match=reason):
            import_one(record, "car", with_tree(nodes))
    assert record.count(Post) == posts and all(reason in text for text in reasons(record))


def test_a_repository_that_breaks_off_is_told_and_what_can_be_read_goes_in(record: Record) -> None:
    root, blocks = fake_repository(kettles())
    cut = len(car(root, blocks)) - 3
    with pytest.raises(
        InputError, match=r"cannot be read as a whole: it breaks off; the \d+ lines before that were imp"
    ):
        import_one(record, "car", car(root, blocks)[:cut])
    assert record.count(Post) >= 4 and reasons(record) == []
    import_one(record, "car", car(root, blocks))
    assert record.count(Post) == 5


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it does not begin like a CAR file"),
        (b'{"did":"did:plc:x"}\n', "it does not begin like a CAR file"),
        (REPOSITORY[:40], "it does not begin like a CAR file"),
        (REPOSITORY[:80], "its commit is not in the file"),
        (car(*fake_repository({}, did="nobody")), "does not name its owner"),
        (car(*fake_repository({}, did="did:plc:a\nb")), "does not name its owner"),
        (car(*fake_repository({}, data="no link")), "its commit cannot be read"),
        (REPOSITORY[:59] + varint(MAX_BLOCK_BYTES + 1), "its commit is not in the file"),
        (REPOSITORY[:59] + b"\xff" * 12, "its commit is not in the file"),
    ],
    ids=["empty", "json", "header", "commit", "nobody", "lines", "link", "large", "length"],
)
def test_what_is_no_repository_is_refused(record: Record, content: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        import_one(record, "car", content)
    assert record.head.position == 0


def test_many_tiny_blocks_and_keys_that_share_nearly_all_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "MAX_REPOSITORY_BYTES", 2**20)
    root, blocks = fake_repository({})
    for number in range(30_000):
        block(number, blocks)
    result = repository.read_car(io.BytesIO(car(root, blocks)))
    assert "more than 1 MB" in result.problem and len(result.blocks) < 2**20 / 36
    nodes: dict[bytes, bytes] = {}
    long_entry = {"p": 0, "k": f"{POST}/{'a' * 500}0000".encode(), "v": root, "t": None}
    short_entries = [{"p": 519, "k": f"{number:04}".encode(), "v": root, "t": None} for number in range(1, 900)]
    parts = [block({"l": None, "e": [long_entry, *short_entries[part:]]}, nodes) for part in range(3)]
    tree = block({"l": None, "e": [{"p": 0, "k": b"a", "v": root, "t": part} for part in parts]}, nodes)
    with pytest.raises(InputError, match="keys of more than 1 MB"):
        list(repository.tree_leaves(repository.CarFile(root, nodes, set(), problem=""), tree))


def test_a_repository_of_an_empty_tree_is_read(record: Record) -> None:
    assert import_one(record, "car", car(*fake_repository({}))).lines == 0


def texts(content: bytes) -> set[tuple[str, str]]:
    """Path and CID of every readable record of a file."""
    result = set()
    try:
        for line in repository.event_lines(io.BytesIO(content), COLLECTIONS, FIRST):
            if commit := json.loads(line).get("commit"):
                result.add((f"{commit['collection']}/{commit['rkey']}", commit["cid"]))
    except InputError:
        pass
    return result


RECORDS = texts(REPOSITORY)


@given(st.data())
def test_no_damage_makes_words_of_its_own(draw: st.DataObject) -> None:
    """Bytes changed, cut out or doubled anywhere: whatever is still readable was there before."""
    content = bytearray(REPOSITORY)
    for _ in range(draw.draw(st.integers(1, 4))):
        start = draw.draw(st.integers(0, len(content) - 1))
        end = draw.draw(st.integers(start, min(start + 200, len(content))))
        content[start:end] = draw.draw(st.one_of(st.just(b""), st.binary(max_size=40), st.just(content[start:end] * 2)))
    assert texts(bytes(content)) <= RECORDS


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assert texts(content) == set() == texts(REPOSITORY[:59] + content)


# ---- several files, with the program -------------------------------------------------------------------


@pytest.fixture
def people(tmp_path: Path) -> list[Path]:
    """Repositories of three people: two who react to the third one's post. In this order, reactions precede the
    post."""
    post = f"at://{ANNA}/{POST}/{tid(DAY_START)}"
    reply_path = f"{POST}/{tid(DAY_START + 5 * SECOND)}"
    contents = {
        "a-bert": fake_repository({f"{LIKE}/{tid(DAY_START + 3 * SECOND)}": _reaction(post)}, did=BERT),
        "b-cleo": fake_repository(
            {
                reply_path: bluesky.post("And why?", reply=_reply(post)),
                f"{REPOST}/{tid(DAY_START + 4 * SECOND)}": _reaction(post),
            },
            did=CLEO,
        ),
        "c-anna": fake_repository(kettles()),
    }
    files = [tmp_path / f"{name}.car" for name in contents]
    for file, (root, blocks) in zip(files, contents.values(), strict=True):
        file.write_bytes(car(root, blocks))
    return files


def test_the_order_of_several_does_not_matter(tmp_path: Path, people: list[Path]) -> None:
    outcomes = set()
    for n, files in enumerate(permutations(people)):
        store = tmp_path / f"{n}.db"
        output = good("import", "car", *files, "--store", store)
        assert f"{people[0]}: 1 line read; added: 0 posts, 0 mentions, 1 reaction, 0 snapshots\n" in output
        assert f"{people[1]}: 2 lines read; added: 0 posts, 0 mentions, 2 reactions, 0 snapshots\n" in output
        assert f"{people[2]}: 38 lines read; added: 5 posts, 5 mentions, 3 reactions, 0 snapshots\n" in output
        with Record(str(store)) as record:
            outcomes.add(export_lines(record))
        second_output = good("import", "car", *files, "--store", store)
        assert (
            second_output.count("read by an earlier import")
            + second_output.count("added: 0 posts, 0 mentions, 0 reactions")
            == 3
        )
        assert "0 lines" not in second_output
    assert len(outcomes) == 1


def test_one_that_is_none_is_told_once_and_keeps_no_other_out(tmp_path: Path, people: list[Path]) -> None:
    people[1].write_bytes(b"{}\n")
    result = run("import", "car", *people, "--store", tmp_path / "s.db")
    assert result.status == 1 and result.err.count("refused") == 1 and "like a CAR file" in result.err
    assert result.out.count("added: ") == 2 and "1 reaction," in result.out
    assert "hotpapers import car" in run("import", "x", people[0], "--store", tmp_path / "s.db").err


def test_of_two_copies_of_a_repository_each_record_counts_once(tmp_path: Path) -> None:
    """The older copy has a post that was deleted since; most records are in both."""
    old_records = {path: body for path, body in kettles().items() if not path.startswith(REPOST)}
    new_records = {path: body for path, body in kettles().items() if path != f"{POST}/my-own-key"}
    files = []
    for name, records, day in (("older", old_records, 1), ("newer", new_records, 2)):
        files.append(tmp_path / f"{name}.car")
        files[-1].write_bytes(car(*fake_repository(records, rev=tid(DAY_START + day * DAY))))
    outcomes = []
    for n, order in enumerate(permutations(files)):
        good("import", "car", *order, "--store", tmp_path / f"{n}.db")
        with Record(str(tmp_path / f"{n}.db")) as record:
            outcomes.append((export_lines(record), record.count(Post), record.count(Reaction)))
    assert outcomes[0] == outcomes[1] and outcomes[0][1:] == (5, 3)
