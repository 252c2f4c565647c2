"""The queries of issues: frozen days, posts shown, coverage, announcements, and changes to a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

import msgspec

from hotpapers.base.errors import NotFound
from hotpapers.base.model import (
    BEGAN,
    HOUR,
    INFERRED,
    MAX_INTEGER,
    READ_BACK,
    Announcement,
    HeldCut,
    HeldPapers,
    Issue,
    Listing,
    Mention,
    Paper,
    Place,
    Post,
    Publication,
    Shown,
)
from hotpapers.base.papers.announcement_days import ANNOUNCING, calendar
from hotpapers.discussion.engagement.queries import (
    VOICE,
    announces_sql,
    archive_of,
    edited_sql,
    hidden_sql,
    limited_sql,
    persons_sql,
    posts_about_papers,
    show_tables,
)
from hotpapers.record import (
    NUMBERS,
    SPECS,
    AsOfView,
    Database,
    Record,
    RowOf,
    column_among,
    columns_with_commitments,
    first_column,
    first_value,
    key_begins,
    key_of,
    numbers_of,
    read_row,
    read_with_commitments,
    rows_among,
    select_columns,
    sql_placeholders,
    statement_slices,
)
from hotpapers.record.issue_contents import decode_content

_name_list = msgspec.json.Decoder(tuple[str, ...]).decode


Brief = tuple[str, tuple[str, ...], tuple[str, ...], str]
"""Title, authors, categories, and its article's DOI."""


SURVIVORS = "import:bluesky"  # the source of batches from an archive of what is left of a time
FIRST_WAIT = 2 * HOUR
"""How long after a site's start its first issue waits for networks to be read back, µs."""


def listed_posts(view: AsOfView, publication: str, day: str, edition: int = 0) -> dict[int, list[RowOf[Post]]]:
    """The posts that a listing (edition 0) or an issue shows, by place, in order, repeats included."""
    spec = SPECS[Post]
    newest = view.newest(SPECS[Shown], "shown")
    sql = f"""SELECT shown.place, {columns_with_commitments(spec, "post")} FROM shown
        JOIN post ON post.post = shown.post AND post.observed_at = shown.observed_at AND {view.visible("post")}
        WHERE shown.publication = ? AND shown.day = ? AND shown.edition = ? AND {view.visible("shown")}
          AND {newest} ORDER BY shown.place, shown.n"""
    result = defaultdict(list)
    for place, *row in view.database.iterate(sql, (publication, day, edition)):
        result[place].append(read_with_commitments(spec, row))
    return result


def leading_posts_sql(
    view: AsOfView, publication: Publication, papers: Sequence[str], own_voices: Sequence[int], period: tuple[int, int]
) -> tuple[str, tuple[str | int, ...]]:
    """A statement and its parameters: (paper, reactions, voice, post) of the posts about papers that may be shown.
    `period`: when they were made: its start and its end, not included, µs UTC."""
    networks = f" AND post.network IN ({sql_placeholders(publication.networks)})" if publication.networks else ""
    counts = f"""LEFT JOIN snapshot ON snapshot.post = post.post AND {view.visible("snapshot")}
            AND snapshot.observed_at = (
            SELECT max(other.observed_at) FROM snapshot AS other WHERE other.post = post.post
                AND {view.visible("other")})"""
    columns = columns_with_commitments(SPECS[Post], "post")
    sql = f"""{show_tables(view, own_voices)}
        SELECT {key_of("mention.paper")}, coalesce(snapshot.reposts, 0) + coalesce(snapshot.likes, 0), {VOICE},
            {columns}
        {posts_about_papers(view, f"IN ({numbers_of(papers)})", counts)}
        AND post.created_at >= ? AND post.created_at < ?{networks} AND
        {VOICE} NOT IN (SELECT voice FROM bot) AND {VOICE} NOT IN (SELECT voice FROM own)"""
    return sql, (*papers, *period, *publication.networks)


def withheld_posts(view: AsOfView, posts: Sequence[str]) -> frozenset[str]:
    """The given posts that are not to be shown now: gone, not to be quoted, hidden, or by a hidden account."""
    return frozenset().union(*(_withheld(view, batch) for batch in statement_slices(posts)))


