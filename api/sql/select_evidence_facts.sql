-- Hour facts of some sensors in a span, as they were at an instant.
SELECT v.*
FROM (
    SELECT sensor_id, hour, n, n_good, slots, expected, mean, m2, minimum, maximum, first_ts, last_ts, last_good_ts,
           last_good_value, integral, covered_s, live_s, window_s, outages, increase, on_time, delay_max_s, outages_closed,
           outage_closed_s, last_calibrating_ts, provisional, revision, computed_at
    FROM hour_fact
    WHERE sensor_id = ANY (%(sensor_ids)s::integer[]) AND hour >= %(from)s::timestamptz AND hour < %(to)s::timestamptz
      AND computed_at <= %(known)s::timestamptz
    UNION ALL
    SELECT sensor_id, hour, n, n_good, slots, expected, mean, m2, minimum, maximum, first_ts, last_ts, last_good_ts,
           last_good_value, integral, covered_s, live_s, window_s, outages, increase, on_time, delay_max_s, outages_closed,
           outage_closed_s, last_calibrating_ts, false, revision, computed_at
    FROM hour_fact_revision
    WHERE sensor_id = ANY (%(sensor_ids)s::integer[]) AND hour >= %(from)s::timestamptz AND hour < %(to)s::timestamptz
      AND computed_at <= %(known)s::timestamptz AND superseded_at > %(known)s::timestamptz
) AS v
ORDER BY v.sensor_id, v.hour, v.revision LIMIT %(limit)s::integer
