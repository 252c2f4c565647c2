"""Papers in Crossref's answers (https://api.crossref.org/swagger-ui/index.html, schema of a work).

Servers deposit differently: `posted` may be a year alone, then the moment of registration counts; a group may be an
author, a name may lack a part; titles may have escaped markup; `group-title` is a category at some servers and the
server's own name at others.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from typing import cast

import msgspec

from hotpapers.base.durations import DAY
from hotpapers.base.model import Notice, NoticeType
from hotpapers.base.papers import paper_servers
from hotpapers.base.papers.categories import slug_of
from hotpapers.base.papers.paper_servers import DOI
from hotpapers.base.text.timestamps import day_of, from_datetime
from hotpapers.collect.sources.decoding import decode_or_none
from hotpapers.wings.preprints import posted_papers
from hotpapers.wings.preprints.posted_papers import PostedVersion

MAX_AUTHORS = 3_000
MAX_AHEAD = 30 * DAY
"""How long after its registration a work may appear; a later date is a mistake."""
_WITH_CATEGORIES = ("biorxiv", "medrxiv")
"""The servers whose `group-title` is a category."""
_TYPES = {
    "retraction": "retraction",
    "partial_retraction": "correction",  # the paper stands
    "withdrawal": "withdrawal",
    "removal": "removal",
    "expression_of_concern": "concern",
    "correction": "correction",
    "corrigendum": "correction",
    "erratum": "correction",
    "addendum": "update",
}
"""Types of updates, as publishers write them. Others, such as a new edition or version, are no notices."""


class _Date(msgspec.Struct):
    parts: list[list[int | str | None]] = msgspec.field(name="date-parts", default_factory=list)
    moment: datetime.datetime | None = msgspec.field(name="date-time", default=None)

    @property
    def day(self) -> int | None:
        """The beginning of its day, µs UTC; None if only a month or a year is known."""
        parts = self.parts[0] if self.parts else []
        if len(parts) != 3:
            return None
        return posted_papers.moment_of_date("-".join(map(str, parts)))


class _Author(msgspec.Struct):
    given: str = ""
    family: str = ""
    suffix: str = ""
    name: str = ""


class _Named(msgspec.Struct):
    name: str = ""


class _Related(msgspec.Struct):
    id: str = ""
    type: str = msgspec.field(name="id-type", default="")


class _Update(msgspec.Struct):
    doi: str = msgspec.field(name="DOI", default="")
    type: str = ""
    updated: _Date | None = None


class CrossrefWork(msgspec.Struct):
    """A work as Crossref returns it, as far as it is read."""

    doi: str = msgspec.field(name="DOI")
    title: list[str] = []
    author: list[_Author] = []
    abstract: str = ""
    posted: _Date | None = None
    published: _Date | None = None
    created: _Date | None = None
    group_title: str | None = msgspec.field(name="group-title", default=None)
    institution: list[_Named] | _Named | None = None
    container: list[str] = msgspec.field(name="container-title", default_factory=list)
    relation: dict[str, msgspec.Raw] = {}
    update_to: list[_Update] = msgspec.field(name="update-to", default_factory=list)
    updated_by: list[_Update] = msgspec.field(name="updated-by", default_factory=list)


def posted_version(work: CrossrefWork, server: str = "") -> PostedVersion:
    """A work as a posted version. `server`: the name of the server that it was read from, if it is known."""
    key, version = posted_papers.work_of(work.doi)
    name = server or paper_servers.server_of(key).name
    if version == 1 and _is_revision(key, work):
        version = 0
    category = slug_of(work.group_title or "") if name in _WITH_CATEGORIES else ""
    return PostedVersion(
        key=key,
        version=version,
        title=posted_papers.first_title(work.title),
        authors=tuple(_names(work.author)),
        abstract=posted_papers.plain_abstract(work.abstract),
        category=f"{name}.{category}" if category else name,
        posted_at=posted_moment(work),
        published_doi=published_doi(work),
        journal=posted_papers.first_title(work.container),
    )


def _names(authors: Iterable[_Author]) -> Iterator[str]:
    for author in list(authors)[:MAX_AUTHORS]:
        parts = (author.given, author.family, author.suffix, author.name)
        if name := posted_papers.plain_name(" ".join(filter(None, parts))):
            yield name


def posted_moment(work: CrossrefWork) -> int | None:
    """When a work was posted, µs UTC: the beginning of its day, or the moment of its registration if only a month or a
    year is known of it; None if nothing is known."""
    created = None if work.created is None or work.created.moment is None else from_datetime(work.created.moment)
    for date in (work.posted, work.published):
        if date and date.day is not None and (created is None or date.day < created + MAX_AHEAD):
            return date.day
    return created


def published_doi(work: CrossrefWork) -> str:
    """The DOI of the article that a preprint became, in lower case; empty if none is registered."""
    return next(iter(_related(work, "ispreprintof")), "")


def _related(work: CrossrefWork, relation: str) -> list[str]:
    """The DOIs with a relation to a work, which is given in lower case without hyphens."""
    dois: list[str] = []
    for name, raw in work.relation.items():
        if name.lower().replace("_", "").replace("-", "") == relation:
            related = decode_or_none(raw, list[_Related]) or [decode_or_none(raw, _Related) or _Related()]
            ids = (other.id for other in related if other.type.lower() == "doi")
            dois += map(posted_papers.plain_doi, ids)
    return list(filter(None, dois))


def _is_revision(key: str, work: CrossrefWork) -> bool:
    """Whether a work that has a DOI of its own is an update of another work: one of the same registrant, if it is only
    said to be a version of it."""
    registrant = key.partition("/")[0]
    earlier = [posted_papers.plain_doi(update.doi) for update in work.update_to]
    for doi in (*_related(work, "isversionof"), *_related(work, "replaces")):
        if DOI + doi.partition("/")[0] == registrant:
            earlier.append(doi)
    return any(posted_papers.work_of(doi)[0] != key for doi in earlier if doi)


def notices_of(key: str, work: CrossrefWork, at: int) -> Iterator[Notice]:
    """The publishers' notices about a paper in the work that registers it, or the article that it became."""
    for update in work.updated_by:
        spelled = update.type.strip().lower()
        type = _TYPES.get(spelled.replace("-", "_").replace(" ", "_"), "")
        notice = posted_papers.plain_doi(update.doi)
        if not type or not notice:
            continue
        moment = posted_papers.believed_moment(_update_moment(update), at)
        day = day_of(at if moment is None else moment)
        yield Notice(paper=key, notice=DOI + notice, type=cast("NoticeType", type), day=day, observed_at=at)


def _update_moment(update: _Update) -> int | None:
    if update.updated is None:
        return None
    if update.updated.moment is not None:
        return from_datetime(update.updated.moment)
    return update.updated.day
