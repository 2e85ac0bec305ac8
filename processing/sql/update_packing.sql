-- Remember the last (hour, sensor) that was looked at.
UPDATE packing SET last_hour = %(hour)s::timestamptz, last_sensor = %(sensor_id)s::int
