"""The API of bioRxiv and medRxiv, and Crossref's, with their habits; and people who talk about preprints.

Habits of the first: a refused request and an interval without rows have status 200; numbers are texts; the total counts
rows that do not exist; dates lack zeros; a category is written in three ways; `NA` is nothing. Of Crossref: a new
version is a work of its own; titles have escaped markup; some works name only the year in which they were posted;
groups are authors, and names lack parts.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from random import Random
from typing import Any, NamedTuple
from urllib.parse import unquote

from hotpapers.base.model import DAY
from tests.loopback import words
from tests.loopback.network_state import NetworkState, Reply, Request, iso, json, not_found, utc
from tests.loopback.script import EmptyScript, Message, Paper, PaperReference, Script

EPOCH = datetime.date(1970, 1, 1).toordinal()
PAGES = (30, 100)
"""Rows of a page of bioRxiv's API, which changes week by week."""
ON_OSF = ("africarxiv", "ecoevorxiv", "edarxiv", "engrxiv", "metaarxiv", "osf", "psyarxiv", "socarxiv")
DAILY = {
    **dict.fromkeys((*ON_OSF, "researchsquare", "ssrn", "preprints"), 2),
    "biorxiv": 24, "medrxiv": 12, "chemrxiv": 10, "psyarxiv": 6,
}  # fmt: skip
"""Works posted on a day, on average; versions after the first come on top."""
LICENSE = "cc_no"
"""Of the abstracts: shown, not exported."""
WITH_VERSIONS = ("biorxiv", "medrxiv", "chemrxiv")
"""The servers whose second versions are told."""
EXTRA_TOTAL = 3
"""Rows that the total counts but that do not exist."""
CATEGORIES = {
    "biorxiv": ("Neuroscience", "cell biology", "plant_biology", "Animal Behavior and Cognition"),
    "medrxiv": ("Infectious Diseases (except HIV/AIDS)", "epidemiology", "public_and global health"),
}
REGISTRANT = {
    "biorxiv": "10.64898", "medrxiv": "10.64898", "chemrxiv": "10.26434", "africarxiv": "10.31730",
    "ecoevorxiv": "10.32942", "edarxiv": "10.35542", "engrxiv": "10.31224", "metaarxiv": "10.31222", "osf": "10.31219",
    "psyarxiv": "10.31234", "socarxiv": "10.31235", "researchsquare": "10.21203", "ssrn": "10.2139",
    "preprints": "10.20944",
}  # fmt: skip
LISTED = {prefix: server for server, prefix in REGISTRANT.items() if server not in CATEGORIES}
"""The servers that Crossref lists here, by registrant."""
TALKED_ABOUT = 0.4
"""The share of messages about a paper on arXiv that are about a preprint of these servers instead."""
_DETAILS = re.compile(r"/details/(biorxiv|medrxiv)/(\S+?)/(\S+?)/(\d{1,6})", re.ASCII)
_PREFIX = re.compile(r"/prefixes/(10\.\d{4,5})/works", re.ASCII)
_WORK = re.compile(r"/works/(10\..+)")


class Preprint(NamedTuple):
    """A version of a preprint. `doi`: of the work; `at`: when it was posted, µs UTC; `popularity`: as of papers."""

    server: str
    doi: str
    version: int
    title: str
    authors: tuple[str, ...]
    abstract: str
    category: str
    at: int
    popularity: float

    @property
    def day(self) -> str:
        return utc(self.at).date().isoformat()


@cache
def new_works(server: str, day: int) -> tuple[Preprint, ...]:
    """The works first posted on a day, as days since 1970."""
    rng = Random(f"preprints {server} {day}")
    date = datetime.date(1970, 1, 1) + datetime.timedelta(days=day)
    return tuple(_new(rng, server, date, n, day) for n in range(round(DAILY[server] * rng.uniform(0.8, 1.2))))


def posted(server: str, day: int) -> tuple[Preprint, ...]:
    """The versions posted on a day: new works and, once a week, second versions."""
    if day % 7 or server not in WITH_VERSIONS:
        return new_works(server, day)
    revised = new_works(server, day - 7)[:3]
    return (*new_works(server, day), *(work._replace(version=2, at=work.at + 7 * DAY) for work in revised))


