"""Recount the counts of issues from the research tables, with DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from hotpapers.transfer.research.schema import TABLES

RECOUNT = """
WITH back AS (  -- up to when each network was told what was said before it was first read
        SELECT network, max(observed_at) AS at FROM coverage
        JOIN (SELECT network, min(observed_at) AS began FROM coverage GROUP BY network) USING (network)
        WHERE until_at = from_at AND from_at = observed_at + INTERVAL 1 MICROSECOND
            AND observed_at <= began + INTERVAL 6 HOUR GROUP BY network),
    listed AS (
        SELECT e.*, i.as_of, CASE WHEN b.at > e.until AND b.at <= i.as_of THEN b.at ELSE e.until END AS read_until
        FROM entry_counts AS e JOIN issues AS i USING (publication, day, edition)
        LEFT JOIN back AS b USING (network)),
    judged AS (
        SELECT DISTINCT m.voice_number, v.observed_at FROM mentions AS m JOIN verdicts AS v
        ON v.subject_number = m.account_number AND v.judgement = 'bot' AND v.paper IS NULL),
    spoken AS (
        SELECT l.publication, l.day, l.edition, l.lane, l.place, l.paper, l.network, l.as_of, l.read_until,
            m.post_number, m.voice_number, m.text_number,
            EXISTS (FROM judged AS j WHERE j.voice_number = m.voice_number AND j.observed_at <= l.as_of) AS bot
        FROM listed AS l JOIN mentions AS m USING (paper, network)
        WHERE m.known_at <= l.read_until AND (m.created_at <= l.until OR l.read_until = l.until)
            AND (m.gone_at IS NULL OR m.gone_at > l.read_until)
            AND NOT EXISTS (FROM verdicts AS v WHERE v.subject_number = m.post_number AND v.paper = m.paper
                AND v.judgement = 'doubtful' AND v.observed_at <= l.as_of)),
    counted AS (
        SELECT s.*, coalesce(c.reposts, 0) AS r, coalesce(c.likes, 0) AS n
        FROM spoken AS s ASOF LEFT JOIN post_counts AS c
        ON c.post_number = s.post_number AND c.observed_at <= s.read_until),
    home AS (  -- words and people on several networks are one voice, where the post is strongest
        SELECT *, first(network) OVER (PARTITION BY publication, day, edition, lane, place, text_number
                ORDER BY bot, r + n DESC, network) AS text_at,
            first(network) OVER (PARTITION BY publication, day, edition, lane, place, voice_number
                ORDER BY bot, r + n DESC, network) AS voice_at
        FROM counted),
    summed AS (
        SELECT publication, day, edition, lane, place, network, count(*) FILTER (bot) AS bots,
            coalesce(sum(r) FILTER (NOT bot), 0)::BIGINT AS reposts,
            coalesce(sum(n) FILTER (NOT bot), 0)::BIGINT AS likes,
            count(DISTINCT voice_number) FILTER (NOT bot AND (text_number = 0 OR text_at = network)
                AND (voice_number = 0 OR voice_at = network)) AS posting
        FROM home GROUP BY ALL)
SELECT l.paper, l.network, l.voices, coalesce(s.posting + s.reposts + s.likes, 0), l.reposts, coalesce(s.reposts, 0),
    l.likes, coalesce(s.likes, 0), l.bots, coalesce(s.bots, 0)
FROM listed AS l LEFT JOIN summed AS s USING (publication, day, edition, lane, place, network)
"""
"""Counts from posts and their snapshots, for networks that don't name who reacted."""


class Recounted(NamedTuple):
    """A count in an issue, and the same count from the tables."""

    paper: str
    network: str
    name: str
    printed: int
    recounted: int


def ask(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """The result of a DuckDB query on the tables."""
    with duckdb.connect() as connection:
        for table in TABLES:
            connection.execute(f"CREATE VIEW {table.name} AS FROM read_parquet('{folder / table.name}.parquet')")
        return connection.execute(sql).fetchall()


def recounted(folder: Path) -> Iterator[Recounted]:
    """Every count of every issue."""
    for paper, network, *pairs in ask(folder, RECOUNT):
        for n, name in enumerate(("voices", "reposts", "likes", "bots")):
            yield Recounted(paper, network, name, *pairs[2 * n : 2 * n + 2])
