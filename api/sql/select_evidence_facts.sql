-- Hour facts of some sensors in a span that were computed by an instant.
SELECT sensor_id, hour, n, n_good, slots, expected, mean, m2, minimum, maximum, first_ts, last_ts, last_good_ts,
       last_good_value, integral, covered_s, live_s, window_s, outages, increase, on_time, delay_max_s, outages_closed,
       outage_closed_s, last_calibrating_ts, provisional, revision, computed_at
FROM hour_fact
WHERE sensor_id = ANY (%(sensor_ids)s::integer[]) AND hour >= %(from)s::timestamptz AND hour < %(to)s::timestamptz
  AND computed_at <= %(known)s::timestamptz
ORDER BY sensor_id, hour LIMIT %(limit)s::integer
