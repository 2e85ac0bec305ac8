-- Some sites with their customers.
SELECT t.id, t.code, t.name, t.customers, t.aqi_eligible, t.retired_at, a.time_zone
FROM site t JOIN area a ON a.id = t.area_id WHERE t.id = ANY (%(site_ids)s::integer[]) ORDER BY t.id
