"""The servers that publish papers, one row each; and keys of papers, which name a server and its paper.

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
from functools import lru_cache
from typing import NamedTuple

from hotpapers.base.errors import NotAnArxivId
from hotpapers.base.papers import arxiv, doi
from hotpapers.base.papers.arxiv import grammar

DOI = "doi:"
"""How the keys begin of papers that are not on arXiv."""


class PaperServer(NamedTuple):
    """A server of papers, or an index of them.

    `registrants`: how its DOIs begin. `dois`: their pattern, with the groups `work`, the DOI without a version; `id`,
    the server's own; `version`. `addresses`: the pattern of addresses that name an id instead of a DOI, from one of the
    `needles` on. Its group `id` is that of a work with one of the DOIs in `named`; any other group names an id of which
    only the server knows the DOI. `page`, `version_page` and `pdf`: addresses with {id}, {doi} and {version}; empty if
    the server has none.
    """

    name: str
    title: str
    hosts: tuple[str, ...]
    registrants: tuple[str, ...] = ()
    dois: re.Pattern[str] | None = None
    needles: tuple[str, ...] = ()
    addresses: re.Pattern[str] | None = None
    named: tuple[str, ...] = ()
    page: str = "https://doi.org/{doi}"
    version_page: str = ""
    pdf: str = ""


class PaperId(NamedTuple):
    """A paper's key, and the version that was named, if any."""

    key: str
    version: int | None = None


END = r"(?![a-z0-9])"
_V = r"v(?P<version>[1-9]\d{0,2})"
_DATED = r"(?:20\d\d\.(?:0[1-9]|1[0-2])\.(?:0[1-9]|[12]\d|3[01])\."


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.ASCII)


def _openrxiv(name: str, title: str, ids: str) -> PaperServer:
    """bioRxiv or medRxiv. Their DOIs got another registrant on 2025-12-01; addresses often name none."""
    paths = r"(?:content(?:/(?:bio|med)rxiv)?/early/\d{4}/\d\d/\d\d|cgi/content/[a-z-]{4,12}|cgi/reprint|content|qr)/"
    return PaperServer(
        name, title, (f"{name}.org",), (OLD_REGISTRANT, NEW_REGISTRANT),
        _pattern(rf"(?P<work>10\.(?:1101|64898)/(?P<id>{ids}))(?:{_V})?{END}"),
        (name,), _pattern(rf"{name}\.org/{{1,2}}{paths}(?P<id>{ids})(?:{_V})?{END}"),
        (f"{OLD_REGISTRANT}/{{id}}", f"{NEW_REGISTRANT}/{{id}}"),
        f"https://www.{name}.org/content/{{doi}}", f"https://www.{name}.org/content/{{doi}}v{{version}}",
        f"https://www.{name}.org/content/{{doi}}v{{version}}.full.pdf",
    )  # fmt: skip


OLD_REGISTRANT, NEW_REGISTRANT = "10.1101", "10.64898"
_OLD_UNTIL, _NEW_FROM = "2025.09", "2025.12"
"""Papers have dates of approval in their ids, some weeks before they are posted: between these, both are possible."""

OSF = {
    "africarxiv": ("10.31730", "AfricArXiv"),
    "ecoevorxiv": ("10.32942", "EcoEvoRxiv"),
    "edarxiv": ("10.35542", "EdArXiv"),
    "engrxiv": ("10.31224", "engrXiv"),
    "lawarxiv": ("10.31228", "LawArXiv"),
    "metaarxiv": ("10.31222", "MetaArXiv"),
    "mindrxiv": ("10.31231", "MindRxiv"),
    "osf": ("10.31219", "OSF Preprints"),
    "psyarxiv": ("10.31234", "PsyArXiv"),
    "socarxiv": ("10.31235", "SocArXiv"),
    "sportrxiv": ("10.31236", "SportRxiv"),
    "thesiscommons": ("10.31237", "Thesis Commons"),
}
"""The servers that OSF hosts, by their names in addresses: registrant and title."""
_OSF_ID, _OSF_VERSION = r"[a-z0-9]{5}", r"(?:_v(?P<version>[1-9]\d?))?"
_OSF_SITES = {"psyarxiv": "psyarxiv.com", "edarxiv": "edarxiv.org"}


