-- Deployments of some sensors that touch a span.
SELECT s.code AS sensor, t.code AS site, g.code AS gateway, d.valid_from, d.valid_to, d.note
FROM deployment d JOIN sensor s ON s.id = d.sensor_id JOIN site t ON t.id = d.site_id JOIN gateway g ON g.id = d.gateway_id
WHERE d.sensor_id = ANY (%(sensor_ids)s::integer[]) AND d.valid_from < %(to)s::timestamptz
  AND coalesce(d.valid_to, 'infinity') > %(from)s::timestamptz
ORDER BY d.sensor_id, d.valid_from, d.id