def _new(rng: Random, server: str, date: datetime.date, n: int, day: int) -> Preprint:
    number = f"{date:%y%j}{n:03}" if server == "medrxiv" else f"{day % 1000:03}{n:03}"
    suffix = {
        "biorxiv": f"{date:%Y.%m.%d}.{number}",
        "medrxiv": f"{date:%Y.%m.%d}.{number}",
        "chemrxiv": f"chemrxiv-{date:%Y}-{_letters(day * 1000 + n)}",
        "researchsquare": f"rs.3.rs-{number}",
        "ssrn": f"ssrn.{number}",
        "preprints": f"preprints{date:%Y%m}.{date:%d}{n:02}",
    }.get(server, f"osf.io/{_letters(day * 1000 + n)[-5:]}")
    title = words.title(rng, "q-bio")
    return Preprint(
        server, f"{REGISTRANT[server]}/{suffix}", 1, title,
        tuple(words.author(rng) for _ in range(rng.choice((1, 2, 3, 7)))),
        words.abstract(rng, title), rng.choice(CATEGORIES.get(server, ("",))),
        day * DAY + rng.randrange(86_400) * 1_000_000, 1.0 + rng.paretovariate(1.2),
    )  # fmt: skip


def _letters(number: int) -> str:
    digits = ""
    while number or len(digits) < 5:
        number, digit = divmod(number, 32)
        digits = "0123456789abcdefghjkmnpqrstvwxyz"[digit] + digits
    return digits


def posted_between(server: str, first: int, last: int, now: int) -> list[Preprint]:
    """The versions posted from one day to another, both included, that are visible at a moment, oldest first."""
    versions = (version for day in range(first, last + 1) for version in posted(server, day))
    return sorted((version for version in versions if version.at <= now), key=lambda version: version.at)


# ---- api.biorxiv.org -------------------------------------------------------------------------------------


