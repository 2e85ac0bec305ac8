-- Starts of the interruptions that go on at some sites.
SELECT coalesce(array_agg(site_id), '{}'), coalesce(array_agg(started_at), '{}')
FROM interruption WHERE ended_at IS NULL AND site_id = ANY(%(site_ids)s::int4[])
