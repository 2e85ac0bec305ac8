-- These rows were replayed and still cannot be stored, for another reason than before; answers those changed.
UPDATE quarantine AS held
SET reason = fresh.reason, detail = fresh.detail, sensor = fresh.sensor, payload_format = fresh.payload_format,
    payload = fresh.payload, digest = fresh.digest, replay_requested_at = NULL
FROM unnest(%(id)s::bigint[], %(reason)s::text[], %(detail)s::text[], %(sensor)s::text[], %(payload_format)s::text[],
            %(payload)s::bytea[], %(digest)s::bytea[])
     AS fresh(id, reason, detail, sensor, payload_format, payload, digest)
WHERE held.id = fresh.id AND NOT EXISTS (SELECT FROM quarantine AS other WHERE other.digest = fresh.digest)
RETURNING held.id