def _withheld(view: AsOfView, keys: Sequence[str]) -> frozenset[str]:
    post_numbers = numbers_of(keys)
    limited = view.items(Post, f"{limited_sql('t')} AND t.post IN ({post_numbers})", keys)
    sql = f"""WITH {persons_sql(view, ())}, {hidden_sql(view)}
        SELECT DISTINCT {key_of("post.post")} FROM post LEFT JOIN stable_account ON stable_account.voice = post.voice
        WHERE post.post IN ({post_numbers}) AND ({VOICE} IN (SELECT voice FROM hidden)
           OR post.post IN (SELECT subject FROM hidden))"""
    posts = (post.post for post in limited)
    return frozenset([*posts, *first_column(view.database, sql, keys)])


def read_since(view: AsOfView) -> dict[str, int]:
    """The start of each network's coverage, for networks with a recorded beginning."""
    sql = f"""SELECT coverage.network, min(coverage.from_at) FROM coverage WHERE {view.visible("coverage")}
        AND coverage.network IN (
        SELECT coverage.network FROM coverage WHERE coverage.reason = ? AND coverage.until_at = coverage.from_at
            AND {view.visible("coverage")})
        GROUP BY coverage.network"""
    rows = view.database.rows(sql, (BEGAN,))
    return {network: int(first) for network, first in rows}


def printed_briefs(view: AsOfView, publication: str) -> Iterator[tuple[tuple[str, str], Brief]]:
    """Yields the titles, authors and categories printed in imported listings, by day and paper, in order of
    observation."""
    sql = f"""SELECT place.day, {key_of("place.paper")}, place.title, place.authors, place.categories FROM place
        WHERE place.publication = ? AND {view.visible("place")} ORDER BY place.observed_at"""
    for day, paper, title, authors, categories in view.database.iterate(sql, (publication,)):
        yield (day, paper), (title, _name_list(authors), _name_list(categories), "")


def described_briefs(view: AsOfView, papers: Sequence[str]) -> Iterator[tuple[str, Brief]]:
    """Yields the titles, authors, categories and articles of papers in the record, by paper, in order of
    observation."""
    sql = f"""SELECT {key_of("paper.paper")}, paper.title, paper.authors, paper.categories, paper.doi FROM paper
        WHERE paper.paper IN ({NUMBERS}) AND {view.visible("paper")} ORDER BY paper.observed_at"""
    for paper, title, authors, categories, doi in rows_among(view.database, sql, papers):
        yield paper, (title, _name_list(authors), _name_list(categories), doi)


def frozen_days(record: Record, publication: str) -> list[str]:
    """The days that have an issue, ascending."""
    sql = 'SELECT DISTINCT "day" FROM issue WHERE publication = ? AND until = 0 ORDER BY 1'
    return first_column(record.database, sql, (publication,))


def latest_window(record: Record, publication: str) -> str:
    """The window of the issue that was frozen last; empty if there is none. Raises CorruptStore."""
    sql = "SELECT content FROM issue WHERE publication = ? AND until = 0 ORDER BY id DESC LIMIT 1"
    texts = first_column(record.database, sql, (publication,))
    return decode_content(texts[0], _OfPublication).publication.window if texts else ""


class _OfPublication(msgspec.Struct):
    publication: Publication


def listed_publications(record: Record) -> set[str]:
    """The publications with imported listings."""
    return {str(row[0]) for row in record.database.rows("SELECT DISTINCT publication FROM listing WHERE until = 0")}


def listed_days(record: Record, publication: str) -> list[str]:
    """The days that have an imported listing, ascending."""
    sql = 'SELECT DISTINCT "day" FROM listing WHERE publication = ? AND until = 0 ORDER BY 1'
    return first_column(record.database, sql, (publication,))


def listed_places(view: AsOfView, publication: str, day: str) -> list[RowOf[Place]]:
    """The places of a day's listing, ascending: those read from the same file as the listing."""
    listing = listing_of(view, publication, day)
    later = f"""SELECT 1 FROM place WHERE place.publication = t.publication AND place.day = t.day
        AND place.place = t.place
        AND place.file = t.file AND place.observed_at > t.observed_at AND {view.visible("place")}"""
    where = f"""t.publication = ? AND t.day = ? AND t.file = ?
        AND t.place <= ? AND {view.visible("t")} AND NOT EXISTS ({later}) ORDER BY t.place"""
    params = (publication, day, listing.file, listing.places)
    return list(view.observations(Place, where, params))