def _on_osf(name: str) -> PaperServer:
    """A server that OSF hosts, with versions since 2024. Addresses: those on its own site; `osf` has all others."""
    registrant, title = OSF[name]
    site = _OSF_SITES.get(name, "")
    address = rf"{re.escape(site)}/{{1,2}}(?:preprints/)?(?P<id>{_OSF_ID}){_OSF_VERSION}{END}"
    if name == "osf":  # without a provider it may be that of a project or a file
        named = rf"preprints/(?P<provider>{'|'.join(OSF)})/(?P<id>{_OSF_ID})"
        address = rf"osf\.io/{{1,2}}(?:{named}|(?:preprints/)?(?:[a-z]{{3,20}}/)?(?P<osf>{_OSF_ID})){_OSF_VERSION}{END}"
        site = "osf.io"
    return PaperServer(
        name, title, ("osf.io", site) if site else ("osf.io",), (registrant,),
        _pattern(rf"(?P<work>{re.escape(registrant)}/osf\.io/(?P<id>{_OSF_ID})){_OSF_VERSION}{END}"),
        (site,) if site else (), _pattern(address) if site else None, (f"{registrant}/osf.io/{{id}}",),
        f"https://osf.io/preprints/{name}/{{id}}", f"https://osf.io/preprints/{name}/{{id}}_v{{version}}",
        "https://osf.io/download/{id}",
    )  # fmt: skip


ARXIV = PaperServer(
    "arxiv", "arXiv", ("arxiv.org",), ("10.48550",), page="https://arxiv.org/abs/{id}",
    version_page="https://arxiv.org/abs/{id}v{version}", pdf="https://arxiv.org/pdf/{id}",
)  # fmt: skip

