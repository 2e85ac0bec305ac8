-- Provisional values of periods that ended, whose sensors have no open hour left: one key per value to close.
SELECT coalesce(array_agg(sensor_id), '{}'), coalesce(array_agg(hour), '{}')
FROM (
    SELECT CASE v.subject_kind WHEN 'sensor' THEN v.subject_id
                ELSE (SELECT min(s.id) FROM sensor s WHERE s.site_id = v.subject_id) END AS sensor_id,
           date_trunc('hour', v.period_end - interval '1 second', 'UTC') AS hour
    FROM indicator_value v
    WHERE v.provisional AND v.period_end <= %(ended_before)s::timestamptz AND v.subject_kind IN ('sensor', 'site')
    LIMIT %(claim_max)s::int
) AS stale
WHERE sensor_id IS NOT NULL
