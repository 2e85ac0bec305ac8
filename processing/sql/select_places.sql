-- Where some sensors stood when.
SELECT coalesce(array_agg(sensor_id), '{}'), coalesce(array_agg(site_id), '{}'),
       coalesce(array_agg(valid_from), '{}'), coalesce(array_agg(valid_to), '{}')
FROM sensor_place WHERE sensor_id = ANY(%(sensor_ids)s::int4[])
