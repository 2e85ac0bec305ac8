"""The work in PostgreSQL's SQL: all families in one statement, or each in its own, as views would be."""

# ruff: noqa: S608 # put together from parts of this file

from __future__ import annotations

from typing import Final

ALL_AT_ONCE: Final = """
INSERT INTO kpi_sql
WITH good AS (
    SELECT sensor_id, ts, value, date_trunc('hour', ts) AS hour, lead(ts, 1, %(last)s) OVER near AS following,
        value - lag(value) OVER near AS step
    FROM reading WHERE ts >= %(first)s AND ts < %(last)s AND flag = 1 AND state = 0
    WINDOW near AS (PARTITION BY sensor_id ORDER BY ts)
), held AS MATERIALIZED (
    SELECT *, least(following, ts + %(gap)s) AS until, hour + interval '1 hour' AS hour_end FROM good
), grouped AS (
    SELECT sensor_id, hour, count(*) AS n, avg(value) AS mean, min(value) AS minimum, max(value) AS maximum,
        stddev_samp(value) AS std, percentile_cont(0.95) WITHIN GROUP (ORDER BY value) AS p95,
        sum(value * date_part('epoch', least(until, hour_end) - ts)) AS integral,
        sum(date_part('epoch', least(until, hour_end) - ts)) AS covered,
        sum(CASE WHEN step < 0 THEN value ELSE coalesce(step, 0) END) AS increase
    FROM held GROUP BY sensor_id, hour
), over_edge AS (
    SELECT sensor_id, hour_end AS hour, sum(value * date_part('epoch', until - hour_end)) AS integral,
        sum(date_part('epoch', until - hour_end)) AS covered
    FROM held WHERE until > hour_end GROUP BY sensor_id, hour_end
), dead AS (
    SELECT sensor_id, h AS hour, count(*) FILTER (WHERE begun >= h) AS outages,
        sum(date_part('epoch', least(following, h + interval '1 hour') - greatest(begun, h))) AS dead
    FROM (SELECT sensor_id, ts + %(life)s AS begun, following FROM held WHERE following - ts > %(life)s) s,
        generate_series(date_trunc('hour', begun), following - interval '1 microsecond', '1 hour') h
    GROUP BY sensor_id, h
)
SELECT s, h, coalesce(n, 0), coalesce(outages, 0), mean, minimum, maximum, std, p95,
    coalesce(g.integral, 0) + coalesce(o.integral, 0), coalesce(g.covered, 0) + coalesce(o.covered, 0),
    coalesce(dead, 0), increase
FROM generate_series(1, %(sensors)s) s
CROSS JOIN generate_series(%(first)s, %(last)s - interval '1 hour', '1 hour') h
LEFT JOIN grouped g ON g.sensor_id = s AND g.hour = h
LEFT JOIN over_edge o ON o.sensor_id = s AND o.hour = h
LEFT JOIN dead d ON d.sensor_id = s AND d.hour = h
"""

_GOOD: Final = "FROM reading WHERE ts >= %(first)s AND ts < %(last)s AND flag = 1 AND state = 0"
_NEAR: Final = "WINDOW near AS (PARTITION BY sensor_id ORDER BY ts)"
FAMILIES: Final = {
    "kpi_statistics": f"""
SELECT sensor_id, date_trunc('hour', ts) AS hour, count(*) AS n, avg(value) AS mean, min(value) AS minimum,
    max(value) AS maximum, stddev_samp(value) AS std,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY value) AS p95
{_GOOD} GROUP BY sensor_id, date_trunc('hour', ts)
""",
    "kpi_held": f"""
WITH held AS MATERIALIZED (
    SELECT sensor_id, ts, value, date_trunc('hour', ts) AS hour,
        least(lead(ts, 1, %(last)s) OVER near, ts + %(gap)s) AS until
    {_GOOD} {_NEAR}
), pieces AS (
    SELECT sensor_id, hour, value, least(until, hour + interval '1 hour') - ts AS held FROM held
    UNION ALL
    SELECT sensor_id, hour + interval '1 hour', value, until - (hour + interval '1 hour')
    FROM held WHERE until > hour + interval '1 hour'
)
SELECT sensor_id, hour, sum(value * date_part('epoch', held)) AS integral,
    sum(date_part('epoch', held)) AS covered
FROM pieces GROUP BY sensor_id, hour
""",
    "kpi_dead": f"""
SELECT sensor_id, h AS hour, count(*) FILTER (WHERE begun >= h) AS outages,
    sum(date_part('epoch', least(following, h + interval '1 hour') - greatest(begun, h))) AS dead
FROM (
    SELECT sensor_id, ts + %(life)s AS begun, following
    FROM (SELECT sensor_id, ts, lead(ts, 1, %(last)s) OVER near AS following {_GOOD} {_NEAR}) x
    WHERE following - ts > %(life)s
) s, generate_series(date_trunc('hour', begun), following - interval '1 microsecond', '1 hour') h
GROUP BY sensor_id, h
""",
    "kpi_increase": f"""
SELECT sensor_id, hour, sum(CASE WHEN step < 0 THEN value ELSE coalesce(step, 0) END) AS increase
FROM (
    SELECT sensor_id, date_trunc('hour', ts) AS hour, value, value - lag(value) OVER near AS step
    {_GOOD} {_NEAR}
) x GROUP BY sensor_id, hour
""",
}
TOGETHER: Final = """
INSERT INTO kpi_sql
SELECT s, h, coalesce(n, 0), coalesce(outages, 0), mean, minimum, maximum, std, p95,
    coalesce(integral, 0), coalesce(covered, 0), coalesce(dead, 0), increase
FROM generate_series(1, %(sensors)s) s
CROSS JOIN generate_series(%(first)s::timestamptz, %(last)s::timestamptz - interval '1 hour', '1 hour') h
LEFT JOIN kpi_statistics a ON a.sensor_id = s AND a.hour = h
LEFT JOIN kpi_held c ON c.sensor_id = s AND c.hour = h
LEFT JOIN kpi_dead d ON d.sensor_id = s AND d.hour = h
LEFT JOIN kpi_increase e ON e.sensor_id = s AND e.hour = h
"""
