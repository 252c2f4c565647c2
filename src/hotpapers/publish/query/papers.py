"""Answers about papers: metadata, the issues that contain them, attention over time; and search results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from hotpapers.base import model
from hotpapers.base.errors import NotFound
from hotpapers.base.model import HOUR, is_retrospective
from hotpapers.issues.engagement import attention, measurement
from hotpapers.issues.freeze import editions
from hotpapers.issues.ranking.words import method_note
from hotpapers.keep import search as index
from hotpapers.publish.query import queries, request_params, schemas
from hotpapers.publish.query.request_params import cursor_of, key_of
from hotpapers.publish.query.schemas import answer_of
from hotpapers.publish.query.session import QuerySession, bare, paper_key
from hotpapers.publish.view import site_paths
from hotpapers.record.identities import NUMBER
from hotpapers.record.statistics import written_between

MAX_APPEARANCES = 100
"""Most issues listed for a paper: the latest ones."""


def paper(session: QuerySession, params: request_params.PaperParams) -> schemas.PaperDetails:
    """A paper: metadata, announcements, every issue it was in, and how its attention grew on each network."""
    key = known_paper(session, params.paper)
    item = session.record.view().item(model.Paper, key) or model.Paper(paper=key, title="", observed_at=0)
    return answer_of(
        schemas.PaperDetails,
        item,
        id=bare(key),
        abs=site_paths.abs_url(key),
        pdf=site_paths.pdf_url(key),
        announcements=tuple(_announced(session, key)),
        appearances=tuple(_appearances(session, key)),
        attention=_attention(session, key),
        tallies=tuple(_tallies(session, key)),
        withdrawn=item.is_withdrawn,
    )


def known_paper(session: QuerySession, text: str) -> str:
    """The key of a paper that the record knows. Raises NotAnArxivId, NotFound."""
    key = paper_key(text)
    if not queries.is_paper_known(session.record.database, key):
        raise NotFound(f"{bare(key)}: the record has nothing about this paper")
    return key


def _announced(session: QuerySession, key: str) -> Iterable[schemas.PaperAnnouncement]:
    condition, order = f"t.paper = {NUMBER}", "t.announced_at, t.category"
    for announcement in session.record.view().items(model.Announcement, condition, (key,), order):
        yield answer_of(schemas.PaperAnnouncement, announcement)


def _appearances(session: QuerySession, key: str) -> Iterable[schemas.PaperAppearance]:
    every_appearance = session.issue_reader().appearances(key)
    appearances = [appearance for appearance in every_appearance if not is_retrospective(appearance[0])]
    for publication, day in appearances[-MAX_APPEARANCES:]:
        content = editions(session.record, publication, day)[-1].content
        entries = [entry for entry in content.entries if entry.paper == key]
        lane: schemas.Lane = "entries" if entries else "ongoing"
        [entry] = entries or [entry for entry in content.ongoing if entry.paper == key]
        yield answer_of(
            schemas.PaperAppearance, entry, publication=publication, day=day, edition=content.edition, lane=lane
        )


def _tallies(session: QuerySession, key: str) -> Iterable[schemas.ListedCounts]:
    condition, order = f"t.paper = {NUMBER}", "t.observed_at, t.network, t.method"
    for tally in session.record.view().items(model.Tally, condition, (key,), order):
        yield answer_of(schemas.ListedCounts, tally, at=tally.observed_at, note=method_note(tally.method))


# ---- attention over time -----------------------------------------------------------------------------------


def _attention(session: QuerySession, key: str) -> tuple[schemas.NetworkAttention, ...]:
    """Counted as in a ranking: each voice once, without bots and the publications' own accounts."""
    window = measurement.MeasurementWindow(papers=(key,), own_voices=own_voices(session))
    marks: dict[str, list[schemas.AttentionAtAge]] = defaultdict(list)
    for age in _at_ages(session, key, window):
        marks[age.network].append(answer_of(schemas.AttentionAtAge, age, at=age.until))
    everything = window._replace(posted_from=0, candidates_from=model.MAX_INTEGER)
    for engagement in attention.read_engagement(session.record.view(), everything):
        marks[engagement.network].append(answer_of(schemas.AttentionAtAge, engagement, age=None, at=None))
    return tuple(
        schemas.NetworkAttention(network=network, marks=tuple(ages)) for network, ages in sorted(marks.items())
    )


def _at_ages(session: QuerySession, key: str, window: measurement.MeasurementWindow) -> Iterable[attention.Engagement]:
    """At the ages that the paper had reached when the record was last written."""
    announced_at = queries.first_announced_at(session.record.view(), key)
    if announced_at is None:
        return []
    _, written_at = written_between(session.record.database)
    cut = min(written_at or 0, announced_at + measurement.AGES[-1] * HOUR)
    return [engagement for engagement in attention.read_engagement(session.record.view(cut), window) if engagement.peer]


def own_voices(session: QuerySession) -> tuple[int, ...]:
    """The numbers of all publications' own accounts, which never count."""
    own_accounts = model.distinct(
        account for publication in session.issue_reader().publications() for account in publication.own
    )
    return session.record.voices_of(own_accounts)


PAGE = "search"
"""The kind of its cursors."""


def search(session: QuerySession, params: request_params.SearchParams) -> schemas.SearchPage:
    """Search papers by words, authors, categories and days, with the matches marked."""
    cursor_key = key_of(params.cursor, PAGE, str)
    match = index.search(
        session.record, params.q, limit=params.limit, cursor=str(cursor_key[0]) if cursor_key else None
    )
    papers = tuple(schemas.answer_of(schemas.SearchHit, hit, id=bare(hit.paper)) for hit in match.papers)
    following = cursor_of(PAGE, match.next) if match.next else None
    return schemas.answer_of(schemas.SearchPage, match, papers=papers, next=following)
