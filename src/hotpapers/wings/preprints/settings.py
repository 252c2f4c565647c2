"""The table `[crossref]` of hotpapers.toml: where metadata of DOIs is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hotpapers.base.settings.limits import is_address
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.wings import SettingsTable


class RegistrySettings(SettingsStruct):
    """`[crossref]`: where metadata of discussed DOIs, and publishers' notices about them, are asked for.

    `api`, `datacite`: base addresses of Crossref's and DataCite's API. `mailto`: your mail address, for faster answers.
    `europepmc`, `hal`, `doi`: base addresses of the APIs that know the DOIs of their ids.
    """

    api: str = "https://api.crossref.org"
    datacite: str = "https://api.datacite.org"
    mailto: str = ""
    europepmc: str = "https://www.ebi.ac.uk/europepmc/webservices/rest"
    hal: str = "https://api.archives-ouvertes.fr"
    doi: str = "https://doi.org"

    @property
    def addresses(self) -> dict[str, str]:
        """The base addresses, by setting."""
        names = ("api", "datacite", "europepmc", "hal", "doi")
        return {name: getattr(self, name) for name in names}


def _problems(table: RegistrySettings) -> Iterator[tuple[str, str]]:
    for key, address in table.addresses.items():
        if not is_address(address):
            yield key, "write a full address, such as https://api.crossref.org"


TABLE = SettingsTable(
    "crossref", RegistrySettings, RegistrySettings(), _problems, template=Path(__file__).with_name("template.toml")
)
