"""The wing's own SQL: announcements that nobody observed, and which changes in the record affect measurements from one
cut to the next, and for which papers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from hotpapers.base import model
from hotpapers.base.grouping import lists_by_key
from hotpapers.base.model import INFERRED, Announcement
from hotpapers.base.papers.announcement_days import ANNOUNCING
from hotpapers.discussion.engagement.measurement import REFERENCE_DAYS, MeasurementWindow
from hotpapers.discussion.engagement.queries import announced_sql
from hotpapers.record.as_of import AsOfView
from hotpapers.record.batches import manifests_after
from hotpapers.record.database import column_among, first_column, sql_placeholders
from hotpapers.record.identities import key_begins, key_of
from hotpapers.record.item_rows import StoredRow

SNAPSHOTS = "import:arxiv"
"""The source of batches imported from arXiv's metadata snapshot."""
_name_list = msgspec.json.Decoder(tuple[str, ...]).decode
MEASURED = frozenset(
    ("paper", "announcement", "alias", "post", "mention", "reaction", "snapshot", "verdict", "coverage")
)
"""The kinds of rows that engagement depends on."""


def has_posts(view: AsOfView, networks: Sequence[str], start: int, end: int) -> bool:
    """Whether any post about a paper is known of a span, on any of the networks; on any at all if none is named."""
    among = f"AND post.network IN ({sql_placeholders(networks)})" if networks else ""
    sql = f"""SELECT 1 FROM post JOIN mention ON mention.post = post.post AND {view.visible("mention")}
        WHERE post.created_at > ? AND post.created_at <= ? {among} AND {view.visible("post")} LIMIT 1"""
    return bool(view.database.rows(sql, (start, end, *networks)))


def measured_papers(view: AsOfView, window: MeasurementWindow) -> dict[str, int]:
    """The papers measured as of a view, by key, with the moment of their first announcement."""
    sql = f"WITH {announced_sql(view, window)} SELECT {key_of('announced.paper')}, announced.at FROM announced"
    rows = view.database.iterate(sql)
    return {paper: int(at) for paper, at in rows}


def verdicts(view: AsOfView, after: int) -> list[tuple[int, int, str]]:
    """(moment, subject's number, paper or empty) of verdicts after a moment and up to the view's."""
    sql = f"""SELECT verdict.observed_at, verdict.subject, {key_of("verdict.about")} FROM verdict
        WHERE verdict.observed_at > ? AND {view.visible("verdict")} ORDER BY verdict.observed_at"""
    return list(view.database.iterate(sql, (after,)))


def joined_accounts(view: AsOfView, after: int) -> list[tuple[int, int]]:
    """(moment, account's number) for each account that, after a moment, turned out to be another's or to have others,
    ordered by moment."""
    is_later = f"alias.observed_at > ? AND {view.visible('alias')}"
    sql = f"""SELECT alias.observed_at, alias.account FROM alias WHERE {is_later}
        UNION SELECT alias.observed_at, alias.stable FROM alias WHERE {is_later} ORDER BY 1"""
    return list(view.database.iterate(sql, (after, after)))


def paper_descriptions(view: AsOfView, after: int) -> list[tuple[int, str]]:
    """(moment, paper) of descriptions after a moment, for papers announced in the 90 days before it or later."""
    sql = f"""SELECT paper.observed_at, {key_of("paper.paper")} FROM paper
        WHERE paper.observed_at > ? AND {view.visible("paper")} AND EXISTS (SELECT 1 FROM announcement
            WHERE announcement.paper = paper.paper AND announcement.announced_at > ?) ORDER BY paper.observed_at"""
    params = (after, after - REFERENCE_DAYS * model.DAY)
    return list(view.database.iterate(sql, params))


def renewal_moments(view: AsOfView, after: int) -> list[tuple[int]]:
    """The moments that invalidate everything measured before: a network reported posts made before it was first
    read."""
    sql = f"""SELECT coverage.observed_at FROM coverage WHERE coverage.observed_at > ? AND {view.visible("coverage")}
            AND coverage.reason IN (?, ?) AND coverage.until_at = coverage.from_at ORDER BY 1"""
    rows = view.database.iterate(sql, (after, model.BEGAN, model.READ_BACK))
    return list(rows)


