-- Keys (sensor, hour) that wait for processing, and how long the oldest has waited.
SELECT keys, coalesce(extract(epoch FROM now() - oldest_at), 0) AS age_s
FROM backlog
