-- Write the facts of hours that had none: half the work of upsert_facts, which must look for what was published.
INSERT INTO hour_fact (sensor_id, hour, n, n_good, slots, expected, mean, m2, minimum, maximum, first_ts, last_ts,
    last_good_ts, last_good_value, integral, covered_s, live_s, window_s, outages, increase, on_time,
    delay_max_s, outages_closed, outage_closed_s, last_calibrating_ts, provisional)
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
