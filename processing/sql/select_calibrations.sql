-- Calibrations of some sensors, in the order in which later ones override earlier ones.
SELECT sensor_id, valid_from, valid_to, scale, value_offset FROM calibration
WHERE sensor_id = ANY(%(sensor_ids)s::int4[]) ORDER BY sensor_id, valid_from, id
