-- How long do posts about papers stay? `duckdb < survival.sql`, in the folder of the tables. Posts that were made at
-- least so many days before the network was last read; `stayed`: the share that was not known to be gone by then. A
-- post counts as gone when that was noticed: where deletions are only noticed when counts are read, that may be days
-- later, and a post that is never asked for again counts as there.
WITH last_read AS (SELECT network, max(until_at) AS read_until FROM 'coverage.parquet' GROUP BY network),
    post AS (
        SELECT DISTINCT ON (post_number) post_number, network, created_at, gone_at FROM 'mentions.parquet'
        WHERE created_at IS NOT NULL ORDER BY post_number, paper),
    age AS (SELECT unnest([1, 7, 30, 90]) AS days)
SELECT network, days, count(*) AS posts,
    round(1 - count(*) FILTER (gone_at <= created_at + to_days(days)) / count(*), 4) AS stayed
FROM post JOIN last_read USING (network) CROSS JOIN age
WHERE created_at + to_days(days) <= read_until GROUP BY network, days ORDER BY network, days;
