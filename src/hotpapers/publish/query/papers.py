"""Answers about papers: metadata, the issues that contain them, attention over time; search results; and what people
said about a paper: the posts that may be shown, and their counts.

Left out are posts that are deleted, marked as not to be quoted, hidden, from a hidden account, doubtful as to whether
they are about the paper, or forgotten, and posts by the publications' own accounts. The networks' terms decide how much
of the others is shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import product

from hotpapers.base import model, network_terms
from hotpapers.base.errors import NotFound
from hotpapers.base.model import DAY, HOUR, is_retrospective
from hotpapers.discussion.engagement.attention import read_engagement
from hotpapers.discussion.engagement.measurement import AGES, MeasurementWindow
from hotpapers.discussion.moderation.quotation_policy import QuotationPolicy, choose_showing, is_blocked, policy_for
from hotpapers.issues.explain import lane_and_entry
from hotpapers.issues.freeze import list_editions
from hotpapers.issues.ranking.words import method_note
from hotpapers.issues.reading_states import KnownNumbers, ReadingState, ReadingStates, known_numbers
from hotpapers.keep import search as index
from hotpapers.publish.query import queries, schemas
from hotpapers.publish.query.issues import as_notices, as_post
from hotpapers.publish.query.request_params import (
    PaperParams,
    PostsParams,
    SearchParams,
    cursor_of,
    key_of,
    key_start,
)
from hotpapers.publish.query.session import QuerySession, bare_id
from hotpapers.publish.view import site_paths
from hotpapers.record import NUMBER, RowOf
from hotpapers.record.paper_names import paper_named
from hotpapers.record.statistics import written_between

MAX_APPEARANCES = 100
"""Most issues listed for a paper: the latest ones."""


def paper(session: QuerySession, params: PaperParams) -> schemas.PaperDetails:
    """A paper: metadata, announcements, every issue it was in, and how its attention grew on each network."""
    key = known_paper(session, params.paper)
    view = session.record.view()
    condition = f"t.paper = {NUMBER}"
    item = view.item(model.Paper, key) or model.Paper(paper=key, title="", observed_at=0)
    announcements = view.items(model.Announcement, condition, (key,), "t.announced_at, t.category")
    notices = tuple(view.notices(condition, (key,)))
    tallies = view.items(model.Tally, condition, (key,), "t.observed_at, t.network, t.method")
    return schemas.PaperDetails(
        paper=item.paper,
        title=item.title,
        authors=item.authors,
        categories=item.categories,
        summary=item.summary,
        abstract=item.abstract,
        comment=item.comment,
        doi=item.doi,
        journal=item.journal,
        version=item.version,
        published_at=item.published_at,
        updated_at=item.updated_at,
        observed_at=item.observed_at,
        id=bare_id(key),
        abs=site_paths.abs_url(key),
        pdf=site_paths.pdf_url(key, item.version),
        announcements=tuple(
            schemas.PaperAnnouncement(
                day=announcement.day,
                category=announcement.category,
                type=announcement.type,
                version=announcement.version,
                announced_at=announcement.announced_at,
            )
            for announcement in announcements
        ),
        appearances=tuple(_appearances(session, key)),
        attention=_attention(session, key),
        tallies=tuple(
            schemas.ListedCounts(
                network=tally.network,
                method=tally.method,
                reposts=tally.reposts,
                likes=tally.likes,
                at=tally.observed_at,
                note=method_note(tally.method),
            )
            for tally in tallies
        ),
        withdrawn=item.is_withdrawn or any(notice.type in model.TAKEN_BACK for notice in notices),
        notices=as_notices(notices),
    )


def known_paper(session: QuerySession, text: str) -> str:
    """The key of a paper that the record knows. Raises NotAnArxivId, NotFound."""
    key = paper_named(session.record, text)
    if not queries.is_paper_known(session.record.database, key):
        raise NotFound(f"{bare_id(key)}: the record has nothing about this paper")
    return key


def _appearances(session: QuerySession, key: str) -> Iterable[schemas.PaperAppearance]:
    every_appearance = session.issue_reader().appearances(key)
    appearances = [appearance for appearance in every_appearance if not is_retrospective(appearance[0])]
    for publication, day in appearances[-MAX_APPEARANCES:]:
        content = list_editions(session.record, publication, day)[-1].content
        lane, entry = lane_and_entry(content, key)
        yield schemas.PaperAppearance(
            place=entry.place,
            score=entry.score,
            voices=entry.voices,
            publication=publication,
            day=day,
            edition=content.edition,
            lane=lane,
        )


# ---- attention over time -----------------------------------------------------------------------------------


def _attention(session: QuerySession, key: str) -> tuple[schemas.NetworkAttention, ...]:
    """Counted as in a ranking: each voice once, without bots and the publications' own accounts. At the ages that the
    paper had reached when the record was last written, and now."""
    record = session.record
    view = record.view()
    window = MeasurementWindow(papers=(key,), own_voices=own_voices(session))
    latest = list(read_engagement(view, window._replace(posted_from=0, candidates_from=model.MAX_INTEGER)))
    marks = defaultdict(list)
    announced = queries.first_announced(view, key)
    if announced is not None:
        _, written_at = written_between(record.database)
        cut = min(written_at or 0, max(announced.at + AGES[-1] * HOUR, announced.observed_at))
        measured = {(age.network, age.age): age for age in read_engagement(record.view(cut), window) if age.peer}
        readings = ReadingStates(record.view(min(written_at or 0, cut + DAY)), announced.at)
        networks = {network for network, _ in measured} | {engagement.network for engagement in latest}
        for network, age in product(sorted(networks), AGES):
            until = announced.at + age * HOUR
            if until <= cut:
                state, _ = readings.of(network, announced.at, until)
                numbers = known_numbers(measured.get((network, age)), state)
                marks[network].append(_mark(numbers, age, until, state))
    for engagement in latest:
        marks[engagement.network].append(_mark(known_numbers(engagement, "complete")))
    return tuple(schemas.NetworkAttention(network, tuple(ages)) for network, ages in sorted(marks.items()))


def _mark(
    numbers: KnownNumbers, age: int | None = None, at: int | None = None, reading: ReadingState | None = None
) -> schemas.AttentionAtAge:
    return schemas.AttentionAtAge(
        age=age,
        at=at,
        voices=numbers.voices,
        reposts=numbers.reposts,
        likes=numbers.likes,
        bots=numbers.bots,
        reading=reading,
    )


def own_voices(session: QuerySession) -> tuple[int, ...]:
    """The numbers of all publications' own accounts, which never count."""
    publications = session.issue_reader().publications()
    own_accounts = model.without_duplicates(account for publication in publications for account in publication.own)
    return session.record.voices_of(own_accounts)