def openrxiv(state: NetworkState, request: Request) -> Reply:
    """A page of the versions posted in an interval of dates."""
    match = _DETAILS.fullmatch(request.path)
    if not match:
        return not_found()
    server, first, last, cursor = match.groups()
    try:
        first_day, last_day = (datetime.date.fromisoformat(text).toordinal() - EPOCH for text in (first, last))
    except ValueError:
        return json({"messages": [{"status": "yyyy-mm-dd"}], "collection": []})
    empty = isinstance(state.script, EmptyScript)
    versions = [] if empty else posted_between(server, first_day, last_day, state.now)
    start = int(cursor)
    rows = versions[start : start + PAGES[state.now // (7 * DAY) % 2]]
    if not rows:
        return json({"messages": [{"status": "no posts found"}], "collection": []})
    message = {
        "status": "ok", "interval": f"{first}:{last}", "cursor": start, "count": len(rows),
        "total": str(len(versions) + EXTRA_TOTAL),
    }  # fmt: skip
    return json({"messages": [message], "collection": state.reorder(map(_row, rows))})


def _row(version: Preprint) -> dict[str, Any]:
    date = utc(version.at)
    names = (f"{family}, {given}" for given, _, family in (name.partition(" ") for name in version.authors))
    return {
        "doi": version.doi, "title": version.title, "authors": "; ".join(names),
        "date": f"{date.year}-{date.month}-{date.day}",
        "version": str(version.version), "type": "PUBLISHAHEADOFPRINT", "license": LICENSE,
        "category": version.category, "abstract": version.abstract, "published": "NA", "server": version.server,
    }  # fmt: skip


# ---- api.crossref.org ------------------------------------------------------------------------------------


def crossref(state: NetworkState, request: Request) -> Reply:
    """A page of a registrant's works, oldest registration first; or one work."""
    work = _WORK.fullmatch(unquote(request.path))
    if work:
        return _one_work(work[1], state.now)
    if request.path == "/works":
        return _registered(request.param("filter"), state.now)
    match = _PREFIX.fullmatch(request.path)
    since = re.search(r"from-created-date:(\d{4}-\d\d-\d\d)", request.param("filter"))
    if not match or not since or match[1] not in LISTED:
        return not_found()
    first = datetime.date.fromisoformat(since[1]).toordinal() - EPOCH
    versions = (
        [] if isinstance(state.script, EmptyScript)
        else posted_between(LISTED[match[1]], first, state.now // DAY, state.now)
    )  # fmt: skip
    start = int(request.param("cursor").removeprefix("c") or 0) if request.param("cursor") != "*" else 0
    rows = versions[start : start + request.number("rows", 20, 1000)]
    message = {
        "total-results": len(versions), "items": [_work(version) for version in rows],
        "next-cursor": f"c{start + len(rows)}", "items-per-page": len(rows),
    }  # fmt: skip
    return json({"status": "ok", "message-type": "work-list", "message": message})


def _one_work(doi: str, now: int) -> Reply:
    article = _ARTICLE.fullmatch(doi)
    if article:
        return json({"status": "ok", "message": _article(doi, int(article[1]) * DAY)})
    version = find_work(doi, now)
    return json({"status": "ok", "message": _work(version)}) if version else Reply(404, b"Resource not found.")


EARLIER = "10.1101/2025.11.20.123456"
"""A work of a month in which bioRxiv used either registrant."""


def _registered(condition: str, now: int) -> Reply:
    """Those of some DOIs that are registered."""
    dois = condition.replace("doi:", "").split(",")
    items = [{"DOI": doi.upper()} for doi in dois if doi == EARLIER or find_work(doi, now)]
    return json({"status": "ok", "message": {"total-results": len(items), "items": items}})


def _article(doi: str, at: int) -> dict[str, Any]:
    """An article that a preprint of bioRxiv became, and the notice about it."""
    [version] = [work for work in new_works("biorxiv", at // DAY) if article_of(work) == doi]
    date = utc(at + 8 * DAY)
    update = {
        "DOI": f"{doi.upper()}-N", "type": notice_of(version), "source": "retraction-watch", "label": "Notice",
        "updated": {"date-parts": [[date.year, date.month, date.day]], "date-time": f"{iso(at + 8 * DAY)[:19]}Z"},
    }  # fmt: skip
    return {"DOI": doi, "type": "journal-article", "title": [version.title], "updated-by": [update]}


def find_work(doi: str, now: int) -> Preprint | None:
    """The work with a DOI, if it was posted in the month before a moment."""
    days = range(now // DAY - 31, now // DAY + 1)
    versions = (version for server in DAILY for day in days for version in posted(server, day))
    return next(
        (version for version in versions if _registered_doi(version) == doi.lower() and version.at <= now), None
    )


def _registered_doi(version: Preprint) -> str:
    """The DOI that Crossref has of a version; some servers register no work, only its versions."""
    if version.server == "chemrxiv" and version.version == 1:
        return version.doi
    return version.doi + {"chemrxiv": "-v{}", "researchsquare": "/v{}", "preprints": ".v{}"}.get(
        version.server, ""
    ).format(version.version)


def _work(version: Preprint) -> dict[str, Any]:
    date, number = utc(version.at), int(version.at // 1_000_000)
    parts = [[date.year]] if has_year_alone(version) else [[date.year, date.month, date.day]]
    authors: list[dict[str, Any]] = [
        {"given": name.partition(" ")[0], "family": name.partition(" ")[2]} for name in version.authors
    ]
    authors += [{"name": "The Made-up Consortium"}] if number % 7 == 0 else []
    article = article_of(version) if version.version == 1 else ""
    authors += [{"family": "Plainchant"}] if number % 11 == 0 else []
    return {
        "DOI": _registered_doi(version), "type": "posted-content", "subtype": "preprint",
        "title": [f"&lt;i&gt;{version.title}&lt;/i&gt;"], "author": authors,
        "abstract": f"<jats:p>{version.abstract}</jats:p>", "posted": {"date-parts": parts},
        "created": {"date-time": f"{iso(version.at)[:19]}Z", "timestamp": version.at // 1000},
        "group-title": {"chemrxiv": None, "psyarxiv": "PsyArXiv"}.get(version.server, version.category),
        "institution": [{"name": version.server}],
        "relation": {"is-preprint-of": [{"id-type": "doi", "id": article.upper()}]} if article else {},
    }  # fmt: skip


def has_year_alone(version: Preprint) -> bool:
    """Whether Crossref has only the year in which a version was posted."""
    return version.at // 1_000_000 % 5 == 0


ARTICLES = 3
"""Every so many preprints became an article in a journal, a week later, and some of these got a notice."""
NOTICES = ("retraction", "correction", "expression_of_concern", "withdrawal", "new_version", "erratum", "addendum")
_ARTICLE = re.compile(r"10\.5555/made-up\.(\d{1,8})\.(\d{1,4})")


def article_of(version: Preprint) -> str:
    """The DOI of the article that a preprint became; empty if it became none."""
    day, number = version.at // DAY, new_works(version.server, version.at // DAY).index(version)
    return "" if number % ARTICLES else f"10.5555/made-up.{day}.{number}"


def notice_of(version: Preprint) -> str:
    """The type of the notice about a preprint's article; empty without one."""
    number = new_works(version.server, version.at // DAY).index(version)
    return NOTICES[number // ARTICLES % len(NOTICES)] if article_of(version) else ""


def datacite(state: NetworkState, request: Request) -> Reply:
    """A work that Crossref does not have."""
    doi = re.fullmatch(r"/dois/(10\.5281/zenodo\.\d{1,9})", request.path)
    if not doi:
        return json({"errors": [{"status": "404"}]}, 404)
    attributes = {
        "titles": [{"title": f"Made-up Data {doi[1]}"}], "creators": [{"name": "Amberfield, Ada"}],
        "descriptions": [{"description": "<p>Numbers.</p>", "descriptionType": "Abstract"}],
        "registered": "2026-03-10T10:00:00.000Z",
    }  # fmt: skip
    return json({"data": {"attributes": attributes}})


# ---- Europe PMC, HAL and the resolver of shortened DOIs ------------------------------------------------------

INDEXED = {
    "EXT_ID:31804775 AND SRC:MED": "10.5555/MADE-UP.PMID.1", "PMCID:PMC7489890": "10.5555/made-up.pmc.1",
    "EXT_ID:PPR123456 AND SRC:PPR": "10.1101/2024.01.02.573921",
}  # fmt: skip
"""DOIs by Europe PMC's queries. All else has none."""


def indexes(state: NetworkState, request: Request) -> Reply:
    """What each of them knows about an id."""
    if request.path == "/search":
        doi = INDEXED.get(request.param("query"))
        results = [{"id": "1", "source": "MED", **({"doi": doi} if doi else {})}]
        return json({"version": "6.9", "hitCount": len(results), "resultList": {"result": results}})
    if request.path == "/search/":
        papers = {"halId_s:hal-03300796": [{"arxivId_s": "2107.01234"}], "halId_s:hal-03300797": [{}]}
        return json({"response": {"numFound": 1, "start": 0, "docs": papers.get(request.param("q"), [])}})
    if request.path == "/api/handles/10/abcde":
        admin = {"type": "HS_ADMIN", "data": {"format": "admin", "value": {"handle": "10.SERV/CROSSREF"}}}
        alias = {"type": "HS_ALIAS", "data": {"format": "string", "value": "10.5555/made-up.short.1"}}
        return json({"responseCode": 1, "handle": "10/abcde", "values": [admin, alias]})
    return json({"responseCode": 100, "handle": request.path[13:]}, 404)


# ---- people who talk about preprints -----------------------------------------------------------------------


class PreprintReaders:
    """A script in which a share of what people say about papers on arXiv is about preprints of other servers.
    `titled`: whether what they say has the preprints' titles."""

    def __init__(
        self, script: Script, servers: Sequence[str] = ("biorxiv", "medrxiv"), share: float = TALKED_ABOUT,
        *, titled: bool = False,
    ) -> None:  # fmt: skip
        self._script, self._servers, self._share, self._titled = script, tuple(servers), share, titled
        self.chatter = script.chatter
        self._retold_on = lru_cache(600)(self._messages_on)

    def papers(self, label: str) -> Sequence[Paper]:
        return self._script.papers(label)

    def replacements(self, label: str) -> Sequence[tuple[Paper, int]]:
        return self._script.replacements(label)

    def paper(self, id: str) -> Paper | None:
        return self._script.paper(id)

    def accounts(self, network: str) -> Sequence[Any]:
        return self._script.accounts(network)

    def messages(self, network: str, day: int) -> Sequence[Message]:
        return self._script.messages(network, day) if network == "huggingface" else self._retold_on(network, day)

    def _messages_on(self, network: str, day: int) -> Sequence[Message]:
        return list(map(self._retold, self._script.messages(network, day)))

    def _retold(self, message: Message) -> Message:
        """The message with a preprint in place of the paper that it names: always the same for a paper, posted on the
        day before that paper was announced."""
        paper = self._script.paper(message.references[0].paper) if message.references else None
        if paper is None:
            return message
        rng = Random(f"preprint {paper.id}")
        if rng.random() >= self._share:
            return message
        server = rng.choice(self._servers)
        day = datetime.date.fromisoformat(paper.label).toordinal() - EPOCH - 1
        work = rng.choice(new_works(server, day))
        title = work.title if self._titled and message.title else message.title
        return message._replace(references=(PaperReference(work.doi, server, "link"),), quotes="", title=title)
