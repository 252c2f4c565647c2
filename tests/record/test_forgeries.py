"""For 1,000 forged exports, import, `verify` and the program in the docs agree."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
import pytest

from hotpapers.base import model
from hotpapers.base.errors import NotExchange
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.privacy.retention import prune_record
from hotpapers.keep.transfer.jsonl import exporter, importer
from hotpapers.record import Record
from tests.record import made
from tests.record.forgeries import Forger, Line, recompute_text

BATCHES = 25
OF_EACH = 20
KINDS = ((), ("bluesky", "x"))
"""The networks without words; each kind of export has its own seeds."""


@pytest.fixture(scope="module", params=range(len(KINDS)), ids=["with words", "without words"])
def kind(request: pytest.FixtureRequest) -> int:
    """The index of the kind of export."""
    return int(request.param)


@pytest.fixture(scope="module")
def exported(kind: int, tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    """A full export with closed, forgotten and pruned rows, and issues; without words where KINDS says so."""
    with Record(str(tmp_path_factory.mktemp("forged") / "hotpapers.db")) as record:
        made.rich(record)
        old = made.moment("2019-06-03 12:00")
        two = [model.Snapshot(post="x:1341202937956233217", likes=n, observed_at=old + n) for n in range(2)]
        record.append(two, source="test", at=old)
        forget_key(record, "x:@made_up_taro")
        forget_key(record, "x:@made_up_bo")
        assert prune_record(record, at=made.moment("2021-03-05 00:00")).snapshots == 1
        return [json.loads(line) for line in exporter.record_lines(record, ids_only=KINDS[kind])]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without batches."""
    store = tmp_path_factory.mktemp("empty") / "hotpapers.db"
    Record(str(store)).database.close()
    return store


@pytest.mark.parametrize("number", [0, 1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, BATCHES))])
def test_all_three_agree(exported: list[Line], kind: int, empty: Path, tmp_path: Path, number: int) -> None:
    forger = Forger(exported)
    first = (kind * BATCHES + number) * OF_EACH
    for seed in range(first, first + OF_EACH):
        what, lines = forger.forge(seed)
        shutil.copy(empty, tmp_path / f"{seed}.db")
        success, reason = is_taken(str(tmp_path / f"{seed}.db"), lines)
        assert is_recomputed(lines) == success, f"{what} (seed {seed}): {reason}"


@pytest.mark.parametrize(
    ("kind_of_line", "old", "new"),
    [
        ("snapshot", '"likes":', '"likes":999,"likes":'),  # the last value is the hashed one
        ("post", '"text":', '"text":"never said","text":'),
        ("identity", '"kind":', '"name":"Nobody","kind":'),
        ("pruned", '"kind":', '"likes":999,"kind":'),
        ("batch", '"at":', '"at":1,"at":'),
    ],
)
def test_what_no_hash_covers_is_refused(
    exported: list[Line], empty: Path, tmp_path: Path, kind_of_line: str, old: str, new: str
) -> None:
    raw = [msgspec.json.encode(line) for line in exported]
    assert is_recomputed_text(raw)
    at = next(n for n, line in enumerate(exported) if line["kind"] == kind_of_line)
    raw[at] = raw[at].replace(old.encode(), new.encode(), 1)
    shutil.copy(empty, tmp_path / "forged.db")
    with Record(str(tmp_path / "forged.db")) as record, pytest.raises(NotExchange):
        importer.import_lines(record, "forged.jsonl", raw)
    assert not is_recomputed_text(raw)


Change = Callable[[Line], object]
MALFORMED: list[tuple[str, Change]] = [
    ("header", lambda line: line.update(version=1.0)),
    ("header", lambda line: line.update(full=1)),
    ("header", lambda line: line.update(end=None)),
    ("header", lambda line: line.update(withheld=[None])),
    ("batch", lambda line: line.update(erased=[])),
    ("batch", lambda line: line.update(tombstones=[])),
    ("batch", lambda line: line.update(at=float(line["at"]))),
    ("identity", lambda line: line.update(commitment=line["commitment"].upper())),
    ("identity", lambda line: line.update(commitment=line["commitment"] + " ")),
    ("paper", lambda line: line.pop("comment")),
    ("snapshot", lambda line: line.pop("views")),
    ("snapshot", lambda line: line.update(likes=str(line["likes"]))),
    ("publication", lambda line: line.pop("zone")),
    ("place", lambda line: line["row"].update(derived=None)),
    ("place", lambda line: line["row"].update(salt=None)),
    ("place", lambda line: line["row"].update(until=None)),
    ("place", lambda line: line["row"].update(until=0)),
    ("place", lambda line: line["row"].update(until="")),
    ("place", lambda line: line["row"].update(until=False)),
    ("place", lambda line: line["row"].update(redacted=[])),
    ("post", lambda line: line["row"].update(salt=line["row"]["salt"].upper())),
    ("post", lambda line: line["row"].update(salt=line["row"]["salt"] + " ")),
    ("post", lambda line: line.update(reply_to=None)),
    ("post", lambda line: line.pop("quotes")),
    ("post", lambda line: [line.update({name: line.pop(name)}) for name in ("text", "kind")]),
]
"""Changes that hashes don't cover, or that another program would hash differently."""


@pytest.mark.parametrize("number", range(len(MALFORMED)))
def test_what_is_malformed_both_refuse(exported: list[Line], empty: Path, tmp_path: Path, number: int) -> None:
    kind_of_line, change = MALFORMED[number]
    lines = copy.deepcopy(exported)
    change(next(line for line in lines if line["kind"] == kind_of_line and _is_fit(line)))
    _both_refuse([msgspec.json.encode(line) for line in lines], empty, tmp_path)


def _is_fit(line: Line) -> bool:
    """Whether a line suits the changes: a forgotten identity, a post without words but with its salt."""
    if line["kind"] == "identity":
        return bool(line.get("commitment"))
    return bool(line["kind"] != "post" or {"redacted", "salt"} <= line["row"].keys())


@pytest.mark.parametrize("place", [0, 1, 5, -1])
def test_empty_lines_both_refuse(exported: list[Line], empty: Path, tmp_path: Path, place: int) -> None:
    raw = [msgspec.json.encode(line) for line in exported]
    _both_refuse([*raw[:place], b"", *raw[place:]], empty, tmp_path)


def _both_refuse(raw: list[bytes], empty: Path, tmp_path: Path) -> None:
    shutil.copy(empty, tmp_path / "forged.db")
    with Record(str(tmp_path / "forged.db")) as record, pytest.raises(NotExchange):
        importer.import_lines(record, "forged.jsonl", raw)
    assert not is_recomputed_text(raw)


def is_taken(store: str, lines: Sequence[Line]) -> tuple[bool, str]:
    """Whether an import restores every batch of an export; if not, why. Checks that the store then verifies."""
    with Record(store) as record:
        try:
            result = importer.import_lines(record, "forged.jsonl", map(msgspec.json.encode, lines))
        except NotExchange as refused:
            return False, str(refused)
        assert not made.verified(record).findings
        return result.restored == record.head.position and not result.added, str(result)


def is_recomputed(lines: list[Line]) -> bool:
    """Whether docs/examples/recompute.py accepts an export."""
    return is_recomputed_text(map(msgspec.json.encode, lines))


def is_recomputed_text(lines: Iterable[bytes]) -> bool:
    """The same for an export's own bytes."""
    try:
        recompute_text(b"".join(line + b"\n" for line in lines).decode())
    except Exception:
        return False
    return True
