"""arXiv, from the script's papers: RSS and Atom feeds, listing pages, the query API. OAI-PMH is in `oai`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple
from xml.sax.saxutils import escape

from hotpapers.base.errors import InputError
from hotpapers.base.papers import arxiv
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.base.papers.arxiv.taxonomy import KNOWN
from hotpapers.base.papers.categories import archive_of
from tests.loopback import oai
from tests.loopback.network_state import HTML, XML, NetworkState, Reply, Request, utc
from tests.loopback.papers import SHARES
from tests.loopback.script import Paper

MOST_ITEMS = 2000
NAMES = KNOWN | frozenset(SHARES)
_FEED = re.compile(r"/(rss|atom)/([^/]+)")
_LIST = re.compile(r"/list/([^/]+)/(new|recent)")
_KINDS = ("new", "cross", "replace", "replace-cross")


def answer(state: NetworkState, request: Request) -> Reply:
    """The four interfaces, by path."""
    feed, listing = _FEED.fullmatch(request.path), _LIST.fullmatch(request.path)
    if feed:
        return _feed(state, feed[1], feed[2])
    if listing:
        return _listing(state, listing[1], listing[2], request)
    if request.path == "/api/query":
        return _api(state, request)
    return oai.answer(state, request) if request.path == "/oai" else Reply(404, b"<h1>Not Found</h1>", HTML)


class Item(NamedTuple):
    """A paper in a feed or a listing: its version, and the type of its announcement there."""

    paper: Paper
    version: int
    kind: str


def announced_items(state: NetworkState, names: Sequence[str], label: str) -> list[Item]:
    """What is announced on a day in several archives and categories together, in arXiv's order."""
    versions = [(paper, 1) for paper in state.script.papers(label)] + list(state.script.replacements(label))
    items = [
        Item(paper, version, _kind(paper.categories[0], version, names))
        for paper, version in versions
        if any(_within(category, name) for category in paper.categories for name in names)
    ]
    return sorted(items, key=lambda item: _KINDS.index(item.kind))


def _within(category: str, name: str) -> bool:
    return category == name or archive_of(category) == name


def _kind(primary: str, version: int, names: Sequence[str]) -> str:
    own = any(_within(primary, name) for name in names)
    return ("new" if own else "cross") if version == 1 else ("replace" if own else "replace-cross")


# ---- feeds ---------------------------------------------------------------------------------------------


def _feed(state: NetworkState, form: str, joined_names: str) -> Reply:
    """The feed of the day in New York; on a day without an announcement it exists, dated and empty."""
    names = joined_names.split("+")
    day = days.date_at(state.now)
    midnight = datetime.combine(day, datetime.min.time(), days.EASTERN)
    unknown = next((name for name in names if name not in NAMES), "")
    if unknown:
        body = _rss(f"Feed error for query: {state.base}/rss/{joined_names}", f"Bad archive '{unknown}'.", midnight, [])
        return Reply(400, body, XML)
    items = announced_items(state, names, day.isoformat()) if day.weekday() < 5 else []
    write = _atom if form == "atom" else _rss
    title = f"{', '.join(names)} updates on arXiv.org"
    description = f"{', '.join(names)} updates on the arXiv.org e-print archive."
    return Reply(200, write(title, description, midnight, state.reorder(items[:MOST_ITEMS])), XML)


def _rss(title: str, description: str, midnight: datetime, items: Sequence[Item]) -> bytes:
    date_element = f"<pubDate>{midnight:%a, %d %b %Y %H:%M:%S %z}</pubDate>"
    entries = "".join(
        f"<item><title>{escape(item.paper.title)}</title><link>https://arxiv.org/abs/{item.paper.id}</link>"
        f"<description>{_summary(item)}</description>"
        f'<guid isPermaLink="false">oai:arXiv.org:{item.paper.id}v{item.version}</guid>'
        f"{''.join(f'<category>{c}</category>' for c in item.paper.categories)}{date_element}"
        f"{_shared_elements(item)}</item>\n"
        for item in items
    )
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0">'
        f"<channel><title>{escape(title)}</title><description>{escape(description)}</description>"
        f"<language>en-us</language>{date_element}<skipDays><day>Sunday</day><day>Saturday</day></skipDays>\n"
        f"{entries}</channel></rss>"
    ).encode()


