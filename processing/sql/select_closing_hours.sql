-- Provisional facts whose hour and grace are over (or, for a refresh, all of them).
SELECT coalesce(array_agg(sensor_id), '{}'), coalesce(array_agg(hour), '{}')
FROM (
    SELECT sensor_id, hour FROM hour_fact
    WHERE provisional AND hour <= %(last_hour)s::timestamptz
    LIMIT %(claim_max)s::int
) AS due
