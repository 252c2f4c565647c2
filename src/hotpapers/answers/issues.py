"""Answers about publications and their issues."""

from __future__ import annotations

import msgspec

from hotpapers import model
from hotpapers.answers import asked, shapes
from hotpapers.answers.cursors import cursor_of, key_of
from hotpapers.answers.desk import Desk, bare, paper_key
from hotpapers.errors import NoSuch
from hotpapers.issue import announced, freeze
from hotpapers.issue import explain as explaining
from hotpapers.publish import addresses, wording

PAGE = "issues"
"""What its cursors call themselves."""


def publications(desk: Desk, _: asked.Nothing) -> shapes.Publications:
    """Every publication of the store."""
    return shapes.Publications(publications=tuple(_publication(desk, one) for one in desk.shelf().publications()))


def _publication(desk: Desk, one: model.Publication) -> shapes.PublicationLine:
    days = desk.shelf().days(one.publication)
    return shapes.PublicationLine(
        publication=one.publication, title=one.title, window=one.window, ranking=one.ranking, threshold=one.threshold,
        least_entries=one.least_entries or 0,
        categories=one.categories, networks=one.networks, hour=one.hour, zone=one.zone, issues=len(days),
        latest=days[-1] if days else None,
    )  # fmt: skip


def issues(desk: Desk, what: asked.OfIssues) -> shapes.Issues:
    """A publication's frozen issues, the latest first, each in its latest edition."""
    name = desk.publication(what.publication).publication
    after = key_of(what.cursor, PAGE, str)
    sql = f"""SELECT i."day", i.edition, i.digest, i.observed_at, i.content FROM issue AS i
        WHERE i.publication = ? AND i.until = 0 AND i."day" < ? AND i.edition = (SELECT max(e.edition) FROM issue AS e
            WHERE e.publication = i.publication AND e."day" = i."day" AND e.until = 0)
        ORDER BY i."day" DESC LIMIT {what.limit + 1}"""
    rows = desk.record.database.rows(sql, (name, after[0] if after else LAST_DAY))
    lines = [
        shapes.IssueLine(
            publication=name,
            day=day,
            edition=edition,
            digest=digest,
            frozen_at=at,
            entries=len(_read_held(content).entries),
        )
        for day, edition, digest, at, content in rows[: what.limit]
    ]
    more = len(rows) > what.limit
    return shapes.Issues(issues=tuple(lines), next=cursor_of(PAGE, lines[-1].day) if more else None)


LAST_DAY = "~"
"""Comes after every day."""


class _Held(msgspec.Struct, frozen=True):
    """The entries of an issue's content, unread; the rest of it is passed over."""

    entries: tuple[msgspec.Raw, ...]


_read_held = msgspec.json.Decoder(_Held).decode


# ---- one issue -------------------------------------------------------------------------------------------


def issue(desk: Desk, what: asked.OfIssue) -> shapes.Issue:
    """A frozen issue: its papers with their scores, counts, parts and the posts that may be shown."""
    return as_issue(_shelved(desk, what))


def _shelved(desk: Desk, what: asked.OfIssue) -> model.ShelfIssue:
    name = desk.publication(what.publication).publication
    day = desk.day(name, what.day)
    try:
        return desk.shelf().issue(name, day, what.edition or None)
    except NoSuch:
        raise NoSuch(_missing(name, day, what.edition)) from None


def _missing(name: str, day: str, edition: int) -> str:
    return f"{name}: there is no frozen issue of {day}{f', edition {edition}' if edition else ''}"


def as_issue(shelved: model.ShelfIssue) -> shapes.Issue:
    """A frozen issue with all that is shown of its papers."""
    content = shelved.content
    return shapes.Issue(
        publication=content.publication.publication, title=content.publication.title,
        window=content.publication.window, day=content.day, edition=content.edition, digest=shelved.digest,
        editions=shelved.editions, frozen_at=shelved.frozen_at, from_at=content.from_at, cut=content.cut,
        position=content.position, imported=shelved.listing is not None, ranking=content.ranking,
        choice=content.choice or None, compared=content.compared or None, announced=content.announced,
        considered=content.considered, facts=wording.facts(shelved), readings=content.readings,
        earlier=content.earlier, replaces=content.replaces, reason=content.reason,
        entries=tuple(_entry(shelved, one) for one in content.entries),
        still=tuple(_entry(shelved, one) for one in content.still),
    )  # fmt: skip


