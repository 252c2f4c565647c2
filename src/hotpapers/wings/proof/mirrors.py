"""Checks a copy of a whole site in a folder, and makes one: the proof of every issue, and the logs from their files.

A proof shows that an issue was in the log, but not where it belongs on the site. So each issue must be in the folder of
its own day and edition, in all files there, and the front page must show the latest issue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.errors import InputError, NetError, NotAProof
from hotpapers.base.http.retry_policy import plain_reason
from hotpapers.base.model import HttpClient
from hotpapers.wings.proof import log_files, merkle, notes, policies
from hotpapers.wings.proof.entries import EARLIER, ISSUE, earlier_entry, issue_entry
from hotpapers.wings.proof.saved_issues import CONTENT, PAGE, PROOF, SavedIssue, check_saved, read_saved

MAX_FILE_BYTES = 1 << 20
"""Largest file of a log that is read, bytes."""
MAX_LEAVES = 1 << 20
_DAY = "-".join("[0-9]" * digits for digits in (4, 2, 2))
_FOLDERS = ("*/issue.json", "*/edition-*/issue.json", f"{_DAY}/index.html", f"{_DAY}/edition-*/index.html")
"""Where issues are, or pages that look like issues."""
_LOG = re.compile(r"(?:^|/)log/[A-Za-z0-9-]+/[1-9][0-9]{0,9}\Z", re.ASCII)
_EDITION = re.compile(r"edition-([1-9][0-9]{0,3})", re.ASCII)


class MirroredLog(NamedTuple):
    """A log as published: its latest checkpoint and its leaves."""

    signed: notes.Checkpoint
    entries: log_files.LogEntries


class MirrorVerdict(NamedTuple):
    """`issues`: number of issue folders checked. `leaves`: of all logs. `missing`: number of issues that are in a log
    but not in the folder."""

    issues: int
    leaves: int
    missing: int
    problems: tuple[str, ...]


Fetch = Callable[[str], Path]
"""Gives a site's file by its path."""


def check_mirror(folder: Path, policy: policies.LogPolicy, fetch: Fetch | None = None) -> MirrorVerdict:
    """Checks that each log's leaves match its signed checkpoint, that each issue is in a log and in its right place, as
    JSON and as page, and that the checkpoint of each proof belongs to that log. `fetch`: gives the files of the logs,
    if they are not in the folder; its errors other than InputError stop the check."""
    unreadable = InputError if fetch else (InputError, OSError)  # what is fetched fails to be written on our own disk
    problems = []
    logs = dict[str, MirroredLog]()
    for log in policy.logs:
        try:
            logs[log.name] = read_log(fetch or folder.joinpath, log.name, policy)
        except unreadable as problem:
            problems.append(f"{log.name}: {plain_reason(problem)}")
    problems += _broken_links(logs)
    parents = {file.parent for pattern in _FOLDERS for file in folder.glob(pattern)}
    places = sorted(parents)
    issues: dict[Path, SavedIssue] = {}
    for place in [*places, *([folder] if (folder / PAGE).is_file() else [])]:
        for file, issue in _issues_in(place, problems):
            signed = issue.proof.signed
            differences = [*check_saved(issue, policy).problems]
            if signed.origin not in logs:
                differences.append(f"its log {signed.origin} is not here")
            elif not signed.is_of(logs[signed.origin].entries.tree):
                differences.append(
                    f"its checkpoint of size {signed.size} does not belong to the log here: a split view"
                )
            differences += _place_problems(place, folder, issue, issues)
            problems += [f"{file.relative_to(folder)}: {text}" for text in differences]
            issues.setdefault(place, issue)
    present = {issue_entry(issue.digest) for issue in issues.values()}
    logged = {entry for log in logs.values() for entry in log.entries if entry[:1] == ISSUE}
    leaves = sum(len(log.entries) for log in logs.values())
    missing = len(logged - present)
    return MirrorVerdict(len(places), leaves, missing, tuple(problems))


def _issues_in(place: Path, problems: list[str]) -> Iterator[tuple[Path, SavedIssue]]:
    """The issue as read from each existing file of a folder."""
    issue = None
    for file in (file for name in (CONTENT, PAGE, PROOF) if (file := place / name).is_file()):
        try:
            if file.name != PROOF:
                issue = read_saved(file)
            elif issue is not None:
                proof = notes.parse_proof(_bytes(file).decode("utf-8", "replace"))
                issue = SavedIssue(issue.content, issue.digest, proof)
        except InputError as problem:
            problems.append(f"{file}: {problem.reason}")
        else:
            if issue is not None:
                yield file, issue


def _place_problems(place: Path, site: Path, issue: SavedIssue, others: dict[Path, SavedIssue]) -> Iterator[str]:
    """Problems with an issue's location. `others`: the issues of files already checked, by folder."""
    content = issue.content
    other = others.get(place)
    if other is not None:
        if other.digest != issue.digest:
            yield "it is not the same issue as in the file beside it"
    elif place == site:
        latest = [other for folder, other in others.items() if folder.parent == site]  # the latest edition of each day
        if content.day < max((other.content.day for other in latest), default=""):
            yield f"it is the issue of {content.day}, not the latest"
        if any(other.content.day == content.day and other.digest != issue.digest for other in latest):
            yield f"it is not the same issue as in {content.day}"
    else:
        edition = _EDITION.fullmatch(place.name)
        day = place.parent.name if edition else place.name
        if content.day != day or (edition and content.edition != int(edition[1])):
            yield f"it is edition {content.edition} of {content.day}"
        if not edition and (place / f"edition-{content.edition}").exists():
            yield f"it is edition {content.edition}, although edition-{content.edition} is beside it"


