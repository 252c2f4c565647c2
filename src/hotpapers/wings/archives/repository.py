"""An account's whole repository, as `com.atproto.sync.getRepo` returns it: a CAR file of a commit, a tree and records.

Only records in the tree count, and only blocks whose bytes match their hash. Whether the owner signed the commit is not
checked: the file does not include their key.
https://atproto.com/specs/repository · https://ipld.io/specs/transport/car/carv1/
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Container, Iterator
from contextlib import suppress
from typing import Any, BinaryIO, NamedTuple

import libipld
import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.model import MAX_INTEGER
from hotpapers.base.text import timestamps
from hotpapers.collect.sources.bluesky.parser import tid_time
from hotpapers.wings.archives.event_lines import problem_line
from hotpapers.wings.archives.format import UNREADABLE

MAX_BLOCK_BYTES = 2**21
"""Most bytes of a block: twice what the network allows for a record."""
MAX_REPOSITORY_BYTES = 2**29
"""Most bytes of all blocks with their CIDs, and of all keys of the tree: they are kept in memory."""
MAX_NODE_BYTES = 2**16
"""Most bytes of a node of the tree: real ones have a few entries of 100 bytes."""
MAX_TREE_DEPTH = 128
"""Most levels of the tree: a key's hash has no more pairs of leading zeros."""
MAX_KEY_BYTES = 1_024
KEY = re.compile(r"[A-Za-z0-9.-]+/(?!\.{1,2}\Z)[A-Za-z0-9._:~-]{1,512}")
"""A collection and a record's key (https://atproto.com/specs/record-key)."""
DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,2000}")
CID = (b"\x01\x71\x12\x20", b"\x01\x55\x12\x20")
"""How a CID begins: version 1, DAG-CBOR or raw, SHA-256. The decoder does not distinguish CIDs from other bytes."""
CID_BYTES = 36
NONSENSE = (msgspec.MsgspecError, ValueError, TypeError, KeyError, OverflowError, RecursionError)
"""The errors that decoders raise for an invalid block."""


class _Commit(msgspec.Struct):
    did: str
    data: bytes
    rev: str | None = None


class _NodeEntry(msgspec.Struct):
    p: int
    k: bytes
    v: bytes
    t: bytes | None = None


class _Node(msgspec.Struct):
    e: list[_NodeEntry]
    l: bytes | None = None  # noqa: E741 the specification's name


class RepositoryLeaf(NamedTuple):
    """A key of the tree and the CID of its record; or a problem in place of the CID."""

    path: str
    cid: bytes
    problem: str


class CarFile(NamedTuple):
    """Blocks by CID; the CIDs of blocks whose bytes don't match; why the rest could not be read, if so."""

    root: bytes
    blocks: dict[bytes, bytes]
    forged: set[bytes]
    problem: str


# ---- the file ----------------------------------------------------------------------------------------


def read_car(stream: BinaryIO) -> CarFile:
    """All blocks of a CAR file, as far as it can be read. Raises InputError if it is not a CAR file."""
    root = _root(stream)
    blocks = {}
    forged = set()
    problem = ""
    total = 0
    try:
        for cid, block in _sections(stream):
            total += len(cid) + len(block)
            if total > MAX_REPOSITORY_BYTES:
                raise InputError(f"a repository of more than {MAX_REPOSITORY_BYTES >> 20} MB")
            if cid.startswith(CID) and hashlib.sha256(block).digest() == cid[4:]:
                blocks[cid] = block
            else:
                forged.add(cid)
    except InputError as reason:
        problem = reason.reason
    return CarFile(root, blocks, forged.difference(blocks), problem)


def _root(stream: BinaryIO) -> bytes:
    try:
        size = _length(stream)
        if size and size < MAX_NODE_BYTES:
            header = libipld.decode_dag_cbor(_read_exactly(stream, size))
        else:
            header = None
        if isinstance(header, dict) and header["version"] == 1:
            root = header["roots"][0]
        else:
            root = None
    except (*NONSENSE, IndexError, InputError):
        root = None
    if not isinstance(root, bytes) or len(root) != CID_BYTES:
        raise InputError("not an AT Protocol repository: it does not begin like a CAR file")
    return root