def _entry(shelved: model.ShelfIssue, entry: model.Entry) -> shapes.IssueEntry:
    paper = shelved.papers[entry.paper]
    return shapes.IssueEntry(
        place=entry.place, paper=entry.paper, id=bare(entry.paper), title=paper.title, authors=paper.authors,
        categories=paper.categories, summary=paper.summary, abstract=paper.abstract,
        abs=addresses.abs_url(entry.paper), pdf=addresses.pdf_url(entry.paper), score=entry.score,
        voices=entry.voices, level=entry.level, then=entry.then,
        announced=announced.when(shelved.content, entry), announced_at=entry.announced_at,
        counts=entry.counts, parts=entry.parts, metadata=entry.metadata,
        posts=tuple(as_post(one.post, one.shown) for one in shelved.posts.get(entry.paper, ())),
    )  # fmt: skip


def as_post(post: model.Post, shown: model.Showing, automated: bool = False) -> shapes.Post:
    """A post of which no more is left than may be shown."""
    return shapes.Post(
        post=post.post, network=post.network, url=addresses.post_url(post), created_at=post.created_at, shown=shown,
        text=post.text, links=post.links, lang=post.lang, rtl=post.rtl, handle=post.handle, name=post.name,
        automated=automated,
    )  # fmt: skip


# ---- proof -------------------------------------------------------------------------------------------------


def content(desk: Desk, what: asked.OfIssue) -> msgspec.Raw:
    """The very bytes of which an issue's digest is the SHA-256: RFC 8785 JSON."""
    return msgspec.Raw(_frozen(desk, what).content.encode())


def verification(desk: Desk, what: asked.OfIssue) -> shapes.Verification:
    """Whether an issue's content has its digest, and is the same when it is built again from the record."""
    item = _frozen(desk, what)
    findings = tuple(str(found) for found in freeze.check_issue(desk.record, item))
    return shapes.Verification(
        publication=item.publication, day=item.day, edition=item.edition, digest=item.digest,
        verified=not findings, findings=findings,
        content=f"publications/{item.publication}/issues/{item.day}/content?edition={item.edition}",
        command=f"hotpapers verify {item.day} --publication {item.publication}",
    )  # fmt: skip


def _frozen(desk: Desk, what: asked.OfIssue) -> model.Issue:
    name = desk.publication(what.publication).publication
    day = desk.day(name, what.day)
    edition = " AND t.edition = ?" if what.edition else ""
    params = (name, day, what.edition) if what.edition else (name, day)
    rows = desk.record.view().latest(model.Issue, f't.publication = ? AND t."day" = ?{edition}', params, "t.edition")
    found = [row.item for row in rows if isinstance(row.item, model.Issue)]
    if not found:
        raise NoSuch(_missing(name, day, what.edition))
    return found[-1]


# ---- arithmetic --------------------------------------------------------------------------------------------


def explanation(desk: Desk, what: asked.OfPlace) -> shapes.Explanation:
    """Why a paper ranks where it does in an issue, as arithmetic, and what would make neighbours swap."""
    return _explanation(explained(desk, what))


def explained(desk: Desk, what: asked.OfPlace) -> explaining.Explanation:
    """The same for a terminal. Raises NoSuch, UsageError."""
    key = paper_key(what.paper)
    name = desk.publication(what.publication).publication
    day = _latest_with(desk, name, key) if what.day == "latest" else what.day
    shelved = _shelved(desk, asked.OfIssue(publication=name, day=day, edition=what.edition))
    return explaining.explain(shelved, key)


def _latest_with(desk: Desk, name: str, key: str) -> str:
    held = [day for publication, day in desk.shelf().appearances(key) if publication == name]
    if not held:
        raise NoSuch(f"{bare(key)} is in no frozen issue of {name}")
    return held[-1]


def _explanation(found: explaining.Explanation) -> shapes.Explanation:
    together = zip(found.parts, found.sentences, found.formulae, strict=True)
    return shapes.Explanation(
        publication=found.publication, day=found.day, edition=found.edition, ranking=found.ranking, paper=found.paper,
        id=bare(found.paper), title=found.title, lane=found.lane, place=found.place, of=found.entries,
        then=found.then, score=found.score, level=found.level,
        parts=tuple(shapes.ExplainedPart(part=p, sentence=s, formula=f) for p, s, f in together),
        notes=found.notes, above=_neighbour(found.above), below=_neighbour(found.below),
    )  # fmt: skip


def _neighbour(found: explaining.Neighbour | None) -> shapes.Neighbour | None:
    if found is None:
        return None
    return shapes.Neighbour(
        place=found.place, paper=found.paper, id=bare(found.paper), title=found.title, score=found.score,
        swaps=tuple(shapes.Swap(**growth._asdict()) for growth in found.swaps),
    )  # fmt: skip
