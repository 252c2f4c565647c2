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
from typing import Any, NamedTuple

from hotpapers.base.installed import hooks_of
from hotpapers.base.papers import arxiv, doi
from hotpapers.base.papers.preprint_categories import BIORXIV, MEDRXIV

DOI = "doi:"
"""How the keys begin of papers that are not on arXiv."""
ANY_DOI = DOI.removesuffix(":")
"""The name of the server, and the field, of all papers that no other server has."""


class PaperServer(NamedTuple):
    """A server of papers, or an index of them.

    `dois`: the pattern of its DOIs, with the groups `work`, the DOI without a version; `id`, the server's own;
    `version`. `addresses`: the pattern of addresses that name an id instead of a DOI, from one of the `needles` on. Its
    group `id` is that of a work with one of the DOIs in `named`; any other group names an id of which only the server
    knows the DOI. `first`: the DOI of a work's first version, with {doi}, if works have none of their own. `page`,
    `version_page` and `pdf`: addresses with {id}, {doi} and {version}; empty if it has none.
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
    first: str = "{doi}"
    page: str = "https://doi.org/{doi}"
    version_page: str = ""
    pdf: str = ""
    categories: tuple[str, ...] = ()
    category_page: str = ""
    has_list: bool = True


END = r"(?![a-z0-9])"
_ITSELF = r"(?:(?<=www\.|cdn\.)|(?<=dx\.)|(?<![a-z0-9]\.))"
"""Before a host of which a rule for paths is right, but not of its other subdomains: `blog.…`, `support.…`."""
_SLUG = r"[^\s/?#\"<>]{1,250}"
"""A title in an address: any signs, once it is decoded."""
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
        "{doi}", page, page + "v{version}", page + "v{version}.full.pdf", categories,
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
_OSF_CLOSED = {
    "agrixiv": "10.31220", "arabixiv": "10.31221", "biohackrxiv": "10.37044", "bitss": "10.31222",
    "bodoarxiv": "10.34055", "eartharxiv": "10.31223", "focusarchive": "10.31225", "frenxiv": "10.31226",
    "inarxiv": "10.31227", "indiarxiv": "10.35543", "lawarxiv": "10.31228", "lissa": "10.31229", "marxiv": "10.31230",
    "mediarxiv": "10.33767", "mindrxiv": "10.31231", "nutrixiv": "10.31232", "paleorxiv": "10.31233",
    "sportrxiv": "10.31236", "thesiscommons": "10.31237",
}  # fmt: skip
"""Registrants of those whose new papers are not read; most have left, or closed."""
ON_OSF = {name: server.split()[0] for name, server in OSF.items()} | _OSF_CLOSED
_OSF_ID, _OSF_END = r"(?P<id>[a-z0-9]{5})", rf"(?:_v(?P<version>[1-9]\d?))?{END}"
_OSF_IN_PATH = rf"(?!(?:press|share|teams|terms|users){END})[2-9a-hjkmnp-z]{{5}}"
"""An id in an address: its letters are none of `about`, but those of other pages' names."""
_OSF_ADDRESSES = {  # without the name of a server it may be a project or a file
    "osf": rf"{_ITSELF}osf\.io/{{1,2}}(?:preprints/(?P<of>{'|'.join(ON_OSF)})/(?P<id>{_OSF_IN_PATH})"
    rf"|(?:preprints/(?:[a-z]{{3,20}}/)?|download/)?(?P<osf>{_OSF_IN_PATH})){_OSF_END}",
    "psyarxiv": rf"{_ITSELF}psyarxiv\.com/{{1,2}}(?:preprints/)?(?P<id>{_OSF_IN_PATH}){_OSF_END}",
    "edarxiv": rf"{_ITSELF}edarxiv\.org/{{1,2}}(?:preprints/)?(?P<id>{_OSF_IN_PATH}){_OSF_END}",
}


def _on_osf(name: str) -> PaperServer:
    """A server that OSF hosts, with versions since 2024. `osf` has the addresses of all, except of an old site."""
    registrant, _, title = OSF[name].partition(" ")
    page = f"https://osf.io/preprints/{name}/{{id}}"
    return PaperServer(
        name, title, ("osf.io",), (registrant,),
        rf"(?P<work>{re.escape(registrant)}/osf\.io/{_OSF_ID}){_OSF_END}", (name,) if name in _OSF_ADDRESSES else (),
        _OSF_ADDRESSES.get(name, ""), (registrant + "/osf.io/{id}",), "{doi}_v1", page, page + "_v{version}",
        "https://osf.io/download/{id}",
    )  # fmt: skip


