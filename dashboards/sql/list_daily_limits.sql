-- Daily values judged against a dated limit.
SELECT v.subject_name AS place, v.period_start, v.value, v.limit_value, v.completeness, v.verdict,
       v.provisional::text AS provisional, v.revision
FROM indicator_value v
WHERE v.indicator = :'indicator' AND v.period = 'day' AND $__timeFilter(v.period_start)
  AND v.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND v.site IN (${site:sqlstring})
ORDER BY v.period_start DESC, v.value DESC NULLS LAST
LIMIT 1000
