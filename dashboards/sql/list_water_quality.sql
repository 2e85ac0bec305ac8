-- Share of readings inside the limits of drinking water (QCVN 01-1:2018/BYT, group A) by site.
SELECT s.site_name AS place,
       CASE WHEN ${language:sqlstring} = 'en' THEN s.quantity_en ELSE s.quantity_vi END AS quantity,
       (array_agg(r.value ORDER BY r.ts DESC))[1] AS last_value, s.unit, b.low, b.high,
       avg((r.value BETWEEN b.low AND b.high)::int) AS within, min(r.value) AS minimum, max(r.value) AS maximum, count(*) AS n
FROM reading r JOIN sensor s ON s.id = r.sensor_id
     JOIN (VALUES ('free_chlorine', 0.2, 1.0), ('turbidity', 0.0, 2.0), ('ph', 6.0, 8.5)) AS b (quantity, low, high)
       ON b.quantity = s.quantity
WHERE $__timeFilter(r.ts) AND r.state = 0 AND r.flag < 4
  AND s.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND s.site IN (${site:sqlstring})
GROUP BY s.site_name, s.quantity_en, s.quantity_vi, s.unit, b.low, b.high
ORDER BY within, place
