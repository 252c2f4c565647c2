"""The files of a publication's log on its site, and the proof files beside each issue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from hotpapers.base.model import SitePart
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.view import site_paths
from hotpapers.wings.proof import issue_proof, observation_files, tiles
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
        gaps. `folder`: a site's folder; observation files that it already has are left out."""
        for name in self._logs.observation_names():
            path = f"{self._observations_path}{name}"
            if folder is None or not self._logs.is_copied(name, folder / path):
                yield path
        files = [path for path, data in self._files.items() if data]
        yield from sorted(files, key=lambda path: path.endswith(f"/{tiles.CHECKPOINT_PATH}"))
        yield POLICY_PATH

    def ended(self, path: str) -> Iterator[str]:
        """For the policy's path: paths where partial tiles may exist that are full by now, or old observations."""
        if path == POLICY_PATH:
            yield from (path for path, data in self._files.items() if not data)
            yield from (f"{self._observations_path}{name}" for name in self._logs.deleted_observations())

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
