-- Where new sensors stand: since when was said, since they were first heard, or from now; archives from 1970.
INSERT INTO deployment (sensor_id, site_id, gateway_id, valid_from)
SELECT s.id, s.site_id, s.gateway_id,
       CASE WHEN r.deployed_at IS NOT NULL THEN r.deployed_at
            WHEN g.archive THEN timestamptz '1970-01-01 00:00:00+00'
            ELSE least(now(), heard.since) END
FROM json_to_recordset(%(rows)s::json) AS r (sensor_id integer, deployed_at timestamptz)
     JOIN sensor s ON s.id = r.sensor_id JOIN gateway g ON g.id = s.gateway_id
     LEFT JOIN LATERAL (
         SELECT min(least(q.received_at, q.last_ts)) AS since FROM quarantine q
         WHERE q.status = 'open' AND q.gateway = g.code AND q.sensor = s.name AND q.reason = 'unknown_sensor'
     ) heard ON true
