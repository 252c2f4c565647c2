"""The tools `related` and `for_me` about a published site, from the files that its pages read: a day's vectors, its
issue, and the titles of all papers. A call reads a bounded number of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice, starmap
from operator import itemgetter
from typing import NamedTuple

import msgspec

from hotpapers.base.errors import NotFound
from hotpapers.issues.freeze import check_day
from hotpapers.publish.query import request_params
from hotpapers.publish.query.session import bare_id, paper_key
from hotpapers.publish.view import phrases, site_paths
from hotpapers.wings.mcp.published_site import PublishedSite
from hotpapers.wings.mcp.record_tools import ToolDefinition
from hotpapers.wings.personal.neighbors import nearest_papers
from hotpapers.wings.personal.own_order import SHOWN_WORDS, RankedText, ReaderProfile, order_with_vectors
from hotpapers.wings.personal.packing import papers_in, vectors_in
from hotpapers.wings.personal.stars import key_in
from hotpapers.wings.personal.tools import FOR_ME, MAX_DAYS, SiteForMeParams, as_shown
from hotpapers.wings.personal.vectors import Vector, common_words, vector_closeness, vector_of, weigh_vector

MAX_STAR_DAYS = 30
"""Days of which starred papers are looked up."""


class NearPaper(msgspec.Struct, frozen=True, kw_only=True):
    """A paper near to others. `day`: the issue's day on which it was announced or shown; `closeness`: from 0 to 1, by
    fewer words than pages compare; `reason`: words that they share; `page`: the site's page about it, or arXiv's."""

    paper: str
    title: str
    authors: tuple[str, ...]
    day: str
    closeness: float
    reason: str
    page: str


class NearPapers(msgspec.Struct, frozen=True, kw_only=True):
    """Papers, the nearest first. `unknown`: stars of which the site has no vector."""

    papers: tuple[NearPaper, ...]
    unknown: tuple[str, ...] = ()


class DayPapers(NamedTuple):
    """The papers of a day in public order, with vectors, and which of them its issue shows."""

    day: str
    papers: Mapping[str, RankedText]
    vectors: Mapping[str, Vector]
    shown: frozenset[str]


def _vectors(site: PublishedSite, day: str) -> Mapping[str, Vector]:
    """The vectors of a day; none if the site has no such file."""
    with suppress(NotFound):
        return vectors_in(site.file(f"{day}/vectors.js"))
    return {}


def papers_of_day(site: PublishedSite, day: str) -> DayPapers:
    """A day's papers: those of its issue, then the others announced, with titles as far as pages name them. Raises
    NotFound, NetError, InputError."""
    issue = {shown.paper: RankedText(shown.paper, shown.title, shown.authors, shown.text) for shown in site.issue(day)}
    vectors = _vectors(site, day)
    papers = dict(issue)
    if vectors.keys() - papers.keys():
        with suppress(NotFound):
            papers = papers_in(site.file(f"{day}/papers.js")) | issue
    texts = {paper: papers.get(paper, RankedText(paper, "")) for paper in vectors or papers}
    return DayPapers(day, texts, vectors, frozenset(issue))


def _near(site: PublishedSite, day: DayPapers, text: RankedText, value: int, reason: str) -> NearPaper:
    base = site.address if text.paper in day.shown else ""
    page = site_paths.paper_url(base, paper_key(text.paper))
    return NearPaper(
        paper=text.paper,
        title=text.title,
        authors=text.authors,
        day=day.day,
        closeness=as_shown(value),
        reason=reason,
        page=page,
    )


def _starred(site: PublishedSite, stars: Iterable[str]) -> Iterator[tuple[str, RankedText, Vector]]:
    """Each star with what the site says of it; a title stands for itself."""
    ids = {star: bare_id(key) if (key := key_in(star)) else "" for star in stars}
    days = site.days_of({paper for paper in ids.values() if paper})
    read = {day: papers_of_day(site, day) for day in sorted(set(days.values()), reverse=True)[:MAX_STAR_DAYS]}
    for star, paper in ids.items():
        day = read.get(days.get(paper, ""))
        if day and paper in day.papers:
            yield star, day.papers[paper], day.vectors.get(paper, {})
        else:
            ranked_text = RankedText(paper, "" if paper else star)
            yield star, ranked_text, {} if paper else vector_of(star, "")


def _for_me(site: PublishedSite, params: SiteForMeParams) -> NearPapers:
    until = site.days()
    if params.day != "latest":
        last = check_day(params.day)
        until = (day for day in until if day <= last)
    days = [papers_of_day(site, day) for day in islice(until, params.days)]
    if not days:
        latest = next(site.days(), "")
        raise NotFound(phrases.no_issue(params.day, latest) if latest else "the site has no issue yet")
    starred = list(_starred(site, dict.fromkeys(params.stars)))
    weighed_stars = ((text, weigh_vector(vector)) for _, text, vector in starred)
    profile = ReaderProfile(tuple(weighed_stars), params.authors, params.words)
    home: dict[str, DayPapers] = {}  # in public order, the latest first
    for day in days:
        home |= {paper: day for paper in day.papers if paper not in home}
    places = order_with_vectors(
        ((day.papers[paper], day.vectors.get(paper, {})) for paper, day in site.question.within(home.items())), profile
    )
    return NearPapers(
        papers=tuple(
            _near(site, home[place.paper.paper], place.paper, place.closeness, place.reason)
            for place in places[: params.limit]
        ),
        unknown=tuple(star for star, _, vector in starred if not vector),
    )


def _related(site: PublishedSite, params: request_params.PaperParams) -> NearPapers:
    paper_id = bare_id(paper_key(params.paper))
    own_day = site.days_of({paper_id})
    latest_days = islice(site.days(), MAX_DAYS)
    days = dict.fromkeys([*own_day.values(), *latest_days])
    vectors = {day: _vectors(site, day) for day in days}
    known_vectors = (known[paper_id] for known in vectors.values() if paper_id in known)
    own = next(known_vectors, {})
    if not own:
        raise NotFound(f"{paper_id}: the site has no vector of it; try search")
    weighed_own = weigh_vector(own)
    others = {
        paper: (day, vector) for day, known in vectors.items() for paper, vector in known.items() if paper != paper_id
    }
    values = (
        (paper, vector_closeness(weighed_own, weigh_vector(vector)))
        for paper, (_, vector) in site.question.within(others.items())
    )
    near = nearest_papers(None, paper_id, dict(filter(itemgetter(1), values)))
    read = {day: papers_of_day(site, day) for day in {others[paper][0] for paper, _ in near}}

    def shown(paper: str, value: int) -> NearPaper:
        day, vector = others[paper]
        text = read[day].papers.get(paper, RankedText(paper, ""))
        reason = ", ".join(common_words(own, vector, SHOWN_WORDS))
        return _near(site, read[day], text, value, reason)

    return NearPapers(papers=tuple(starmap(shown, near)))


SITE_TOOLS = (
    ToolDefinition(
        "related",
        "Related papers",
        f"The ten papers whose titles and abstracts are nearest to those of a paper, among all that were announced on "
        f"the site's latest {MAX_DAYS} days and on its own, with the words that they have in common.",
        request_params.PaperParams,
        NearPapers,
        _related,
    ),
    FOR_ME._replace(params=SiteForMeParams, answer=NearPapers, ask=_for_me),
)
