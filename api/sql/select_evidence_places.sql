-- Where some sensors stood when.
SELECT p.sensor_id, p.site_id, t.code AS site, greatest(p.valid_from, '1900-01-01'::timestamptz) AS valid_from,
       least(p.valid_to, '9000-01-01'::timestamptz) AS valid_to, t.aqi_eligible
FROM sensor_place p JOIN site t ON t.id = p.site_id WHERE p.sensor_id = ANY (%(sensor_ids)s::integer[])
ORDER BY p.sensor_id, p.valid_from
