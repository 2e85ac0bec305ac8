-- What the engine must know of some sensors.
SELECT s.id, s.site_id, s.quantity, q.kind = 'counter' AS is_counter, s.interval_s, s.averaging_s, g.archive,
       least(s.retired_at, g.retired_at) AS retired_at
FROM sensor s JOIN gateway g ON g.id = s.gateway_id JOIN quantity q ON q.code = s.quantity
WHERE s.id = ANY(%(sensor_ids)s::int4[])
