-- Codes of some sensors.
SELECT id, code FROM sensor WHERE id = ANY(%(sensor_ids)s::int4[])
