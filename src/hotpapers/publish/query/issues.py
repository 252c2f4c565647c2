"""Answers about publications and their issues."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import UNSET, UnsetType

from hotpapers.base import model
from hotpapers.base.errors import NotFound
from hotpapers.base.model import is_retrospective
from hotpapers.base.papers import paper_servers
from hotpapers.issues import announcement_counts, freeze
from hotpapers.issues import explain as explaining
from hotpapers.issues import queries as issues_queries
from hotpapers.publish.query import schemas
from hotpapers.publish.query.request_params import (
    EntryParams,
    IssueParams,
    IssuesParams,
    NoParams,
    TopParams,
    cursor_of,
    key_of,
)
from hotpapers.publish.query.session import QuerySession, bare_id
from hotpapers.publish.view import phrases, site_paths
from hotpapers.publish.view.tops import period_name, tops_of
from hotpapers.record.paper_names import paper_named

PAGE = "issues"
"""The kind of its cursors."""


def publications(session: QuerySession, _: NoParams) -> schemas.PublicationList:
    """All publications in the store."""
    reader = session.issue_reader()
    return schemas.PublicationList(
        publications=tuple(
            schemas.PublicationSummary(
                publication=publication.publication,
                title=publication.title,
                window=publication.window,
                ranking=publication.ranking,
                threshold=publication.threshold,
                categories=publication.categories,
                networks=publication.networks,
                hour=publication.hour,
                zone=publication.zone,
                least_entries=publication.least_entries or 0,
                most_entries=publication.most_entries or 0,
                last_day=publication.last_day or None,
                issues=len(days),
                latest=days[-1] if days else None,
            )
            for publication in reader.publications()
            if not is_retrospective(publication.publication)
            for days in [reader.days(publication.publication)]
        )
    )


def issues(session: QuerySession, params: IssuesParams) -> schemas.IssuePage:
    """A publication's frozen issues, latest first, each in its latest edition."""
    name = session.publication(params.publication).publication
    [end_day] = key_of(params.cursor, PAGE, str) or (LAST_DAY,)
    limit = params.limit + 1
    rows = issues_queries.last_editions_before(session.record.database, name, end_day, limit)
    lines = tuple(schemas.IssueSummary(name, *row) for row in rows[: params.limit])
    return schemas.IssuePage(lines, cursor_of(PAGE, lines[-1].day) if len(rows) > params.limit else None)


LAST_DAY = "~"
"""Sorts after every day."""


# ---- one issue -------------------------------------------------------------------------------------------


def issue(session: QuerySession, params: IssueParams) -> schemas.IssueDetails:
    """A frozen issue: its papers with their scores, counts, parts and the posts that may be shown."""
    return as_issue(_published_issue(session, params))


def issue_with_proof(session: QuerySession, params: IssueParams) -> schemas.IssueWithProof:
    """A frozen issue and its proof: its papers with their scores, counts, parts and the posts that may be shown."""
    issue = _published_issue(session, params)
    proofs = session.proofs.readable(issue.content.publication.publication) if session.proofs else None
    proved = proofs.proved(issue) if proofs else None
    metadata = dict(proved.metadata) if proved else {}
    return schemas.IssueWithProof(
        **msgspec.structs.asdict(as_issue(issue)),
        content=proved.content if proved else None,
        metadata=metadata,
        proof=proved.text if proved else "",
    )


def _published_issue(session: QuerySession, params: IssueParams) -> model.PublishedIssue:
    name = session.publication(params.publication).publication
    day = session.day(name, params.day)
    try:
        return session.issue_reader().issue(name, day, params.edition or None)
    except NotFound:
        raise NotFound(_missing(session, name, day, params.edition)) from None


def _missing(session: QuerySession, name: str, day: str, edition: int) -> str:
    days = session.issue_reader().days(name)
    if not days or day in days:
        return f"{name}: no issue of {day}{f', edition {edition}' if edition else ''}"
    return f"{name}: {phrases.no_issue(day, days[-1])}"


