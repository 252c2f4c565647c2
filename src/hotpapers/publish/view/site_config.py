"""The publisher's details and the site's addresses, for channels."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from hotpapers.base.file_modes import real_path
from hotpapers.base.model import SiteProofs


class SiteConfig(NamedTuple):
    """`contact`: the operator's public contact. `base`: the site's public address, ending with `/`; empty if it has
    none or none was given. `bases`: the address of each publication's site; `folder`: the site's by the settings, to
    find the addresses of other publications; None if the settings name none. `note`: the state of the schedule that
    makes the pages; empty without a schedule. `budget`: the most bytes that a site may use, 0 for no limit. `feeds`:
    whether there are feeds beside the pages. `whole_since`: pages of papers are complete if their last issue is of this
    day or later; older ones are folded (`publish.budget`). `app`: the public address of `hotpapers serve`, ending with
    `/`, for links to its forms; empty if it is not public or no address was given. `join_path`: where in the app people
    can subscribe to issues; empty if they cannot. `documents`: publications whose issues are documents of an account,
    each with the account's DID. `proofs`: the proofs of issues; None if none are kept. `is_live`: whether a program
    answers requests for pages, so that they may link to addresses with a choice, such as `?in=cs.CL`. `own_style`,
    `own_icon`: the operator's style sheet, added to that of the site, and icon, in its place; empty without."""

    contact: str = ""
    base: str = ""
    note: str = ""
    budget: int = 0
    feeds: bool = False
    whole_since: str = ""
    app: str = ""
    join_path: str = ""
    documents: tuple[tuple[str, str], ...] = ()
    proofs: SiteProofs | None = None
    bases: tuple[tuple[str, str], ...] = ()
    folder: Path | None = None
    is_live: bool = False
    own_style: str = ""
    own_icon: str = ""

    def of(self, publication: str, folder: Path | None = None) -> SiteConfig:
        """The configuration of one publication's pages, with their address. That of one which the settings do not name
        follows from their folder."""
        named = dict(self.bases)
        if publication in named:
            return self._replace(base=named[publication])
        return self._replace(base=self._base_by_folder(publication, real_path(folder))) if folder else self

    def _base_by_folder(self, publication: str, folder: Path) -> str:
        """The address of an unnamed publication's pages in a folder; empty if the settings do not say."""
        if self.folder is None or not self.base:
            return self.base
        if folder.is_relative_to(self.folder / publication):
            return f"{self.base}{publication}/"
        return self.base if folder.is_relative_to(self.folder) else ""


NOBODY = SiteConfig()
