-- What dashboards read: views only, in a schema of their own.

CREATE SCHEMA grafana;

CREATE VIEW grafana.area AS SELECT id, code, name, name_en, kind, parent_id, time_zone FROM area WHERE retired_at IS NULL;

CREATE VIEW grafana.site AS
SELECT s.id, s.code, s.name, s.name_en, s.kind, s.latitude, s.longitude, s.customers, a.code AS area, a.name AS area_name
FROM site s JOIN area a ON a.id = s.area_id WHERE s.retired_at IS NULL;

CREATE VIEW grafana.sensor AS
SELECT s.id, s.code, s.name, s.title, s.quantity, q.title_vi AS quantity_vi, q.title_en AS quantity_en, q.service,
       q.unit, s.interval_s, s.averaging_s, g.code AS gateway, t.code AS site, t.name AS site_name, a.code AS area, a.name AS area_name,
       coalesce(s.latitude, t.latitude) AS latitude, coalesce(s.longitude, t.longitude) AS longitude
FROM sensor s JOIN quantity q ON q.code = s.quantity JOIN gateway g ON g.id = s.gateway_id
     JOIN site t ON t.id = s.site_id JOIN area a ON a.id = t.area_id
WHERE s.retired_at IS NULL;

CREATE VIEW grafana.reading AS SELECT sensor_id, ts, value, flag, state, received_at FROM reading;

CREATE VIEW grafana.hour_fact AS
SELECT sensor_id, hour, n, n_good, slots, expected, mean, minimum, maximum, live_s, window_s, outages, on_time, delay_max_s,
       increase, computed_at
FROM hour_fact;

CREATE VIEW grafana.gateway AS
SELECT g.id, g.code, g.name, g.archive, n.online, n.status_at, n.last_seen_at, n.gap_count, n.clock_skew_s
FROM gateway g LEFT JOIN gateway_seen n ON n.gateway = g.code WHERE g.retired_at IS NULL;

CREATE VIEW grafana.indicator_value AS
SELECT i.code AS indicator, i.title_vi, i.title_en, i.unit, i.service, v.subject_kind, v.subject_id,
       coalesce(a.code, t.code, s.code) AS subject, coalesce(a.name, t.name, s.code) AS subject_name,
       v.period, v.period_start, v.period_end, v.value, v.n, v.completeness, v.verdict, v.limit_value, v.responsible,
       v.note, v.provisional, v.revision, v.computed_at, coalesce(t.code, st.code) AS site
FROM indicator_cell v JOIN indicator i ON i.id = v.indicator_id
     LEFT JOIN area a ON v.subject_kind = 'area' AND a.id = v.subject_id
     LEFT JOIN site t ON v.subject_kind = 'site' AND t.id = v.subject_id
     LEFT JOIN sensor s ON v.subject_kind = 'sensor' AND s.id = v.subject_id
     LEFT JOIN site st ON st.id = s.site_id;

CREATE VIEW grafana.interruption AS
SELECT i.id, t.code AS site, t.name AS site_name, a.code AS area, a.name AS area_name, i.started_at, i.ended_at,
       i.customers, i.planned, i.excluded_reason
FROM interruption i JOIN site t ON t.id = i.site_id JOIN area a ON a.id = t.area_id;

CREATE VIEW grafana.accounting AS
SELECT gateway, hour, messages, received, stored, duplicate, conflict, quarantined, rejected FROM accounting;

CREATE VIEW grafana.quarantine AS
SELECT id, received_at, gateway, reason, sensor, reading_count, status FROM quarantine;

CREATE VIEW grafana.site_area AS
WITH RECURSIVE member AS (
    SELECT id AS site_id, area_id FROM site WHERE retired_at IS NULL
    UNION
    SELECT z.site_id, z.area_id FROM site_zone z JOIN site s ON s.id = z.site_id WHERE s.retired_at IS NULL
    UNION
    SELECT m.site_id, a.parent_id FROM member m JOIN area a ON a.id = m.area_id WHERE a.parent_id IS NOT NULL
)
SELECT s.code AS site, a.code AS area
FROM member m JOIN site s ON s.id = m.site_id JOIN area a ON a.id = m.area_id
WHERE a.retired_at IS NULL;
COMMENT ON VIEW grafana.site_area IS 'Every area in which a site counts: its own, those above it, and free zones.';

CREATE VIEW grafana.sensor_last AS
SELECT s.id, s.code, s.name, s.quantity, s.unit, s.interval_s, s.gateway, s.site, s.site_name, s.area, s.area_name,
       r.ts AS last_ts, r.value AS last_value,
       r.ts IS NULL OR r.ts + make_interval(secs => s.averaging_s + greatest(3 * s.interval_s, 300)) < now() AS silent
FROM grafana.sensor s JOIN gateway g ON g.code = s.gateway AND NOT g.archive AND g.retired_at IS NULL
     LEFT JOIN LATERAL (
         SELECT ts, value FROM reading WHERE sensor_id = s.id AND ts > now() - interval '35 days' ORDER BY ts DESC LIMIT 1
     ) r ON true;
COMMENT ON VIEW grafana.sensor_last IS
    'Last reading of the past 35 days of each live sensor; silent: three intervals (at least 5 minutes) without one.';

CREATE VIEW grafana.backlog AS SELECT count(*) AS keys, min(marked_at) AS oldest_at FROM dirty_hour;
COMMENT ON VIEW grafana.backlog IS 'What processing has yet to compute.';