def shared_posts(view: AsOfView, after: int) -> list[tuple[int, str, int]]:
    """(post, paper, moment) of the mentions in posts that name several papers, for papers announced in the 90 days
    before a moment or later."""
    sql = f"""SELECT mention.post, {key_of("mention.paper")}, mention.observed_at FROM mention
        WHERE mention.post IN (SELECT other.post FROM mention AS other
            GROUP BY other.post HAVING min(other.paper) < max(other.paper))
            AND {view.visible("mention")} AND EXISTS (SELECT 1 FROM announcement
                WHERE announcement.paper = mention.paper AND announcement.announced_at > ?)"""
    params = (after - REFERENCE_DAYS * model.DAY,)
    return list(view.database.iterate(sql, params))


def papers_of_accounts(view: AsOfView, accounts: Sequence[int]) -> set[str]:
    """The papers named in posts that the accounts, given by number, ever made or reacted to."""
    sql = f"""SELECT DISTINCT {key_of("mention.paper")} FROM mention WHERE mention.post IN (
        SELECT post FROM post WHERE account IN (…)
        UNION SELECT post FROM post WHERE account = 0 AND voice IN (…)
        UNION SELECT post FROM reaction WHERE account IN (…))"""
    return set(column_among(view.database, sql, accounts))


def is_changed(view: AsOfView, position: int, until: int) -> bool:
    """Whether the batches between a position and the view's changed anything measured up to a moment."""
    for listed in manifests_after(view.database, position):
        if listed.closed or listed.pruned or listed.forgotten or listed.erased:
            return True
        numbers = lists_by_key(row for row in listed.rows() if row[0] in MEASURED)
        for kind, added in numbers.items():
            sql = f"SELECT 1 FROM {kind} WHERE id BETWEEN ? AND ? AND observed_at <= ? LIMIT 1"
            if view.database.rows(sql, (min(added), max(added), until)):
                return True
    return False


# ---- announcements ---------------------------------------------------------------------------------------


def announced_between(view: AsOfView) -> tuple[str, str] | None:
    """The first and the last day with announcements in the record; None if there are none."""
    sql = f"""SELECT min(announcement."day"), max(announcement."day") FROM announcement
        WHERE announcement.type <> 'replacement' AND {view.visible("announcement")}"""
    first, last = view.database.rows(sql)[0]
    return None if first is None else (str(first), str(last))


class SubmittedPaper(NamedTuple):
    """A paper in arXiv's snapshot: when its first version was submitted, µs UTC, and its categories."""

    paper: str
    submitted_at: int
    categories: tuple[str, ...]


_ON_ARXIV = key_begins("announcement.paper", f"{ANNOUNCING}:")
_OBSERVED = f"announcement.type NOT IN ('replacement', 'inferred') AND {_ON_ARXIV}"


def submitted_papers(view: AsOfView, submitted: tuple[int, int]) -> Iterator[SubmittedPaper]:
    """The papers in imported snapshots that were submitted between two moments and whose announcement was never
    observed, in order of observation."""
    sql = f"""SELECT {key_of("paper.paper")}, paper.published_at, paper.categories FROM paper
        JOIN batch ON batch.position = paper.since AND batch.source = ?
        WHERE paper.published_at > ? AND paper.published_at <= ? AND {view.visible("paper")} AND NOT EXISTS (
            SELECT 1 FROM announcement WHERE announcement.paper = paper.paper AND {_OBSERVED}
                AND {view.visible("announcement")})
        ORDER BY paper.observed_at"""
    for paper, submitted_at, categories in view.database.iterate(sql, (SNAPSHOTS, *submitted)):
        yield SubmittedPaper(paper, submitted_at, _name_list(categories))


def observed_days(view: AsOfView, days: tuple[str, str]) -> frozenset[str]:
    """The days from the first to the last of `days`, both included, with observed announcements."""
    sql = f"""SELECT DISTINCT announcement.day FROM announcement
        WHERE announcement.day >= ? AND announcement.day <= ? AND {_OBSERVED} AND {view.visible("announcement")}"""
    return frozenset(first_column(view.database, sql, days))


def outdated_inferences(view: AsOfView, days: tuple[str, str]) -> list[StoredRow]:
    """Inferred announcements from the first to the last of `days`, both included, whose paper or day was observed."""
    observed = f"SELECT 1 FROM announcement WHERE {_OBSERVED} AND {view.visible('announcement')}"
    where = f"""t.type = '{INFERRED}' AND t.day >= ? AND t.day <= ?
        AND (EXISTS ({observed} AND announcement.paper = t.paper) OR EXISTS ({observed}
        AND announcement.day = t.day))"""
    return view.latest(Announcement, where, days)
