-- Sites that measure one of some quantities, with the number of customers of a feeder.
SELECT t.id, t.area_id, coalesce(t.customers, 0), t.aqi_eligible, t.retired_at IS NOT NULL,
       min(s.id) FILTER (WHERE s.retired_at IS NULL), min(s.id)
FROM site t JOIN sensor s ON s.site_id = t.id
WHERE s.quantity = ANY(%(quantities)s::text[])
GROUP BY t.id
