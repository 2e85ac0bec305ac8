-- The newest value of every area indicator by day, month and year, for the chosen areas.
SELECT DISTINCT ON (v.indicator, v.subject, v.period)
       CASE WHEN ${language:sqlstring} = 'en' THEN v.title_en ELSE v.title_vi END AS title,
       v.subject_name AS area, v.period, v.period_start, v.value, v.unit, v.completeness, v.verdict, v.limit_value,
       v.provisional::text AS provisional
FROM indicator_value v
WHERE v.subject_kind = 'area' AND v.subject IN (${area:sqlstring}) AND v.period_start <= $__timeTo()::timestamptz
  AND (v.period = 'day' AND v.period_start > $__timeTo()::timestamptz - interval '49 hours'
       OR v.period = 'month' AND v.period_start > $__timeTo()::timestamptz - interval '32 days'
       OR v.period = 'year' AND v.period_start > $__timeTo()::timestamptz - interval '367 days')
ORDER BY v.indicator, v.subject, v.period, v.period_start DESC
LIMIT 1000
