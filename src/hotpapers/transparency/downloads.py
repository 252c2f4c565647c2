"""A published site's log and issues, fetched into a folder, in which `mirrors` checks them.

What is fetched, and where it is put, follows from names that are checked first: nothing leaves the folder.
"""

from __future__ import annotations

import re
from pathlib import Path

from hotpapers.errors import NotAProof
from hotpapers.model import HttpClient
from hotpapers.transparency import tiles
from hotpapers.transparency.checkpoints import parse_checkpoint
from hotpapers.transparency.mirrors import CONTENT, MOST_LEAVES, PAGE, POLICY_FILE, log_path
from hotpapers.transparency.policies import LogPolicy
from hotpapers.transparency.saved_issues import read_saved

_DAY = re.compile(r'href="\.\./(\d{4}-\d\d-\d\d)/index\.html"', re.ASCII)
MOST_DAYS = 4000
"""Issues that are fetched: ten years of daily ones, and more."""


class SiteDownload:
    """A site's files in a folder. `address`: of the site, ending with `/`. All methods raise NetError, RetryLater and
    RequestRefused where the site does not answer."""

    def __init__(self, http: HttpClient, address: str, folder: Path) -> None:
        self._http, self._address, self._folder = http, address, folder

    def fetch_policy(self) -> Path:
        """The policy that the site publishes; the file it is in."""
        return self._fetch(POLICY_FILE.as_posix())

    def fetch_logs(self, policy: LogPolicy) -> None:
        """The checkpoint and the leaves of each log. Raises NotAProof for a log of another form."""
        for log in policy.logs:
            base = log_path(log.key.name)
            checkpoint = self._fetch(f"{base}/{tiles.CHECKPOINT_PATH}")
            size = parse_checkpoint(checkpoint.read_text("utf-8", "replace")).checkpoint.size
            if size > MOST_LEAVES:
                raise NotAProof(f"{log.key.name} has more than {MOST_LEAVES:,} leaves")
            for level, index, width in tiles.widths(size):
                self._fetch(f"{base}/{tiles.tile_path(level, index, width)}")
                if level == 0:
                    self._fetch(f"{base}/{tiles.tile_path('entries', index, width)}")

    def days(self) -> list[str]:
        """The days of all issues, as the site's archive lists them. The front page comes after it, so that it has the
        latest of them."""
        archive = self._fetch("archive/index.html").read_text("utf-8", "replace")
        self._fetch(PAGE)
        return sorted(set(_DAY.findall(archive)))[-MOST_DAYS:]

    def fetch_issue(self, day: str) -> None:
        """An issue's content, proof and page, and those of its earlier editions."""
        latest = self._fetch_edition(day)
        for edition in range(1, latest):
            self._fetch_edition(f"{day}/edition-{edition}")

    def _fetch_edition(self, path: str) -> int:
        """The number of the edition; 1 for one that carries no proof: it is named when the folder is checked."""
        content = self._fetch(f"{path}/{CONTENT}")
        self._fetch(f"{path}/{PAGE}")
        try:
            return read_saved(content).content.edition
        except NotAProof:
            return 1

    def _fetch(self, path: str) -> Path:
        """Fetches a file of the site; where it is now."""
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self._http.get(f"{self._address}{path}").body)
        return file