PAGE = "search"
"""The kind of its cursors."""


def search(session: QuerySession, params: SearchParams) -> schemas.SearchPage:
    """Search papers by words, authors, categories and days, with the matches marked."""
    [cursor] = key_of(params.cursor, PAGE, str) or (None,)
    match = index.search_papers(session.record, params.q, limit=params.limit, cursor=cursor)
    papers = tuple(
        schemas.SearchHit(
            paper=hit.paper,
            title=hit.title,
            authors=hit.authors,
            categories=hit.categories,
            day=hit.day,
            snippet=hit.snippet,
            spans=hit.spans,
            issues=hit.issues,
            taken_back=hit.taken_back,
            id=bare_id(hit.paper),
        )
        for hit in match.papers
    )
    following = cursor_of(PAGE, match.next) if match.next else None
    return schemas.SearchPage(
        understood=match.understood,
        total=match.total,
        exact=match.exact,
        parts=match.parts,
        meant=match.meant,
        behind=match.behind,
        papers=papers,
        next=following,
    )


# ---- posts -----------------------------------------------------------------------------------------------


POSTS, SNAPSHOTS = "posts", "snapshots"
"""The kinds of their cursors."""
LAST_CHARACTER = "\U0010ffff"


def posts(session: QuerySession, params: PostsParams) -> schemas.PostPage:
    """The posts about a paper that may be shown, latest first; without those that the operator's blocklist matches."""
    key = known_paper(session, params.paper)
    view = session.record.view()
    end = key_of(params.cursor, POSTS, int, str) or (model.MAX_INTEGER, "")
    rows = queries.posts_about(view, own_voices(session), key, params.network, end, params.limit + 1)
    page = rows[: params.limit]
    items = (row.item for _, row in page)
    policy = policy_for(view, session.terms, items)
    if len(rows) > params.limit:
        last = page[-1][1].item
    else:
        last = None
    shown = ((automated, row) for automated, row in page if not is_blocked(row.item, policy.blocked))
    return schemas.PostPage(
        key,
        tuple(_post_details(policy, key, row, automated) for automated, row in shown),
        cursor_of(POSTS, last.created_at, key_start(last.post)) if last else None,
    )


def _post_details(policy: QuotationPolicy, paper: str, row: RowOf[model.Post], automated: bool) -> schemas.PostDetails:
    """What may be shown of a post: only a link if it may not be quoted or came without its words."""
    post = row.item
    mode = "link" if "text" in (row.redacted or ()) else choose_showing(policy, post, paper)
    return as_post(network_terms.as_shown(post, mode), mode, automated)


def snapshots(session: QuerySession, params: PostsParams) -> schemas.PostCountsPage:
    """The counts of the posts about a paper, with times, oldest first."""
    key = known_paper(session, params.paper)
    following = None
    start = key_of(params.cursor, SNAPSHOTS, int, str) or (-model.MAX_INTEGER, "")
    own = own_voices(session)
    view = session.record.view()
    limit = params.limit + 1
    rows = queries.snapshots_about(view, own, key, params.network, start, limit)
    counts = tuple(schemas.PostCounts(*row) for row in rows[: params.limit])
    if len(rows) > params.limit:
        last = counts[-1].post
        # after the post, or after all posts whose keys begin like its long one
        end = key_start(last) + ("" if key_start(last) == last else LAST_CHARACTER)
        following = cursor_of(SNAPSHOTS, counts[-1].observed_at, end)
    return schemas.PostCountsPage(key, counts, following)
