-- Have all hours of the sensors at these sites that were computed before computed again.
INSERT INTO dirty_hour (sensor_id, hour, readings_changed)
SELECT f.sensor_id, f.hour, false FROM hour_fact f JOIN sensor s ON s.id = f.sensor_id
WHERE s.site_id = ANY (%(site_ids)s::integer[])
