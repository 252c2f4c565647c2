"""Reads addresses that belong to one paper: the DOI of its published version, its code, its project page, its forum.
`paper_index` knows whose they are.

An address is compared by its key: host without `www.` and path in lower case, without query and fragment.

    github.com/owner/name          also for all pages of the repository
    huggingface.co/datasets/o/n    a data set, space, collection or model
    openreview.net/AbCdEf          a forum and its PDF, by its id
    name.github.io/project         any other page: only itself
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from urllib.parse import unquote

MAX_URL_CHARS = 300
"""Characters of an address that are considered."""
MAX_URLS = 100
"""Addresses per text that are considered, and as many DOIs."""

_ADDRESS = re.compile(
    rf"https?://([a-z0-9.-]{{4,100}})(?::\d{{1,5}})?([/?#][^\s\"<>|\\^`{{}}]{{0,{MAX_URL_CHARS}}})?", re.I
)
_DOI = re.compile(rf"10\.\d{{4,9}}(?:/|%2f)[^\s\"<>?#&|]{{1,{MAX_URL_CHARS}}}", re.I)
_NATURE = re.compile(r"nature\.com/articles/([a-z0-9.-]{5,60})", re.I)
"""Nature's addresses contain the second half of the DOI; the first is always 10.1038."""
_FORUM = re.compile(r"[?&]id=([\w-]{4,40})")
_TAIL = ".,;:!'*)]}>/"
_CUTS = 4
"""How many parts a publisher's address may have after a DOI: /full, /pdf, /figures/2."""

REPOSITORIES = frozenset(("github.com", "gitlab.com", "codeberg.org", "bitbucket.org"))
_MODELS = "huggingface.co"
_KINDS = frozenset(("datasets", "spaces", "collections"))
_NOT_OWNERS = "papers blog docs api models join organizations settings learn posts"
_NO_OWNERS = frozenset(_NOT_OWNERS.split())
_PROJECTS = (".github.io", ".gitlab.io", ".netlify.app", ".vercel.app", ".pages.dev")
"""Hosts where every subdomain belongs to one project."""
_SITES = "sites.google.com"
_SHARED_SITES = ("arxiv.org", "doi.org", "alphaxiv.org", "youtube.com", "youtu.be", "orcid.org", "creativecommons.org")
"""Hosts whose addresses are never a paper's own page, or are recognized by other means."""
_OWN = re.compile(
    r"(?:project|code|codes|repo|repository|website|web site|webpage|web page|homepage|page|demo|data|dataset"
    r"|datasets|models|benchmark|implementation|forum|openreview)\b[^.;]{0,60}$",
    re.I,
)
"""The text before an address that a paper claims as its own."""


def url_key(host: str, rest: str) -> str:
    """The key of an address, from its host and the rest; empty if it does not name anybody's page."""
    host = host.lower().rstrip(".").removeprefix("www.")
    host = _MODELS if host == "hf.co" else host
    if host == "openreview.net":
        forum = _FORUM.search(rest)
        return f"{host}/{forum[1]}" if forum else ""
    path = re.split("[?#]", rest, maxsplit=1)[0].rstrip(_TAIL).lower()
    parts = [part for part in path.split("/") if part]
    if host in REPOSITORIES:
        return f"{host}/{parts[0]}/{parts[1].removesuffix('.git')}" if len(parts) > 1 else ""
    if host == _MODELS:
        kind = parts[:1] if parts and parts[0] in _KINDS else []
        owner_and_name = parts[len(kind) : len(kind) + 2]
        is_named = len(owner_and_name) == 2 and owner_and_name[0] not in _NO_OWNERS
        return "/".join((_MODELS, *kind, *owner_and_name)) if is_named else ""
    if parts and parts[-1] in ("index.html", "index.htm"):
        parts.pop()
    return "/".join((host, *parts))


def find_keys(text: str) -> Iterator[str]:
    """The key of every address in a text."""
    if "://" in text:
        for match in islice(_ADDRESS.finditer(text), MAX_URLS):
            if page := url_key(match[1], match[2] or ""):
                yield page


def claimed_keys(text: str) -> list[str]:
    """The keys of the addresses that a paper's metadata claims as its own."""
    result = []
    for match in islice(_ADDRESS.finditer(text), MAX_URLS):
        page = url_key(match[1], match[2] or "")
        before = text[max(0, match.start() - 80) : match.start()]
        host = page.partition("/")[0]
        is_project = host in REPOSITORIES or host in (_MODELS, _SITES, "openreview.net") or host.endswith(_PROJECTS)
        if page and (is_project or ("/" in page and not _is_nobodys(page) and _OWN.search(before))):
            result.append(page)
    return result


def listed_keys(addresses: Iterable[str]) -> list[str]:
    """The keys of addresses that somebody lists as a paper's own, except those on shared sites."""
    return [page for address in addresses for page in islice(find_keys(address), 1) if not _is_nobodys(page)]


def _is_nobodys(page: str) -> bool:
    host = page.partition("/")[0]
    return any(host == domain or host.endswith(f".{domain}") for domain in _SHARED_SITES)


def find_dois(text: str) -> Iterator[str]:
    """Every DOI that a text may name, in lower case: each one, then the same without its last parts, one by one."""
    if "10." in text:
        for occurrence in islice(_DOI.finditer(text), MAX_URLS):
            yield from _shorter(unquote(occurrence[0]).lower())
    if "nature.com/articles/" in text:
        for match in islice(_NATURE.finditer(text), MAX_URLS):
            yield "10.1038/" + match[1].lower().rstrip(_TAIL).removesuffix(".pdf")


def _shorter(doi: str) -> Iterator[str]:
    for _ in range(_CUTS + 1):
        doi = doi.rstrip(_TAIL)
        yield doi
        if doi.endswith(".pdf"):
            yield doi[:-4]
        doi = doi.rpartition("/")[0]
        if "/" not in doi:
            return
