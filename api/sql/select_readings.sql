-- One page of readings of a sensor, oldest first.
SELECT ts, value, flag, state FROM reading
WHERE sensor_id = %(sensor_id)s::integer AND ts >= %(from)s::timestamptz AND ts < %(to)s::timestamptz
  AND ts > %(after)s::timestamptz
ORDER BY ts LIMIT %(limit)s::bigint