def as_issue(issue: model.PublishedIssue) -> schemas.IssueDetails:
    """A frozen issue with everything shown about its papers."""
    content = issue.content
    entries, ongoing = (
        tuple(_entry(issue, entry) for entry in entries) for entries in (content.entries, content.ongoing)
    )
    lanes = tuple(
        schemas.LaneDetails(
            lane.title,
            tuple(
                schemas.LanePaperDetails(
                    bare_id(paper.paper), paper.title, _quoted(posts), issue.withdrawn.get(paper.paper, "")
                )
                for paper, posts in lane.papers
            ),
        )
        for lane in issue.lanes
    )
    return schemas.IssueDetails(
        day=content.day,
        edition=content.edition,
        from_at=content.from_at,
        as_of=content.as_of,
        position=content.position,
        ranking=content.ranking,
        announced=content.announced,
        announced_on=content.announced_on or (),
        considered=content.considered,
        readings=content.readings,
        earlier=content.earlier,
        replaces=content.replaces,
        reason=content.reason,
        publication=content.publication.publication,
        title=content.publication.title,
        window=content.publication.window,
        digest=issue.digest,
        editions=issue.editions,
        frozen_at=issue.frozen_at,
        imported=issue.listing is not None,
        choice=content.choice or None,
        compared=content.compared or None,
        facts=phrases.facts(issue),
        entries=entries,
        ongoing=ongoing,
        lanes=lanes,
        further=tuple(
            schemas.FurtherEntry(
                place=entry.place,
                id=bare_id(entry.paper),
                title=issue.papers[entry.paper].title,
                score=entry.score,
                voices=entry.voices,
            )
            for entry in content.further or ()
        ),
    )


def _quoted(quotations: Iterable[model.Quotation]) -> tuple[schemas.PostDetails, ...]:
    return tuple(as_post(quotation.post, quotation.shown) for quotation in quotations)


def _entry(issue: model.PublishedIssue, entry: model.Entry) -> schemas.EntryDetails:
    paper = issue.papers[entry.paper]
    quoted = issue.posts.get(entry.paper, ())
    later = issue.later.get(entry.paper)
    addresses = (link.target for quotation in quoted for link in quotation.post.links)
    return schemas.EntryDetails(
        place=entry.place,
        paper=entry.paper,
        score=entry.score,
        voices=entry.voices,
        tied=entry.tied,
        classic_rank=entry.classic_rank,
        announced_at=entry.announced_at,
        counts=entry.counts,
        parts=entry.parts,
        metadata=entry.metadata,
        id=bare_id(entry.paper),
        title=paper.title,
        authors=paper.authors,
        categories=paper.categories,
        summary=paper.summary,
        abstract=paper.abstract,
        abs=site_paths.abs_url(entry.paper),
        pdf=site_paths.pdf_url(entry.paper, paper.version),
        announced=announcement_counts.announcement_phrase(issue.content, entry),
        posts=_quoted(quoted),
        withdrawn=entry.paper in issue.withdrawn,
        comment=later.comment if later else paper.comment,
        code=site_paths.code_url(paper, addresses),
        later_version=later.version if later and entry.paper not in issue.withdrawn else None,
        notices=as_notices(issue.notices.get(entry.paper, ())),
    )


def as_notices(notices: Iterable[model.Notice]) -> tuple[schemas.NoticeDetails, ...] | UnsetType:
    """Publishers' notices about a paper, as the API gives them; absent without any."""
    details = tuple(
        schemas.NoticeDetails(doi=paper_servers.paper_id(notice.notice), type=notice.type, day=notice.day)
        for notice in notices
    )
    return details or UNSET


def as_post(post: model.Post, showing: model.Showing, automated: bool = False) -> schemas.PostDetails:
    """A post that has been reduced to what may be shown."""
    url = site_paths.post_url(post.post, post.links)
    return schemas.PostDetails(
        post=post.post,
        network=post.network,
        created_at=post.created_at,
        text=post.text,
        links=post.links,
        lang=post.lang,
        rtl=post.rtl,
        handle=post.handle,
        name=post.name,
        url=url,
        shown=showing,
        automated=automated,
    )


def top(session: QuerySession, params: TopParams) -> schemas.TopDetails:
    """The papers with most voices in the issues of a week, a month, a year or all time."""
    publication = session.publication(params.publication)
    name = publication.publication
    tops = tops_of(session.issue_reader(), publication)
    period = next(reversed(tops.periods(params.period)), "") or params.period
    if not tops.has(period):
        raise NotFound(f"{name}: no top of {period}; its kinds are {', '.join(tops.kinds)}")
    chosen = tops.top(period)
    previous, following = tops.neighbors(period)
    papers = tuple(
        schemas.TopPaperDetails(
            title=summary.title,
            authors=summary.authors,
            categories=summary.categories,
            day=summary.day,
            place=summary.place,
            withdrawn=bool(summary.withdrawn),
            rank=rank,
            voices=voices,
            id=bare_id(summary.paper),
        )
        for rank, voices, summary in chosen.papers
    )
    return schemas.TopDetails(
        publication=name,
        period=period,
        name=period_name(period),
        unit=tops.unit,
        total=chosen.total,
        papers=papers,
        previous=previous or None,
        next=following or None,
    )


