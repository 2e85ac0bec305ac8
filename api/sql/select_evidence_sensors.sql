-- Sensors by number, or those that stood at some sites in a span, with what their facts depend on.
SELECT s.id, s.code, s.name, s.quantity, q.unit, q.kind = 'counter' AS is_counter, s.interval_s, s.averaging_s,
       g.code AS gateway, g.archive, least(s.retired_at, g.retired_at) AS retired_at, s.site_id, t.code AS site,
       a.time_zone
FROM sensor s JOIN gateway g ON g.id = s.gateway_id JOIN quantity q ON q.code = s.quantity JOIN site t ON t.id = s.site_id
     JOIN area a ON a.id = t.area_id
WHERE (s.id = ANY (%(sensor_ids)s::integer[])
       OR EXISTS (SELECT FROM sensor_place p WHERE p.sensor_id = s.id AND p.site_id = ANY (%(site_ids)s::integer[])
                  AND p.valid_from < %(to)s::timestamptz AND p.valid_to > %(from)s::timestamptz))
  AND (%(quantities)s::text[] IS NULL OR s.quantity = ANY (%(quantities)s::text[]))
ORDER BY s.id LIMIT %(limit)s::integer