def site_started_at(view: AsOfView) -> int | None:
    """When the site first read a network; None if that was not recorded or has not happened yet."""
    sql = f"""SELECT min(coverage.observed_at) FROM coverage WHERE coverage.reason = ?
        AND coverage.until_at = coverage.from_at
        AND {view.visible("coverage")}"""
    began = first_value(view.database, sql, (BEGAN,))
    first_reading = f"SELECT min(coverage.observed_at) FROM coverage WHERE {view.visible('coverage')}"
    if began is not None and began <= first_value(view.database, first_reading):
        return int(began)
    return None


def first_read_at(view: AsOfView, network: str, lost: Sequence[str]) -> int | None:
    """The earliest moment of a network that was read, at least in part; None if none was. `lost`: how the reasons of
    coverage begin if nothing was read."""
    is_lost = " OR ".join("substr(coverage.reason, 1, ?) = ?" for _ in lost)
    beginnings = [value for beginning in lost for value in (len(beginning), beginning)]
    sql = f"""SELECT coverage.from_at FROM coverage WHERE coverage.network = ? AND coverage.until_at > coverage.from_at
        AND coverage.state <> 'refused' AND NOT ({is_lost}) AND {view.visible("coverage")}
            ORDER BY coverage.from_at LIMIT 1"""
    first = first_value(view.database, sql, (network, *beginnings))
    return None if first is None else int(first)


def previous_cut(record: Record, publication: str, day: str, position: int) -> int | None:
    """The cut of the latest issue before a day, as known at a position; None if there is none."""
    where = """t.publication = ? AND t."day" = (SELECT max(issue."day") FROM issue WHERE issue.publication = ?
        AND issue."day" < ? AND issue.since <= ?)"""
    params = (publication, publication, day, position)
    issues = list(record.view(position=position).items(Issue, where, params, "t.edition"))
    return decode_content(issues[-1].content, HeldCut).as_of if issues else None


def read_back_at(view: AsOfView) -> int | None:
    """When networks had been read back to before the site's start, within the time its first issue waits; None if they
    were not."""
    began = site_started_at(view)
    if began is None:
        return None
    sql = f"""SELECT max(coverage.observed_at) FROM coverage WHERE coverage.reason = ?
        AND coverage.until_at = coverage.from_at
        AND coverage.observed_at <= ? AND {view.visible("coverage")}"""
    ended_at = first_value(view.database, sql, (READ_BACK, began + FIRST_WAIT))
    return None if ended_at is None else int(ended_at)


def announcement_recorded_at(view: AsOfView, day: str) -> int | None:
    """When the record had the whole of a day's announcement; None while it does not.

    The arXiv source records when it has read a day. Without that source, the first batch with a day's announcements
    on arXiv is taken to have all of them.
    """
    first = f"SELECT min(coverage.observed_at) FROM coverage WHERE coverage.network = ? AND {view.visible('coverage')}"
    if first_value(view.database, first, (ANNOUNCING,)) is not None:
        announced = calendar.announced_at(day)
        read = first_value(view.database, f"{first} AND coverage.from_at = ?", (ANNOUNCING, announced))
        return None if read is None else int(read)
    valid = f"""announcement.day = ? AND announcement.type <> 'replacement' AND {view.visible("announcement")}
        AND {key_begins("announcement.paper", f"{ANNOUNCING}:")}"""
    sql = f"""SELECT max(announcement.observed_at) FROM announcement WHERE {valid}
        AND announcement.since = (SELECT min(announcement.since) FROM announcement WHERE {valid})"""
    latest = first_value(view.database, sql, (day, day))
    return None if latest is None else int(latest)


def counted_at(view: AsOfView, after: int, until: int) -> int | None:
    """When posts were counted last after one moment up to another; None if none were."""
    sql = f"""SELECT max(snapshot.observed_at) FROM snapshot
        WHERE snapshot.observed_at > ? AND snapshot.observed_at <= ? AND {view.visible("snapshot")}"""
    latest = first_value(view.database, sql, (after, until))
    return None if latest is None else int(latest)


def printed_abstracts(view: AsOfView, publication: str, days: Sequence[str]) -> Iterator[tuple[tuple[str, str], str]]:
    """((day, paper), abstract) where imported listings printed one, in order of observation."""
    for batch in statement_slices(days):
        sql = f"""SELECT place.day, {key_of("place.paper")}, place.abstract FROM place
            WHERE place.publication = ? AND place.day IN ({sql_placeholders(batch)}) AND place.abstract <> ''
                AND {view.visible("place")}
            ORDER BY place.observed_at"""
        for day, paper, abstract in view.database.iterate(sql, (publication, *batch)):
            yield (day, paper), abstract


