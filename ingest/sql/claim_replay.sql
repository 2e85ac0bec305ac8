-- Take the next rows to replay; an operator who discards one at the same time comes first.
SELECT id, received_at, topic, payload_format, reading_count, payload
FROM quarantine
WHERE status = 'open' AND gateway = %(gateway)s::text AND reason = %(reason)s::text
      AND (sensor = %(sensor)s::text OR (sensor IS NULL AND %(sensor)s::text IS NULL))
      AND (%(all)s::boolean OR replay_requested_at IS NOT NULL) AND id > %(after)s::bigint
ORDER BY id LIMIT %(limit)s::bigint
FOR UPDATE SKIP LOCKED