_OPEN_PREPRINT_SYSTEMS = r"/[a-z./]{0,30}/preprint/(?:view|download)/(?P<id>\d{1,6})"
_SITES = {
    "elife elifesciences.org": (
        rf"/{{1,2}}(?:articles/|reviewed-preprints/|content/\d{{1,2}}/e)(?P<id>\d{{5,6}})(?:{_V})?",
        "10.7554/elife.{id}",
    ),
    "figshare figshare.com": (
        rf"/{{1,2}}articles/preprint/{_SLUG}/(?P<id>\d{{5,9}})(?:/(?P<version>[1-9]\d?))?",
        "10.6084/m9.figshare.{id}",
    ),
    "jmir preprints.jmir.org": (r"/{1,2}preprint/(?P<id>\d{3,7})", "10.2196/preprints.{id}"),
    "jxiv jxiv.jst.go.jp": (_OPEN_PREPRINT_SYSTEMS, "10.51094/jxiv.{id}"),
    "nature nature.com": (
        r"/{1,2}articles/(?P<id>(?:sj\.)?[a-z]{2,10}\.(?:20\d\d\.)?\d{1,5}"
        r"|(?!\d{7}(?!\d))(?=[a-z]{0,12}\d)[a-z0-9]{6,16}(?:-[a-z0-9]{1,8}){0,5})",
        "10.1038/{id}",
    ),
    "peerj peerj.com": (rf"/{{1,2}}preprints/(?P<id>\d{{1,5}})(?:{_V})?", "10.7287/peerj.preprints.{id}"),
    "qeios qeios.com": (r"/{1,2}read/(?P<id>[a-z0-9]{6})(?:\.(?P<version>[1-9]\d?))?", "10.32388/{id}"),
    "scielo preprints.scielo.org": (_OPEN_PREPRINT_SYSTEMS, "10.1590/scielopreprints.{id}"),
    "techrxiv techrxiv.org": (
        rf"/{{1,2}}articles/(?:{_SLUG}/){{1,2}}(?P<id>\d{{6,9}})(?:/(?P<version>[1-9]\d?))?",
        "10.36227/techrxiv.{id}",
    ),
}  # fmt: skip
"""Sites of other servers and publishers whose addresses name no DOI but tell it: the addresses' paths, and the DOI."""


def _on_site(names: str) -> PaperServer:
    name, _, host = names.partition(" ")
    path, named = _SITES[names]
    addresses = _ITSELF + re.escape(host) + path + END
    return PaperServer(name, name, (host,), needles=(host,), addresses=addresses, named=(named,), has_list=False)


_OTHERS = PaperServer(
    ANY_DOI, "DOI", ("doi.org", "shortdoi.org"), needles=("doi.org",),
    addresses=rf"{_ITSELF}doi\.org/{{1,2}}(?:10/|(?=[a-z]{{0,7}}\d|[a-hjkmnp-tv-z]{{3,8}}{END})"
    rf"(?!(?:apps|careers|events|faq|members|news|press|search|terms){END}))"  # nor `about` or `help`
    r"(?P<shortdoi>[a-z0-9]{3,8})(?![a-z0-9:/_-]|\.[a-z0-9])", has_list=False,
)  # fmt: skip


def _other(work: str, before_version: str = "", *, has_own: bool = True) -> PaperServer:
    """Works without a server of their own, by the pattern of their DOIs. `before_version`: how these name a version;
    what else follows names a part. `has_own`: whether a work has a DOI besides those of its versions."""
    version = rf"(?:{re.escape(before_version)}(?P<version>[1-9]\d?))?" if before_version else ""
    first = "{doi}" if has_own else f"{{doi}}{before_version}1"
    return _OTHERS._replace(
        needles=(), addresses="", dois=rf"(?P<work>10\.{work}){version}{END}", first=first,
        page=f"https://doi.org/{first}",
        version_page=f"https://doi.org/{{doi}}{before_version}{{version}}" if before_version else "",
    )  # fmt: skip


