"""Which posts an entry shows, and what may be shown of them."""

from __future__ import annotations

from collections import defaultdict

from hotpapers.model import Mention, Post, Shown
from hotpapers.record.attention import bots_sql
from hotpapers.record.items import SPECS, Row, read_row, select_columns
from hotpapers.record.view import View


def listed(view: View, publication: str, day: str, edition: int = 0) -> dict[int, list[Row]]:
    """The posts that a listing (edition 0) or an issue shows, by place, in order, repeats included."""
    spec = SPECS[Post]
    sql = f"""SELECT s.place, {select_columns(spec, "p")} FROM shown AS s
        JOIN post AS p ON p.post = s.post AND p.observed_at = s.observed_at AND {view.visible("p")}
        WHERE s.publication = ? AND s.day = ? AND s.edition = ? AND {view.visible("s")}
          AND {view.newest(SPECS[Shown], "s")} ORDER BY s.place, s.n"""
    found: dict[int, list[Row]] = defaultdict(list)
    for place, *row in view.database.iterate(sql, (publication, day, edition)):
        found[place].append(read_row(spec, row))
    return found


def leading(view: View, paper: str, most: int, own_voices: tuple[int, ...]) -> list[Row]:
    """The posts about a paper with the most reactions at the cut: one an account, none that may not be quoted.

    Ties: the earlier post, then the lesser hash; never the post's id, which may be forgotten.
    """
    spec = SPECS[Post]
    sql = f"""WITH {bots_sql(view, own_voices)}
        SELECT coalesce(c.reposts, 0) + coalesce(c.likes, 0), {select_columns(spec, "p")}
        FROM mention AS m
        JOIN post AS p ON p.post = m.post AND {view.visible("p")} AND {view.newest(spec, "p")}
        LEFT JOIN snapshot AS c ON c.post = p.post AND {view.visible("c")} AND c.observed_at = (
            SELECT max(z.observed_at) FROM snapshot AS z WHERE z.post = p.post AND {view.visible("z")})
        WHERE m.paper = ? AND {view.visible("m")} AND {view.newest(SPECS[Mention], "m")}
          AND p.gone = '' AND p.limits = '[]' AND p.voice NOT IN (SELECT voice FROM bot)
          AND NOT EXISTS (SELECT 1 FROM verdict AS v WHERE v.subject = p.post AND v.about = m.paper
                          AND v.judgement = 'doubtful' AND {view.visible("v")})"""
    ranked = [(row[0], read_row(spec, row[1:])) for row in view.database.iterate(sql, (paper,))]
    ranked.sort(key=lambda pair: (-pair[0], _created(pair[1]), pair[1].hash))
    first: dict[int | str, Row] = {}
    for _, row in ranked:
        first.setdefault(row.derived[0], row)
    return list(first.values())[:most]


def _created(row: Row) -> int:
    return row.item.created_at if isinstance(row.item, Post) else 0
