-- Do networks talk about the same papers? `duckdb < overlap.sql`, in the folder of the tables. Papers whose two
-- networks were both read in full for a week. `expected`: how many papers both would have if each chose its own by
-- chance; `overlap`: papers on both, as a share of those on either.
WITH week AS (
        SELECT network, paper, voices > 0 AS is_there FROM 'counts.parquet' WHERE age = 168 AND reading = 'complete')
SELECT a.network AS one, b.network AS other, count(*) AS papers,
    count(*) FILTER (a.is_there AND b.is_there) AS on_both, count(*) FILTER (a.is_there) AS on_one,
    count(*) FILTER (b.is_there) AS on_other, round(on_one * on_other / papers, 1) AS expected,
    round(on_both / nullif(on_one + on_other - on_both, 0), 3) AS overlap
FROM week AS a JOIN week AS b ON a.paper = b.paper AND a.network < b.network
GROUP BY ALL ORDER BY one, other;
