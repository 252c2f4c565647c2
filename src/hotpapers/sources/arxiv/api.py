"""arXiv's query API: the metadata of papers by identifier.

https://info.arxiv.org/help/api/user-manual.html. The API silently leaves out unknown identifiers, so results are
compared with what was asked for. It answers a single malformed one with an entry titled Error.
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
    """A paper from the API: its identifier, its raw entry, and the version that the entry describes."""

    id: str
    body: bytes
    version: int | None = None


def parse(data: bytes) -> list[ApiPaper]:
    """Split a response into its entries. Raises InputError, also for an entry that reports an error."""
    feed, bodies = xml.pieces(data, "entry")
    if feed.tag != "feed":
        raise InputError(f"not arXiv's API: <{feed.tag[:40]}>")
    arxiv_ids = [(_identifier(xml.parse(body)), body) for body in bodies]
    return [ApiPaper(arxiv_id.id, body, arxiv_id.version) for arxiv_id, body in arxiv_ids]


def _identifier(entry: Element) -> ArxivId:
    address = xml.text(entry, "id")
    if ERROR in address:
        raise InputError(f"arXiv's API: {xml.text(entry, 'summary')[:200]}")
    return paper_items.identifier(address)


def read(entry: Element, at: int) -> Paper:
    """An entry's paper: the current version unless another was requested. Raises InputError."""
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
