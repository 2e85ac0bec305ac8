-- Write hour facts, touch none that did not change, keep what was published of closed hours; give the changed keys.
-- Readings are only ever added; where fewer are left, retention has dropped them, and the facts outlive them.
WITH fresh AS (
    SELECT sensor_id, hour, n, n_good, slots, expected, nullif(mean, 'NaN') AS mean, nullif(m2, 'NaN') AS m2,
           nullif(minimum, 'NaN') AS minimum, nullif(maximum, 'NaN') AS maximum,
           nullif(first_ts, '-infinity') AS first_ts, nullif(last_ts, '-infinity') AS last_ts,
           nullif(last_good_ts, '-infinity') AS last_good_ts, nullif(last_good_value, 'NaN') AS last_good_value,
           integral, covered_s, live_s, window_s, outages, nullif(increase, 'NaN') AS increase, on_time,
           nullif(delay_max_s, 'NaN') AS delay_max_s, outages_closed, outage_closed_s,
           nullif(last_calibrating_ts, '-infinity') AS last_calibrating_ts, provisional
    FROM unnest(
        %(sensor_id)s::int4[], %(hour)s::timestamptz[], %(n)s::int4[], %(n_good)s::int4[], %(slots)s::int4[],
        %(expected)s::int4[], %(mean)s::float8[], %(m2)s::float8[], %(minimum)s::float8[],
        %(maximum)s::float8[], %(first_ts)s::timestamptz[], %(last_ts)s::timestamptz[],
        %(last_good_ts)s::timestamptz[], %(last_good_value)s::float8[], %(integral)s::float8[],
        %(covered_s)s::float8[], %(live_s)s::float8[], %(window_s)s::float8[], %(outages)s::int4[],
        %(increase)s::float8[], %(on_time)s::int4[], %(delay_max_s)s::float8[], %(outages_closed)s::int4[],
        %(outage_closed_s)s::float8[], %(last_calibrating_ts)s::timestamptz[], %(provisional)s::bool[]
    ) AS t (sensor_id, hour, n, n_good, slots, expected, mean, m2, minimum, maximum, first_ts, last_ts,
            last_good_ts, last_good_value, integral, covered_s, live_s, window_s, outages, increase, on_time,
            delay_max_s, outages_closed, outage_closed_s, last_calibrating_ts, provisional)
), superseded AS (
    SELECT f.* FROM fresh JOIN hour_fact f ON f.sensor_id = fresh.sensor_id AND f.hour = fresh.hour
    WHERE NOT f.provisional AND fresh.n >= f.n
      AND (f.n, f.n_good, f.slots, f.expected, f.mean, f.m2, f.minimum, f.maximum, f.first_ts, f.last_ts,
           f.last_good_ts, f.last_good_value, f.integral, f.covered_s, f.live_s, f.window_s, f.outages,
           f.increase, f.on_time, f.delay_max_s, f.outages_closed,
           f.outage_closed_s, f.last_calibrating_ts)
          IS DISTINCT FROM
          (fresh.n, fresh.n_good, fresh.slots, fresh.expected, fresh.mean, fresh.m2, fresh.minimum,
           fresh.maximum, fresh.first_ts, fresh.last_ts, fresh.last_good_ts, fresh.last_good_value,
           fresh.integral, fresh.covered_s, fresh.live_s, fresh.window_s, fresh.outages, fresh.increase,
           fresh.on_time, fresh.delay_max_s, fresh.outages_closed, fresh.outage_closed_s,
           fresh.last_calibrating_ts)
), kept AS (
    INSERT INTO hour_fact_revision (sensor_id, hour, n, n_good, slots, expected, mean, m2, minimum, maximum, first_ts,
        last_ts, last_good_ts, last_good_value, integral, covered_s, live_s, window_s, outages, increase, on_time,
        delay_max_s, outages_closed, outage_closed_s, last_calibrating_ts, revision, computed_at)
    SELECT sensor_id, hour, n, n_good, slots, expected, mean, m2, minimum, maximum, first_ts,
           last_ts, last_good_ts, last_good_value, integral, covered_s, live_s, window_s, outages, increase, on_time,
           delay_max_s, outages_closed, outage_closed_s, last_calibrating_ts, revision, computed_at
    FROM superseded
    ON CONFLICT DO NOTHING
), published AS (
    INSERT INTO indicator_value_revision (indicator_id, subject_kind, subject_id, period, period_start, revision, value,
                                          n, completeness, note, method_version, computed_at)
    SELECT v.indicator_id, v.subject_kind, v.subject_id, v.period, v.period_start, v.revision, v.value,
           v.n, v.completeness, v.note, v.method_version, v.computed_at
    FROM superseded f JOIN sensor_hour_cell v ON v.subject_id = f.sensor_id AND v.period_start = f.hour
    ON CONFLICT DO NOTHING
), written AS (
    INSERT INTO hour_fact AS f (sensor_id, hour, n, n_good, slots, expected, mean, m2, minimum, maximum, first_ts, last_ts,
        last_good_ts, last_good_value, integral, covered_s, live_s, window_s, outages, increase, on_time,
        delay_max_s, outages_closed, outage_closed_s, last_calibrating_ts, provisional)
    SELECT sensor_id, hour, n, n_good, slots, expected, mean, m2, minimum, maximum, first_ts, last_ts,
           last_good_ts, last_good_value, integral, covered_s, live_s, window_s, outages, increase, on_time,
           delay_max_s, outages_closed, outage_closed_s, last_calibrating_ts, provisional
    FROM fresh
    ON CONFLICT (sensor_id, hour) DO UPDATE SET
        n = EXCLUDED.n, n_good = EXCLUDED.n_good, slots = EXCLUDED.slots, expected = EXCLUDED.expected,
        mean = EXCLUDED.mean, m2 = EXCLUDED.m2, minimum = EXCLUDED.minimum, maximum = EXCLUDED.maximum,
        first_ts = EXCLUDED.first_ts, last_ts = EXCLUDED.last_ts, last_good_ts = EXCLUDED.last_good_ts,
        last_good_value = EXCLUDED.last_good_value, integral = EXCLUDED.integral,
        covered_s = EXCLUDED.covered_s, live_s = EXCLUDED.live_s, window_s = EXCLUDED.window_s,
        outages = EXCLUDED.outages, increase = EXCLUDED.increase, on_time = EXCLUDED.on_time,
        delay_max_s = EXCLUDED.delay_max_s, outages_closed = EXCLUDED.outages_closed,
        outage_closed_s = EXCLUDED.outage_closed_s, last_calibrating_ts = EXCLUDED.last_calibrating_ts,
        provisional = EXCLUDED.provisional,
        revision = f.revision + CASE WHEN NOT f.provisional
            AND (f.n, f.n_good, f.slots, f.expected, f.mean, f.m2, f.minimum, f.maximum, f.first_ts, f.last_ts,
                 f.last_good_ts, f.last_good_value, f.integral, f.covered_s, f.live_s, f.window_s, f.outages,
                 f.increase, f.on_time, f.delay_max_s, f.outages_closed,
           f.outage_closed_s, f.last_calibrating_ts)
                IS DISTINCT FROM
                (EXCLUDED.n, EXCLUDED.n_good, EXCLUDED.slots, EXCLUDED.expected, EXCLUDED.mean, EXCLUDED.m2,
                 EXCLUDED.minimum, EXCLUDED.maximum, EXCLUDED.first_ts, EXCLUDED.last_ts, EXCLUDED.last_good_ts,
                 EXCLUDED.last_good_value, EXCLUDED.integral, EXCLUDED.covered_s, EXCLUDED.live_s,
                 EXCLUDED.window_s, EXCLUDED.outages, EXCLUDED.increase, EXCLUDED.on_time, EXCLUDED.delay_max_s,
                 EXCLUDED.outages_closed, EXCLUDED.outage_closed_s, EXCLUDED.last_calibrating_ts)
            THEN 1 ELSE 0 END,
        computed_at = now()
    WHERE EXCLUDED.n >= f.n
      AND (f.n, f.n_good, f.slots, f.expected, f.mean, f.m2, f.minimum, f.maximum, f.first_ts, f.last_ts,
           f.last_good_ts, f.last_good_value, f.integral, f.covered_s, f.live_s, f.window_s, f.outages,
           f.increase, f.on_time, f.delay_max_s, f.outages_closed,
           f.outage_closed_s, f.last_calibrating_ts, f.provisional)
          IS DISTINCT FROM
          (EXCLUDED.n, EXCLUDED.n_good, EXCLUDED.slots, EXCLUDED.expected, EXCLUDED.mean, EXCLUDED.m2,
           EXCLUDED.minimum, EXCLUDED.maximum, EXCLUDED.first_ts, EXCLUDED.last_ts, EXCLUDED.last_good_ts,
           EXCLUDED.last_good_value, EXCLUDED.integral, EXCLUDED.covered_s, EXCLUDED.live_s, EXCLUDED.window_s,
           EXCLUDED.outages, EXCLUDED.increase, EXCLUDED.on_time, EXCLUDED.delay_max_s, EXCLUDED.outages_closed,
           EXCLUDED.outage_closed_s, EXCLUDED.last_calibrating_ts, EXCLUDED.provisional)
    RETURNING f.sensor_id, f.hour
)
SELECT coalesce(array_agg(sensor_id), '{}'), coalesce(array_agg(hour), '{}') FROM written
