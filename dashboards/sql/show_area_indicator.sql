-- The newest value of an area indicator for the broadest of the chosen areas, named by it.
SELECT v.period_start AS "time", v.subject_name AS metric, v.value
FROM indicator_value v JOIN area a ON a.code = v.subject
WHERE v.indicator = :'indicator' AND v.period = :'period' AND v.subject_kind = 'area' AND v.value IS NOT NULL
  AND v.subject IN (${area:sqlstring})
  AND v.period_start <= $__timeTo()::timestamptz AND v.period_start > $__timeTo()::timestamptz - interval '62 days'
ORDER BY (a.parent_id IS NOT NULL), (a.kind NOT IN ('province', 'city')), v.period_start DESC, a.code
LIMIT 1
