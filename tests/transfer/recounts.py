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
        SELECT e.*, i.as_of, CASE WHEN b.at > e.until AND b.at <= i.as_of THEN b.at ELSE e.until END AS read_until,
            CASE WHEN e.until = i.as_of AND a.at < i.from_at THEN i.from_at ELSE '-infinity' END AS read_from
        FROM entry_counts AS e JOIN issues AS i USING (publication, day, edition)
        LEFT JOIN (SELECT paper, min(announced_at) AS at FROM announcements GROUP BY paper) AS a USING (paper)
        LEFT JOIN back AS b USING (network)),
    ruled AS (
        SELECT *, lead(observed_at, 1, 'infinity') OVER (PARTITION BY subject_number, paper, rule ORDER BY observed_at)
            AS ended_at
        FROM verdicts),
    judged AS (
        SELECT i.as_of, m.voice_number, r.rule, r.judgement FROM (SELECT DISTINCT as_of FROM issues) AS i
        JOIN ruled AS r ON r.observed_at <= i.as_of AND i.as_of < r.ended_at AND r.paper IS NULL
        JOIN mentions AS m ON m.account_number = r.subject_number),
    bots AS (
        SELECT as_of, voice_number FROM judged
        WHERE judgement = 'bot' AND rule IN ('rate', 'share', 'template')  -- each account by itself
        EXCEPT SELECT as_of, voice_number FROM judged WHERE judgement = 'human' AND rule = 'proved'
        UNION SELECT as_of, voice_number FROM judged
        WHERE judgement = 'bot' AND rule NOT IN ('rate', 'share', 'template')
        EXCEPT SELECT as_of, voice_number FROM judged WHERE judgement = 'human' AND rule = 'operator'),
    spoken AS (
        SELECT l.publication, l.day, l.edition, l.lane, l.place, l.paper, l.network, l.as_of, l.read_until,
            m.post_number, m.voice_number, m.text_number,
            EXISTS (FROM bots AS b WHERE b.voice_number = m.voice_number AND b.as_of = l.as_of) AS bot
        FROM listed AS l JOIN mentions AS m USING (paper, network)
        WHERE m.known_at <= l.read_until AND (m.created_at <= l.until OR l.read_until = l.until)
            AND m.created_at >= l.read_from AND (m.gone_at IS NULL OR m.gone_at > l.read_until)
            AND NOT EXISTS (FROM ruled AS r WHERE r.subject_number = m.post_number AND r.paper = m.paper
                AND r.judgement = 'doubtful' AND r.observed_at <= l.as_of AND l.as_of < r.ended_at)),
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
