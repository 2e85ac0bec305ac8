-- VN_AQI of each station: newest hour of the range.
SELECT DISTINCT ON (v.subject) v.subject_name AS place, v.period_start, v.value, v.value AS band,
       coalesce(CASE WHEN ${language:sqlstring} = 'en' THEN q.quantity_en ELSE q.quantity_vi END, v.responsible) AS responsible,
       v.n
FROM indicator_value v
     LEFT JOIN (SELECT DISTINCT quantity, quantity_vi, quantity_en FROM sensor) q ON q.quantity = v.responsible
WHERE v.indicator = 'vn_aqi_hour' AND v.period = 'hour' AND v.subject_kind = 'site' AND v.value IS NOT NULL
  AND $__timeFilter(v.period_start)
  AND v.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND v.site IN (${site:sqlstring})
ORDER BY v.subject, v.period_start DESC
