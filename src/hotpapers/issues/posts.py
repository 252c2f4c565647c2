"""Which posts an entry shows, and which may not be shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice

from hotpapers.engagement.attention import doubtful_sql, persons_sql
from hotpapers.issues import quotations
from hotpapers.issues.quotations import CandidatePost, QuotationRule
from hotpapers.model import Mention, Place, Post, Publication, Shown, Verdict
from hotpapers.store.as_of import AsOfView
from hotpapers.store.database import AT_ONCE, placeholders, slices
from hotpapers.store.item_rows import SPECS, StoredRow, read_row, select_columns


def listed(view: AsOfView, publication: str, day: str, edition: int = 0) -> dict[int, list[StoredRow]]:
    """The posts that a listing (edition 0) or an issue shows, by place, in order, repeats included."""
    spec = SPECS[Post]
    sql = f"""SELECT s.place, {select_columns(spec, "p")} FROM shown AS s
        JOIN post AS p ON p.post = s.post AND p.observed_at = s.observed_at AND {view.visible("p")}
        WHERE s.publication = ? AND s.day = ? AND s.edition = ? AND {view.visible("s")}
          AND {view.newest(SPECS[Shown], "s")} ORDER BY s.place, s.n"""
    found: dict[int, list[StoredRow]] = defaultdict(list)
    for place, *row in view.database.iterate(sql, (publication, day, edition)):
        found[place].append(read_row(spec, row))
    return found


def listed_under(view: AsOfView, places: Sequence[Place]) -> dict[str, list[StoredRow]]:
    """The posts that a listing shows, by paper: those that were shown no earlier than the place was observed, as a
    corrected listing may show fewer."""
    if not places:
        return {}
    found = listed(view, places[0].publication, places[0].day)
    return {
        place.paper: [row for row in found.get(place.place, ()) if row.item.observed_at >= place.observed_at]
        for place in places
    }


def leading(
    view: AsOfView,
    publication: Publication,
    papers: Iterable[str],
    own_voices: Sequence[int],
    since: int = 0,
    quoting: QuotationRule = quotations.BY_REACTIONS_ALONE,
) -> dict[str, list[StoredRow]]:
    """The posts about each paper that lead at the cut, made since a moment: one an account and text, none that may not
    be quoted; with the most reactions, and by a rule of what is worth it."""
    found: dict[str, list[CandidatePost]] = defaultdict(list)
    waiting = iter(papers)
    while some := list(islice(waiting, AT_ONCE)):
        sql, params = _leading_sql(view, publication, some, own_voices, since)
        for paper, weight, voice, *row in view.database.iterate(sql, params):
            found[paper].append(CandidatePost(weight, voice, read_row(SPECS[Post], row)))
    return {paper: quoting.choose(paper, said, publication.posts) for paper, said in found.items()}


def _leading_sql(
    view: AsOfView, publication: Publication, papers: Sequence[str], own_voices: Sequence[int], since: int
) -> tuple[str, tuple[str | int, ...]]:
    spec = SPECS[Post]
    voice = "coalesce(w.stable_voice, p.voice)"
    networks = f" AND p.network IN ({placeholders(publication.networks)})" if publication.networks else ""
    sql = f"""WITH {persons_sql(view, own_voices)}, {doubtful_sql(view)}, {hidden_sql(view)}
        SELECT m.paper, coalesce(c.reposts, 0) + coalesce(c.likes, 0), {voice}, {select_columns(spec, "p")}
        FROM mention AS m
        JOIN post AS p ON p.post = m.post AND {view.visible("p")} AND {view.newest(spec, "p")}
        LEFT JOIN known AS w ON w.voice = p.voice
        LEFT JOIN snapshot AS c ON c.post = p.post AND {view.visible("c")} AND c.observed_at = (
            SELECT max(z.observed_at) FROM snapshot AS z WHERE z.post = p.post AND {view.visible("z")})
        WHERE m.paper IN ({placeholders(papers)}) AND {view.visible("m")} AND {view.newest(SPECS[Mention], "m")}
          AND p.gone = '' AND p.limits = '[]' AND p.created_at >= ?{networks}
          AND {voice} NOT IN (SELECT voice FROM bot) AND {voice} NOT IN (SELECT voice FROM own)
          AND {voice} NOT IN (SELECT voice FROM hidden) AND p.post NOT IN (SELECT subject FROM hidden)
          AND NOT EXISTS (SELECT 1 FROM doubtful AS d WHERE d.post = m.post AND d.paper = m.paper)"""
    return sql, (*papers, since, *publication.networks)


def hidden_sql(view: AsOfView) -> str:
    """One table: `hidden`, posts and accounts judged so, each with its own key and its stable account's voice."""
    return f"""hidden (subject, voice) AS (
        SELECT t.subject, coalesce(w.stable_voice, t.voice) FROM verdict AS t LEFT JOIN known AS w ON w.voice = t.voice
        WHERE t.judgement = 'hidden' AND {view.visible("t")} AND {view.newest(SPECS[Verdict], "t")})"""


def withheld(view: AsOfView, posts: Sequence[str] | None = None) -> frozenset[str]:
    """Posts of some, or of those that were ever shown, that are not to be shown now: gone, no longer to be quoted,
    hidden, or of a hidden account."""
    if posts is None:
        return _withheld(view, "SELECT post FROM shown", ())
    return frozenset().union(*(_withheld(view, placeholders(keys), keys) for keys in slices(posts)))


def _withheld(view: AsOfView, among: str, keys: Sequence[str]) -> frozenset[str]:
    gone = view.latest(Post, f"(t.gone <> '' OR t.limits <> '[]') AND t.post IN ({among})", keys)
    sql = f"""WITH {persons_sql(view, ())}, {hidden_sql(view)}
        SELECT DISTINCT p.post FROM post AS p LEFT JOIN known AS w ON w.voice = p.voice
        WHERE p.post IN ({among}) AND (coalesce(w.stable_voice, p.voice) IN (SELECT voice FROM hidden)
           OR p.post IN (SELECT subject FROM hidden))"""
    return frozenset([row.item.post for row in gone if isinstance(row.item, Post)]) | frozenset(
        row[0] for row in view.database.rows(sql, keys)
    )