def _atom(title: str, description: str, midnight: datetime, items: Sequence[Item]) -> bytes:
    entries = "".join(
        f"<entry><id>oai:arXiv.org:{item.paper.id}v{item.version}</id><title>{escape(item.paper.title)}</title>"
        f'<updated>{midnight.isoformat()}</updated><link href="https://arxiv.org/abs/{item.paper.id}" rel="alternate"/>'
        f"<summary>{_summary(item)}</summary>{_terms(item.paper)}"
        f"<published>{midnight.isoformat()}</published>{_shared_elements(item)}</entry>\n"
        for item in items
    )
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns="http://www.w3.org/2005/Atom" xml:lang="en-us"><title>{escape(title)}</title>'
        f"<updated>{midnight.isoformat()}</updated><subtitle>{escape(description)}</subtitle>\n{entries}</feed>"
    ).encode()


def _terms(paper: Paper) -> str:
    return "".join(f'<category term="{category}"/>' for category in paper.categories)


def _summary(item: Item) -> str:
    heading = f"arXiv:{item.paper.id}v{item.version} Announce Type: {item.kind} \nAbstract: "
    return heading + escape(item.paper.abstract)


def _shared_elements(item: Item) -> str:
    """The elements of a paper that RSS and Atom share."""
    paper = item.paper
    doi = f"<arxiv:DOI>{paper.doi}</arxiv:DOI>" if paper.doi else ""
    journal = f"<arxiv:journal_reference>{escape(paper.journal)}</arxiv:journal_reference>" if paper.journal else ""
    rights = "<dc:rights>http://arxiv.org/licenses/nonexclusive-distrib/1.0/</dc:rights>"
    authors = escape(", ".join(paper.authors))
    kind = f"<arxiv:announce_type>{item.kind}</arxiv:announce_type>"
    return f"{kind}{rights}{doi}{journal}<dc:creator>{authors}</dc:creator>"


# ---- listing pages ---------------------------------------------------------------------------------------


def _listing(state: NetworkState, name: str, page: str, request: Request) -> Reply:
    if name not in NAMES:
        return Reply(400, f"<h1>Invalid archive or category: {escape(name)}</h1>".encode(), HTML)
    labels = list(_latest_labels(state.now, 5 if page == "recent" else 1))
    sections = _by_day(state, name, labels) if page == "recent" else _by_kind(state, name, labels[0])
    skip, show = request.number("skip", 0, 100_000), request.number("show", 50, MOST_ITEMS)
    head = f"<h3>Showing new listings for {_date(labels[0], '%A, %-d %B %Y')}</h3>" if page == "new" else ""
    body = "".join(_sections(sections, skip, show))
    return Reply(200, f"<html><h1>{name}</h1>{head}<dl id='articles'>{body}</dl></html>".encode(), HTML)


def _latest_labels(now: int, count: int) -> Iterator[str]:
    """The last days whose announcement is out, newest first."""
    label = days.next_label(days.latest_label(now))
    for _ in range(count):
        while days.announced_at(label) > now or not days.has_announcement(label):
            label = days.previous_day(label, extra_holidays=())
        yield label
        label = days.previous_day(label, extra_holidays=())


def _by_day(state: NetworkState, name: str, labels: Sequence[str]) -> list[tuple[str, list[Item]]]:
    return [
        (_date(label, "%a, %-d %b %Y"), [item for item in announced_items(state, [name], label) if item.version == 1])
        for label in labels
    ]


def _by_kind(state: NetworkState, name: str, label: str) -> list[tuple[str, list[Item]]]:
    items = announced_items(state, [name], label)
    parts = {"New submissions": ("new",), "Cross submissions": ("cross",), "Replacement submissions": _KINDS[2:]}
    sections = [(title, [item for item in items if item.kind in kinds]) for title, kinds in parts.items()]
    return [(title, rows) for title, rows in sections if rows]