_OTHER_WORKS = (
    _other(r"\d{4,5}/[a-z]{2,12}\.\d{9,10}\.\d{8}", "/v", has_own=False),  # on Authorea's platform, also TechRxiv
    _other(r"(?:12688|35241|3310)/[a-z0-9]{4,30}\.\d{3,8}", ".", has_own=False),  # F1000Research and its sisters
    _other(r"1002/essoar\.\d{8}", ".", has_own=False),
    _other(r"\d{4,5}/(?:[a-z0-9._-]{1,20}[./])?\d{5,9}(?=\.v[1-9])", ".v"),  # on figshare's platform
    _other(r"(?:7554/elife\.\d{5,6}|32388/[a-z0-9]{6})", "."),  # eLife, Qeios
    _other(r"33774/[a-z]{3,5}-20\d\d-[a-z0-9]{4,8}", "-v"),  # Cambridge Open Engage
    _other(r"7287/peerj\.preprints\.\d{1,5}", "v", has_own=False),
    _other(r"3\d{4}/osf\.io/[a-z0-9]{5}", "_v", has_own=False),
    _other(
        r"(?:1371/journal\.p[a-z]{3}\.\d{7}|1073/pnas\.\d{7,10}|3389/f[a-z]{2,8}\.20\d\d\.\d{5,7}"
        r"|1021/(?:acs\.)?[a-z]{2,12}\.\d[a-z]\d{5}|7717/peerj(?:-[a-z]{2,6})?\.\d{1,6})"
    ),
)


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
        rf"articles/(?:{_SLUG}/){{1,2}}(?P<id>\d{{6,9}})(?:/(?P<version>[1-9]\d?))?"
        rf"|engage/[a-z0-9/-]{{0,80}}(?P<chemrxiv>[0-9a-f]{{24}})){END}", ("10.26434/chemrxiv.{id}",),
        "{doi}/v1", "https://chemrxiv.org/doi/full/{doi}", "https://chemrxiv.org/doi/full/{doi}/v{version}",
    ),
    *map(_on_osf, OSF),
    PaperServer(  # since it left OSF; earlier papers kept their DOIs and got the first numbers
        "engrxiv", "engrXiv", ("engrxiv.org",), ("10.31224",), rf"(?P<work>10\.31224/(?P<id>\d{{3,6}})){END}",
        ("engrxiv.org",),
        rf"engrxiv\.org/{{1,2}}preprint/(?:view|download)/(?P<id>[2-9]\d{{3}}|[1-9]\d{{4,5}}){END}",
        ("10.31224/{id}",), page="https://engrxiv.org/preprint/view/{id}",
    ),
    PaperServer(  # likewise
        "ecoevorxiv", "EcoEvoRxiv", ("ecoevorxiv.org",), ("10.32942",), rf"(?P<work>10\.32942/x2[a-z0-9]{{3,5}}){END}",
    ),
    PaperServer(
        "researchsquare", "Research Square", ("researchsquare.com",), ("10.21203",),
        rf"(?P<work>10\.21203/rs\.\d\.(?P<id>rs-\d{{4,9}}))(?:/{_V})?{END}",
        ("researchsquare",),
        rf"researchsquare\.com/{{1,2}}(?:article|files)/(?:rs\.3\.)?(?P<id>rs-\d{{4,9}})(?:/{_V})?{END}",
        ("10.21203/rs.3.{id}",), "{doi}/v1", "https://www.researchsquare.com/article/{id}/latest",
        "https://www.researchsquare.com/article/{id}/v{version}",
        "https://www.researchsquare.com/article/{id}/latest.pdf",
    ),
    PaperServer(  # its papers of other schemes, whose addresses their DOIs don't tell
        "researchsquare", "Research Square", ("researchsquare.com",), ("10.21203",),
        rf"(?P<work>10\.21203/rs\.\d\.(?:[a-z]{{2,6}}-)?\d{{3,9}})(?:/{_V})?{END}",
        first="{doi}/v1", page="https://doi.org/{doi}/v1", version_page="https://doi.org/{doi}/v{version}",
    ),
    PaperServer(
        "ssrn", "SSRN", ("ssrn.com",), ("10.2139",), rf"(?P<work>10\.2139/ssrn\.(?P<id>\d{{4,9}})){END}", ("ssrn",),
        rf"ssrn\.com/[^\s\"<>]{{0,100}}?abstract(?:_?id)?(?:= ?|/)(?P<id>\d{{4,9}}){END}",  # a file has its own number
        ("10.2139/ssrn.{id}",), "{doi}", "https://papers.ssrn.com/sol3/papers.cfm?abstract_id={id}",
        pdf="https://papers.ssrn.com/sol3/Delivery.cfm?abstractid={id}",
    ),
    PaperServer(
        "preprints", "Preprints.org", ("preprints.org",), ("10.20944",),
        rf"(?P<work>10\.20944/preprints(?P<id>20\d{{4}}\.\d{{4}}))(?:\.{_V})?{END}", ("preprints.org",),
        rf"preprints\.org/{{1,2}}manuscript/(?P<id>20\d{{4}}\.\d{{4}})(?:/{_V})?{END}", ("10.20944/preprints{id}",),
        "{doi}.v1", "https://www.preprints.org/manuscript/{id}", "https://www.preprints.org/manuscript/{id}/v{version}",
        "https://www.preprints.org/manuscript/{id}/download",
    ),
    PaperServer(
        "zenodo", "Zenodo", ("zenodo.org",), ("10.5281",), rf"(?P<work>10\.5281/zenodo\.(?P<id>\d{{3,10}})){END}",
        ("zenodo",), rf"{_ITSELF}zenodo\.org/{{1,2}}(?:api/)?records?/(?P<id>\d{{3,10}}){END}",
        ("10.5281/zenodo.{id}",), page="https://zenodo.org/records/{id}", has_list=False,
    ),
    PaperServer(
        "hal", "HAL", ("hal.science", "archives-ouvertes.fr", "hal.inria.fr"),
        needles=("hal.", "archives-ouvertes", "ccsd.cnrs"),
        addresses=r"(?:hal\.science|archives-ouvertes\.fr|ccsd\.cnrs\.fr|hal\.(?:[a-z0-9-]{2,40}\.){1,2}fr)/{1,2}"
        r"(?:[a-z0-9_-]{2,40}/)?(?P<hal>[a-z][a-z0-9]{1,11}(?:-[a-z0-9]{2,12}){0,2}[-_]\d{8})"
        rf"(?:{_V})?{END}",
    ),
    PaperServer(
        "pubmed", "PubMed and PMC", ("ncbi.nlm.nih.gov",), needles=("pubmed.", "ncbi.nlm.", "pubmedcentral."),
        addresses=r"(?:(?:pubmed\.(?:ncbi\.nlm\.nih\.)?gov|ncbi\.nlm\.nih\.gov/{1,2}(?:m/)?pubmed)/{0,2}"
        r"(?:(?<=/)|\?term=(?=\d{5}))|ncbi\.nlm\.nih\.gov/{1,2}(?:pmc/)?articles/pmid/)(?P<pmid>\d{1,8})(?!\.\d)"
        r"|(?:ncbi\.nlm|pubmedcentral)\.nih\.gov/{1,2}(?:(?:labs/|m/)?pmc/)?articles/pmc(?P<pmcid>\d{4,8})" + END,
    ),
    PaperServer(
        "europepmc", "Europe PMC", ("europepmc.org",), needles=("europepmc",),
        addresses=r"europepmc\.org/{1,2}(?:(?:articles?|abstract)/(?:med/(?P<pmid>\d{1,8})|(?:ppr/)?(?P<ppr>ppr\d{1,8}))"
        r"|(?:(?:articles?|abstract)/(?:pmc/)?|[a-z/]{1,30}\.fcgi\?accid=)(?:pmc|(?<=/pmc/))(?P<pmcid>\d{4,8}))" + END,
    ),
    *map(_on_site, _SITES),
    *_OTHER_WORKS,
    _OTHERS,
)  # fmt: skip
"""The last one has every DOI that no other has; its addresses that name an id are shortened DOIs."""


