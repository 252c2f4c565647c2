-- What share of a field's papers got a place? `duckdb < fields.sql`, in the folder of the tables. All papers announced
-- on the days of a publication's issues, also those that nobody talked about. A field is an archive; papers have their
-- primary one. `low` and `high`: Wilson's 95 % interval of the places per 1,000 papers. A field whose interval does not
-- contain `all_fields` has more or fewer places than papers would explain; that alone is no judgment, as people talk
-- more about some fields.
WITH issue AS (SELECT publication, day, edition FROM 'issues.parquet' WHERE latest AND "window" = 'daily'),
    paper AS (
        SELECT DISTINCT i.publication, a.paper, split_part(p.primary_category, '.', 1) AS field
        FROM issue AS i JOIN 'announcements.parquet' AS a ON a.day = i.day AND a.type <> 'replacement'
        JOIN 'papers.parquet' AS p USING (paper)),
    place AS (
        SELECT DISTINCT publication, e.paper FROM issue JOIN 'entries.parquet' AS e USING (publication, day, edition)
        WHERE lane IN ('entries', 'further')),
    people AS (  -- on all networks together, a week after the announcement
        SELECT paper, sum(voices) AS voices, bool_and(reading = 'complete') AS read_in_full
        FROM 'counts.parquet' WHERE age = 168 GROUP BY paper),
    field AS (
        SELECT p.publication, p.field, count(*) AS papers, count(l.paper) AS places,
            avg((v.voices >= 1)::INTEGER) FILTER (v.read_in_full) AS anybody,
            avg((v.voices >= 3)::INTEGER) FILTER (v.read_in_full) AS three_people,
            avg(coalesce(v.read_in_full, false)::INTEGER) AS read_in_full
        FROM paper AS p LEFT JOIN place AS l USING (publication, paper) LEFT JOIN people AS v USING (paper)
        GROUP BY ALL),
    wilson AS (
        SELECT *, places / papers AS share, 1.96 * 1.96 AS zz,
            sum(places) OVER (PARTITION BY publication) / sum(papers) OVER (PARTITION BY publication) AS of_all
        FROM field)
SELECT publication, field, papers, places, round(1000 * share, 1) AS per_thousand,
    zz / papers AS z, sqrt(z * share * (1 - share) + z * z / 4) AS half,
    round(1000 * (share + z / 2 - half) / (1 + z), 1) AS low, round(1000 * (share + z / 2 + half) / (1 + z), 1) AS high,
    round(1000 * of_all, 1) AS all_fields, round(anybody, 3) AS anybody, round(three_people, 3) AS three_people,
    round(read_in_full, 3) AS read_in_full
FROM wilson ORDER BY ALL;
