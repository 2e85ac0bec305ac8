-- Set readings aside; answers the digests that were not kept before.
INSERT INTO quarantine (received_at, gateway, topic, payload_format, reason, detail, sensor, reading_count, payload,
                        last_ts, last_value, last_unit, digest)
SELECT * FROM unnest(%(received_at)s::timestamptz[], %(gateway)s::text[], %(topic)s::text[], %(payload_format)s::text[],
                     %(reason)s::text[], %(detail)s::text[], %(sensor)s::text[], %(reading_count)s::integer[],
                     %(payload)s::bytea[], %(last_ts)s::timestamptz[], %(last_value)s::double precision[],
                     %(last_unit)s::text[], %(digest)s::bytea[])
ON CONFLICT (digest) DO NOTHING
RETURNING digest
