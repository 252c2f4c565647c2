-- Recounts every count of every issue from the tables for research: duckdb < recount.sql, in their folder.
-- Returns, for each entry and network, what the issue says and what the tables say; both are equal, except voices where
-- the network names who reacted. docs/wings/tables.md says more.

-- Whether an issue that closed at `moment` and read the record up to `batch` had a row. Of several with the same key,
-- the one that was observed last counts.
CREATE OR REPLACE TEMP MACRO had(moment, batch, observed_at, position, closed) AS
    observed_at <= moment AND position <= batch AND (closed IS NULL OR closed > batch);

WITH cut AS (SELECT DISTINCT as_of, position AS batch FROM 'issues.parquet'),
    voice AS (  -- accounts that were known to belong together
        SELECT as_of, batch, account_number, voice_number FROM cut
        JOIN 'aliases.parquet' ON had(as_of, batch, observed_at, position, closed)
        QUALIFY row_number() OVER (PARTITION BY as_of, batch, account_number ORDER BY observed_at DESC) = 1),
    ruled AS (
        SELECT as_of, batch, subject_number AS account_number, paper, rule, judgement FROM cut
        JOIN 'verdicts.parquet' ON had(as_of, batch, observed_at, position, closed)
        QUALIFY row_number() OVER (PARTITION BY as_of, batch, subject_number, paper, rule
            ORDER BY observed_at DESC) = 1),
    judged AS (
        SELECT as_of, batch, coalesce(voice_number, account_number) AS voice_number, rule, judgement
        FROM ruled LEFT JOIN voice USING (as_of, batch, account_number) WHERE paper IS NULL),
    bots AS (
        SELECT as_of, batch, voice_number FROM judged
        WHERE judgement = 'bot' AND rule IN ('rate', 'share', 'template')  -- each account by itself
        EXCEPT SELECT as_of, batch, voice_number FROM judged WHERE judgement = 'human' AND rule = 'proved'
        UNION SELECT as_of, batch, voice_number FROM judged
        WHERE judgement = 'bot' AND rule NOT IN ('rate', 'share', 'template')
        EXCEPT SELECT as_of, batch, voice_number FROM judged WHERE judgement = 'human' AND rule = 'operator'),
    doubtful AS (
        SELECT as_of, batch, account_number AS post_number, paper FROM ruled
        WHERE judgement = 'doubtful' AND paper IS NOT NULL
        EXCEPT SELECT as_of, batch, account_number, paper FROM ruled WHERE judgement = 'sound' AND rule = 'operator'),
    own AS (
        SELECT as_of, batch, publication, unnest(own_numbers) AS account_number
        FROM (SELECT DISTINCT as_of, position AS batch, publication, own_numbers FROM 'issues.parquet')),
    left_out AS (
        SELECT as_of, batch, publication, account_number AS voice_number FROM own
        UNION SELECT as_of, batch, publication, voice_number FROM own JOIN voice USING (as_of, batch, account_number)),
    began AS (SELECT network, min(observed_at) AS began_at FROM 'coverage.parquet' GROUP BY network),
    back AS (  -- up to when each network was told what was said before it was first read
        SELECT as_of, network, max(observed_at) AS back_at
        FROM 'coverage.parquet' JOIN began USING (network) JOIN cut ON observed_at <= as_of
        WHERE until_at = from_at AND from_at = observed_at + INTERVAL 1 MICROSECOND
            AND observed_at <= began_at + INTERVAL 6 HOUR GROUP BY ALL),
    listed AS (  -- weekly and monthly issues count only their own time's posts about papers announced before it
        SELECT c.*, i.as_of, i.position AS batch, "window", greatest(c.until, back_at) AS read_until,
            CASE WHEN "window" IN ('weekly', 'monthly') AND coalesce(e.announced_at, '-infinity') <= from_at
                THEN from_at ELSE '-infinity' END AS read_from,
            CASE WHEN read_from = from_at THEN until_at END AS posted_until
        FROM 'entry_counts.parquet' AS c JOIN 'issues.parquet' AS i USING (publication, day, edition)
        JOIN 'entries.parquet' AS e USING (publication, day, edition, lane, place)
        LEFT JOIN back USING (as_of, network)),
    told AS (
        SELECT l.*, p.post_number, p.created_at, p.gone, p.text_number, p.voice_number AS account_number
        FROM listed AS l JOIN 'mention_history.parquet' AS m
            ON "window" <> 'listing' AND m.paper = l.paper AND had(read_until, batch, m.observed_at, m.position, m.closed)
        JOIN 'post_history.parquet' AS p ON p.post_number = m.post_number AND p.network = l.network
            AND had(read_until, batch, p.observed_at, p.position, p.closed)
        QUALIFY row_number() OVER (PARTITION BY publication, day, edition, lane, place, p.post_number
            ORDER BY p.observed_at DESC) = 1),
    spoken AS (
        SELECT t.*, coalesce(v.voice_number, t.account_number) AS voice_number
        FROM told AS t LEFT JOIN voice AS v USING (as_of, batch, account_number)
        ANTI JOIN doubtful AS d USING (as_of, batch, post_number, paper)
        WHERE NOT gone AND created_at >= read_from AND created_at < coalesce(posted_until, 'infinity')
            AND (created_at <= until OR read_until = until)),
    counted AS (
        SELECT s.*, b.voice_number IS NOT NULL AS bot, coalesce(c.reposts, 0) AS r, coalesce(c.likes, 0) AS n
        FROM spoken AS s LEFT JOIN bots AS b USING (as_of, batch, voice_number)
        ANTI JOIN left_out AS o USING (as_of, batch, publication, voice_number)
        LEFT JOIN 'post_counts.parquet' AS c ON c.post_number = s.post_number
            AND had(read_until, batch, c.observed_at, c.position, c.closed)
        QUALIFY row_number() OVER (PARTITION BY publication, day, edition, lane, place, s.post_number
            ORDER BY c.observed_at DESC NULLS LAST) = 1),
    home AS (  -- words and people on several networks are one voice, where the post is strongest
        SELECT *, first(network) OVER (PARTITION BY publication, day, edition, lane, place, text_number
                ORDER BY bot, r + n DESC, network) AS text_at,
            first(network) OVER (PARTITION BY publication, day, edition, lane, place, voice_number
                ORDER BY bot, r + n DESC, network) AS voice_at
        FROM counted),
    summed AS (
        SELECT publication, day, edition, lane, place, network, count(*) FILTER (bot) AS bots,
            least(coalesce(sum(r) FILTER (NOT bot), 0), 9007199254740991)::BIGINT AS reposts,
            least(coalesce(sum(n) FILTER (NOT bot), 0), 9007199254740991)::BIGINT AS likes,
            least(count(DISTINCT voice_number) FILTER (NOT bot AND (text_number = 0 OR text_at = network)
                AND (voice_number = 0 OR voice_at = network))
                + coalesce(sum(r + n) FILTER (NOT bot), 0), 9007199254740991)::BIGINT AS voices
        FROM home GROUP BY ALL
        UNION ALL SELECT publication, day, edition, lane, place, network, 0, t.reposts, t.likes, t.likes
        FROM listed AS l JOIN 'tallies.parquet' AS t USING (paper, network)
        WHERE "window" = 'listing' AND t.observed_at = l.until)  -- an imported listing: its voices are the likes
SELECT publication, day, edition, lane, place, l.paper, network,
    l.voices, coalesce(s.voices, 0) AS voices_recounted,
    l.reposts, coalesce(s.reposts, 0) AS reposts_recounted,
    l.likes, coalesce(s.likes, 0) AS likes_recounted,
    l.bots, coalesce(s.bots, 0) AS bots_recounted
FROM listed AS l LEFT JOIN summed AS s USING (publication, day, edition, lane, place, network)
WHERE l.collector IS NULL ORDER BY ALL;