class DescribedAnnouncement(NamedTuple):
    """An announcement, and the paper's categories as known; empty if they are not."""

    announcement: Announcement
    categories: tuple[str, ...]


def described_announcements(
    view: AsOfView, where: str, params: Sequence[str | int], order: str = "t.id"
) -> Iterator[DescribedAnnouncement]:
    """The announcements that meet a condition on `t`, each with the categories of its paper."""
    spec = SPECS[Announcement]
    sql = f"""SELECT {select_columns(spec, "t")}, (SELECT paper.categories FROM paper WHERE paper.paper = t.paper
            AND {view.visible("paper")} AND {view.newest(SPECS[Paper], "paper")})
        FROM announcement AS t WHERE {where} AND {view.visible("t")} AND {view.newest(spec, "t")} ORDER BY {order}"""
    for *row, categories in view.database.iterate(sql, params):
        yield DescribedAnnouncement(read_row(spec, row).item, _name_list(categories or "[]"))


def has_measurements(view: AsOfView) -> bool:
    """Whether a view has counts from other collectors."""
    return bool(view.database.rows(f"SELECT 1 FROM measurement WHERE {view.visible('measurement')} LIMIT 1"))


def announced_papers(view: AsOfView, papers: Sequence[str]) -> Iterator[tuple[str, int, str]]:
    """When papers were first announced, and their archives; papers that never were are left out."""
    archive = archive_of(view, "announcement.paper")
    sql = f"""SELECT {key_of("announcement.paper")}, min(announcement.announced_at), {archive} FROM announcement
        WHERE announcement.paper IN ({NUMBERS}) AND {announces_sql(view, "announcement")} GROUP BY announcement.paper
            ORDER BY 1"""
    rows = rows_among(view.database, sql, papers)
    return ((paper, int(at), archive) for paper, at, archive in rows)


def was_ever_read(database: Database) -> bool:
    """Whether any network was ever read, or its reading failed."""
    return bool(database.rows("SELECT 1 FROM coverage LIMIT 1"))


def listed_posts_observed(view: AsOfView, publication: str, day: str) -> int:
    """When the last observed post of a listing was observed, µs UTC; 0 if it shows none."""
    sql = f"""SELECT max(shown.observed_at) FROM shown
        WHERE shown.publication = ? AND shown.day = ? AND shown.edition = 0 AND {view.visible("shown")}"""
    return int(first_value(view.database, sql, (publication, day)) or 0)


def is_anything_from_before(database: Database, moment: int) -> bool:
    """Whether the record has an announcement, a reading or an observed post from a moment, µs UTC, or earlier. When a
    post was created does not count: anyone can backdate a post, and deleted posts have no date."""
    sql = """SELECT EXISTS (SELECT 1 FROM announcement WHERE announced_at <= ?)
        OR EXISTS (SELECT 1 FROM coverage WHERE from_at <= ?) OR EXISTS (SELECT 1 FROM post WHERE observed_at <= ?)"""
    return bool(first_value(database, sql, (moment, moment, moment)))


def listing_position(database: Database, publication: str, day: str) -> int:
    """The latest batch with places of a day's listing; 0 if there is none."""
    sql = 'SELECT max(since) FROM place WHERE publication = ? AND "day" = ? AND until = 0'
    return int(first_value(database, sql, (publication, day)) or 0)


def issue_papers(database: Database) -> Iterator[tuple[str, str, HeldPapers]]:
    """(publication, day, papers) of every edition of every issue, the latest edition of a day last."""
    sql = 'SELECT publication, "day", content FROM issue WHERE until = 0 ORDER BY publication, "day", edition'
    for publication, day, content in database.iterate(sql):
        yield publication, day, decode_content(content, HeldPapers)


def numbered_posts(view: AsOfView, numbers: Sequence[int]) -> Iterator[tuple[str, RowOf[Post]]]:
    """Posts by number, each with a paper that it names, the earliest first."""
    spec = SPECS[Post]
    sql = f"""SELECT {key_of("mention.paper")}, {columns_with_commitments(spec, "post")} FROM post
        JOIN mention ON mention.post = post.post AND {view.visible("mention")}
            AND {view.newest(SPECS[Mention], "mention")}
        WHERE post.post IN ({sql_placeholders(numbers)}) AND {view.visible("post")} AND {view.newest(spec, "post")}
        ORDER BY post.created_at, post.post"""
    for paper, *row in view.database.iterate(sql, numbers):
        yield paper, read_with_commitments(spec, row)


