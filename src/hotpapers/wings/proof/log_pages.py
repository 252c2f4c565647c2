"""The files of a publication's log on its site, and the proof files beside each issue."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from hotpapers.base.model import SitePart
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.view import site_paths
from hotpapers.wings.proof import issue_proof, observation_files, tiles
from hotpapers.wings.proof.log_files import StoredLog
from hotpapers.wings.proof.site_logs import PublicationLogs

FOLDER = "log/"
POLICY_PATH = f"{FOLDER}policy.txt"
_PROOF = re.compile(r"(\d{4}-\d\d-\d\d/(?:edition-[1-9]\d{0,3}/)?)(issue\.tlog-proof|issue\.json)", re.ASCII)


class LogPages(SitePart):
    """The files of a publication's log."""

    def __init__(self, site: SiteContext, logs: PublicationLogs) -> None:
        self._site, self._logs = site, logs

    @property
    def _path(self) -> str:
        return f"{FOLDER}{self._site.name}/"

    @property
    def _observations_path(self) -> str:
        return f"{self._path}{observation_files.FOLDER}/"

    def paths(self, folder: Path | None = None) -> Iterator[str]:
        """The files of the log itself. Files that others refer to come first, so that a reader following along finds no
        gaps. `folder`: a site's folder; tiles and observation files that it already has are left out."""
        for name in self._logs.observation_names():
            path = f"{self._observations_path}{name}"
            if folder is None or not self._logs.is_copied(name, folder / path):
                yield path
        present = frozenset(self._present(folder)) if folder else frozenset()
        files = [path for path, data in self._files.items() if data and path not in present]
        yield from sorted(files, key=lambda path: path.endswith(f"/{tiles.CHECKPOINT_PATH}"))
        yield POLICY_PATH

    def ended(self, path: str, folder: Path | None = None) -> Iterator[str]:
        """For the policy's path: paths where partial tiles may exist that are full by now, or old observations.
        `folder`: a site's folder; only tiles that exist there."""
        if path == POLICY_PATH:
            full = [path for path, data in self._files.items() if not data]
            yield from _existing(str(folder), full) if folder else full
            yield from (f"{self._observations_path}{name}" for name in self._logs.deleted_observations())

    def _present(self, folder: Path) -> Iterator[str]:
        """The tiles that a site's folder has, as far as its checkpoint covers them: all others may be of another log,
        if one was deleted and started again. Their content never changes, so their size tells whether they were copied
        completely."""
        for log in self._logs.stored:
            start = f"{self._path}{log.number}/"
            covered = log.tiles_until(_size_in(folder / start / tiles.CHECKPOINT_PATH, log))
            for path in (f"{start}{name}" for name in tiles.paths_of(covered)):
                if (data := self._files.get(path)) and _has_size(f"{folder}/{path}", len(data)):
                    yield path

    def has(self, path: str) -> bool:
        """Whether a path is a proof, an issue's JSON, or below the log's folder."""
        return path.startswith(FOLDER) or bool(_PROOF.fullmatch(path))

    def day_paths(self, day: str) -> Iterator[str]:
        """The proof files beside a day's issues, for all editions."""
        for edition in (0, *self._site.earlier_editions(day)):
            if self._logs.proof(self._site.issue(day, edition).digest) is not None:
                page = site_paths.issue_path(day, edition).removesuffix("index.html")
                yield from (page + name for name in (issue_proof.PROOF_FILE, issue_proof.CONTENT_FILE))

    def page(self, path: str) -> bytes | None:
        if path == POLICY_PATH:
            return self._logs.policy_text(self._site.site_config.base).encode()
        if path.startswith(self._observations_path):
            return self._logs.observations(path.removeprefix(self._observations_path))
        if path.startswith(FOLDER):
            return self._files.get(path) or None
        match = _PROOF.fullmatch(path)
        day, edition = (site_paths.issue_of(f"{match[1]}index.html") or ("", 0)) if match else ("", 0)
        if not match or not self._site.has(day, edition):
            return None
        proved = self._logs.proved(self._site.frozen(day, edition))
        if proved is None:
            return None
        return proved.text.encode() if match[2] == issue_proof.PROOF_FILE else proved.file

    @cached_property
    def _files(self) -> Mapping[str, bytes]:
        """Path and bytes of every file below the log's folder; no bytes for a partial tile that is full by now."""
        return {f"{self._path}{path}": data for path, data in self._logs.files()}


def _size_in(file: Path, log: StoredLog) -> int:
    """The size of a log's checkpoint in a file, with any cosignatures; 0 if the file has none of this log's."""
    try:
        text, _, _ = file.read_text("utf-8").partition("\n\n")
    except (OSError, UnicodeDecodeError):
        return 0
    known = (signed for signed in reversed(log.checkpoints) if signed.note.text == f"{text}\n")
    return next((signed.checkpoint.size for signed in known), 0)


def _existing(folder: str, paths: Collection[str]) -> Iterator[str]:
    """Those of the paths that a folder has. Parents are looked up first: when a tile is full, its hundreds of partial
    ones soon go, and their folder with them."""
    parents = {path.rpartition("/")[0] for path in paths}
    present = {parent for parent in parents if os.path.lexists(f"{folder}/{parent}")}
    for path in paths:
        if path.rpartition("/")[0] in present and os.path.lexists(f"{folder}/{path}"):
            yield path


def _has_size(file: str, size: int) -> bool:
    """Whether a file exists with so many bytes and is not a link."""
    try:
        state = os.lstat(file)
    except OSError:
        return False
    return stat.S_ISREG(state.st_mode) and state.st_size == size
