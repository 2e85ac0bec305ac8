-- What processing has yet to compute, and since when.
SELECT count(*) AS keys, extract(epoch FROM now() - min(marked_at))::double precision AS age_s FROM dirty_hour
