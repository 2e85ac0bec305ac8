-- How many hours of some sensors in a span wait to be computed again.
SELECT count(DISTINCT (sensor_id, hour)) AS hours FROM dirty_hour
WHERE sensor_id = ANY (%(sensor_ids)s::integer[]) AND hour >= %(from)s::timestamptz AND hour < %(to)s::timestamptz
