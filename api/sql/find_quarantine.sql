-- One quarantine row with all the bytes that were kept.
SELECT id, received_at, gateway, topic, payload_format, reason, detail, sensor, reading_count, last_ts, last_value,
       last_unit, payload, status, replay_requested_at, resolved_at, resolved_by
FROM quarantine WHERE id = %(id)s::bigint