# ---- proof -------------------------------------------------------------------------------------------------


def content(session: QuerySession, params: IssueParams) -> msgspec.Raw:
    """The exact bytes whose SHA-256 is an issue's digest: RFC 8785 JSON."""
    return msgspec.Raw(_frozen(session, params).content.encode())


def verification(session: QuerySession, params: IssueParams) -> schemas.Verification:
    """Whether an issue's content matches its digest and is the same when rebuilt from the record."""
    item = _frozen(session, params)
    findings = tuple(str(finding) for finding in freeze.check_issue(session.record, item))
    return schemas.Verification(
        publication=item.publication,
        day=item.day,
        edition=item.edition,
        digest=item.digest,
        verified=not findings,
        findings=findings,
        content=f"publications/{item.publication}/issues/{item.day}/content?edition={item.edition}",
        command=f"hotpapers verify {item.day} --publication {item.publication}",
    )


def _frozen(session: QuerySession, entry_params: IssueParams) -> model.Issue:
    name = session.publication(entry_params.publication).publication
    edition = entry_params.edition
    day = session.day(name, entry_params.day)
    condition = 't.publication = ? AND t."day" = ? AND ? IN (0, t.edition)'
    found_issues = list(session.record.view().items(model.Issue, condition, (name, day, edition), "t.edition"))
    if not found_issues:
        raise NotFound(_missing(session, name, day, edition))
    return found_issues[-1]


# ---- arithmetic --------------------------------------------------------------------------------------------


def explanation(session: QuerySession, params: EntryParams) -> schemas.EntryExplanation:
    """Why a paper ranks where it does in an issue, as arithmetic, and what would make it swap with a neighbor."""
    explanation = terminal_explanation(session, params)
    components = zip(explanation.parts, explanation.sentences, explanation.formulae, strict=True)
    return schemas.EntryExplanation(
        publication=explanation.publication,
        day=explanation.day,
        edition=explanation.edition,
        ranking=explanation.ranking,
        paper=explanation.paper,
        title=explanation.title,
        lane=explanation.lane,
        place=explanation.place,
        classic_rank=explanation.classic_rank,
        score=explanation.score,
        tied=explanation.tied,
        notes=explanation.notes,
        id=bare_id(explanation.paper),
        of=explanation.entries,
        parts=tuple(schemas.ExplainedComponent(*component) for component in components),
        above=_neighbor(explanation.above),
        below=_neighbor(explanation.below),
    )


def terminal_explanation(session: QuerySession, params: EntryParams) -> explaining.Explanation:
    """Why a paper ranks where it does, for a terminal; `explanation` answers programs. Raises NotFound, UsageError."""
    key = paper_named(session.record, params.paper)
    name = session.publication(params.publication or publication_with(session, params.paper, params.day)).publication
    day = params.day
    if day == "latest":
        appearances = session.issue_reader().appearances(key)
        days = [of_day for publication, of_day in appearances if publication == name]
        if not days:
            raise NotFound(f"{bare_id(key)} is not in any frozen issue of {name}")
        day = days[-1]
    issue = _published_issue(session, IssueParams(publication=name, day=day, edition=params.edition))
    return explaining.explain_entry(issue, key)


def publication_with(session: QuerySession, paper: str, day: str) -> str:
    """The only publication with a paper in an issue, by default of any day; empty if there are several or none. Raises
    NotAnArxivId."""
    appearances = session.issue_reader().appearances(paper_named(session.record, paper))
    names = {name for name, of_day in appearances if day in ("latest", of_day) and not is_retrospective(name)}
    return names.pop() if len(names) == 1 else ""


def _neighbor(swap: explaining.NeighborSwap | None) -> schemas.NeighborDetails | None:
    if swap is None:
        return None
    needed_growths = (schemas.NeededGrowth(**growth._asdict()) for growth in swap.swaps)
    swaps = tuple(needed_growths)
    return schemas.NeighborDetails(
        place=swap.place, paper=swap.paper, title=swap.title, score=swap.score, id=bare_id(swap.paper), swaps=swaps
    )
