"""What channels ask of the store: what was delivered where, last editions, members' posts. Of mail: `email/queries`."""

from __future__ import annotations

from collections.abc import Sequence

from hotpapers.engagement.queries import VOICE, posts_about_papers, show_tables
from hotpapers.store import Record
from hotpapers.store.as_of import AsOfView
from hotpapers.store.database import Database
from hotpapers.store.identities import key_of, numbers_of

Edition = tuple[int, str]
"""The number of a day's latest edition, and its digest."""


def latest_editions(record: Record, publication: str) -> dict[str, Edition]:
    """By day the last edition of a publication's issue, with its digest."""
    sql = 'SELECT "day", edition, digest FROM issue WHERE publication = ? AND until = 0 ORDER BY edition'
    return {day: (edition, digest) for day, edition, digest in record.database.rows(sql, (publication,))}


def posters_of(view: AsOfView, voices: Sequence[int], papers: Sequence[str]) -> list[tuple[str, str, str, str]]:
    """(paper, network, name, handle) of the posts about some papers by some voices that may be shown, by paper, the
    newest first."""
    sql = f"""{show_tables(view, voices)} SELECT {key_of("m.paper")}, p.network, p.name, p.handle
        {posts_about_papers(view, f"IN ({numbers_of(papers)})")} AND {VOICE} IN (SELECT voice FROM own)
        ORDER BY 1, p.created_at DESC, {key_of("p.post")}"""
    return [(paper, network, name, handle) for paper, network, name, handle in view.database.rows(sql, papers)]


def sent_days(database: Database) -> list[tuple[str, str, int]]:
    """(folder, publication, days) of the sites that were written."""
    sql = """SELECT target, publication, count(DISTINCT "day") FROM delivery
        WHERE channel = 'site' AND until = 0 AND state = 'sent' GROUP BY target, publication"""
    return [(target, publication, days) for target, publication, days in database.rows(sql)]


def delivered(database: Database) -> list[tuple[str, str, str, str]]:
    """(target, publication, channel, day) of all that was ever delivered."""
    sql = 'SELECT DISTINCT target, publication, channel, "day" FROM delivery WHERE until = 0'
    return [(target, publication, channel, day) for target, publication, channel, day in database.rows(sql)]


def publications_in(database: Database, channel: str, target: str) -> list[str]:
    """The publications that a target has of a channel."""
    sql = "SELECT DISTINCT publication FROM delivery WHERE channel = ? AND target = ? AND until = 0"
    return [publication for (publication,) in database.rows(sql, (channel, target))]