def _broken_links(logs: Mapping[str, MirroredLog]) -> Iterator[str]:
    """Logs that do not name the end of the previous log as it is here: leaves may be missing between the two."""
    by_path = {log_path(origin): log for origin, log in logs.items()}
    for origin, log in logs.items():
        publication, _, number = log_path(origin).rpartition("/")
        if number == "1":
            continue
        first = b"".join(log.entries[:1])
        before = by_path.get(f"{publication}/{int(number) - 1}")
        if first[:1] != EARLIER:
            yield f"{origin}: does not name the end of the previous log"
        elif before is not None and first != earlier_entry(before.signed):
            yield f"{origin}: names an end of the previous log that is not the one here"


def read_log(fetch: Fetch, origin: str, policy: policies.LogPolicy) -> MirroredLog:
    """Reads a log from its files in `log/PUBLICATION/NUMBER`. Raises NotAProof if they do not match its checkpoint or
    it is not signed by a log of the policy; what `fetch` raises, or OSError if a file is missing."""
    base = log_path(origin)
    signed = notes.parse_checkpoint(_bytes(fetch(f"{base}/{merkle.CHECKPOINT_PATH}")).decode("utf-8", "replace"))
    if signed.origin != origin or not policies.is_of_known_log(policy, signed):
        raise NotAProof("its checkpoint is not signed by this log's key")
    size = signed.size
    if size > MAX_LEAVES:
        raise NotAProof(f"it has more than {MAX_LEAVES:,} leaves")
    entries = log_files.LogEntries(
        entry
        for level, index, width in merkle.list_tiles(size)
        if level == 0
        for entry in merkle.entries_of(_bytes(fetch(f"{base}/{merkle.tile_path('entries', index, width)}")), width)
    )
    if not signed.is_of(entries.tree):
        raise NotAProof("its leaves do not match its signed checkpoint")
    # Checks the tiles, from which other programs make proofs. Raises NotAProof if they do not match the leaves.
    for level, index, width in merkle.list_tiles(size):
        path = merkle.tile_path(level, index, width)
        if _bytes(fetch(f"{base}/{path}")) != merkle.tile_hashes(entries.tree, level, index, width):
            raise NotAProof(f"{path} does not match the leaves")
    return MirroredLog(signed, entries)


def log_path(origin: str) -> str:
    """The path of a log's files on a site: `log/PUBLICATION/NUMBER`. Raises NotAProof for a name without it."""
    match = _LOG.search(origin)
    if match is None:
        raise NotAProof("its name does not end with the path of its files, …/log/PUBLICATION/NUMBER")
    return match[0].removeprefix("/")


def _bytes(file: Path) -> bytes:
    if file.exists() and not file.is_file():  # a pipe would never end
        raise NotAProof(f"{file.name} is not a file")
    with file.open("rb") as stream:
        data = stream.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise NotAProof(f"{file.name} is larger than {MAX_FILE_BYTES:,} bytes")
    return data


_DAY_LINK = re.compile(r'href="\.\./(\d{4}-\d\d-\d\d)/index\.html"', re.ASCII)
MAX_DAYS = 4000
"""Most issues to fetch: more than ten years of daily ones."""
MAX_EDITIONS = 100
"""Most editions of an issue: a site could claim any number and answer for each."""
MAX_FILES = 100_000
"""Most files to fetch: ten years of daily issues have some 12,000, with three editions each 40,000."""
MAX_DOWNLOAD_BYTES = 4_000_000_000
"""Most bytes to fetch: several times what ten years of issues take. Each of 400,000 files could have 10 MB."""


class SiteDownload:
    """Downloads a site's files to a folder; all paths are built from validated names, so nothing is written outside it.
    `address`: the site's, ending with `/`. All methods raise NetError, RetryLater and RequestRefused if the site does
    not answer, NetError if it sends too much."""

    def __init__(self, http: HttpClient, address: str, folder: Path) -> None:
        self._http = http
        self._address = address
        self._folder = folder
        self._files = self._fetched = 0

    def days(self) -> list[str]:
        """Fetches the archive and returns the days of the issues that it lists. Then fetches the front page, which is
        thus at least as new as the archive."""
        archive = self.fetch("archive/index.html").read_text("utf-8", "replace")
        self.fetch(PAGE)
        return sorted(set(_DAY_LINK.findall(archive)))[-MAX_DAYS:]

    def fetch_issue(self, day: str) -> None:
        """Fetches an issue's content, proof and page, and those of its earlier editions. Raises NotAProof if there are
        too many."""
        latest = self._fetch_edition(day)
        if latest > MAX_EDITIONS:
            raise NotAProof(f"{day} claims to be edition {latest:,}; at most {MAX_EDITIONS} are fetched")
        for edition in range(1, latest):
            self._fetch_edition(f"{day}/edition-{edition}")

    def _fetch_edition(self, path: str) -> int:
        """Fetches an edition and returns its number; 1 if it has no proof, which checking the folder will report."""
        content = self.fetch(f"{path}/{CONTENT}")
        self.fetch(f"{path}/{PAGE}")
        try:
            return read_saved(content).content.edition
        except NotAProof:
            return 1

    def fetch(self, path: str) -> Path:
        """Fetches a file of the site; returns the local file."""
        self._files += 1
        if self._files > MAX_FILES:
            raise NetError(f"{self._address} has more than {MAX_FILES:,} files, which are not read")
        data = self._http.get(f"{self._address}{path}").body
        self._fetched += len(data)
        if self._fetched > MAX_DOWNLOAD_BYTES:
            raise NetError(f"{self._address} sends more than {MAX_DOWNLOAD_BYTES // 1_000_000:,} MB, which is not read")
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file
