-- What share of a field's papers got a place? `duckdb < fields.sql`, in the folder of the tables: of all papers first
-- announced for a publication's issues, in the 90 days up to the latest, as on a site's fields/ (which counts people as
-- of that issue). A field is an archive of primary categories. `low`, `high`: Wilson's 95 % interval of places per 1,000
-- papers; without `all_fields` in it, papers alone do not explain them. No judgment: people talk more of some fields.
WITH issue AS (
        SELECT *, max(as_of) OVER (PARTITION BY publication) AS last_cut FROM 'issues.parquet'
        WHERE latest AND "window" = 'daily'
        QUALIFY day > max(day) OVER (PARTITION BY publication) - 90),
    announced AS (
        SELECT paper, min(observed_at) AS listed_at, min(day) + (CASE WHEN paper NOT LIKE '10.%' THEN 0
            WHEN isodow(min(day)) IN (5, 6) THEN 8 - isodow(min(day)) ELSE 1 END)::INTEGER AS day  -- of their issue
        FROM 'announcements.parquet' WHERE type <> 'replacement' GROUP BY paper),
    paper AS (  -- without publications whose papers depend on words, which the tables do not have
        SELECT i.publication, paper, split_part(p.primary_category, '.', 1) AS field
        FROM issue AS i JOIN announced USING (day) JOIN 'papers.parquet' AS p USING (paper)
        WHERE len(p.categories) > 0 AND len(i.include) + len(i.exclude) = 0 AND listed_at <= last_cut
          AND ((len(i.categories) = 0 OR list_contains(i.categories, 'arxiv')) AND paper NOT LIKE '10.%'  -- no DOI
            OR list_has_any(i.categories, p.categories || list_transform(p.categories, lambda c: split_part(c, '.', 1))))),
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
        SELECT *, places / papers AS share, 1.96 * 1.96 / papers AS z, sqrt(z * share * (1 - share) + z * z / 4) AS half,
            sum(places) OVER (PARTITION BY publication) / sum(papers) OVER (PARTITION BY publication) AS of_all
        FROM field)
SELECT publication, field, papers, places, round(1000 * share, 1) AS per_thousand,
    round(1000 * (share + z / 2 - half) / (1 + z), 1) AS low, round(1000 * (share + z / 2 + half) / (1 + z), 1) AS high,
    round(1000 * of_all, 1) AS all_fields, round(anybody, 3) AS anybody, round(three_people, 3) AS three_people,
    round(read_in_full, 3) AS read_in_full
FROM wilson ORDER BY ALL;