def _sections(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    while (size := _length(stream)) is not None:
        if not CID_BYTES < size <= MAX_BLOCK_BYTES:
            raise InputError(f"a block has an impossible size of {size:,} bytes")
        section = _read_exactly(stream, size)
        yield section[:CID_BYTES], section[CID_BYTES:]


def _length(stream: BinaryIO) -> int | None:
    """An unsigned LEB128; None at the end."""
    value = shift = 0
    while byte := stream.read(1):
        value |= (byte[0] & 127) << shift
        if byte[0] < 128:
            return value
        shift += 7
        if shift > 56:
            raise InputError("an impossible length")
    if shift:
        raise InputError("it breaks off")
    return None


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise InputError("it breaks off")
    return data


# ---- the tree ----------------------------------------------------------------------------------------


def tree_leaves(car: CarFile, root: bytes) -> Iterator[RepositoryLeaf]:
    """The tree's keys in order, each with its record's CID; unreadable parts of the tree appear in place, with the CID
    of the node. A repeated node, and a key that is not greater than the one before it, are problems too. Raises
    InputError if the keys are too long together: a node leaves out what a key shares with the one before it.
    """
    visited = set[bytes]()
    total = 0
    last = b""

    def below(cid: bytes, depth: int) -> Iterator[RepositoryLeaf]:
        nonlocal total, last
        node = _node(car, cid, visited) if depth < MAX_TREE_DEPTH else "a tree that is too deep"
        if isinstance(node, str):
            yield RepositoryLeaf(last.decode("utf-8", "replace"), cid, node)
            return
        if node.l is not None:
            yield from below(node.l, depth + 1)
        key = b""
        for entry in node.e:
            key = key[: max(entry.p, 0)] + entry.k
            if len(key) > MAX_KEY_BYTES:
                yield RepositoryLeaf(last.decode("utf-8", "replace"), cid, "a key that is too long")
                return
            total += len(key)
            if total > MAX_REPOSITORY_BYTES:
                raise InputError(f"keys of more than {MAX_REPOSITORY_BYTES >> 20} MB")
            path = key.decode("utf-8", "replace")
            problem = "" if KEY.fullmatch(path) else "a key that no record can have"
            yield RepositoryLeaf(path, entry.v, problem if last < key else "a key that is not in order")
            last = max(last, key)
            if entry.t is not None:
                yield from below(entry.t, depth + 1)

    return below(root, 0)


def _node(car: CarFile, cid: bytes, visited: set[bytes]) -> _Node | str:
    """A decoded node, or why it cannot be read."""
    if cid in visited:
        return "a node of the tree that is in two places"
    visited.add(cid)
    if cid not in car.blocks:
        return f"a node of the tree that {missing_reason(car, cid)}"
    block = car.blocks[cid]
    with suppress(*NONSENSE):
        if len(block) <= MAX_NODE_BYTES:
            return msgspec.convert(libipld.decode_dag_cbor(block), _Node)
    return "a node of the tree that cannot be read"


def missing_reason(car: CarFile, cid: bytes) -> str:
    """Why a referenced block is missing."""
    return "has other bytes than its hash says" if cid in car.forged else "is not in the file"


# ---- records -----------------------------------------------------------------------------------------


def event_lines(stream: BinaryIO, collections: Container[str], oldest: int) -> Iterator[bytes]:
    """The records of some collections by time, none before `oldest` (µs UTC), each as the line of Jetstream's event for
    its creation; then lines for those that cannot be read.

    Raises InputError if the file is not a repository; if it breaks off, only after everything readable, and without
    listing missing records one by one.
    """
    car = read_car(stream)
    commit = _commit(car)
    latest = tid_time(commit.rev or "")
    records = []
    problems = []
    for leaf in tree_leaves(car, commit.data):
        collection, _, rkey = leaf.path.partition("/")
        if leaf.problem:
            problems.append(leaf)
        elif collection in collections and leaf.cid in car.blocks:
            record_time = _record_time(rkey, car.blocks[leaf.cid], oldest, latest)
            records.append((record_time, leaf.path, leaf.cid))
        elif collection in collections:
            problems.append(leaf._replace(problem=f"a record that {missing_reason(car, leaf.cid)}"))
    for at, path, cid in sorted(records):
        yield _event_line(commit, at, path, cid, car.blocks[cid])
    if car.problem:
        problems = [leaf for leaf in problems if leaf.cid in car.blocks or leaf.cid in car.forged]
    unreferenced = car.forged.difference(leaf.cid for leaf in problems)
    problems += [
        RepositoryLeaf("", cid, "a block that has other bytes than its hash says") for cid in sorted(unreferenced)
    ]
    for leaf in problems:
        place = f"{commit.did}/{leaf.path}" if leaf.path else commit.did
        reason = f"{place}: {leaf.problem}"
        yield problem_line(reason, did=commit.did, path=leaf.path, block=b"")
    if car.problem:
        raise InputError(f"cannot be read as a whole: {car.problem}")


def _commit(car: CarFile) -> _Commit:
    try:
        block = libipld.decode_dag_cbor(car.blocks[car.root])
        commit = msgspec.convert(block, _Commit)
    except NONSENSE:
        reason = "cannot be read" if car.root in car.blocks else missing_reason(car, car.root)
        raise InputError(f"not an AT Protocol repository: its commit {reason}") from None
    if not DID.fullmatch(commit.did):
        raise InputError("not an AT Protocol repository: its commit does not name its owner")
    return commit


def _record_time(rkey: str, block: bytes, oldest: int, latest: int | None) -> int:
    """The time in a record's key, else the one that its owner claims, which nobody else can confirm, else the commit's.
    Never after the commit."""
    until = MAX_INTEGER if latest is None else latest
    at = tid_time(rkey)
    if at is None or not oldest <= at <= until:
        try:
            record: Any = libipld.decode_dag_cbor(block)
            at = timestamps.parse_iso(record["createdAt"])
        except (*NONSENSE, AttributeError):
            at = None
    if at is not None and oldest <= at <= until:
        return at
    return latest or 0


def _event_line(commit: _Commit, at: int, path: str, cid: bytes, block: bytes) -> bytes:
    collection, _, rkey = path.partition("/")
    try:
        record = plain_json(libipld.decode_dag_cbor(block))
        created = {
            "rev": commit.rev or "",
            "operation": "create",
            "collection": collection,
            "rkey": rkey,
            "record": record,
            "cid": libipld.encode_cid(cid),
        }
        event = {"did": commit.did, "time_us": at, "kind": "commit", "commit": created}
        return msgspec.json.encode(event) + b"\n"
    except UNREADABLE as problem:
        return problem_line(str(problem), did=commit.did, path=path, block=block)


def plain_json(value: Any) -> Any:
    """A record in its JSON form: links and bytes as objects with `$link` and `$bytes`."""
    if isinstance(value, dict):
        return {name: plain_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain_json(item) for item in value]
    if not isinstance(value, bytes):
        return value
    if len(value) == CID_BYTES and value.startswith(CID):
        return {"$link": libipld.encode_cid(value)}
    return {"$bytes": base64.b64encode(value).decode().rstrip("=")}