_CHEMRXIV = PaperServer(
    "chemrxiv", "ChemRxiv", ("chemrxiv.org",), ("10.26434",),
    _pattern(rf"(?P<work>10\.26434/chemrxiv(?:\.(?P<id>\d{{6,9}})|-20\d\d-[a-z0-9]{{3,8}}))(?:[-./]{_V})?{END}"),
    ("chemrxiv",),
    _pattern(
        r"chemrxiv\.org/{1,2}(?:articles/(?:[a-z0-9_%.-]{1,250}/){1,2}(?P<id>\d{6,9})(?:/(?P<version>[1-9]\d?))?"
        rf"|engage/[a-z0-9/-]{{0,80}}(?P<chemrxiv>[0-9a-f]{{24}})){END}"
    ),
    ("10.26434/chemrxiv.{id}",), "https://chemrxiv.org/doi/full/{doi}", "https://chemrxiv.org/doi/full/{doi}/v{version}",
)  # fmt: skip
_RESEARCH_SQUARE = PaperServer(
    "researchsquare", "Research Square", ("researchsquare.com",), ("10.21203",),
    _pattern(rf"(?P<work>10\.21203/rs\.(?:[2-9]\.(?P<id>rs-\d{{4,9}})|\d\.(?:[a-z]{{2,6}}-)?\d{{3,9}}))(?:/{_V})?{END}"),
    ("researchsquare",),
    _pattern(rf"researchsquare\.com/{{1,2}}(?:article|files)/(?P<id>rs-\d{{4,9}})(?:/{_V})?{END}"),
    ("10.21203/rs.3.{id}",),
    "https://www.researchsquare.com/article/{id}/latest", "https://www.researchsquare.com/article/{id}/v{version}",
    "https://www.researchsquare.com/article/{id}/latest.pdf",
)  # fmt: skip
_SSRN = PaperServer(
    "ssrn", "SSRN", ("ssrn.com",), ("10.2139",),
    _pattern(rf"(?P<work>10\.2139/ssrn\.(?P<id>\d{{4,9}})){END}"), ("ssrn",),
    _pattern(rf"ssrn\.com/[^\s\"<>]{{0,100}}?(?:abstract(?:_?id)?[=/]|ssrn_id)(?P<id>\d{{4,9}}){END}"),
    ("10.2139/ssrn.{id}",), "https://papers.ssrn.com/sol3/papers.cfm?abstract_id={id}",
    pdf="https://papers.ssrn.com/sol3/Delivery.cfm?abstractid={id}",
)  # fmt: skip
_PREPRINTS = PaperServer(
    "preprints", "Preprints.org", ("preprints.org",), ("10.20944",),
    _pattern(rf"(?P<work>10\.20944/preprints(?P<id>20\d{{4}}\.\d{{4}}))(?:\.{_V})?{END}"),
    ("preprints.org",),
    _pattern(rf"preprints\.org/{{1,2}}manuscript/(?P<id>20\d{{4}}\.\d{{4}})(?:/{_V})?{END}"),
    ("10.20944/preprints{id}",),
    "https://www.preprints.org/manuscript/{id}", "https://www.preprints.org/manuscript/{id}/v{version}",
    "https://www.preprints.org/manuscript/{id}/download",
)  # fmt: skip
_ZENODO = PaperServer(
    "zenodo", "Zenodo", ("zenodo.org",), ("10.5281",), _pattern(rf"(?P<work>10\.5281/zenodo\.(?P<id>\d{{3,10}})){END}"),
    ("zenodo",), _pattern(rf"zenodo\.org/{{1,2}}(?:api/)?records?/(?P<id>\d{{3,10}}){END}"), ("10.5281/zenodo.{id}",),
    "https://zenodo.org/records/{id}",
)  # fmt: skip
_HAL = PaperServer(
    "hal", "HAL", ("hal.science", "archives-ouvertes.fr", "hal.inria.fr"),
    needles=("hal.science", "archives-ouvertes", "hal.inria.fr"),
    addresses=_pattern(
        r"(?:hal\.science|archives-ouvertes\.fr|hal\.inria\.fr)/{1,2}(?:[a-z-]{2,20}/)?"
        rf"(?P<hal>[a-z]{{2,12}}(?:-[a-z0-9]{{2,12}}){{0,2}}[-_]\d{{8}})(?:{_V})?{END}"
    ),
)  # fmt: skip
_PUBMED = PaperServer(
    "pubmed", "PubMed and PMC", ("pubmed.ncbi.nlm.nih.gov", "pmc.ncbi.nlm.nih.gov", "ncbi.nlm.nih.gov"),
    needles=("nih.gov",),
    addresses=_pattern(
        r"nih\.gov/{1,2}(?:(?:(?:m/)?pubmed/(?:\?term=)?)?(?P<pmid>\d{1,8})"
        rf"|(?:(?:labs/|m/)?pmc/)?articles/(?P<pmcid>pmc\d{{4,8}})){END}"
    ),
)  # fmt: skip
_EUROPE_PMC = PaperServer(
    "europepmc", "Europe PMC", ("europepmc.org",), needles=("europepmc",),
    addresses=_pattern(
        r"europepmc\.org/{1,2}(?:(?:articles?|abstract)/(?:(?:med|pmc|ppr)/)?|[a-z/]{1,30}\.fcgi\?accid=)"
        rf"(?:(?P<pmcid>pmc\d{{4,8}})|(?P<ppr>ppr\d{{1,8}})|(?P<pmid>\d{{1,8}})){END}"
    ),
)  # fmt: skip
ANY_DOI = PaperServer(
    "doi", "DOI", ("doi.org", "shortdoi.org"), needles=("doi.org",),
    addresses=_pattern(r"doi\.org/{1,2}(?:10/)?(?P<shortdoi>[a-z0-9]{3,8})(?![a-z0-9./_-])"),
)  # fmt: skip
"""A paper wherever it is published; and shortened DOIs."""

SERVERS = (
    ARXIV,
    _openrxiv("biorxiv", "bioRxiv", rf"{_DATED}\d{{6}}|\d{{6}})"),
    _openrxiv("medrxiv", "medRxiv", rf"{_DATED}\d{{8}}|\d{{8}})"),
    _CHEMRXIV, *map(_on_osf, OSF), _RESEARCH_SQUARE, _SSRN, _PREPRINTS, _ZENODO, _HAL, _PUBMED, _EUROPE_PMC, ANY_DOI,
)  # fmt: skip
"""All servers; the last has every DOI that no other has."""

