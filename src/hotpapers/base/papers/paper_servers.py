"""The servers that publish papers, one row each; and keys of papers, which name a server and its paper. A wing adds a
server by a `PaperServer` among its hooks.

    key                              paper
    arxiv:2101.04869                 on arXiv
    doi:10.1101/2024.01.02.573921    on any other server: its DOI in lower case, without a version

A server may give each version an address or a DOI of its own. These are all names of one work, whose key is that of the
work: `10.26434/chemrxiv-2024-3f6vk-v2` is version 2 of `doi:10.26434/chemrxiv-2024-3f6vk`, even where nothing is
registered under that shorter name. Zenodo numbers versions like works, so there a version is a work.

Sources: the servers' own pages, and DOIs as Crossref and DataCite have them.
"""

from __future__ import annotations

import re
from collections.abc import Container
from functools import cache, lru_cache
from typing import NamedTuple

from hotpapers.base.installed import hooks_of
from hotpapers.base.papers import arxiv, doi
from hotpapers.base.papers.preprint_categories import BIORXIV, MEDRXIV

DOI = "doi:"
"""How the keys begin of papers that are not on arXiv."""


class PaperServer(NamedTuple):
    """A server of papers, or an index of them.

    `dois`: the pattern of its DOIs, with the groups `work`, the DOI without a version; `id`, the server's own;
    `version`. `addresses`: the pattern of addresses that name an id instead of a DOI, from one of the `needles` on. Its
    group `id` is that of a work with one of the DOIs in `named`; any other group names an id of which only the server
    knows the DOI. `page`, `version_page` and `pdf`: addresses with {id}, {doi} and {version}; empty if it has none.
    `categories`: those of its papers, as in `base.papers.categories`; empty if it has none. `category_page`: the
    address of the list of one, which fills the braces. `has_list`: whether it has a list of new papers that is read; of
    one without, only discussed papers are known.
    """

    name: str
    title: str
    hosts: tuple[str, ...]
    registrants: tuple[str, ...] = ()
    dois: str = ""
    needles: tuple[str, ...] = ()
    addresses: str = ""
    named: tuple[str, ...] = ()
    page: str = "https://doi.org/{doi}"
    version_page: str = ""
    pdf: str = ""
    categories: tuple[str, ...] = ()
    category_page: str = ""
    has_list: bool = True


END = r"(?![a-z0-9])"
_V = r"v(?P<version>[1-9]\d{0,2})"
_DATED = r"20\d\d\.(?:0[1-9]|1[0-2])\.(?:0[1-9]|[12]\d|3[01])\."

OLD_REGISTRANT, NEW_REGISTRANT = "10.1101", "10.64898"
_OLD_UNTIL, _NEW_FROM = "2025.09", "2025.12"
"""Papers have dates of approval in their ids, some weeks before they are posted: between these, both are possible."""


def _openrxiv(name: str, title: str, digits: int, categories: tuple[str, ...]) -> PaperServer:
    """bioRxiv or medRxiv. Their DOIs got another registrant on 2025-12-01; addresses often name none."""
    paths = r"(?:content(?:/(?:bio|med)rxiv)?/early/\d{4}/\d\d/\d\d|cgi/content/[a-z-]{4,12}|cgi/reprint|content|qr)"
    id = rf"(?P<id>(?:{_DATED})?\d{{{digits}}})"
    page = f"https://www.{name}.org/content/{{doi}}"
    return PaperServer(
        name, title, (f"{name}.org",), (OLD_REGISTRANT, NEW_REGISTRANT),
        rf"(?P<work>10\.(?:1101|64898)/{id})(?:{_V})?{END}", (name,),
        rf"{name}\.org/{{1,2}}{paths}/{id}(?:{_V})?{END}", (f"{OLD_REGISTRANT}/{{id}}", f"{NEW_REGISTRANT}/{{id}}"),
        page, page + "v{version}", page + "v{version}.full.pdf", categories,
        f"https://www.{name}.org/collection/{{}}",
    )  # fmt: skip


