-- Travel time index by road: mean of the last hour of the range over free flow (15th percentile of the range).
SELECT s.site_name AS place, avg(r.value) FILTER (WHERE r.ts > $__timeTo()::timestamptz - interval '1 hour') AS now_s,
       percentile_cont(0.15) WITHIN GROUP (ORDER BY r.value) AS free_s,
       avg(r.value) FILTER (WHERE r.ts > $__timeTo()::timestamptz - interval '1 hour')
           / nullif(percentile_cont(0.15) WITHIN GROUP (ORDER BY r.value), 0) AS tti, count(*) AS n
FROM reading r JOIN sensor s ON s.id = r.sensor_id
WHERE s.quantity = 'travel_time' AND $__timeFilter(r.ts) AND r.state = 0 AND r.flag < 4
  AND s.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND s.site IN (${site:sqlstring})
GROUP BY s.site_name
ORDER BY tti DESC NULLS LAST
