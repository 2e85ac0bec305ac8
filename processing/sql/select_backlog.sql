-- How much waits in the queue, as the planner knows it when it is long, and since when.
SELECT CASE WHEN c.reltuples > 100000 THEN c.reltuples::bigint
            ELSE (SELECT count(*) FROM (SELECT FROM dirty_hour LIMIT 100000) AS waiting) END,
       (SELECT marked_at FROM dirty_hour ORDER BY id LIMIT 1)
FROM pg_class c WHERE c.oid = 'dirty_hour'::regclass
