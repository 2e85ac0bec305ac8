-- Store readings of an archive that are not there; give their number.
SELECT restore_readings(%(sensor_ids)s::int4[], %(instants)s::timestamptz[], %(arrivals)s::timestamptz[],
                        %(readings)s::float8[], %(flags)s::int2[], %(states)s::int2[])
