"""What moderation asks of the store about imported listings and doubtful mentions. Of bots: `bots/queries`."""

from __future__ import annotations

from collections import defaultdict

from hotpapers.engagement.queries import doubtful_sql
from hotpapers.model import Paper
from hotpapers.store.as_of import AsOfView
from hotpapers.store.identities import key_of


def doubtful_pairs(view: AsOfView) -> frozenset[tuple[str, str]]:
    """Post and paper of every mention that is in doubt by any rule, and not sound by the operator's word: what is to
    be shown nowhere as a post about that paper."""
    sql = f"WITH {doubtful_sql(view)} SELECT {key_of('d.post')}, {key_of('d.paper')} FROM doubtful AS d"
    rows = view.database.rows(sql)
    return frozenset((post, paper) for post, paper in rows)


LISTED = "SELECT l.post FROM mention AS l WHERE l.form = 'listed'"


def papers_of_listed(view: AsOfView) -> dict[str, set[str]]:
    """The papers that each listed post stands under, or links."""
    sql = f"""SELECT {key_of("t.post")}, {key_of("t.paper")} FROM mention AS t
        WHERE {view.visible("t")} AND t.form <> 'title' AND t.post IN ({LISTED})"""
    result: dict[str, set[str]] = defaultdict(set)
    for post, paper in view.database.iterate(sql):
        result[post].add(paper)
    return result


def titles_of_listed(view: AsOfView) -> dict[str, str]:
    """The titles of the papers that listed posts stand under."""
    listed = "SELECT l.paper FROM mention AS l WHERE l.form = 'listed'"
    rows = view.iterate(Paper, f"t.paper IN ({listed})")
    return {row.item.paper: row.item.title for row in rows if isinstance(row.item, Paper)}


def listings_observed(view: AsOfView) -> tuple[int, int]:
    """When the first and the last imported listing was observed, µs UTC; there must be one."""
    sql = f"SELECT min(t.observed_at), max(t.observed_at) FROM listing AS t WHERE {view.visible('t')}"
    first, last = view.database.rows(sql)[0]
    return int(first), int(last)