@cache
def all_servers() -> tuple[PaperServer, ...]:
    """The servers, also those of wings, arXiv first and the one that has all other DOIs last."""
    return (*_CORE[:-1], *hooks_of(PaperServer), _CORE[-1])


@cache
def _doi_patterns() -> list[re.Pattern[str]]:
    """Compiled on first use: settings need the servers' names alone."""
    return [re.compile(dois, re.ASCII) for dois in work_patterns()]


def work_patterns() -> list[str]:
    """The patterns of DOIs of all servers (`PaperServer.dois`)."""
    return [server.dois for server in all_servers() if server.dois]


@cache
def names_by_title() -> dict[str, str]:
    """The names of servers by their titles in lower case, where these differ."""
    titles = {server.title.lower(): server.name for server in all_servers()}
    return {title: name for title, name in titles.items() if title != name}


def doi_grammar() -> dict[str, Any]:
    """The patterns and signs by which DOIs, and addresses that tell one, are found, for readers in other languages:
    without possessive quantifiers. `notWhole`: what begins so is only a known server's DOI, or none. `arxiv`: an id of
    arXiv, in the groups of `grammar.ID`; `places`: its addresses up to that. `titles`: see `names_by_title`."""
    from hotpapers.base.papers.arxiv import addresses, grammar
    from hotpapers.base.text import unescaping

    return {
        "arxiv": grammar.ID, "places": "|".join(addresses.PLACES), "works": work_patterns(),
        "addresses": [[row.addresses, *row.named] for row in all_servers() if row.named and row.addresses],
        "osf": ON_OSF, "suffix": doi.SUFFIX.replace("}+", "}"), "page": doi.PAGE.pattern,
        "resolver": doi.RESOLVER.pattern,
        "numbered": doi.NUMBERED.pattern, "pageNumber": doi.PAGE_NUMBER.pattern,
        "next": doi.NEXT.pattern, "afterAnother": doi.AFTER_ANOTHER.pattern, "numbers": f"^(?:{doi.NUMBERS.pattern})$",
        "goesOn": f"^(?:{doi.GOES_ON.replace('(?u:', '(?:')})".replace(r"\w", r"\p{L}\p{N}_"),
        "label": doi.LABEL.pattern, "badgeEnd": doi.BADGE_END.pattern,
        "signs": unescaping.SIGNS, "plain": unescaping.FOLD, "reviewed": unescaping.REVIEWED_DOI.pattern,
        "lookBack": doi.LOOK_BACK, "ofLetters": doi.OF_LETTERS,
        "notWhole": (*DATED_DOIS, ARXIV_DOI), "moved": (_OLD_UNTIL, _NEW_FROM), "titles": names_by_title(),
    }  # fmt: skip


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
    """Whether a text is the key of a paper on any server. Those that older versions gave to versions and parts of works
    without a server of their own stay valid."""
    own = text.removeprefix(DOI)
    if own == text or own.startswith(ARXIV_DOI):
        return arxiv.is_key(text)
    if not doi.is_doi(own):
        return False
    known = by_doi(own)
    return not known or known["work"] == own or server_of(text).name == ANY_DOI


