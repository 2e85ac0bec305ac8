-- One page of quarantine, newest first.
SELECT id, received_at, gateway, topic, payload_format, reason, detail, sensor, reading_count, last_ts, last_value,
       last_unit, substring(payload FROM 1 FOR 2000) AS payload, status, replay_requested_at, resolved_at, resolved_by
FROM quarantine
WHERE id < %(before_id)s::bigint
  AND (%(id)s::bigint IS NULL OR id = %(id)s::bigint)
  AND (%(status)s::text IS NULL OR status = %(status)s::text)
  AND (%(gateway)s::text IS NULL OR gateway = %(gateway)s::text)
  AND (%(sensor)s::text IS NULL OR sensor = %(sensor)s::text)
  AND (%(reason)s::text IS NULL OR reason = %(reason)s::text)
ORDER BY id DESC LIMIT %(limit)s::bigint
