-- New deployments of sensors that an import moved; their old ones were closed.
INSERT INTO deployment (sensor_id, site_id, gateway_id, valid_from)
SELECT s.id, s.site_id, s.gateway_id, greatest(now(), (SELECT max(d.valid_to) FROM deployment d WHERE d.sensor_id = s.id))
FROM sensor s WHERE s.id = ANY (%(sensor_ids)s::integer[])
