-- An indicator of sites over time.
SELECT v.period_start AS "time", v.subject_name AS metric, v.value
FROM indicator_value v
WHERE v.indicator = :'indicator' AND v.period = :'period' AND v.subject_kind = 'site' AND $__timeFilter(v.period_start)
  AND v.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND v.site IN (${site:sqlstring})
ORDER BY 1, 2
