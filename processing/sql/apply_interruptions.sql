-- Make the interruptions that sensors saw in some spans what was derived anew; give site and start of what changed.
WITH span AS (
    SELECT * FROM unnest(%(span_sensor_ids)s::int4[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
         AS t (sensor_id, starts, ends)
), fresh AS (
    SELECT sensor_id, site_id, started_at, nullif(ended_at, '-infinity') AS ended_at, customers
    FROM unnest(%(sensor_ids)s::int4[], %(site_ids)s::int4[], %(started)s::timestamptz[], %(ended)s::timestamptz[],
                %(customers)s::int4[]) AS t (sensor_id, site_id, started_at, ended_at, customers)
), vanished AS (
    DELETE FROM interruption i USING span
    WHERE i.sensor_id = span.sensor_id AND i.started_at >= span.starts AND i.started_at < span.ends
      AND NOT EXISTS (SELECT FROM fresh WHERE fresh.sensor_id = i.sensor_id AND fresh.started_at = i.started_at)
    RETURNING i.site_id, i.started_at
), written AS (
    INSERT INTO interruption AS i (site_id, sensor_id, started_at, ended_at, customers)
    SELECT site_id, sensor_id, started_at, ended_at, customers FROM fresh
    ON CONFLICT (site_id, started_at) DO UPDATE SET ended_at = EXCLUDED.ended_at, updated_at = now()
    WHERE i.sensor_id IS NOT NULL AND i.ended_at IS DISTINCT FROM EXCLUDED.ended_at
    RETURNING i.site_id, i.started_at
)
SELECT coalesce(array_agg(site_id), '{}'), coalesce(array_agg(started_at), '{}')
FROM (SELECT * FROM vanished UNION ALL SELECT * FROM written) AS changed