OSF = {
    "africarxiv": "10.31730 AfricArXiv",
    "ecoevorxiv": "10.32942 EcoEvoRxiv",
    "edarxiv": "10.35542 EdArXiv",
    "engrxiv": "10.31224 engrXiv",
    "metaarxiv": "10.31222 MetaArXiv",
    "osf": "10.31219 OSF Preprints",
    "psyarxiv": "10.31234 PsyArXiv",
    "socarxiv": "10.31235 SocArXiv",
}
"""The servers that OSF hosts, by their names in addresses: registrant and title."""
_OSF_ID, _OSF_END = r"(?P<id>[a-z0-9]{5})", rf"(?:_v(?P<version>[1-9]\d?))?{END}"
_OSF_ADDRESSES = {  # without the name of a server it may be a project or a file
    "osf": rf"osf\.io/{{1,2}}(?:preprints/(?P<of>{'|'.join(OSF)})/{_OSF_ID}"
    rf"|(?:preprints/)?(?:[a-z]{{3,20}}/)?(?P<osf>[a-z0-9]{{5}})){_OSF_END}",
    "psyarxiv": rf"psyarxiv\.com/{{1,2}}(?:preprints/)?{_OSF_ID}{_OSF_END}",
}


def _on_osf(name: str) -> PaperServer:
    """A server that OSF hosts, with versions since 2024. `osf` has the addresses of all, except of an old site."""
    registrant, _, title = OSF[name].partition(" ")
    page = f"https://osf.io/preprints/{name}/{{id}}"
    return PaperServer(
        name, title, ("osf.io",), (registrant,),
        rf"(?P<work>{re.escape(registrant)}/osf\.io/{_OSF_ID}){_OSF_END}", (name,) if name in _OSF_ADDRESSES else (),
        _OSF_ADDRESSES.get(name, ""), (registrant + "/osf.io/{id}",), page, page + "_v{version}",
        "https://osf.io/download/{id}",
    )  # fmt: skip


