"""A whole site, or a copy of one in a folder: every issue's proof, and the log itself from its files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hotpapers.errors import InputError, NotAProof
from hotpapers.transparency import policies, tiles
from hotpapers.transparency.checkpoints import SignedCheckpoint, parse_checkpoint
from hotpapers.transparency.entries import ISSUE, issue_entry
from hotpapers.transparency.merkle import MerkleTree, leaf_hash
from hotpapers.transparency.policies import LogPolicy
from hotpapers.transparency.saved_issues import ProofVerdict, check_saved, read_saved

LARGEST = 1 << 20
"""Bytes of one of the log's files that is still read."""
MOST_LEAVES = 1 << 20
POLICY_FILE = Path("log", "policy.txt")


class MirroredLog(NamedTuple):
    """A log as a folder has it: its latest checkpoint, its leaves and their tree."""

    signed: SignedCheckpoint
    entries: tuple[bytes, ...]
    tree: MerkleTree


class MirrorVerdict(NamedTuple):
    """`issues`: files of issues that were checked. `leaves`: of all logs. `missing`: issues that a log holds and the
    folder does not."""

    issues: int
    leaves: int
    missing: int
    problems: tuple[str, ...]


def check_mirror(folder: Path, policy: LogPolicy) -> MirrorVerdict:
    """Checks a folder: that each log has the leaves that its checkpoint was signed for, that each issue stands in it,
    in JSON and page, and that each checkpoint that a proof names is one of that log."""
    problems: list[str] = []
    logs = dict(_logs(folder, policy, problems))
    present: set[bytes] = set()
    files = sorted([*folder.glob("*/issue.json"), *folder.glob("*/edition-*/issue.json")])
    for file in files:
        for saved in (file, file.with_name("index.html")):
            try:
                verdict = check_saved(read_saved(saved), policy)
            except InputError as problem:
                problems.append(str(problem))
                continue
            present.add(issue_entry(verdict.issue.digest))
            differences = (*verdict.problems, *_differing(verdict, logs))
            problems += [f"{saved.relative_to(folder)}: {text}" for text in differences]
    logged = {entry for log in logs.values() for entry in log.entries if entry[:1] == ISSUE}
    leaves = sum(len(log.entries) for log in logs.values())
    return MirrorVerdict(len(files), leaves, len(logged - present), tuple(problems))


def _logs(folder: Path, policy: LogPolicy, problems: list[str]) -> Iterator[tuple[str, MirroredLog]]:
    for log in policy.logs:
        name = log.key.name
        try:
            yield name, read_log(folder, name, policy)
        except (InputError, OSError) as problem:
            problems.append(f"{name}: {problem}")


def read_log(folder: Path, origin: str, policy: LogPolicy) -> MirroredLog:
    """A log from its files below `log/PUBLICATION/NUMBER`. Raises NotAProof where they are not those of its checkpoint,
    or this is not signed by a log of the policy; OSError where one is missing."""
    base = folder / log_path(origin)
    signed = parse_checkpoint(_bytes(base / tiles.CHECKPOINT_PATH).decode("utf-8", "replace"))
    if signed.checkpoint.origin != origin or not policies.is_of_known_log(policy, signed):
        raise NotAProof("its checkpoint is not signed by it")
    size = signed.checkpoint.size
    if size > MOST_LEAVES:
        raise NotAProof(f"it has more than {MOST_LEAVES:,} leaves")
    bundles = [(index, width) for level, index, width in tiles.widths(size) if level == 0]
    files = (base / tiles.tile_path("entries", index, width) for index, width in bundles)
    entries = tuple(entry for file in files for entry in tiles.read_bundle(_bytes(file)))
    tree = MerkleTree(map(leaf_hash, entries))
    if tree.size != size or tree.root(size) != signed.checkpoint.root:
        raise NotAProof("its leaves are not those that its checkpoint was signed for")
    _check_tiles(base, tree)
    return MirroredLog(signed, entries, tree)


def log_path(origin: str) -> str:
    """Where a site has a log's files: `log/PUBLICATION/NUMBER`. Raises NotAProof for a name that does not say so."""
    parts = origin.split("/")[-3:]
    if len(parts) != 3 or parts[0] != "log" or not all(part.replace("-", "").isalnum() for part in parts):
        raise NotAProof("its name does not say where its files are: …/log/PUBLICATION/NUMBER")
    return "/".join(parts)


def _check_tiles(base: Path, tree: MerkleTree) -> None:
    """Raises NotAProof where the tiles, from which other programs make proofs, are not those of the leaves."""
    for level, index, width in tiles.widths(tree.size):
        path = tiles.tile_path(level, index, width)
        if _bytes(base / path) != tiles.tile(tree, level, index, width):
            raise NotAProof(f"{path} is not the tile of its leaves")


def _bytes(file: Path) -> bytes:
    with file.open("rb") as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise NotAProof(f"{file.name} is larger than {LARGEST:,} bytes")
    return data


def _differing(verdict: ProofVerdict, logs: dict[str, MirroredLog]) -> Iterator[str]:
    """Where a proof's checkpoint is none of the log that the folder has: a split view."""
    checkpoint = verdict.issue.proof.signed.checkpoint
    log = logs.get(checkpoint.origin)
    if log is None:
        yield f"its log {checkpoint.origin} is not here"
    elif checkpoint.size > log.tree.size or log.tree.root(checkpoint.size) != checkpoint.root:
        yield f"its checkpoint of size {checkpoint.size} is none of the log that is here: a split view"
