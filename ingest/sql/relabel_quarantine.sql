-- These rows were replayed and still cannot be stored, for another reason than before; answers those changed.
UPDATE quarantine AS held
SET reason = fresh.reason, detail = fresh.detail, sensor = fresh.sensor, payload_format = fresh.payload_format,
    reading_count = fresh.reading_count, payload = fresh.payload, last_ts = fresh.last_ts,
    last_value = fresh.last_value, last_unit = fresh.last_unit, digest = fresh.digest, replay_requested_at = NULL
FROM unnest(%(id)s::bigint[], %(reason)s::text[], %(detail)s::text[], %(sensor)s::text[], %(payload_format)s::text[],
            %(reading_count)s::integer[], %(payload)s::bytea[], %(last_ts)s::timestamptz[],
            %(last_value)s::double precision[], %(last_unit)s::text[], %(digest)s::bytea[])
     AS fresh(id, reason, detail, sensor, payload_format, reading_count, payload, last_ts, last_value, last_unit, digest)
WHERE held.id = fresh.id AND NOT EXISTS (SELECT FROM quarantine AS other WHERE other.digest = fresh.digest)
RETURNING held.id
