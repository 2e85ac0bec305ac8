-- What dashboards read: views only, in a schema of their own.

CREATE SCHEMA grafana;

CREATE VIEW grafana.area AS SELECT id, code, name, name_en, kind, parent_id, time_zone FROM area WHERE retired_at IS NULL;

CREATE VIEW grafana.site AS
SELECT s.id, s.code, s.name, s.name_en, s.kind, s.latitude, s.longitude, s.customers, a.code AS area, a.name AS area_name
FROM site s JOIN area a ON a.id = s.area_id WHERE s.retired_at IS NULL;

CREATE VIEW grafana.sensor AS
SELECT s.id, s.code, s.name, s.title, s.quantity, q.title_vi AS quantity_vi, q.title_en AS quantity_en, q.service,
       q.unit, s.interval_s, g.code AS gateway, t.code AS site, t.name AS site_name, a.code AS area, a.name AS area_name,
       coalesce(s.latitude, t.latitude) AS latitude, coalesce(s.longitude, t.longitude) AS longitude
FROM sensor s JOIN quantity q ON q.code = s.quantity JOIN gateway g ON g.id = s.gateway_id
     JOIN site t ON t.id = s.site_id JOIN area a ON a.id = t.area_id
WHERE s.retired_at IS NULL;

CREATE VIEW grafana.reading AS SELECT sensor_id, ts, value, flag, state, received_at FROM reading;

CREATE VIEW grafana.hour_fact AS
SELECT sensor_id, hour, n, n_good, slots, expected, mean, minimum, maximum, live_s, window_s, outages, on_time, delay_max_s,
       increase
FROM hour_fact;

CREATE VIEW grafana.gateway AS
SELECT g.id, g.code, g.name, g.archive, n.online, n.status_at, n.last_seen_at, n.gap_count, n.clock_skew_s
FROM gateway g LEFT JOIN gateway_seen n ON n.gateway = g.code WHERE g.retired_at IS NULL;

CREATE VIEW grafana.indicator_value AS
SELECT i.code AS indicator, i.title_vi, i.title_en, i.unit, i.service, v.subject_kind, v.subject_id,
       coalesce(a.code, t.code, s.code) AS subject, coalesce(a.name, t.name, s.code) AS subject_name,
       v.period, v.period_start, v.period_end, v.value, v.n, v.completeness, v.verdict, v.limit_value, v.responsible,
       v.note, v.provisional, v.revision, v.computed_at
FROM indicator_value v JOIN indicator i ON i.id = v.indicator_id
     LEFT JOIN area a ON v.subject_kind = 'area' AND a.id = v.subject_id
     LEFT JOIN site t ON v.subject_kind = 'site' AND t.id = v.subject_id
     LEFT JOIN sensor s ON v.subject_kind = 'sensor' AND s.id = v.subject_id;

CREATE VIEW grafana.interruption AS
SELECT i.id, t.code AS site, t.name AS site_name, a.code AS area, a.name AS area_name, i.started_at, i.ended_at,
       i.customers, i.planned, i.excluded_reason
FROM interruption i JOIN site t ON t.id = i.site_id JOIN area a ON a.id = t.area_id;

CREATE VIEW grafana.accounting AS
SELECT gateway, hour, messages, received, stored, duplicate, conflict, quarantined, rejected FROM accounting;

CREATE VIEW grafana.quarantine AS
SELECT id, received_at, gateway, reason, sensor, reading_count, status FROM quarantine;
