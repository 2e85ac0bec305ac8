-- All sensors with what decides about their readings; retired ones first.
SELECT s.id, s.code, g.code, s.name, s.unit, q.unit, q.range_min, q.range_max, s.retired_at IS NOT NULL
FROM sensor s JOIN gateway g ON g.id = s.gateway_id JOIN quantity q ON q.code = s.quantity
ORDER BY s.retired_at NULLS LAST, s.id
