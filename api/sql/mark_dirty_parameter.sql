-- Have the hours computed again that a value of a parameter touches: from its local day on, of the sensors that the
-- indicator reads and that it holds for. A cell takes the value of the last day of its period, which may be a day
-- without readings: the last hour before is marked as well, for the longer periods that it lies in.
WITH RECURSIVE below AS (
    SELECT id FROM area WHERE id = %(area_id)s::integer
    UNION
    SELECT a.id FROM area a JOIN below b ON a.parent_id = b.id
), places AS (
    SELECT t.id FROM site t
    WHERE t.id = %(site_id)s::integer OR t.area_id IN (SELECT id FROM below)
       OR EXISTS (SELECT FROM site_zone z WHERE z.site_id = t.id AND z.area_id IN (SELECT id FROM below))
), touched AS (
    SELECT s.id, date_trunc('hour', %(valid_from)s::date::timestamp AT TIME ZONE a.time_zone, 'UTC') AS since
    FROM sensor s JOIN site t ON t.id = s.site_id JOIN area a ON a.id = t.area_id
    WHERE s.quantity = ANY (%(quantities)s::text[])
      AND (num_nonnulls(%(sensor_id)s::integer, %(site_id)s::integer, %(area_id)s::integer) = 0
           OR s.id = %(sensor_id)s::integer OR s.site_id IN (SELECT id FROM places)
           OR EXISTS (SELECT FROM deployment d WHERE d.sensor_id = s.id AND d.site_id IN (SELECT id FROM places)))
)
INSERT INTO dirty_hour (sensor_id, hour, readings_changed)
SELECT k.id, f.hour, false FROM touched k JOIN hour_fact f ON f.sensor_id = k.id AND f.hour >= k.since
UNION ALL
SELECT k.id, f.hour, false FROM touched k
CROSS JOIN LATERAL (SELECT hour FROM hour_fact WHERE sensor_id = k.id AND hour < k.since ORDER BY hour DESC LIMIT 1) AS f
