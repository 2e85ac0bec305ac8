-- Put a site into free zones.
INSERT INTO site_zone (site_id, area_id)
SELECT %(id)s::integer, zone.id FROM unnest(%(zone_ids)s::integer[]) AS zone (id) ON CONFLICT DO NOTHING
