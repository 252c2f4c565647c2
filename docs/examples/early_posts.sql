-- Do people of the first day foretell those of the first week? `duckdb < early_posts.sql`, in the folder of the tables.
-- Only papers whose network was read in full up to both ages; papers that nobody talked about are in it.
-- `rank_correlation` is Spearman's. `stayed_at_nobody`: of the papers without anybody after a day, the share that had
-- nobody after a week; `doubled`: of the others, the share that at least doubled.
WITH pair AS (
        SELECT day.network, day.paper, day.voices AS early, week.voices AS late
        FROM 'counts.parquet' AS day JOIN 'counts.parquet' AS week USING (paper, network)
        WHERE day.age = 24 AND week.age = 168 AND day.reading = 'complete' AND week.reading = 'complete'),
    ranked AS (  -- equal counts share the middle of their ranks
        SELECT *, rank() OVER a + (count(*) OVER (PARTITION BY network, early) - 1) / 2 AS early_rank,
            rank() OVER b + (count(*) OVER (PARTITION BY network, late) - 1) / 2 AS late_rank
        FROM pair WINDOW a AS (PARTITION BY network ORDER BY early), b AS (PARTITION BY network ORDER BY late))
SELECT network, count(*) AS papers, round(corr(early_rank, late_rank), 3) AS rank_correlation,
    round(avg((late = 0)::INTEGER) FILTER (early = 0), 3) AS stayed_at_nobody,
    round(avg((late >= 2 * early)::INTEGER) FILTER (early > 0), 3) AS doubled
FROM ranked GROUP BY network ORDER BY network;
