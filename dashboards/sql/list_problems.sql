-- What is wrong now: severity, what, where, since when.
WITH chosen AS (
    SELECT DISTINCT site FROM site_area WHERE area IN (${area:sqlstring}) AND site IN (${site:sqlstring})
), sensors AS (
    SELECT l.* FROM sensor_last l WHERE l.site IN (SELECT site FROM chosen)
), air AS (
    SELECT DISTINCT ON (v.subject) v.subject, v.subject_name, v.value, v.period_start, v.responsible
    FROM indicator_value v
    WHERE v.indicator = 'vn_aqi_hour' AND v.period = 'hour' AND v.subject_kind = 'site'
      AND v.period_start > now() - interval '3 hours' AND v.value IS NOT NULL AND v.site IN (SELECT site FROM chosen)
    ORDER BY v.subject, v.period_start DESC
)
SELECT 3 AS severity, 'power' AS kind, area_name AS area, site_name AS place, site AS subject, started_at AS since,
       customers || ' KH/customers' AS detail
FROM interruption
WHERE ended_at IS NULL AND excluded_reason IS NULL AND site IN (SELECT site FROM chosen)
UNION ALL
SELECT CASE WHEN a.value > 200 THEN 3 ELSE 2 END, 'air', t.area_name, a.subject_name, a.subject, a.period_start,
       'VN_AQI ' || a.value || coalesce(' (' || a.responsible || ')', '')
FROM air a JOIN site t ON t.code = a.subject
WHERE a.value > 150
UNION ALL
SELECT 2, 'limit', t.area_name, v.subject_name, v.subject, v.period_start,
       v.indicator || ' ' || round(v.value::numeric, 1) || ' > ' || v.limit_value || ' ' || v.unit
FROM indicator_value v JOIN site t ON t.code = v.site
WHERE v.verdict = 'không đạt' AND v.period = 'day' AND v.period_start > now() - interval '36 hours'
  AND v.limit_value IS NOT NULL AND v.value > v.limit_value AND v.site IN (SELECT site FROM chosen)
UNION ALL
SELECT 2, 'gateway', coalesce(min(s.area_name), ''), coalesce(min(s.site_name), ''), g.code,
       coalesce(g.last_seen_at, g.status_at), count(s.id) || ' sensor'
FROM gateway g LEFT JOIN sensor s ON s.gateway = g.code AND s.site IN (SELECT site FROM chosen)
WHERE NOT g.archive AND g.online IS NOT TRUE
GROUP BY g.code, g.last_seen_at, g.status_at
HAVING count(s.id) > 0
UNION ALL
SELECT 2, 'sensor', s.area_name, s.site_name, s.code, s.last_ts, s.quantity
FROM sensors s JOIN gateway g ON g.code = s.gateway
WHERE s.silent AND g.online IS TRUE
UNION ALL
SELECT 1, 'quarantine', '', coalesce(q.sensor, ''), q.gateway, min(q.received_at), q.reason || ': ' || sum(q.reading_count)
FROM quarantine q
WHERE q.status = 'open'
GROUP BY q.gateway, q.sensor, q.reason
ORDER BY severity DESC, since
LIMIT 500
