-- How far packing has come: the horizon, and the last (hour, sensor) that was looked at.
SELECT coalesce(array_agg(sealed_until), '{}'), coalesce(array_agg(last_hour), '{}'),
       coalesce(array_agg(last_sensor), '{}') FROM packing
