"""The publisher's details and the site's addresses, for channels."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from hotpapers.base.model import SiteProofs


class SiteConfig(NamedTuple):
    """`contact`: the operator's public contact. `base`: the site's public address, ending with `/`; empty if it has
    none or none was given. `bases`: the address of each publication's site; `below`: that below which others are
    expected, or empty. `note`: the state of the schedule that makes the pages; empty without a schedule. `budget`:
    the most bytes that a site may use, 0 for no limit. `feeds`: whether there are feeds beside the pages.
    `whole_since`: pages of papers are complete if their last issue is of this day or later; older ones are folded
    (`publish.budget`). `app`: the public address of `hotpapers serve`, ending with `/`, for links to its forms;
    empty if it is not public or no address was given. `join_path`: where in the app people can subscribe to issues;
    empty if they cannot. `documents`: publications whose issues are documents of an account, each with the account's
    DID. `proofs`: the proofs of issues; None if none are kept. `is_live`: whether a program answers requests for
    pages, so that they may link to addresses with a choice, such as `?in=cs.CL`. `own_style`, `own_icon`: the
    operator's style sheet, added to that of the site, and icon, in its place; empty without."""

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
    below: str = ""
    is_live: bool = False
    own_style: str = ""
    own_icon: str = ""

    def of(self, publication: str, folder: Path | None = None) -> SiteConfig:
        """The configuration of one publication's pages, with their address. One that the settings no longer name is
        expected in a folder of its name if its pages are in one."""
        is_below = bool(self.below and folder and publication in folder.parts)
        unnamed = f"{self.below}{publication}/" if is_below else self.base
        return self._replace(base=dict(self.bases).get(publication, unnamed))


NOBODY = SiteConfig()
