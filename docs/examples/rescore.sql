-- Recomputes every score from the tables for research: duckdb < rescore.sql, in their folder. Returns, for each entry,
-- the score in the issue and the score from the tables; both are equal. docs/explanation/ranking.md explains the rules.

WITH physics AS (  -- arXiv's only group of several archives
    SELECT unnest(['astro-ph', 'cond-mat', 'gr-qc', 'hep-ex', 'hep-lat', 'hep-ph', 'hep-th', 'math-ph', 'nlin',
        'nucl-ex', 'nucl-th', 'physics', 'quant-ph']) AS archive),
    part AS (  -- x voices on a network; `leaves_itself`: the paper is among those that it is compared with
        SELECT *, counted AS x, CASE WHEN age = 0 THEN 0 ELSE 3 END AS least, coalesce(own >= least, false) AS leaves_itself
        FROM 'entry_counts.parquet'),
    reference AS (  -- the papers that each part is compared with
        SELECT p.publication, p.day, p.edition, p.lane, p.place, p.network, r.counted, r.papers
        FROM part AS p JOIN 'reference_counts.parquet' AS r USING (publication, day, edition, network, age)
        WHERE r.counted >= p.least AND (p.among IN ('all', r.archive, r.archive || ' group')
            OR p.among = 'physics group' AND r.archive IN (FROM physics))),
    compared AS (  -- P other papers, k of them with at least x
        SELECT p.publication, p.day, p.edition, p.lane, p.place, p.x,
            coalesce(sum(r.papers), 0) - any_value(p.leaves_itself)::INT AS papers,
            coalesce(sum(r.papers) FILTER (r.counted >= p.x), 0) - any_value(p.leaves_itself AND p.own >= p.x)::INT AS atleast
        FROM part AS p LEFT JOIN reference AS r USING (publication, day, edition, lane, place, network)
        WHERE p.x IS NOT NULL GROUP BY p.publication, p.day, p.edition, p.lane, p.place, p.network, p.x),
    points AS (
        SELECT publication, day, edition, lane, place, CASE WHEN x < 3 THEN 0 ELSE least(
            round_even(1000 * log10((papers + 1) / (atleast + 1)), 0),
            CASE ranking WHEN 'rarity/2' THEN 20 * x END) END AS points
        FROM compared JOIN 'issues.parquet' USING (publication, day, edition)),
    summed AS (SELECT publication, day, edition, lane, place, sum(points) AS points FROM points GROUP BY ALL),
    voices AS (
        SELECT publication, day, edition, lane, place, sum(known) AS known, sum(reposts + likes) AS total
        FROM 'entry_counts.parquet' GROUP BY ALL)
SELECT publication, day, edition, lane, place, paper, score AS printed, CASE
        WHEN ranking = 'classic/1' THEN coalesce(total, 0)
        WHEN ranking = 'rarity/2' AND known IS NOT NULL  -- points that known voices do not vouch for are taken off
            THEN least(coalesce(points, 0), CASE WHEN known >= 2 THEN 240 * known ELSE 0 END)
        ELSE coalesce(points, 0) END::BIGINT AS recomputed
FROM 'entries.parquet' JOIN 'issues.parquet' USING (publication, day, edition)
    LEFT JOIN summed USING (publication, day, edition, lane, place)
    LEFT JOIN voices USING (publication, day, edition, lane, place)
ORDER BY ALL;
