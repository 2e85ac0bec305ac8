-- Sites as they are answered.
SELECT t.id, t.code, t.name, t.name_en, t.kind, a.code AS area, a.name AS area_name, a.time_zone, t.latitude,
       t.longitude, t.customers, t.aqi_eligible,
       ARRAY(SELECT z.code FROM site_zone x JOIN area z ON z.id = x.area_id WHERE x.site_id = t.id ORDER BY z.code)
           AS zones,
       t.retired_at, t.created_at, t.updated_at
FROM site t JOIN area a ON a.id = t.area_id
WHERE t.id = ANY (%(ids)s::integer[]) ORDER BY t.id
