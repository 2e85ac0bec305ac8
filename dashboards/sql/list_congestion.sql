-- Travel time index by road: last hour of the range over free flow (15 % fastest of the range), from travel times or speeds.
SELECT x.place, x.basis, avg(x.seconds) FILTER (WHERE x.ts > $__timeTo()::timestamptz - interval '1 hour')
           / nullif(percentile_cont(0.15) WITHIN GROUP (ORDER BY x.seconds), 0) AS tti,
       avg(x.value) FILTER (WHERE x.ts > $__timeTo()::timestamptz - interval '1 hour') AS now_value, count(*) AS n
FROM (
    SELECT s.site_name AS place, s.quantity AS basis, r.ts, r.value,
           CASE WHEN s.quantity = 'travel_time' THEN r.value ELSE 3600 / r.value END AS seconds
    FROM reading r JOIN sensor s ON s.id = r.sensor_id
    WHERE s.quantity IN ('travel_time', 'vehicle_speed') AND r.value > 0 AND $__timeFilter(r.ts) AND r.state = 0 AND r.flag < 4
      AND s.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND s.site IN (${site:sqlstring})
) x
GROUP BY x.place, x.basis
ORDER BY tti DESC NULLS LAST
