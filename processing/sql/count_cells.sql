-- How many published values the hours of some sensors in a span go into: of the sensors, of the sites where they stood,
-- and of the areas around these.
WITH RECURSIVE stood AS (
    SELECT DISTINCT site_id FROM sensor_place
    WHERE sensor_id = ANY(%(sensor_ids)s::int4[]) AND valid_from < %(ends_at)s::timestamptz
      AND valid_to > %(starts_at)s::timestamptz
), around AS (
    SELECT t.area_id AS id FROM site t JOIN stood ON t.id = stood.site_id
    UNION
    SELECT z.area_id FROM site_zone z JOIN stood ON stood.site_id = z.site_id
    UNION
    SELECT a.parent_id FROM area a JOIN around ON a.id = around.id WHERE a.parent_id IS NOT NULL
), subject AS (
    SELECT 'sensor' AS kind, unnest(%(sensor_ids)s::int4[]) AS id
    UNION ALL SELECT 'site', site_id FROM stood
    UNION ALL SELECT 'area', id FROM around
)
SELECT (SELECT count(*) FROM indicator i CROSS JOIN subject s
        JOIN indicator_value v ON v.indicator_id = i.id AND v.subject_kind = s.kind AND v.subject_id = s.id
        WHERE v.period_end > %(starts_at)s::timestamptz AND v.period_start < %(ends_at)s::timestamptz
          AND v.note IS DISTINCT FROM 'terms')  -- kept for longer periods to add up, not published
     + (SELECT count(*) FROM sensor_hour_cell
        WHERE subject_id = ANY(%(sensor_ids)s::int4[]) AND period_start > %(starts_at)s::timestamptz - interval '1 hour'
          AND period_start < %(ends_at)s::timestamptz)
