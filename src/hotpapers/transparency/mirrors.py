"""A whole site, or a copy of one in a folder: every issue's proof, and the log itself from its files.

A proof says that an issue stood in the log, not where on the site it stands. So each issue must stand in the folder of
its own day and edition, in all files of the folder, and the front page must not show an older one than the latest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from hotpapers.errors import InputError, NotAProof
from hotpapers.transparency import policies, tiles
from hotpapers.transparency.checkpoints import SignedCheckpoint, parse_checkpoint
from hotpapers.transparency.entries import EARLIER, ISSUE, earlier_entry, issue_entry
from hotpapers.transparency.merkle import MerkleTree, leaf_hash
from hotpapers.transparency.policies import LogPolicy
from hotpapers.transparency.proofs import LogProof, parse_proof
from hotpapers.transparency.saved_issues import ProofVerdict, SavedIssue, check_saved, read_saved

LARGEST = 1 << 20
"""Bytes of one of the log's files that is still read."""
MOST_LEAVES = 1 << 20
POLICY_FILE = Path("log", "policy.txt")
PAGE, CONTENT, PROOF = "index.html", "issue.json", "issue.tlog-proof"
"""The files of an issue that are checked."""
_DAY = "-".join("[0-9]" * digits for digits in (4, 2, 2))
_FOLDERS = ("*/issue.json", "*/edition-*/issue.json", f"{_DAY}/index.html", f"{_DAY}/edition-*/index.html")
"""Where an issue stands, or a page that passes for one."""
_LOG = re.compile(r"(?:^|/)log/[A-Za-z0-9-]+/[1-9][0-9]{0,9}\Z", re.ASCII)
_EDITION = re.compile(r"edition-([1-9][0-9]{0,3})", re.ASCII)


class MirroredLog(NamedTuple):
    """A log as a folder has it: its latest checkpoint, its leaves and their tree."""

    signed: SignedCheckpoint
    entries: tuple[bytes, ...]
    tree: MerkleTree


class MirrorVerdict(NamedTuple):
    """`issues`: folders of issues that were checked. `leaves`: of all logs. `missing`: issues that a log holds and the
    folder does not."""

    issues: int
    leaves: int
    missing: int
    problems: tuple[str, ...]


def check_mirror(folder: Path, policy: LogPolicy) -> MirrorVerdict:
    """Checks a folder: that each log has the leaves that its checkpoint was signed for, that each issue stands in it
    and at its own place, in JSON and page, and that each checkpoint that a proof names is one of that log."""
    problems: list[str] = []
    logs = dict(_logs(folder, policy, problems))
    problems += _broken_links(logs)
    places = sorted({file.parent for pattern in _FOLDERS for file in folder.glob(pattern)})
    issues: dict[Path, SavedIssue] = {}
    for place in [*places, *([folder] if (folder / PAGE).is_file() else [])]:
        for file, issue in _issues_in(place, problems):
            verdict = check_saved(issue, policy)
            differences = [
                *verdict.problems,
                *_split_view_problems(verdict, logs),
                *_place_problems(place, folder, issue, issues),
            ]
            problems += [f"{file.relative_to(folder)}: {text}" for text in differences]
            issues.setdefault(place, issue)
    present = {issue_entry(issue.digest) for issue in issues.values()}
    logged = {entry for log in logs.values() for entry in log.entries if entry[:1] == ISSUE}
    leaves = sum(len(log.entries) for log in logs.values())
    return MirrorVerdict(len(places), leaves, len(logged - present), tuple(problems))


def _issues_in(place: Path, problems: list[str]) -> Iterator[tuple[Path, SavedIssue]]:
    """What the files of an issue say that are there."""
    issue: SavedIssue | None = None
    for file in (file for name in (CONTENT, PAGE, PROOF) if (file := place / name).is_file()):
        try:
            if file.name != PROOF:
                issue = read_saved(file)
            elif issue is not None:
                issue = SavedIssue(issue.content, issue.digest, _proof_in(file))
        except InputError as problem:
            problems.append(str(problem))
        else:
            if issue is not None:
                yield file, issue


def _proof_in(file: Path) -> LogProof:
    try:
        return parse_proof(_bytes(file).decode("utf-8", "replace"))
    except NotAProof as problem:
        raise NotAProof(problem.reason, file=str(file)) from problem


def _place_problems(place: Path, site: Path, issue: SavedIssue, others: dict[Path, SavedIssue]) -> Iterator[str]:
    """What is wrong with where an issue stands. `others`: the issues of files that were looked at before, by folder."""
    content, beside = issue.content, others.get(place)
    if beside is not None:
        if beside.digest != issue.digest:
            yield "it is another issue than in the file beside it"
    elif place == site:
        yield from _front_page_problems(issue, [other for folder, other in others.items() if folder.parent == site])
    else:
        edition = _EDITION.fullmatch(place.name)
        day = place.parent.name if edition else place.name
        if content.day != day or (edition and content.edition != int(edition[1])):
            yield f"it is edition {content.edition} of {content.day}"
        if not edition and (place / f"edition-{content.edition}").exists():
            yield f"it is edition {content.edition}, of which there is a later one"


def _front_page_problems(front: SavedIssue, latest: Sequence[SavedIssue]) -> Iterator[str]:
    """What is wrong with the issue of the front page. `latest`: of each day the latest edition."""
    day = max((issue.content.day for issue in latest), default="")
    if front.content.day < day:
        yield f"it is the issue of {front.content.day}, and not the latest"
    if any(issue.content.day == front.content.day and issue.digest != front.digest for issue in latest):
        yield f"it is another issue than in {front.content.day}"


def _logs(folder: Path, policy: LogPolicy, problems: list[str]) -> Iterator[tuple[str, MirroredLog]]:
    for log in policy.logs:
        name = log.key.name
        try:
            yield name, read_log(folder, name, policy)
        except (InputError, OSError) as problem:
            problems.append(f"{name}: {problem}")


def _broken_links(logs: Mapping[str, MirroredLog]) -> Iterator[str]:
    """Which logs do not name the end of the log before them, as that is here: between the two, leaves may be gone."""
    by_path = {log_path(origin): log for origin, log in logs.items()}
    for origin, log in logs.items():
        publication, _, number = log_path(origin).rpartition("/")
        if number == "1":
            continue
        first, before = b"".join(log.entries[:1]), by_path.get(f"{publication}/{int(number) - 1}")
        if first[:1] != EARLIER:
            yield f"{origin}: does not name the end of the log before it"
        elif before is not None and first != earlier_entry(before.signed.checkpoint):
            yield f"{origin}: names another end of the log before it than the one that is here"


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
    match = _LOG.search(origin)
    if match is None:
        raise NotAProof("its name does not say where its files are: …/log/PUBLICATION/NUMBER")
    return match[0].removeprefix("/")


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


def _split_view_problems(verdict: ProofVerdict, logs: dict[str, MirroredLog]) -> Iterator[str]:
    """Where a proof's checkpoint is none of the log that the folder has: a split view."""
    checkpoint = verdict.issue.proof.signed.checkpoint
    log = logs.get(checkpoint.origin)
    if log is None:
        yield f"its log {checkpoint.origin} is not here"
    elif checkpoint.size > log.tree.size or log.tree.root(checkpoint.size) != checkpoint.root:
        yield f"its checkpoint of size {checkpoint.size} is none of the log that is here: a split view"
