"""Looks up the DOI of a paper that is named by an id of an index, by a shortened DOI, or by an address that may belong
to several DOIs.

    pmid, pmcid, ppr   https://europepmc.org/RestfulWebService
    hal                https://api.archives-ouvertes.fr/docs/search
    shortdoi           https://www.doi.org/doi-handbook/HTML/rest-api.html
    doi, osf           https://api.crossref.org, of the DOIs that are possible the one that is registered
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from hotpapers.base.errors import NotAnArxivId
from hotpapers.base.papers.mentions.server_mentions import parse_paper
from hotpapers.base.papers.paper_servers import DOI, ON_OSF, registered_dois
from hotpapers.wings.preprints.settings import RegistrySettings

EUROPE_PMC = {"pmid": "EXT_ID:{} AND SRC:MED", "pmcid": "PMCID:{}", "ppr": "EXT_ID:{} AND SRC:PPR"}
"""Europe PMC's queries by kind of id."""


class LookupAnswer(msgspec.Struct):
    """An answer of any of the APIs."""

    def dois(self) -> Iterable[str]:
        """The DOIs in it, or ids of arXiv."""
        raise NotImplementedError


class LookupRequest(NamedTuple):
    """A request about candidates: its address and parameters, and the type of the answer."""

    url: str
    params: Mapping[str, str]
    answer: type[LookupAnswer]


class _EuropePmcResult(msgspec.Struct):
    doi: str = ""


class _EuropePmcList(msgspec.Struct):
    result: list[_EuropePmcResult] = []


class _EuropePmcAnswer(LookupAnswer):
    results: _EuropePmcList = msgspec.field(name="resultList", default_factory=_EuropePmcList)

    def dois(self) -> Iterable[str]:
        return (result.doi for result in self.results.result)


class _HalPaper(msgspec.Struct):
    doi: str = msgspec.field(name="doiId_s", default="")
    arxiv: str = msgspec.field(name="arxivId_s", default="")


class _HalResponse(msgspec.Struct):
    docs: list[_HalPaper] = []


class _HalAnswer(LookupAnswer):
    response: _HalResponse = msgspec.field(default_factory=_HalResponse)

    def dois(self) -> Iterable[str]:
        return (name for paper in self.response.docs for name in (paper.arxiv, paper.doi))


class _HandleData(msgspec.Struct):
    value: str | int | dict[str, object] = ""


class _HandleValue(msgspec.Struct):
    type: str = ""
    data: _HandleData = msgspec.field(default_factory=_HandleData)


class _HandleAnswer(LookupAnswer):
    values: list[_HandleValue] = []

    def dois(self) -> Iterable[str]:
        return (str(value.data.value) for value in self.values if value.type == "HS_ALIAS")


class _Work(msgspec.Struct):
    doi: str = msgspec.field(name="DOI", default="")


class _Works(msgspec.Struct):
    items: list[_Work] = []


class _CrossrefAnswer(LookupAnswer):
    message: _Works = msgspec.field(default_factory=_Works)

    def dois(self) -> Iterable[str]:
        return (work.doi for work in self.message.items)


def lookup_request(candidates: Sequence[str], settings: RegistrySettings) -> LookupRequest | None:
    """The request that tells which paper candidates (see `FoundPaper`) mean; None if nobody can be asked."""
    kind, _, id = candidates[0].partition(":")
    if kind in EUROPE_PMC:
        params = {"query": EUROPE_PMC[kind].format(id.upper()), "format": "json", "resultType": "lite"}
        return LookupRequest(f"{settings.europepmc}/search", params, _EuropePmcAnswer)
    if kind == "hal":
        params = {"q": f"halId_s:{id}", "fl": "doiId_s,arxivId_s", "wt": "json"}
        return LookupRequest(f"{settings.hal}/search/", params, _HalAnswer)
    if kind == "shortdoi":
        return LookupRequest(f"{settings.doi}/api/handles/10/{id}", {}, _HandleAnswer)
    if kind == "osf":
        works = [f"{DOI}{registrant}/osf.io/{id}" for registrant in ON_OSF.values()]
        return _registered([doi for work in works for doi in registered_dois(work)], settings)
    dois = [candidate.removeprefix(DOI) for candidate in candidates if candidate.startswith(DOI)]
    return _registered(dois, settings) if dois else None


def _registered(dois: Sequence[str], settings: RegistrySettings) -> LookupRequest:
    params = {"filter": ",".join(f"doi:{doi}" for doi in dois), "select": "DOI"}
    params |= {"mailto": settings.mailto} if settings.mailto else {}
    return LookupRequest(f"{settings.api}/works", params, _CrossrefAnswer)


def paper_named(answer: LookupAnswer) -> str:
    """The key of the first paper that an answer names; empty for none."""
    return next(filter(None, map(_paper_key, answer.dois())), "")


def _paper_key(name: str) -> str:
    try:
        return parse_paper(name)
    except NotAnArxivId:
        return ""
