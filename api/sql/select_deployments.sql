-- Where a sensor stood, newest first.
SELECT d.id, t.code AS site, g.code AS gateway, d.valid_from, d.valid_to, d.note
FROM deployment d JOIN site t ON t.id = d.site_id JOIN gateway g ON g.id = d.gateway_id
WHERE d.sensor_id = %(sensor_id)s::integer ORDER BY d.valid_from DESC
