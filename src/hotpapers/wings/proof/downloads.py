"""Downloads a published site's logs and issues into a folder, for `mirrors` to check.

All paths are built from names that are validated first, so nothing is written outside the folder.
"""

from __future__ import annotations

import re
from pathlib import Path

from hotpapers.base.errors import NotAProof
from hotpapers.base.model import HttpClient
from hotpapers.wings.proof import tiles
from hotpapers.wings.proof.checkpoints import parse_checkpoint
from hotpapers.wings.proof.mirrors import CONTENT, MAX_LEAVES, PAGE, POLICY_FILE, log_path
from hotpapers.wings.proof.policies import LogPolicy
from hotpapers.wings.proof.saved_issues import read_saved

_DAY = re.compile(r'href="\.\./(\d{4}-\d\d-\d\d)/index\.html"', re.ASCII)
MAX_DAYS = 4000
"""Most issues to fetch: more than ten years of daily ones."""
MAX_EDITIONS = 100
"""Most editions of an issue: a site could claim any number and answer for each."""
MAX_DOWNLOAD_BYTES = 4_000_000_000
"""Most bytes to fetch: several times what ten years of issues take. Each of 400,000 files could have 10 MB."""


class SiteDownload:
    """Downloads a site's files to a folder. `address`: the site's, ending with `/`. All methods raise NetError,
    RetryLater and RequestRefused if the site does not answer, NotAProof if it sends too much."""

    def __init__(self, http: HttpClient, address: str, folder: Path) -> None:
        self._http, self._address, self._folder = http, address, folder
        self._fetched = 0

    def fetch_policy(self) -> Path:
        """Fetches the policy that the site publishes; returns its file."""
        return self._fetch(POLICY_FILE.as_posix())

    def fetch_logs(self, policy: LogPolicy) -> None:
        """Fetches the checkpoint and the leaves of each log. Raises NotAProof for a malformed log."""
        for log in policy.logs:
            base = log_path(log.key.name)
            checkpoint = self._fetch(f"{base}/{tiles.CHECKPOINT_PATH}")
            size = parse_checkpoint(checkpoint.read_text("utf-8", "replace")).checkpoint.size
            if size > MAX_LEAVES:
                raise NotAProof(f"{log.key.name} has more than {MAX_LEAVES:,} leaves")
            for level, index, width in tiles.widths(size):
                self._fetch(f"{base}/{tiles.tile_path(level, index, width)}")
                if level == 0:
                    self._fetch(f"{base}/{tiles.tile_path('entries', index, width)}")

    def days(self) -> list[str]:
        """Fetches the archive and returns the days of the issues that it lists. Then fetches the front page, which is
        thus at least as new as the archive."""
        archive = self._fetch("archive/index.html").read_text("utf-8", "replace")
        self._fetch(PAGE)
        return sorted(set(_DAY.findall(archive)))[-MAX_DAYS:]

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
        content = self._fetch(f"{path}/{CONTENT}")
        self._fetch(f"{path}/{PAGE}")
        try:
            return read_saved(content).content.edition
        except NotAProof:
            return 1

    def _fetch(self, path: str) -> Path:
        """Fetches a file of the site; returns the local file."""
        data = self._http.get(f"{self._address}{path}").body
        self._fetched += len(data)
        if self._fetched > MAX_DOWNLOAD_BYTES:
            raise NotAProof(
                f"{self._address} sends more than {MAX_DOWNLOAD_BYTES // 1_000_000:,} MB, which is not read"
            )
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file
