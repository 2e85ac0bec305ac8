-- How many readings of some sensors there are in a span, known at an instant.
SELECT count(*) AS readings FROM (
    SELECT FROM reading
    WHERE sensor_id = ANY (%(sensor_ids)s::integer[]) AND ts >= %(from)s::timestamptz AND ts < %(to)s::timestamptz
      AND received_at <= %(known)s::timestamptz
    LIMIT %(limit)s::integer
) AS counted
