-- One reliability indicator (SAIDI, SAIFI or MAIFI) by month for the broadest of the chosen areas.
SELECT to_char(v.period_start AT TIME ZONE a.time_zone, 'YYYY-MM') AS month,
       max(v.value) FILTER (WHERE v.indicator = :'indicator') AS value
FROM indicator_value v JOIN area a ON a.code = v.subject
WHERE v.indicator = :'indicator' AND v.period = 'month' AND v.subject_kind = 'area' AND $__timeFilter(v.period_start)
  AND v.subject = (SELECT code FROM area WHERE code IN (${area:sqlstring})
                   ORDER BY (parent_id IS NOT NULL), (kind NOT IN ('province', 'city')), code LIMIT 1)
GROUP BY 1
ORDER BY 1
