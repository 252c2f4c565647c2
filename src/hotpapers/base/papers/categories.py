"""Categories of arXiv and of other servers, their archives and groups, and the fields of publications.

A category of another server begins with the server's name: `biorxiv.neuroscience`, whose archive is `biorxiv`. A server
without categories has one field, its name. A publication names its fields; without any, it has all of arXiv.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from functools import cache

from hotpapers.base.papers import arxiv
from hotpapers.base.papers.arxiv.taxonomy import GROUPS, KNOWN
from hotpapers.base.papers.paper_servers import ANY_DOI, PaperServer, all_servers, names_by_title
from hotpapers.base.text.patterns import lazy_pattern

MAX_CATEGORY_CHARS = 60
_CATEGORY = lazy_pattern(r"[a-z]+(?:-[a-z]+)*(?:\.(?:[A-Z]{2}|[a-z]+(?:-[a-z]+)*))?")
ALL_OF_ARXIV = arxiv.SERVER.removesuffix(":")
"""The field of all papers on arXiv, for a publication that also has other servers."""


@cache
def _by_name() -> dict[str, PaperServer]:
    return {server.name: server for server in reversed(all_servers())}


def servers_with_keys() -> frozenset[str]:
    """The names of the servers besides arXiv whose papers have keys."""
    return frozenset(server.name for server in all_servers() if server.dois or server.name == ANY_DOI)


def archive_of(category: str) -> str:
    """`cs.LG` → `cs`; `hep-th` → `hep-th`; the old `math.IT` stays in `math`; `biorxiv.neuroscience` → `biorxiv`."""
    return category.partition(".")[0]


def group_of(archive: str) -> str:
    """The group of an archive, by arXiv's category taxonomy: `hep-th` → `physics`, `cs` → `cs`."""
    return GROUPS.get(archive, archive)


def server_of_category(category: str) -> str:
    """The name of the server that has a category."""
    archive = archive_of(category)
    return archive if archive in _by_name() else ALL_OF_ARXIV


def servers_of(fields: Sequence[str]) -> tuple[str, ...]:
    """The names of the servers that a publication's fields belong to."""
    return tuple(dict.fromkeys(map(server_of_category, fields))) or (ALL_OF_ARXIV,)


def place_of(server: str) -> str:
    """Where a server's papers are: `on bioRxiv`; `elsewhere` for those of any other server with DOIs."""
    return "elsewhere" if server == ANY_DOI else f"on {_by_name()[server].title}"


def server_titles(fields: Sequence[str]) -> list[str]:
    """The titles of the servers that a publication's fields belong to, without that of any other server with DOIs."""
    return [_by_name()[server].title for server in servers_of(fields) if server != ANY_DOI]


def other_servers(fields: Iterable[str]) -> frozenset[str]:
    """The names of the servers besides arXiv that fields belong to."""
    return frozenset(map(server_of_category, fields)) - {ALL_OF_ARXIV}


def servers_with_lists(fields: Sequence[str]) -> tuple[str, ...]:
    """Those of the servers besides arXiv that have lists of new papers."""
    return tuple(name for name in servers_of(fields) if name != ALL_OF_ARXIV and _by_name()[name].has_list)


def server_name(paper: str, archive: str) -> str:
    """The name of the server that has a paper, by key and archive; empty if its archive is unknown, except on arXiv."""
    return ALL_OF_ARXIV if paper.startswith(arxiv.SERVER) else archive


def is_on(paper: str, archive: str, servers: Container[str]) -> bool:
    """Whether a paper, by key and archive, is on one of the servers; not if its archive is unknown, except on arXiv."""
    return server_name(paper, archive) in servers


def in_fields(category: str, fields: Sequence[str]) -> bool:
    """Whether a category is one of the fields, or in one of their archives."""
    if category in fields or archive_of(category) in fields:
        return True
    return ALL_OF_ARXIV in fields and server_of_category(category) == ALL_OF_ARXIV


def is_category(text: str) -> bool:
    """Whether a text has the form of a server's category: `cs.LG`, `cond-mat.mes-hall`, `biorxiv.cell-biology`."""
    return len(text) <= MAX_CATEGORY_CHARS and _CATEGORY.fullmatch(text) is not None


def category_title(category: str) -> str:
    """A category or server as readers know it: `cs.LG`, `bioRxiv: cell biology`, `arXiv`."""
    name, _, own = category.partition(".")
    server = _by_name().get(name)
    if server is None:
        return category
    words = own.replace("-", " ").replace("hiv aids", "HIV/AIDS")
    return f"{server.title}: {words}" if words else server.title


def category_page(category: str) -> str:
    """The address of the server's list of a category; empty if it has none."""
    server = _by_name()[server_of_category(category)]
    own = category if server.name == ALL_OF_ARXIV else category.partition(".")[2]
    return server.category_page.format(own) if own else ""


def fields_from(papers: Iterable[str]) -> tuple[str, ...]:
    """The fields that settings name with their servers: `biorxiv: neuroscience` → `biorxiv.neuroscience`; `arxiv:
    q-bio` → `q-bio`; `chemrxiv` is the whole server."""
    named = ([part.strip() for part in text.partition(":")[::2]] for text in papers)
    names = names_by_title()
    return tuple(
        field or server if server == ALL_OF_ARXIV else f"{names.get(server, server)}.{slug_of(field)}".rstrip(".")
        for server, field in named
    )


def slug_of(name: str) -> str:
    """A server's name of a category as part of a field: `Animal Behavior and Cognition` →
    `animal-behavior-and-cognition`. What is in parentheses is left out."""
    own = name.partition("(")[0].lower()
    words = "".join(sign if sign.isascii() and sign.isalpha() else " " for sign in own).split()
    return "-".join(words)


def categories_of(server: str) -> tuple[str, ...]:
    """The categories of a server besides arXiv, by name."""
    return _by_name()[server].categories


@cache
def fields_of_arxiv() -> frozenset[str]:
    """The categories of arXiv, and its archives."""
    return frozenset((*KNOWN, *map(archive_of, KNOWN)))
