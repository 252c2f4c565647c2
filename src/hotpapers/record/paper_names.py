"""The names of the papers in the record: titles, DOIs of published versions, and their own web pages; and the one that
a person types.

A page is a paper's own if the paper's metadata says so: its comment or abstract on arXiv, or its page on Hugging Face,
which is a post with links to project and code. A name claimed by two papers belongs to neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import msgspec

from hotpapers.base.keys import network_of
from hotpapers.base.model import DAY, Item, Mention, Paper, Post, Publication, TextLink, kind_of
from hotpapers.base.networks import all_networks
from hotpapers.base.papers.categories import other_servers
from hotpapers.base.papers.mentions import paper_urls
from hotpapers.base.papers.mentions.paper_index import PaperAlias, PaperIndex
from hotpapers.base.papers.mentions.server_mentions import paper_or_doi
from hotpapers.base.papers.paper_servers import DOI
from hotpapers.record.as_of import AsOfView
from hotpapers.record.database import sql_placeholders
from hotpapers.record.identities import NUMBER, key_of
from hotpapers.record.item_rows import SPECS
from hotpapers.record.meta import read_meta, save_meta
from hotpapers.record.record import Record

KEPT = 180 * DAY
"""How long papers are matched by name after their announcement."""
MAX_LOOKED_UP = 5_000
"""The most names that were looked up that are kept."""
LOOKED_UP = "looked-up names"
NAMING: tuple[type[Item], ...] = (Paper, Post, Mention)
"""The kinds of items that name papers: see `named_by`."""

_links = msgspec.json.Decoder(tuple[TextLink, ...]).decode
_looked_up = msgspec.json.Decoder(dict[str, str]).decode


def paper_named(record: Record, text: str) -> str:
    """The key of the paper that a text names by an identifier, a DOI or any address; see `preprint_of`. Raises
    NotAnArxivId."""
    return preprint_of(record, paper_or_doi(text))


def preprint_of(record: Record, key: str) -> str:
    """The key of the preprint that became an article, by its key, unless two did or the record describes the article:
    then the same key."""
    where = f"(t.paper = {NUMBER} OR t.doi <> '' AND lower(substr(t.doi, 1, 250)) = ?)"
    papers = {row.item.paper for row in record.view().latest(Paper, where, (key, key.removeprefix(DOI)))}
    return papers.pop() if len(papers) == 1 else key


def load_names(record: Record, at: int, since: int | None = None) -> PaperIndex:
    """The names of the papers announced between `since` (by default 180 days earlier) and `at`, and of papers observed
    then but never announced (imported ones), as known now; and the servers of its publications."""
    return PaperIndex(paper_aliases(record, at, since), named_servers(record))


def named_servers(record: Record) -> frozenset[str]:
    """The servers besides arXiv whose papers the publications of a record have."""
    fields = chain.from_iterable(publication.categories for publication in record.view().items(Publication))
    return other_servers(fields)


def paper_aliases(record: Record, at: int, since: int | None) -> Iterator[PaperAlias]:
    """The entries of the index that `load_names` makes, as plain values for processes without a store."""
    view = record.view()
    span = (at - KEPT if since is None else since, at)
    return chain(_papers(view, span), _linked(view, span), looked_up_names(record))


def looked_up_names(record: Record) -> Iterator[PaperAlias]:
    """The candidates of mentions that were looked up, oldest first."""
    papers = _looked_up(read_meta(record.database, LOOKED_UP) or "{}")
    return (PaperAlias(paper, candidates=tuple(names.split())) for names, paper in papers.items())


def add_looked_up(record: Record, new_aliases: Iterable[PaperAlias]) -> None:
    """Keeps the papers that candidates turned out to be, for all later processes."""
    aliases = (*looked_up_names(record), *new_aliases)
    papers = {" ".join(alias.candidates): alias.paper for alias in aliases}
    kept = dict(list(papers.items())[-MAX_LOOKED_UP:])
    save_meta(record.database, LOOKED_UP, msgspec.json.encode(kept).decode())


def named_by(items: Iterable[Item]) -> Iterator[PaperAlias]:
    """The names of papers in items that a source has just read, to add to an index."""
    listing = networks_of_lists()
    links = {}
    listed = {}
    for item in items:
        if isinstance(item, Paper):
            yield _named(item.paper, item.title, item.doi, f"{item.comment}\n{item.abstract}")
        elif isinstance(item, Post) and item.network in listing:
            links[item.post] = item.links
        elif isinstance(item, Mention) and network_of(item.post) in listing and item.found_in == "listing":
            listed[item.post] = item.paper
    yield from (_leading_to(paper, links[post]) for post, paper in listed.items() if links.get(post))


def last_numbers(record: Record) -> tuple[int, ...]:
    """The numbers of the last rows of the kinds that name papers."""
    maxima = (f"(SELECT coalesce(max(id), 0) FROM {kind_of(kind)})" for kind in NAMING)
    return record.database.rows(f"SELECT {', '.join(maxima)}")[0]


def aliases_between(record: Record, after: Sequence[int], until: Sequence[int]) -> Iterator[PaperAlias]:
    """The names of papers in the rows after some and up to other ones, both as given by `last_numbers`."""
    spans = zip(NAMING, after, until, strict=True)
    rows = (record.view().observations(kind, "t.id > ? AND t.id <= ?", span) for kind, *span in spans)
    return named_by(row.item for row in chain.from_iterable(rows))


def _named(paper: str, title: str, doi: str, title_words: str) -> PaperAlias:
    return PaperAlias(paper, title, doi, tuple(paper_urls.claimed_keys(title_words)))


def _leading_to(paper: str, links: Iterable[TextLink]) -> PaperAlias:
    pages = tuple(paper_urls.listed_keys(link.target for link in links))
    return PaperAlias(paper, pages=pages)


def _papers(view: AsOfView, span: tuple[int, int]) -> Iterator[PaperAlias]:
    """Titles, DOIs, and the pages that papers claim in comment and abstract."""
    announced = f"SELECT a.paper FROM announcement AS a WHERE a.type <> 'replacement' AND {view.visible('a')}"
    newest = view.newest(SPECS[Paper], "t")
    sql = f"""SELECT {key_of("t.paper")}, t.title, t.doi, t.comment, t.abstract FROM paper AS t
        WHERE {view.visible("t")} AND {newest}
          AND (t.paper IN ({announced} AND a.announced_at BETWEEN ? AND ?)
            OR (t.observed_at BETWEEN ? AND ? AND NOT EXISTS ({announced} AND a.paper = t.paper)))"""
    for paper, title, doi, comment, abstract in view.database.iterate(sql, (*span, *span)):
        yield _named(paper, title, doi, f"{comment}\n{abstract}")


def networks_of_lists() -> list[str]:
    """The networks whose posts are lists of papers."""
    return [network.name for network in all_networks().values() if network.lists_papers]


def _linked(view: AsOfView, span: tuple[int, int]) -> Iterator[PaperAlias]:
    """The pages linked from papers' pages on networks that list papers."""
    listing = networks_of_lists()
    sql = f"""SELECT {key_of("m.paper")}, p.links FROM post AS p JOIN mention AS m ON m.post = p.post
        WHERE p.network IN ({sql_placeholders(listing)}) AND p.links <> '[]' AND p.observed_at BETWEEN ? AND ?
          AND {view.visible("p")} AND {view.newest(SPECS[Post], "p")} AND {view.visible("m")}
          AND m.found_in = 'listing'"""
    for paper, links in view.database.iterate(sql, (*listing, *span)):
        yield _leading_to(paper, _links(links))
