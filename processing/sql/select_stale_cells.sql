-- Provisional values of periods that ended, whose sensors have no open hour left: a key of each sensor that a value is made
-- of, in the last hour of the period (of a site: in which the sensor stood there).
WITH stale AS (
    SELECT subject_kind, subject_id, period_start, period_end FROM indicator_value
    WHERE provisional AND period_end <= %(ended_before)s::timestamptz AND subject_kind IN ('sensor', 'site')
    LIMIT %(claim_max)s::int
), keys AS (
    SELECT subject_id AS sensor_id, period_end AS until FROM stale WHERE subject_kind = 'sensor'
    UNION
    SELECT p.sensor_id, least(v.period_end, p.valid_to) FROM stale v JOIN sensor_place p ON p.site_id = v.subject_id
    WHERE v.subject_kind = 'site' AND p.valid_from < v.period_end AND p.valid_to > v.period_start
)
SELECT coalesce(array_agg(sensor_id), '{}'),
       coalesce(array_agg(date_trunc('hour', until - interval '1 second', 'UTC')), '{}')
FROM keys
