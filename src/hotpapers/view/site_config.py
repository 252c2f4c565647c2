"""What channels say of who publishes, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from hotpapers.transparency.site_logs import SiteLogs


class SiteConfig(NamedTuple):
    """`contact`: the operator's public contact. `base`: the site's public address, which ends with `/`; empty where
    it has none, or nobody said. `bases`: that of each publication. `note`: how the schedule is doing that makes the
    pages; empty where none does. `budget`: bytes that a site may have, 0 for as many as it takes. `feeds`: whether
    feeds lie beside the pages. `whole_since`: the day since which pages of papers are whole; of those that no later
    issue holds they are folded (`publish.budget`). `app`: where `hotpapers serve` is public, with a `/` at its end:
    pages lead to its forms; empty where it is not, or nobody said. `mails`: whether issues come by mail to those
    who ask the app for them. `documents`: publications whose issues are documents of an account, each with the
    account's DID. `logs`: of what was published; None where none is kept."""

    contact: str = ""
    base: str = ""
    note: str = ""
    budget: int = 0
    feeds: bool = False
    whole_since: str = ""
    app: str = ""
    mails: bool = False
    documents: tuple[tuple[str, str], ...] = ()
    logs: SiteLogs | None = None
    bases: tuple[tuple[str, str], ...] = ()

    def of(self, publication: str) -> SiteConfig:
        """The same, with the address of one publication's pages."""
        return self._replace(base=dict(self.bases).get(publication, self.base))


NOBODY = SiteConfig()
