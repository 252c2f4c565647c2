"""arXiv's query API: the metadata of papers by identifier.

https://info.arxiv.org/help/api/user-manual.html. The API silently leaves out unknown identifiers, so results are
compared with what was asked for. It answers a single malformed one with an entry titled Error.
"""

from __future__ import annotations

from typing import NamedTuple
from xml.etree.ElementTree import Element

from hotpapers.base.errors import InputError
from hotpapers.base.ids.arxiv import ArxivId
from hotpapers.base.model import Paper
from hotpapers.collect.sources.arxiv import paper_items, xml

ERROR = "api/errors#"


class ApiPaper(NamedTuple):
    """A paper from the API: its identifier, its raw entry, the version that the entry describes, and whether it has all
    that every paper has: at times the API leaves out a title or more."""

    id: str
    body: bytes
    version: int | None = None
    is_complete: bool = True


def parse(data: bytes) -> list[ApiPaper]:
    """Split a response into its entries. Raises InputError, also for an entry that reports an error."""
    feed, bodies = xml.pieces(data, "entry")
    if feed.tag != "feed":
        raise InputError(f"not arXiv's API: <{feed.tag[:40]}>")
    return [_paper(xml.parse(body), body) for body in bodies]


def _paper(entry: Element, body: bytes) -> ApiPaper:
    arxiv_id = _identifier(entry)
    texts = (xml.text(entry, "title"), xml.text(entry, "summary"))
    is_complete = all(map(paper_items.clean_text, texts)) and bool(_categories(entry))
    return ApiPaper(arxiv_id.id, body, arxiv_id.version, is_complete and any(map(paper_items.is_name, _authors(entry))))


def _identifier(entry: Element) -> ArxivId:
    address = xml.text(entry, "id")
    if ERROR in address:
        raise InputError(f"arXiv's API: {xml.text(entry, 'summary')[:200]}")
    return paper_items.identifier(address)


def read(entry: Element, at: int) -> Paper:
    """An entry's paper: the current version unless another was requested. Without a title, it is called by its
    identifier. Raises InputError."""
    arxiv_id = _identifier(entry)
    return paper_items.paper(
        arxiv_id,
        at,
        title=paper_items.clean_text(xml.text(entry, "title")) or f"arXiv:{arxiv_id.id}",
        authors=_authors(entry),
        categories=_categories(entry),
        abstract=entry.findtext("summary"),
        comment=entry.findtext("comment"),
        doi=entry.findtext("doi"),
        journal=entry.findtext("journal_ref"),
        published_at=paper_items.moment(entry.findtext("published")),
        updated_at=paper_items.moment(entry.findtext("updated")),
    )


def _authors(entry: Element) -> list[str]:
    return [xml.text(author, "name") for author in entry.iterfind("author")]


def _categories(entry: Element) -> list[str]:
    """The primary category first."""
    elements = [*entry.iterfind("primary_category"), *entry.iterfind("category")]
    return [term for element in elements if (term := element.get("term", ""))]
