-- A small city with every quantity, two days of readings, one of each problem. Times are relative to now.
INSERT INTO area (code, name, name_en, kind) VALUES ('tp-thu', 'Thành phố Thử', 'Test City', 'city');
INSERT INTO area (code, name, kind, parent_id)
SELECT code, name, 'ward', (SELECT id FROM area WHERE code = 'tp-thu')
FROM (VALUES ('p-bac', 'Phường Bắc'), ('p-nam', 'Phường Nam')) AS w (code, name);
INSERT INTO area (code, name, kind) VALUES ('khu-cong-nghe', 'Khu công nghệ', 'zone');

INSERT INTO site (code, name, kind, area_id, latitude, longitude, customers)
SELECT k.kind || '-' || a.code, k.kind || ' ' || a.name, k.kind, a.id, 21.0 + a.id * 0.01 + k.place * 0.001,
       105.8 + k.place * 0.004, CASE WHEN k.kind = 'feeder' THEN 1200 END
FROM area a CROSS JOIN unnest(ARRAY['air_station', 'water_station', 'pump', 'feeder', 'light', 'road', 'bin', 'gauge',
                                    'noise_station', 'pole', 'other']) WITH ORDINALITY AS k (kind, place)
WHERE a.kind = 'ward';
INSERT INTO site_zone SELECT s.id, a.id FROM site s, area a WHERE s.code = 'pole-p-nam' AND a.code = 'khu-cong-nghe';

INSERT INTO gateway (code, name) SELECT 'gw-' || code, 'Gateway ' || name FROM area WHERE kind = 'ward';
INSERT INTO gateway (code, name, archive) VALUES ('gw-archive', 'Lưu trữ', true);
INSERT INTO gateway_seen (gateway, online, status_at, last_seen_at, missing, clock_skew_s)
VALUES ('gw-p-bac', true, now() - interval '2 days', now(), '{}', 0.4),
       ('gw-p-nam', false, now() - interval '3 hours', now() - interval '3 hours', '{[7,9),[11,13)}', 70);

INSERT INTO sensor (code, gateway_id, name, quantity, unit, interval_s, site_id)
SELECT g.code || '.' || q.code, g.id, q.code, q.code, q.unit, 600, s.id
FROM quantity q CROSS JOIN gateway g JOIN area a ON g.code = 'gw-' || a.code
     JOIN site s ON s.area_id = a.id AND s.kind = CASE
         WHEN q.service = 'air' THEN 'air_station'
         WHEN q.service = 'water' THEN 'water_station'
         WHEN q.service = 'electricity' THEN 'feeder'
         WHEN q.service = 'lighting' THEN 'light'
         WHEN q.service = 'traffic' THEN 'road'
         WHEN q.service = 'waste' THEN 'bin'
         WHEN q.code = 'sound_level' THEN 'noise_station'
         ELSE 'gauge' END;

SELECT ensure_reading_partitions(now() - interval '3 days', now() + interval '1 day');
-- pm10 of the northern ward fell silent six hours ago; everything else reports until now.
INSERT INTO reading (sensor_id, ts, received_at, value, flag, state)
SELECT s.id, t.ts, t.ts + interval '2 seconds',
       CASE WHEN q.kind = 'counter' THEN extract(epoch FROM t.ts - now() + interval '3 days') / 600
            WHEN s.quantity = 'supply_state' THEN (extract(hour FROM t.ts) <> 3)::int
            WHEN q.kind = 'state' THEN 1
            WHEN s.quantity = 'bin_fill' THEN 85
            ELSE coalesce(q.range_min, 0) + 20 + 5 * sin(extract(epoch FROM t.ts) / 7200) END, 1, 0
FROM sensor s JOIN quantity q ON q.code = s.quantity
     CROSS JOIN generate_series(now() - interval '47 hours', now(), interval '10 minutes') AS t (ts)
WHERE NOT (s.code = 'gw-p-bac.pm10' AND t.ts > now() - interval '6 hours');

INSERT INTO hour_fact (sensor_id, hour, n, n_good, slots, expected, mean, m2, minimum, maximum, first_ts, last_ts,
                       last_good_ts, last_good_value, integral, covered_s, live_s, window_s, outages, increase, on_time,
                       delay_max_s)
SELECT r.sensor_id, date_trunc('hour', r.ts), count(*), count(*), count(*), 6, avg(r.value), 0, min(r.value), max(r.value),
       min(r.ts), max(r.ts), max(r.ts), max(r.value), 0, 3600, 3600, 3600, 0,
       CASE WHEN q.kind = 'counter' THEN max(r.value) - min(r.value) END, count(*), 2