# ---- what was not known then -----------------------------------------------------------------------------


def retrospective_counts(view: AsOfView, start: int, networks: Sequence[str]) -> dict[str, int]:
    """The fields of `model.Retrospective` that count posts: of those made up to a view's moment about papers first
    announced after `start`, how many the record had by then with their counts, and how many it got later."""
    later = view._replace(as_of=MAX_INTEGER)
    network_condition = f" AND post.network IN ({sql_placeholders(networks)})" if networks else ""
    known = f"""EXISTS (SELECT 1 FROM mention AS other WHERE other.paper = mention.paper
        AND other.post = mention.post AND {view.visible("other")})
        AND EXISTS (SELECT 1 FROM post AS other WHERE other.post = mention.post AND {view.visible("other")})"""

    def has(kind: str, at: AsOfView) -> str:
        return f"EXISTS (SELECT 1 FROM {kind} AS item WHERE item.post = spoken.post AND {at.visible('item')})"

    sql = f"""WITH recent (paper) AS (SELECT DISTINCT announcement.paper FROM announcement
            WHERE announcement.announced_at > ? AND announcement.announced_at <= ?
                AND {announces_sql(view, "announcement")}
            AND NOT EXISTS (SELECT 1 FROM announcement AS earlier WHERE earlier.paper = announcement.paper
            AND earlier.announced_at <= ? AND {announces_sql(view, "earlier")})),
        spoken (post, known) AS (SELECT mention.post, max(CASE WHEN {known} THEN 1 ELSE 0 END)
            FROM recent JOIN mention ON mention.paper = recent.paper WHERE {later.visible("mention")}
            AND EXISTS (SELECT 1 FROM post WHERE post.post = mention.post AND post.created_at <= ? AND post.gone = ''
                AND {later.visible("post")}{network_condition}) GROUP BY mention.post),
        counted (known, counts, survived) AS (SELECT spoken.known, CASE WHEN {has("snapshot", view)} THEN 'then'
            WHEN {has("snapshot", later)} THEN 'later' WHEN {has("reaction", later)} THEN 'named' ELSE 'never' END,
            EXISTS (SELECT 1 FROM post AS item JOIN batch ON batch.position = item.since
                WHERE item.post = spoken.post AND batch.source = '{SURVIVORS}' AND {view.visible("item")}) FROM spoken)
        SELECT known, counts, count(*), sum(CASE WHEN survived THEN 1 ELSE 0 END) FROM counted GROUP BY known, counts"""
    rows = view.database.rows(sql, (start, view.as_of, start, view.as_of, *networks))
    posts = {(bool(known), counts): int(number) for known, counts, number, _ in rows}
    survivors = sum(int(survived) for known, _, _, survived in rows if known)
    return ({"survivors": survivors} if survivors else {}) | {
        "posts": sum(number for (known, _), number in posts.items() if known),
        "posts_later": sum(number for (known, _), number in posts.items() if not known),
        "counts_later": posts.get((True, "later"), 0),
        "counts_missing": posts.get((True, "never"), 0),
    }


def described_later(view: AsOfView, papers: Sequence[str]) -> list[str]:
    """The papers whose metadata was first observed after the view's moment."""
    later = view._replace(as_of=MAX_INTEGER)
    sql = f"""SELECT DISTINCT {key_of("paper.paper")} FROM paper WHERE paper.paper IN ({NUMBERS})
        AND {later.visible("paper")}
        AND NOT EXISTS (SELECT 1 FROM paper AS other WHERE other.paper = paper.paper AND {view.visible("other")})"""
    return column_among(view.database, sql, papers)


def count_bots(view: AsOfView) -> int:
    """How many accounts were considered bots."""
    return int(first_value(view.database, f"WITH {persons_sql(view, ())} SELECT count(*) FROM bot"))


def count_inferred(view: AsOfView, start: int) -> int:
    """How many papers have an inferred announcement between a moment and the view's."""
    sql = f"""SELECT count(DISTINCT announcement.paper) FROM announcement
        WHERE announcement.announced_at > ? AND announcement.announced_at <= ? AND announcement.type = '{INFERRED}'
            AND {view.visible("announcement")}"""
    return int(first_value(view.database, sql, (start, view.as_of)))


# ---- what changes a page ---------------------------------------------------------------------------------