_CORE = (
    PaperServer(
        "arxiv", "arXiv", ("arxiv.org",), page="https://arxiv.org/abs/{id}",
        version_page="https://arxiv.org/abs/{id}v{version}", pdf="https://arxiv.org/pdf/{id}",
        category_page="https://arxiv.org/list/{}/recent",
    ),
    _openrxiv("biorxiv", "bioRxiv", 6, BIORXIV),
    _openrxiv("medrxiv", "medRxiv", 8, MEDRXIV),
    PaperServer(
        "chemrxiv", "ChemRxiv", ("chemrxiv.org",), ("10.26434",),
        rf"(?P<work>10\.26434/chemrxiv(?:\.(?P<id>\d{{6,9}})|-20\d\d-[a-z0-9]{{3,8}}))(?:[-./]{_V})?{END}",
        ("chemrxiv",), r"chemrxiv\.org/{1,2}(?:"
        r"articles/(?:[a-z0-9_%.-]{1,250}/){1,2}(?P<id>\d{6,9})(?:/(?P<version>[1-9]\d?))?"
        rf"|engage/[a-z0-9/-]{{0,80}}(?P<chemrxiv>[0-9a-f]{{24}})){END}", ("10.26434/chemrxiv.{id}",),
        "https://chemrxiv.org/doi/full/{doi}", "https://chemrxiv.org/doi/full/{doi}/v{version}",
    ),
    *map(_on_osf, OSF),
    PaperServer(
        "researchsquare", "Research Square", ("researchsquare.com",), ("10.21203",),
        rf"(?P<work>10\.21203/rs\.\d\.(?P<id>rs-\d{{4,9}}))(?:/{_V})?{END}",
        ("researchsquare",), rf"researchsquare\.com/{{1,2}}(?:article|files)/(?P<id>rs-\d{{4,9}})(?:/{_V})?{END}",
        ("10.21203/rs.3.{id}",), "https://www.researchsquare.com/article/{id}/latest",
        "https://www.researchsquare.com/article/{id}/v{version}",
        "https://www.researchsquare.com/article/{id}/latest.pdf",
    ),
    PaperServer(  # its papers of other schemes, whose addresses their DOIs don't tell
        "researchsquare", "Research Square", ("researchsquare.com",), ("10.21203",),
        rf"(?P<work>10\.21203/rs\.\d\.(?:[a-z]{{2,6}}-)?\d{{3,9}})(?:/{_V})?{END}",
        version_page="https://doi.org/{doi}/v{version}",
    ),
    PaperServer(
        "ssrn", "SSRN", ("ssrn.com",), ("10.2139",), rf"(?P<work>10\.2139/ssrn\.(?P<id>\d{{4,9}})){END}", ("ssrn",),
        rf"ssrn\.com/[^\s\"<>]{{0,100}}?(?:abstract(?:_?id)?[=/]|ssrn_id)(?P<id>\d{{4,9}}){END}",
        ("10.2139/ssrn.{id}",), "https://papers.ssrn.com/sol3/papers.cfm?abstract_id={id}",
        pdf="https://papers.ssrn.com/sol3/Delivery.cfm?abstractid={id}",
    ),
    PaperServer(
        "preprints", "Preprints.org", ("preprints.org",), ("10.20944",),
        rf"(?P<work>10\.20944/preprints(?P<id>20\d{{4}}\.\d{{4}}))(?:\.{_V})?{END}", ("preprints.org",),
        rf"preprints\.org/{{1,2}}manuscript/(?P<id>20\d{{4}}\.\d{{4}})(?:/{_V})?{END}", ("10.20944/preprints{id}",),
        "https://www.preprints.org/manuscript/{id}", "https://www.preprints.org/manuscript/{id}/v{version}",
        "https://www.preprints.org/manuscript/{id}/download",
    ),
    PaperServer(
        "zenodo", "Zenodo", ("zenodo.org",), ("10.5281",), rf"(?P<work>10\.5281/zenodo\.(?P<id>\d{{3,10}})){END}",
        ("zenodo",), rf"zenodo\.org/{{1,2}}(?:api/)?records?/(?P<id>\d{{3,10}}){END}", ("10.5281/zenodo.{id}",),
        "https://zenodo.org/records/{id}", has_list=False,
    ),
    PaperServer(
        "hal", "HAL", ("hal.science", "archives-ouvertes.fr", "hal.inria.fr"),
        needles=("hal.science", "archives-ouvertes", "hal.inria"), addresses=r"(?:hal\.science|archives-ouvertes\.fr"
        r"|hal\.inria\.fr)/{1,2}(?:[a-z-]{2,20}/)?(?P<hal>[a-z]{2,12}(?:-[a-z0-9]{2,12}){0,2}[-_]\d{8})"
        rf"(?:{_V})?{END}",
    ),
    PaperServer(
        "pubmed", "PubMed and PMC", ("ncbi.nlm.nih.gov",), needles=("nih.gov",),
        addresses=r"nih\.gov/{1,2}(?:(?:(?:m/)?pubmed/(?:\?term=)?)?(?P<pmid>\d{1,8})"
        rf"|(?:(?:labs/|m/)?pmc/)?articles/(?P<pmcid>pmc\d{{4,8}})){END}",
    ),
    PaperServer(
        "europepmc", "Europe PMC", ("europepmc.org",), needles=("europepmc",),
        addresses=r"europepmc\.org/{1,2}(?:(?:articles?|abstract)/(?:(?:med|pmc|ppr)/)?|[a-z/]{1,30}\.fcgi\?accid=)"
        rf"(?:(?P<pmcid>pmc\d{{4,8}})|(?P<ppr>ppr\d{{1,8}})|(?P<pmid>\d{{1,8}})){END}",
    ),
    PaperServer(
        "doi", "DOI", ("doi.org", "shortdoi.org"), needles=("doi.org",),
        addresses=r"doi\.org/{1,2}(?:10/)?(?P<shortdoi>[a-z0-9]{3,8})(?![a-z0-9:/_-]|\.[a-z0-9])", has_list=False,
    ),
)  # fmt: skip
"""The last one has every DOI that no other has; its addresses that name an id are shortened DOIs."""


