-- Which of the given (sensor, time) keys hold a value already, and which; positions count from 1.
SELECT wanted.position::integer, reading.value
FROM unnest(%(sensor_id)s::integer[], %(ts)s::timestamptz[]) WITH ORDINALITY AS wanted(sensor_id, ts, position)
     JOIN reading ON reading.sensor_id = wanted.sensor_id AND reading.ts = wanted.ts
WHERE reading.ts BETWEEN %(first_ts)s::timestamptz AND %(last_ts)s::timestamptz
