-- Writes the tables in folders by day, such as by_day/counts/day=2026-11-01: `mkdir by_day && duckdb < by_day.sql`, in the
-- folder of the tables. The day is that of the listing or issue; of the announcement, submission or post, or if unknown,
-- of its observation. A table without rows has no folders.
COPY (FROM 'announcements.parquet') TO 'by_day/announcements'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
COPY (FROM 'issues.parquet') TO 'by_day/issues'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
COPY (FROM 'entries.parquet') TO 'by_day/entries'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
COPY (FROM 'parts.parquet') TO 'by_day/parts'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
COPY (FROM 'readings.parquet') TO 'by_day/readings'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
COPY (FROM 'entry_counts.parquet') TO 'by_day/entry_counts'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
COPY (FROM 'reference_counts.parquet') TO 'by_day/reference_counts'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
COPY (SELECT *, announced_at::DATE AS day FROM 'counts.parquet') TO 'by_day/counts'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
COPY (SELECT *, coalesce(published_at, observed_at)::DATE AS day FROM 'papers.parquet') TO 'by_day/papers'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
COPY (SELECT *, coalesce(created_at, observed_at)::DATE AS day FROM 'mentions.parquet') TO 'by_day/mentions'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
COPY (SELECT *, coalesce(created_at, observed_at)::DATE AS day FROM 'post_history.parquet') TO 'by_day/post_history'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
COPY (SELECT *, observed_at::DATE AS day FROM 'mention_history.parquet') TO 'by_day/mention_history'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
COPY (SELECT *, observed_at::DATE AS day FROM 'post_counts.parquet') TO 'by_day/post_counts'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
COPY (SELECT *, observed_at::DATE AS day FROM 'aliases.parquet') TO 'by_day/aliases'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
COPY (SELECT *, observed_at::DATE AS day FROM 'tallies.parquet') TO 'by_day/tallies'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
COPY (SELECT *, observed_at::DATE AS day FROM 'verdicts.parquet') TO 'by_day/verdicts'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
COPY (SELECT *, from_at::DATE AS day FROM 'coverage.parquet') TO 'by_day/coverage'
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE);