@cache
def all_servers() -> tuple[PaperServer, ...]:
    """The servers, also those of wings, arXiv first and the one that has all other DOIs last."""
    return (*_CORE[:-1], *hooks_of(PaperServer), _CORE[-1])


@cache
def _doi_patterns() -> list[re.Pattern[str]]:
    """Compiled on first use: settings need the servers' names alone."""
    return [re.compile(server.dois, re.ASCII) for server in all_servers() if server.dois]


# ---- keys ----------------------------------------------------------------------------------------------


PREFIXES = (arxiv.SERVER, DOI)
"""How the keys of papers begin."""


def paper_id(key: str) -> str:
    """The id of a paper, by key, as readers know it: `2101.04869`, or a DOI. Such an id stays."""
    return next((key.removeprefix(prefix) for prefix in PREFIXES if key.startswith(prefix)), key)


def key_of(id: str) -> str:
    """The key of the paper with an id as readers know it."""
    return (DOI if id.startswith("10.") else arxiv.SERVER) + id


def month_of(key: str) -> tuple[int, int] | None:
    """Year and month in a paper's id; None if it does not tell them."""
    return arxiv.month(paper_id(key)) if arxiv.is_key(key) else None


def is_paper_key(text: str) -> bool:
    """Whether a text is the key of a paper on any server."""
    own = text.removeprefix(DOI)
    if own == text or own.startswith(ARXIV_DOI):
        return arxiv.is_key(text)
    known = by_doi(own)
    return doi.is_doi(own) and (not known or known["work"] == own)


DATED_DOIS = (f"{OLD_REGISTRANT}/20", f"{NEW_REGISTRANT}/20")
"""The beginning of the DOIs of bioRxiv and medRxiv since 2019: a text that only begins so is part of one."""
ARXIV_DOI = "10.48550/arxiv"
"""How the DOIs begin of papers whose keys name arXiv."""


def by_doi(name: str) -> re.Match[str] | None:
    """The beginning of a text that is a DOI of one of the servers, with the groups of `dois`."""
    return next((match for dois in _doi_patterns() if (match := dois.match(name))), None)


def named_by(server: PaperServer, groups: dict[str, str]) -> str:
    """Returns the papers that an address matched by the server's `addresses` may name, separated by blanks: keys of
    papers, or an id such as `pmid:31804775` for which an index has to be asked."""
    id = groups.get("id", "")
    if not id:
        return " ".join(f"{name}:{value}" for name, value in groups.items())
    named = (OSF[groups["of"]].split()[0] + "/osf.io/{id}",) if "of" in groups else server.named
    if NEW_REGISTRANT in server.registrants:
        if id < _OLD_UNTIL or "." not in id:
            named = named[:1]
        elif id >= _NEW_FROM:
            named = named[1:]
    return " ".join(DOI + template.format(id=id) for template in named)


@lru_cache(1 << 14)
def server_of(key: str) -> PaperServer:
    """The server of a paper, by key."""
    own = key.removeprefix(DOI)
    servers = all_servers()
    others = servers[0 if own == key else -1]
    return next((server for server in servers if server.dois and re.match(server.dois, own)), others)


def hosts_of(servers: Container[str]) -> tuple[str, ...]:
    """The hosts of servers, by name, whose addresses people share."""
    hosts = (host for server in all_servers() if server.name in servers for host in server.hosts)
    return tuple(dict.fromkeys(hosts))


def paper_links(key: str, version: int | None = None) -> tuple[str, str]:
    """The addresses of a paper's page and of its PDF, empty if unknown: of a version, if it has its own."""
    server, own = server_of(key), key.partition(":")[2]
    match = re.match(server.dois, own)
    known = {"id": own, "doi": own} | (match.groupdict() if match else {}) | {"version": version}
    pdf = server.pdf if version or "{version}" not in server.pdf else ""
    return ((version and server.version_page) or server.page).format(**known), pdf.format(**known)
