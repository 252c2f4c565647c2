"""arXiv's query API: the metadata of papers that are known by their identifiers.

https://info.arxiv.org/help/api/user-manual.html. An unknown identifier among known ones is silently left out, so what
came is compared with what was asked. A malformed one alone is answered with an entry titled Error.
"""

from __future__ import annotations

from typing import NamedTuple
from xml.etree.ElementTree import Element

from hotpapers.errors import InputError
from hotpapers.ids.arxiv import ArxivId
from hotpapers.model import Paper
from hotpapers.sources.arxiv import paper_items, xml

ERROR = "api/errors#"


class ApiPaper(NamedTuple):
    """A paper that the API gave: its identifier, its entry as it came, and which version that describes."""

    id: str
    body: bytes
    version: int | None = None


def parse(data: bytes) -> list[ApiPaper]:
    """An answer cut into its entries. Raises InputError, also for the entry in which arXiv says what is wrong."""
    feed, bodies = xml.pieces(data, "entry")
    if feed.tag != "feed":
        raise InputError(f"not arXiv's API: <{feed.tag[:40]}>")
    named = [(_identifier(xml.parse(body)), body) for body in bodies]
    return [ApiPaper(arxiv_id.id, body, arxiv_id.version) for arxiv_id, body in named]


def _identifier(entry: Element) -> ArxivId:
    named = xml.text(entry, "id")
    if ERROR in named:
        raise InputError(f"arXiv's API: {xml.text(entry, 'summary')[:200]}")
    return paper_items.identifier(named)


def read(entry: Element, at: int) -> Paper:
    """An entry's paper: the current version, unless another was asked for. Raises InputError."""
    primary = entry.find("primary_category")
    others = [element.get("term", "") for element in entry.iterfind("category")]
    return paper_items.paper(
        paper_items.identifier(xml.text(entry, "id")),
        at,
        title=xml.text(entry, "title"),
        authors=[xml.text(author, "name") for author in entry.iterfind("author")],
        categories=[*([] if primary is None else [primary.get("term", "")]), *others],
        abstract=entry.findtext("summary"),
        comment=entry.findtext("comment"),
        doi=entry.findtext("doi"),
        journal=entry.findtext("journal_ref"),
        published_at=paper_items.moment(entry.findtext("published")),
        updated_at=paper_items.moment(entry.findtext("updated")),
    )