FROM reading r JOIN sensor s ON s.id = r.sensor_id JOIN quantity q ON q.code = s.quantity
GROUP BY r.sensor_id, date_trunc('hour', r.ts), q.kind;

INSERT INTO interruption (site_id, sensor_id, started_at, ended_at, customers, planned)
SELECT s.id, NULL::integer, now() - interval '40 minutes', NULL, 1200, false FROM site s WHERE s.code = 'feeder-p-nam'
UNION ALL
SELECT s.id, NULL::integer, now() - interval '20 hours', now() - interval '19 hours', 1200, true FROM site s WHERE s.code = 'feeder-p-bac';

INSERT INTO indicator (code, title_vi, title_en, unit, service, direction, subject_kinds, periods, formula_vi, formula_en,
                       completeness_rule_vi, completeness_rule_en, source, method_version)
SELECT code, code || ' (vi)', code || ' (en)', unit, 'all', 'lower', ARRAY['site', 'area'],
       ARRAY['hour', 'day', 'month', 'year'], '-', '-', '-', '-', 'test', '1'
FROM (VALUES ('vn_aqi_hour', '1'), ('vn_aqi_day', '1'), ('pm25_day', 'ug/m3'), ('completeness', '1'), ('availability', '1'),
             ('saidi', 'min'), ('saifi', '1'), ('maifi', '1')) AS i (code, unit)
ON CONFLICT (code) DO NOTHING;

-- Site values: hourly and daily. The southern station is bad, its PM2.5 above the limit.
INSERT INTO indicator_value (indicator_id, subject_kind, subject_id, period, period_start, period_end, value, n,
                             completeness, verdict, limit_value, responsible, provisional, method_version)
SELECT i.id, 'site', s.id, p.period, p.start, p.start + p.length, CASE WHEN s.code LIKE '%nam' THEN 212 ELSE 40 END, 24, 1,
       CASE WHEN i.code = 'pm25_day' THEN CASE WHEN s.code LIKE '%nam' THEN 'không đạt' ELSE 'đạt' END END,
       CASE WHEN i.code = 'pm25_day' THEN 45 END, 'pm25', false, '1'
FROM indicator i JOIN site s ON s.kind = 'air_station'
     CROSS JOIN LATERAL (
         SELECT 'hour', h, interval '1 hour'
         FROM generate_series(date_trunc('hour', now()) - interval '46 hours', now(), interval '1 hour') AS h
         WHERE i.code = 'vn_aqi_hour'
         UNION ALL
         SELECT 'day', date_trunc('day', now(), 'Asia/Ho_Chi_Minh') - d * interval '1 day', interval '1 day'
         FROM generate_series(0, 2) AS d WHERE i.code IN ('vn_aqi_day', 'pm25_day')
     ) AS p (period, start, length);
-- Area values: day, month and year.
INSERT INTO indicator_value (indicator_id, subject_kind, subject_id, period, period_start, period_end, value, n,
                             completeness, provisional, method_version)
SELECT i.id, 'area', a.id, p.period, date_trunc(p.period, now(), 'Asia/Ho_Chi_Minh'),
       date_trunc(p.period, now(), 'Asia/Ho_Chi_Minh') + ('1 ' || p.period)::interval, 0.9, 10, 0.9, true, '1'
FROM indicator i CROSS JOIN area a CROSS JOIN (VALUES ('day'), ('month'), ('year')) AS p (period)
WHERE i.code IN ('completeness', 'availability', 'saidi', 'saifi', 'maifi');

INSERT INTO accounting (gateway, hour, messages, received, stored, duplicate, conflict, quarantined, rejected)
SELECT g.code, h, 60, 100, 90, 4, 1, 4, 1
FROM gateway g CROSS JOIN generate_series(date_trunc('hour', now()) - interval '46 hours', now(), interval '1 hour') AS h
WHERE NOT g.archive;
INSERT INTO quarantine (gateway, topic, payload_format, reason, sensor, reading_count, payload, digest)
VALUES ('gw-stranger', 'nhip/v1/gw-stranger/data', 'native', 'unknown_gateway', 'pm25', 12, '', '\x01'),
       ('gw-p-bac', 'nhip/v1/gw-p-bac/data', 'native', 'unit', 'pm25', 3, '', '\x02');
INSERT INTO dirty_hour (sensor_id, hour, marked_at)
SELECT id, date_trunc('hour', now()), now() - interval '5 seconds' FROM sensor LIMIT 7;
ANALYZE;
