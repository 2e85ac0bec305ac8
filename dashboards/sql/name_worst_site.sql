-- The newest site value of an indicator that is highest, named by its site.
SELECT v.period_start AS "time", v.subject_name AS metric, v.value
FROM indicator_value v
WHERE v.indicator = :'indicator' AND v.period = :'period' AND v.subject_kind = 'site' AND v.value IS NOT NULL
  AND $__timeFilter(v.period_start)
  AND v.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND v.site IN (${site:sqlstring})
ORDER BY v.period_start DESC, v.value DESC
LIMIT 1