_BY_REGISTRANT = {
    registrant: tuple(server for server in SERVERS if registrant in server.registrants and server.dois)
    for registrant in {registrant for server in SERVERS for registrant in server.registrants}
}


# ---- keys ----------------------------------------------------------------------------------------------


RECORDED = (arxiv.SERVER,)
"""How the keys begin of the papers that a record may have: so far only those on arXiv."""
RECORDED_KEY = grammar.KEY
"""The pattern of these keys."""


def recorded_id(key: str) -> str:
    """The server's own id of a paper that a record may have, by key. Raises NotAnArxivId for any other."""
    return arxiv.from_key(key)


def is_paper_key(text: str) -> bool:
    """Whether a text is the key of a paper on any server."""
    if not text.startswith(DOI):
        return arxiv.is_key(text)
    own = text.removeprefix(DOI)
    return doi.is_doi(own) and of_doi(own) == (text, None)


def of_doi(name: str) -> PaperId:
    """The paper that has a DOI, in lower case; what follows the DOI of a known server does not matter."""
    if name.startswith("10.48550/arxiv."):
        try:
            own, version = arxiv.parse(name)
        except NotAnArxivId:
            return PaperId(DOI + name)
        return PaperId(arxiv.key(own), version)
    match = server_doi(name)
    return _paper(match) if match else PaperId(DOI + name)


def server_doi(name: str) -> re.Match[str] | None:
    """The beginning of a text that is a DOI of a server, with the groups of `PaperServer.dois`."""
    servers = _BY_REGISTRANT.get(name.partition("/")[0], ())
    return next((match for server in servers if server.dois and (match := server.dois.match(name))), None)


def is_incomplete(name: str) -> bool:
    """Whether a DOI has the registrant of a known server, but not enough to be one of its papers: `10.5281/zenodo`."""
    registrant, _, suffix = name.partition("/")
    is_dated = registrant in (OLD_REGISTRANT, NEW_REGISTRANT) and suffix.startswith("20")
    return registrant in _BY_REGISTRANT and (is_dated or not any(sign in "0123456789" for sign in suffix))


def _paper(match: re.Match[str]) -> PaperId:
    version = match.groupdict().get("version")
    return PaperId(DOI + match["work"], int(version) if version else None)


def named_by(server: PaperServer, match: re.Match[str]) -> tuple[str, ...]:
    """What an address, matched by `addresses` of a server, may name: keys of papers, or an id such as `pmid:31804775`
    for which an index has to be asked."""
    groups = {name: value for name, value in match.groupdict().items() if value and name != "version"}
    if id := groups.get("id"):
        named = (f"{OSF[groups['provider']][0]}/osf.io/{{id}}",) if "provider" in groups else server.named
        if NEW_REGISTRANT in server.registrants:
            named = named[:1] if id < _OLD_UNTIL or "." not in id else named[1:] if id >= _NEW_FROM else named
        return tuple(DOI + template.format(id=id) for template in named)
    return tuple(f"{name}:{value}" for name, value in groups.items())


@lru_cache(1 << 10)
def server_of(key: str) -> PaperServer:
    """The server of a paper, by key."""
    if not key.startswith(DOI):
        return ARXIV
    own = key.removeprefix(DOI)
    servers = _BY_REGISTRANT.get(own.partition("/")[0], ())
    return next((server for server in servers if server.dois and server.dois.fullmatch(own)), ANY_DOI)


def page(key: str, version: int | None = None) -> str:
    """The address of a paper's page, or that of a version if versions have pages."""
    server = server_of(key)
    return _filled(server.version_page if version and server.version_page else server.page, key, version)


def pdf(key: str, version: int | None = None) -> str:
    """The address of a paper as PDF; empty if the server has none for that."""
    template = server_of(key).pdf
    return _filled(template, key, version) if version or "{version}" not in template else ""


def _filled(template: str, key: str, version: int | None) -> str:
    own = key.partition(":")[2]
    match = server_doi(own)
    id = match.groupdict().get("id") if match else own
    if id is None and "{id}" in template:  # a paper of an older scheme
        template = ANY_DOI.page
    return template.format(doi=own, id=id, version=version)
