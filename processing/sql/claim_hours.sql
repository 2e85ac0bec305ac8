-- Take the oldest dirty keys off the queue; other engines skip them until this transaction ends. Hours whose
-- readings have been dropped are taken and left as they are: what was published of them cannot be computed again.
-- An array and not IN: from a queue of 2,000,000, 50,000 keys take 0.12 s by its index, 0.59 s by reading it whole.
WITH claimed AS (
    DELETE FROM dirty_hour WHERE id = ANY (ARRAY(
        SELECT id FROM dirty_hour ORDER BY id LIMIT %(claim_max)s::int FOR UPDATE SKIP LOCKED
    ))
    RETURNING sensor_id, hour, marked_at
), kept AS (
    SELECT coalesce(max(date_trunc('month', now() - readings_kept, 'UTC')), '-infinity') AS since FROM retention
)
SELECT coalesce(array_agg(sensor_id) FILTER (WHERE hour >= since), '{}'),
       coalesce(array_agg(hour) FILTER (WHERE hour >= since), '{}'), count(*), min(marked_at)
FROM claimed, kept
