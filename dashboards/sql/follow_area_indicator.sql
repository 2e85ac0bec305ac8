-- An indicator of areas over time.
SELECT v.period_start AS "time", v.subject_name AS metric, v.value
FROM indicator_value v
WHERE v.indicator = :'indicator' AND v.period = :'period' AND v.subject_kind = 'area' AND $__timeFilter(v.period_start)
  AND v.subject IN (${area:sqlstring})
ORDER BY 1, 2
