-- Sites that measure one of some quantities; customers of a feeder; the sensor that speaks for the site.
SELECT t.id, t.code, coalesce(t.customers, 0), t.aqi_eligible, t.retired_at IS NOT NULL, min(s.id)
FROM site t JOIN sensor s ON s.site_id = t.id
WHERE s.quantity = ANY(%(quantities)s::text[])
GROUP BY t.id ORDER BY t.id
