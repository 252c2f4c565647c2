"""Registers the servers of preprints: their terms, and how they are read."""

from __future__ import annotations

from hotpapers.base.networks import Network, NetworkReader
from hotpapers.base.wings import Wing, load_lazily, load_object
from hotpapers.site.hooks import Jobs

REVIEWED = "2026-11-28"
OPENRXIV = {"biorxiv": "bioRxiv", "medrxiv": "medRxiv"}
CROSSREF = {
    "chemrxiv": "ChemRxiv",
    "africarxiv": "AfricArXiv",
    "ecoevorxiv": "EcoEvoRxiv",
    "edarxiv": "EdArXiv",
    "engrxiv": "engrXiv",
    "metaarxiv": "MetaArXiv",
    "osf": "OSF Preprints",
    "psyarxiv": "PsyArXiv",
    "socarxiv": "SocArXiv",
    "researchsquare": "Research Square",
    "ssrn": "SSRN",
    "preprints": "Preprints.org",
}
"""Servers with their titles, as in `base.papers.paper_servers`, which the help would otherwise load."""


def _network(name: str, basis: str, page: str, host: str) -> Network:
    return Network(
        name,
        (OPENRXIV | CROSSREF)[name],
        reviewed=REVIEWED,
        basis=basis,
        page=page,
        has_papers=True,
        has_counts=False,
        pace={host: 1.0},
    )


def _reader(name: str, module: str, settings: str) -> NetworkReader:
    place = f"hotpapers.wings.preprints.{module}"
    return NetworkReader(name, f"{place}:{name}", f"{place}:{settings}")


WING = Wing(
    "preprints",
    "Read papers of bioRxiv, medRxiv, ChemRxiv and other servers.",
    settings=lambda: (load_object("hotpapers.wings.preprints.settings:TABLE"),),
    hooks=(
        Jobs(load_lazily("hotpapers.wings.preprints.registry_job:registry_jobs")),
        *(
            _network(
                name,
                "an API for programs; abstracts have their papers' licenses; the site itself is never fetched",
                "https://api.biorxiv.org/",
                "api.biorxiv.org",
            )
            for name in OPENRXIV
        ),
        *(_reader(name, "openrxiv", "OpenRxivSettings") for name in OPENRXIV),
        *(
            _network(
                name,
                "Crossref's metadata are free to use; abstracts are their authors'",
                "https://www.crossref.org/documentation/retrieve-metadata/rest-api/",
                "api.crossref.org",
            )
            for name in CROSSREF
        ),
        *(_reader(name, "crossref", "CrossrefSettings") for name in CROSSREF),
    ),
)
