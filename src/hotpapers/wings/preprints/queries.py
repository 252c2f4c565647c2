"""The queries of the wing: papers that nobody described yet, and those whose notices are asked for."""

from __future__ import annotations

from hotpapers.base.model import Announcement, Mention, Paper, Post
from hotpapers.base.papers.paper_servers import DOI
from hotpapers.record import NUMBER, SPECS, AsOfView, key_of

TURNS = 31
"""Of this many checks for notices in a row, each asks for another part of the older papers. Prime, for equal parts."""
_BEGINS = f"substr(identity.key, 1, {len(DOI)}) = '{DOI}'"


def undescribed_papers(view: AsOfView) -> list[tuple[str, int]]:
    """The papers with DOIs that posts name but that the record does not describe, each with the moment of the first
    post, µs UTC; those that most posts name first, then the latest."""
    sql = f"""SELECT identity.key, min(post.created_at) FROM mention
        JOIN identity ON identity.id = mention.paper
        JOIN post ON post.post = mention.post
        WHERE {_BEGINS} AND {view.visible("mention")} AND {view.visible("post")} AND post.gone = ''
          AND {view.newest(SPECS[Post], "post")}
          AND NOT EXISTS (SELECT 1 FROM paper WHERE paper.paper = mention.paper AND {view.visible("paper")})
        GROUP BY identity.key ORDER BY count(*) DESC, 2 DESC, 1"""
    return [(key, int(at)) for key, at in view.database.rows(sql)]


def discussed_papers(view: AsOfView, since: int, turn: int) -> list[tuple[str, str]]:
    """The papers with DOIs of their own or of articles that were announced since a moment, or earlier if it is their
    turn, and are named by a post, each with the DOI of the article that it became, empty if unknown; by key."""
    newest_paper = view.newest(SPECS[Paper], "paper")
    newest = view.newest(SPECS[Announcement], "announcement")
    article = f"""coalesce((SELECT paper.doi FROM paper
            WHERE paper.paper = announcement.paper AND {view.visible("paper")} AND {newest_paper}), '')"""
    sql = f"""SELECT DISTINCT {key_of("announcement.paper")} AS key, {article}
        FROM announcement JOIN identity ON identity.id = announcement.paper
        WHERE ({_BEGINS} OR {article} <> '') AND (announcement.announced_at >= ?
            OR announcement.paper - announcement.paper / {TURNS} * {TURNS} = ?)
          AND {view.visible("announcement")} AND {newest}
          AND EXISTS (SELECT 1 FROM mention WHERE mention.paper = announcement.paper AND {view.visible("mention")})
        ORDER BY 1"""
    return view.database.rows(sql, (since, turn % TURNS))


def mentions_of_article(view: AsOfView, article: str) -> list[Mention]:
    """The mentions of an article, by its key, that are not in doubt."""
    where = f"""t.paper = {NUMBER} AND NOT EXISTS (SELECT 1 FROM verdict
        WHERE verdict.subject = t.post AND verdict.about = t.paper AND {view.visible("verdict")})"""
    return list(view.items(Mention, where, (article,)))
