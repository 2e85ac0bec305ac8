-- The newest value of each indicator, of an area rather than of a site or sensor.
SELECT i.code AS indicator, i.title_vi, i.title_en, i.unit, v.period, v.period_start, v.period_end, v.value,
       v.verdict, v.responsible, v.provisional, v.subject_kind, coalesce(a.code, t.code, s.code) AS subject,
       coalesce(a.name, t.name, s.title, s.code) AS subject_name,
       coalesce(a.time_zone, ta.time_zone, sa.time_zone) AS time_zone
FROM indicator i
     CROSS JOIN LATERAL (
         SELECT * FROM indicator_value x
         WHERE x.indicator_id = i.id AND x.period = i.periods[1] AND x.value IS NOT NULL
         ORDER BY x.period_start DESC, x.subject_kind, x.subject_id LIMIT 1
     ) v
     LEFT JOIN area a ON v.subject_kind = 'area' AND a.id = v.subject_id
     LEFT JOIN site t ON v.subject_kind = 'site' AND t.id = v.subject_id
     LEFT JOIN area ta ON ta.id = t.area_id
     LEFT JOIN sensor s ON v.subject_kind = 'sensor' AND s.id = v.subject_id
     LEFT JOIN site st ON st.id = s.site_id
     LEFT JOIN area sa ON sa.id = st.area_id
ORDER BY i.code
