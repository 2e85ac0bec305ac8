-- The newest reading of each of these sensors; sensors without any are left out unless asked for.
SELECT s.code AS sensor, s.title, s.quantity, q.unit, t.code AS site, t.name AS site_name, a.code AS area,
       coalesce(s.latitude, t.latitude) AS latitude, coalesce(s.longitude, t.longitude) AS longitude,
       r.ts, r.value, r.flag, r.state, r.received_at
FROM sensor s JOIN quantity q ON q.code = s.quantity JOIN site t ON t.id = s.site_id
     JOIN area a ON a.id = t.area_id
     LEFT JOIN LATERAL (
         SELECT ts, value, flag, state, received_at FROM reading
         WHERE sensor_id = s.id AND ts >= %(newest)s::timestamptz ORDER BY ts DESC LIMIT 1
     ) r ON true
WHERE s.id = ANY (%(ids)s::integer[])
ORDER BY s.id
