"""Finds papers on any server in any text: by their addresses, DOIs, and forms of arXiv identifiers.

An address does not always name one paper for certain. A page of bioRxiv may belong to either of two DOIs,
`osf.io/abcde` may be a project, and only PubMed knows the DOI of `pmid:31804775`. Such a mention has no key, but
candidates: it is one paper at most, and none before somebody has looked.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote

from hotpapers.base.errors import NotAnArxivId
from hotpapers.base.papers import arxiv, doi, paper_servers
from hotpapers.base.papers.arxiv import addresses
from hotpapers.base.papers.arxiv.addresses import Mention
from hotpapers.base.papers.mentions import mentions_around, plain_text, shift_mention, spans_in
from hotpapers.base.papers.paper_servers import PaperServer

_WHOLE_DOI = re.compile(r"\A\s*(?:doi:?\s*)?(?=10\.)", re.IGNORECASE)
_OWN_PAGE = re.compile(r"\s*https?://[^\s?#]*/paper/([^\s?#]{7,250}?)(?:/|/index\.html)?(?:[?#]\S*)?\s*")
_BEFORE_ADDRESS = re.compile(r"\A\s*doi:?\s*(?=https?:|(?:dx\.|www\.)?doi\.org)", re.IGNORECASE)
_CUT = re.compile(f"[-._]?{doi.CUT}")


class FoundPaper(NamedTuple):
    """A mention of a paper; `text[start:end]` names it.

    `key`: empty if it is not certain which paper it is. `candidates`: the keys that it may have, or ids for which an
    index has to be asked (`pmid:31804775`, `pmcid:pmc7489890`, `ppr:ppr123456`, `hal:hal-03300796`, `osf:abcde`,
    `chemrxiv:…`, `shortdoi:…`). `version`: None if none is named. `form`: for arXiv one of those of `find`; else `doi`,
    or the name of the server or index whose address it is.
    """

    key: str
    candidates: tuple[str, ...]
    version: int | None
    start: int
    end: int
    form: str


def find_papers(text: str) -> list[FoundPaper]:
    """Every mention of a paper on any server, in order. Accepts any text and never raises."""
    plain, dropped = plain_text(text)
    on_arxiv = spans_in(plain, dropped)
    mentions = [(start, end, arxiv.key(id), version, form) for start, end, id, version, form in on_arxiv]
    mentions += _elsewhere(plain, dropped)
    if not mentions:
        return []
    papers: list[FoundPaper] = []
    for start, end, named, version, form in sorted(mentions):
        key = named if paper_servers.is_paper_key(named) else ""
        paper = FoundPaper(key, tuple(named.split()), version, start, end, form)
        if not papers or papers[-1].end <= start:
            papers.append(paper)
        elif named.startswith(arxiv.SERVER):  # within an address that names another paper, too
            papers[-1] = paper
    return papers


def parse_paper(text: str) -> str:
    """The key of the paper that a text names by an identifier, a DOI or any address. Raises NotAnArxivId."""
    try:
        return arxiv.key(arxiv.parse(text).id)
    except NotAnArxivId as problem:
        word = _WHOLE_DOI.sub("doi:", text)  # also 10.31224/2510, in a text a number
        word = _BEFORE_ADDRESS.sub("", word)
        named = {paper.key for paper in find_papers(word[: arxiv.MAX_ADDRESS_CHARS])}
        if len(named) == 1 and len(word.split()) == 1 and (key := named.pop()):
            return key
        raise NotAnArxivId(f"{problem}, or a DOI") from None


def paper_or_doi(text: str) -> str:
    """The key of the paper that a text names, also by a DOI that is a journal's in a text but may be a paper's, such as
    10.1234/abc, or by the address of its page on a site of this program. Raises NotAnArxivId."""
    if page := _OWN_PAGE.fullmatch(text):
        with suppress(NotAnArxivId):
            return paper_or_doi(unquote(page[1].replace("~", "%")))
    whole = paper_servers.DOI + text.strip().lower().removeprefix(paper_servers.DOI)
    return whole if paper_servers.is_paper_key(whole) else parse_paper(text)


def _elsewhere(plain: str, dropped: list[int]) -> list[Mention]:
    """The mentions of papers that are not on arXiv. Instead of an id, they have all candidates, apart by blanks."""
    if plain.isascii() and not ("/" in plain or "%" in plain or "&" in plain or "\\" in plain):
        return []  # most posts: an address or a DOI has a slash, perhaps escaped
    needles = ("10.", *_addresses())
    return [shift_mention(mention, dropped) for mention in mentions_around(plain, needles, _match)]


@cache
def _addresses() -> dict[str, tuple[PaperServer, re.Pattern[str]]]:
    """The patterns of addresses, with their servers, by needle."""
    patterns: dict[str, tuple[PaperServer, re.Pattern[str]]] = {}
    for server in paper_servers.all_servers():
        pattern = re.compile(server.addresses, re.ASCII)
        patterns |= {needle: (server, pattern) for needle in server.needles}
    return patterns


def _match(text: str, needle: str, place: int) -> Mention | None:
    """The mention around a needle, as in `addresses.match_address`."""
    if needle == "10.":
        return _doi(text, place)
    server, pattern = _addresses()[needle]
    match = pattern.match(text, place)
    if not match or _CUT.match(text, match.end()) or (start := addresses.address_start(text, place)) < 0:
        return None
    groups = {name: value for name, value in match.groupdict().items() if value and name != "version"}
    return start, match.end(), paper_servers.named_by(server, groups), _version(match), server.name


def _doi(text: str, place: int) -> Mention | None:
    """A DOI. Those of arXiv are left to `mention_spans`."""
    match = doi.match_doi(text, place)
    if not match or match[0].startswith(paper_servers.ARXIV_DOI):
        return None
    name, start, end = match
    if known := paper_servers.by_doi(name):
        return start, place + known.end(), paper_servers.DOI + known["work"], _version(known), "doi"
    return None if name.startswith(paper_servers.DATED_DOIS) else (start, end, paper_servers.DOI + name, None, "doi")


def _version(match: re.Match[str]) -> int | None:
    return int(match.groupdict().get("version") or 0) or None