def do_posts_matter(database: Database, rows: Sequence[int], position: int) -> bool:
    """Whether any post in the new rows is gone, limited or edited and was known at a position; or starts a thread whose
    later posts were known then, which shows that those were not replies to somebody else."""
    new_posts = f"SELECT new_post.post FROM post AS new_post WHERE new_post.id IN ({sql_placeholders(rows)})"
    limited = f"""SELECT 1 FROM post WHERE post.post IN ({new_posts}) AND {limited_sql("post")}
        AND EXISTS (SELECT 1 FROM post AS other WHERE other.post = post.post AND other.since <= ?) LIMIT 1"""
    begins = f"""SELECT 1 FROM post JOIN post AS other ON other.account = post.account AND other.reply_to = post.post
        WHERE post.post IN ({new_posts}) AND other.since <= ? LIMIT 1"""
    edited = f"""SELECT 1 FROM post JOIN post AS other ON other.post = post.post AND {edited_sql("post", "other")}
        WHERE post.id IN ({sql_placeholders(rows)}) AND other.since <= ? LIMIT 1"""
    return any(database.rows(sql, (*rows, position)) for sql in (limited, begins, edited))


def papers_of_rows(database: Database, kind: str, numbers: Sequence[int]) -> set[str]:
    """The papers in rows of a kind."""
    sql = f"SELECT {key_of('item.paper')} FROM {kind} AS item WHERE item.id IN ({sql_placeholders(numbers)})"
    return set(first_column(database, sql, numbers))


def newest_issue(database: Database, publication: str) -> tuple[str, int] | None:
    """(day, frozen at, µs UTC) of the last edition of a publication's newest issue; None if there is none."""
    sql = """SELECT "day", observed_at FROM issue WHERE publication = ? AND until = 0
        ORDER BY "day" DESC, edition DESC LIMIT 1"""
    rows = database.rows(sql, (publication,))
    if rows:
        return (str(rows[0][0]), int(rows[0][1]))
    return None


def day_before(database: Database, publication: str, day: str) -> str:
    """The day of the issue before a day's; empty if there is none."""
    sql = 'SELECT max("day") FROM issue WHERE publication = ? AND until = 0 AND "day" < ?'
    return str(first_value(database, sql, (publication, day)) or "")


def days_frozen_since(database: Database, publication: str, at: int) -> list[str]:
    """The days whose first edition was frozen after a moment, ascending."""
    sql = """SELECT "day" FROM issue WHERE publication = ? AND until = 0 GROUP BY "day" HAVING min(observed_at) > ?
        ORDER BY "day" """
    return first_column(database, sql, (publication, at))


def last_editions_before(
    database: Database, publication: str, day: str, limit: int
) -> list[tuple[str, int, str, int, int]]:
    """(day, edition, digest, frozen at, entries) of the last edition of each day before `day`, newest first."""
    sql = f"""SELECT issue."day", issue.edition, issue.digest, issue.observed_at, issue.content FROM issue
        WHERE issue.publication = ? AND issue.until = 0 AND issue."day" < ?
            AND issue.edition = (SELECT max(other.edition) FROM issue AS other
            WHERE other.publication = issue.publication AND other."day" = issue."day" AND other.until = 0)
        ORDER BY issue."day" DESC LIMIT {int(limit)}"""
    rows = database.rows(sql, (publication, day))
    return [(*row, len(decode_content(content, HeldPapers).entries)) for *row, content in rows]


def publication_started_at(database: Database, publication: str) -> int:
    """When the record first had a publication with its current window, µs UTC; 0 if it does not have it."""
    sql = 'SELECT "window", observed_at FROM publication WHERE publication = ? ORDER BY observed_at DESC, id DESC'
    rows = database.rows(sql, (publication,))
    return min((int(at) for _, at in takewhile(lambda row: row[0] == rows[0][0], rows)), default=0)


def earliest_publication(database: Database, names: Sequence[str]) -> str:
    """The one of some publications that the record had first."""
    known = first_column(database, "SELECT publication FROM publication ORDER BY id")
    return next(name for name in map(str, known) if name in names)


def listing_of(view: AsOfView, publication: str, day: str) -> Listing:
    """The listing of a day as last observed. Raises NotFound."""
    listing = view.item(Listing, publication, day)
    if listing is None:
        raise NotFound(f"{publication} {day}: no listing for that day in the record; add one with `hotpapers import`")
    return listing
