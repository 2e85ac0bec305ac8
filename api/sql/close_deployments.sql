-- End the open deployments of sensors; never before they began.
UPDATE deployment SET valid_to = greatest(%(ended_at)s::timestamptz, valid_from + interval '1 microsecond')
WHERE sensor_id = ANY (%(sensor_ids)s::integer[]) AND valid_to IS NULL