def _sections(sections: Sequence[tuple[str, list[Item]]], skip: int, show: int) -> Iterator[str]:
    """Headings with the total counts, each with its entries on this page."""
    count_before = 0
    for title, items in sections:
        on_page = [(n, item) for n, item in enumerate(items, count_before + 1) if skip < n <= skip + show]
        count_before += len(items)
        if on_page or not items:
            yield f"<h3>{title}{_showing(on_page, items)}</h3>\n"
        for n, item in on_page:
            cross = f"(cross-list from {item.paper.categories[0]})" if item.kind.endswith("cross") else ""
            yield (
                f'<dt><a name=\'item{n}\'>[{n}]</a>\n<a href ="/abs/{item.paper.id}" title="Abstract" '
                f'id="{item.paper.id}">\n arXiv:{item.paper.id}\n</a> {cross}\n</dt>\n'
                f"<dd><div class='list-title mathjax'>{escape(item.paper.title)}</div></dd>\n"
            )


def _showing(on_page: Sequence[tuple[int, Item]], items: Sequence[Item]) -> str:
    if not items:
        return ""
    starts_here = on_page and on_page[0][1] is items[0]
    phrase = (
        "showing" if len(on_page) == len(items) else ("showing first" if starts_here else "continued, showing last")
    )
    return f" ({phrase} {len(on_page)} of {len(items)} entries )"


def _date(label: str, form: str) -> str:
    return date.fromisoformat(label).strftime(form)


# ---- the API -----------------------------------------------------------------------------------------------


def _api(state: NetworkState, request: Request) -> Reply:
    """Papers by identifier, in the latest or the requested version; unknown ones are left out."""
    texts = [text for text in request.param("id_list").split(",") if text]
    try:
        identifiers = [arxiv.parse(text) for text in texts]
    except InputError:
        return Reply(400, _entries(state, [_ERROR.format(escape(texts[0]))]), XML)
    start, maximum = request.number("start", 0, 30_000), request.number("max_results", 10, 2000)
    entries = []
    for identifier in identifiers[start : start + maximum]:
        paper = state.script.paper(identifier.id)
        latest_version = paper.version_at(state.now) if paper else 0
        if paper and latest_version and (identifier.version or 1) <= latest_version:
            entries.append(_api_entry(paper, identifier.version or latest_version))
    return Reply(200, _entries(state, state.reorder(entries)), XML)


_ERROR = (
    "<entry><id>https://arxiv.org/api/errors#incorrect_id_format_for_{0}</id><title>Error</title>"
    "<summary>incorrect id format for {0}</summary></entry>"
)


def _entries(state: NetworkState, entries: Sequence[str]) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" '
        'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom"><id>https://arxiv.org/</id>'
        f"<title>arXiv Search Results</title><updated>{_utc(state.network_time(state.now))}</updated>"
        f"<opensearch:totalResults>{len(entries)}</opensearch:totalResults>\n{''.join(entries)}</feed>"
    ).encode()


def _api_entry(paper: Paper, version: int) -> str:
    moment = paper.versions[version - 1].submitted_at
    comment = "This paper has been withdrawn" if paper.versions[version - 1].withdrawn else paper.comment
    optional = {"comment": comment, "doi": paper.doi, "journal_ref": paper.journal}
    return (
        f"<entry><id>http://arxiv.org/abs/{paper.id}v{version}</id><title>{escape(paper.title)}</title>"
        f"<updated>{_utc(moment)}</updated><published>{_utc(paper.versions[0].submitted_at)}</published>"
        f"<summary>{escape(paper.abstract)}</summary>{_terms(paper)}"
        f'<arxiv:primary_category term="{paper.categories[0]}"/>'
        f"{''.join(f'<arxiv:{name}>{escape(text)}</arxiv:{name}>' for name, text in optional.items() if text)}"
        f"{''.join(f'<author><name>{escape(name)}</name></author>' for name in paper.authors)}</entry>\n"
    )


def _utc(moment: int) -> str:
    return f"{utc(moment):%Y-%m-%dT%H:%M:%SZ}"