DATED_DOIS = (f"{OLD_REGISTRANT}/20", f"{NEW_REGISTRANT}/20")
"""The beginning of the DOIs of bioRxiv and medRxiv since 2019: a text that only begins so is part of one."""
ARXIV_DOI = "10.48550/arxiv"
"""How the DOIs begin of papers whose keys name arXiv."""


def by_doi(name: str) -> re.Match[str] | None:
    """The beginning of a text that is a DOI of one of the servers, with the groups of `dois`."""
    return next((match for dois in _doi_patterns() if (match := dois.match(name))), None)


_BEFORE_NUMBER = {"pmcid": "pmc"}
"""The beginning of ids that addresses also have as a number alone."""


def named_by(server: PaperServer, groups: dict[str, str]) -> str:
    """Returns the papers that an address matched by the server's `addresses` may name, separated by blanks: keys of
    papers, or an id such as `pmid:31804775` for which an index has to be asked."""
    id = groups.get("id", "")
    if not id:
        names = [f"{name}:{_BEFORE_NUMBER.get(name, '')}{value}" for name, value in groups.items()]
        return " ".join(names)
    named = (ON_OSF[groups["of"]] + "/osf.io/{id}",) if "of" in groups else server.named
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


def registered_dois(key: str) -> tuple[str, ...]:
    """The DOIs by which registries may know a paper: that of the work, and of its first version."""
    own = paper_id(key)
    return tuple(dict.fromkeys((own, server_of(key).first.format(doi=own))))


def hosts_of(servers: Container[str]) -> tuple[str, ...]:
    """The hosts of servers, by name, whose addresses people share."""
    hosts = (host for server in all_servers() if server.name in servers for host in server.hosts)
    return tuple(dict.fromkeys(hosts))


def paper_links(key: str, version: int | None) -> tuple[str, str]:
    """The addresses of a paper's page and of its PDF, empty if unknown: of a version, if it has its own."""
    server = server_of(key)
    own = key.partition(":")[2]
    match = re.match(server.dois, own)
    known = {"id": own, "doi": own} | (match.groupdict() if match else {}) | {"version": version}
    pdf = server.pdf if version or "{version}" not in server.pdf else ""
    return ((version and server.version_page) or server.page).format(**known), pdf.format(**known)
